"""What a process without an HTTP side of its own tells machines: is it ready, well, and how busy.

It refuses nothing to anybody and says nothing of the trade; keep its port inside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from chassis.health import Check, check_all, report
from chassis.http import Application, Receive, Scope, Send
from chassis.telemetry import CONTENT_TYPE, Metrics

CONNECTIONS_MAX = 64

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"


def probes(
    checks: Mapping[str, Check], metrics: Metrics, *, is_ready: Callable[[], bool]
) -> Application:
    """The application that answers `/readyz`, `/healthz` and `/metrics`."""

    async def answer(path: str) -> tuple[HTTPStatus, str, bytes]:
        if path == "/readyz":
            if is_ready():
                return HTTPStatus.OK, _TEXT, b"ready\n"
            return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, b"not ready\n"
        if path == "/healthz":
            told = report(await check_all(checks))
            status = HTTPStatus.OK if told["status"] == "up" else HTTPStatus.SERVICE_UNAVAILABLE
            return status, _JSON, json.dumps(told).encode()
        if path == "/metrics":
            return HTTPStatus.OK, CONTENT_TYPE, metrics.exposition()
        return HTTPStatus.NOT_FOUND, _TEXT, b"not found\n"

    async def application(scope: Scope, _: Receive, send: Send) -> None:
        status, content_type, body = await answer(scope["path"])
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application
