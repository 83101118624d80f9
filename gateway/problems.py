"""Errors over HTTP, in the form of RFC 9457. What went wrong inside is logged and never told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.headers import SECURITY_HEADERS

CONTENT_TYPE = "application/problem+json"


async def refused(_: Request, error: Exception) -> Response:
    """The answer to a request that no route takes: 404, 405 with the methods that are."""
    assert isinstance(error, HTTPException)
    return _problem(error.status_code, error.headers or {})


async def failed(_: Request, __: Exception) -> Response:
    """The answer when something broke on our side."""
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, SECURITY_HEADERS)


def _problem(status: int, headers: Mapping[str, str]) -> Response:
    known = HTTPStatus(status)
    body = {
        "type": "about:blank",
        "title": known.phrase,
        "status": status,
        "detail": f"{known.description}.",
    }
    return Response(json.dumps(body), status, dict(headers), media_type=CONTENT_TYPE)
