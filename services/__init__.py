"""The services: one folder each, all alike, meeting only in contracts and events."""
