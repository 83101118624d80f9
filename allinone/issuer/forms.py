"""Parameters as browsers and apps send them: in the query, or as a form that is small."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

from starlette.requests import Request

FORM_BYTES_MAX = 16 * 1024
FORM_SECONDS_MAX = 10.0
PARAMETERS_MAX = 40
FORM_TYPE = "application/x-www-form-urlencoded"

Parameters = list[tuple[str, str]]


class FormInvalid(Exception):
    """What was sent is no form, or too large a one. The text is for whoever sent it."""


async def parameters_of(request: Request) -> Parameters:
    """The parameters of a GET's query or of a POST's form; FormInvalid, ClientDisconnect."""
    if request.method != "POST":
        return _parsed(request.url.query.encode())
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM_TYPE:
        raise FormInvalid(f"the body must be {FORM_TYPE}")
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS_MAX):
            async for chunk in request.stream():
                body += chunk
                if len(body) > FORM_BYTES_MAX:
                    raise FormInvalid("the form is too large")
    except TimeoutError:
        raise FormInvalid("the form did not arrive") from None
    return _parsed(bytes(body))


def _parsed(text: bytes) -> Parameters:
    if len(text) > FORM_BYTES_MAX:
        raise FormInvalid("the query is too long")
    try:
        return parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )
    except ValueError:
        raise FormInvalid("the parameters can't be read") from None
