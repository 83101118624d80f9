"""The edge: what the platform shows and answers over HTTP. It knows services by contract only."""
