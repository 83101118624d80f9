"""The gRPC servicers of the orders service."""
