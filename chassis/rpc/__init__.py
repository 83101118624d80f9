"""gRPC: one server, one client, one rule of access, one mapping of errors."""
