"""What processes of the platform are made of: some services, the edge before them, or both.

    services    some services: what they answer, their share of background work
    edge        the gateway: HTTP, signing in, and gRPC for callers who know one address only
    process     one of them alone, as `hutong serve` runs it

`hutong run` puts all services and the edge into one process. There is no other way to make either.
"""
