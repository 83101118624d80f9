"""Errors over HTTP, in the form of RFC 9457. What went wrong inside is logged and never told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from google.rpc import code_pb2, error_details_pb2, status_pb2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chassis.kernel.errors import HutongError, MessageTooLarge
from chassis.rpc.status import DOMAIN, to_status
from gateway.headers import SECURITY_HEADERS

CONTENT_TYPE = "application/problem+json"
TRACE_ID = "trace_id"

HTTP_STATUS: Mapping[int, int] = {
    code_pb2.CANCELLED: 499,
    code_pb2.UNKNOWN: 500,
    code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.DEADLINE_EXCEEDED: 504,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.UNAUTHENTICATED: 401,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.FAILED_PRECONDITION: 400,
    code_pb2.ABORTED: 409,
    code_pb2.OUT_OF_RANGE: 400,
    code_pb2.UNIMPLEMENTED: 501,
    code_pb2.INTERNAL: 500,
    code_pb2.UNAVAILABLE: 503,
    code_pb2.DATA_LOSS: 500,
}
"""google.rpc.Code's own table."""


async def refused(_: Request, error: Exception) -> Response:
    """The answer to a request that no route takes: 404, 405 with the methods that are."""
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.headers or {})


async def failed(_: Request, __: Exception) -> Response:
    """The answer when something broke on our side."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, SECURITY_HEADERS)


def problem(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to what HTTP itself refuses."""
    known = HTTPStatus(status)
    body = {
        "type": "about:blank",
        "title": known.phrase,
        "status": status,
        "detail": f"{known.description or known.phrase}.",
    }
    return Response(json.dumps(body), status, dict(headers or {}), media_type=CONTENT_TYPE)


def problem_of_error(error: HutongError) -> Response:
    """The answer to what the gateway refuses for a reason of the platform's."""
    return problem_of(to_status(error))


def problem_of(status: status_pb2.Status) -> Response:
    """The answer that tells a gRPC status: code, reason, facts, fields, and when to retry."""
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        for wanted in (info, request, retry):
            if detail.Is(wanted.DESCRIPTOR):
                detail.Unpack(wanted)
    code = code_pb2.Code.Name(status.code) if status.code in HTTP_STATUS else "UNKNOWN"
    reason = info.reason or code
    facts = dict(info.metadata)
    http_status = HTTP_STATUS.get(status.code, 500)
    if reason == MessageTooLarge.reason:
        http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    body: dict[str, object] = {
        "type": f"https://{DOMAIN}/problems/{reason}",
        "title": reason.replace("_", " ").capitalize(),
        "status": int(http_status),
        "detail": status.message,
        "code": code,
        "reason": reason,
    }
    trace_id = facts.pop(TRACE_ID, None)
    if facts:
        body["facts"] = facts
    if request.field_violations:
        body["violations"] = [
            {"field": each.field, "problem": each.description} for each in request.field_violations
        ]
    if trace_id is not None:
        body["traceId"] = trace_id
    headers: dict[str, str] = {}
    if retry.HasField("retry_delay"):
        headers["retry-after"] = str(max(1, -(-retry.retry_delay.ToMilliseconds() // 1000)))
    if http_status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, http_status, headers, media_type=CONTENT_TYPE)
