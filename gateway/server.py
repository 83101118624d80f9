"""The gateway's HTTP server, with as many connections as its readers of events need."""

from __future__ import annotations

from chassis import http
from chassis.http import Application, CannotListen, PortInUse
from gateway.limits import STREAMS_AT_ONCE_MAX

__all__ = ["CONNECTIONS_MAX", "CannotListen", "HttpServer", "PortInUse"]

CONNECTIONS_MAX = 1000 + STREAMS_AT_ONCE_MAX


class HttpServer(http.HttpServer):
    """Serves one application on one address. Port 0 takes a free one."""

    def __init__(self, application: Application, *, host: str, port: int) -> None:
        super().__init__(application, host=host, port=port, connections_max=CONNECTIONS_MAX)
