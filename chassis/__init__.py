"""The floor that every service stands on: nothing in here knows what a shop is."""
