"""What tests need of the floor. Production code never imports it."""
