"""The pricing engine: pure, so that the till, the services and the tests compute the same."""
