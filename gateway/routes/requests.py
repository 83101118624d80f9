"""Path, query, body and Idempotency-Key become the request that gRPC takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from chassis.kernel.errors import InvalidInput
from gateway.limits import QUERY_BYTES_MAX, QUERY_PARAMETERS_MAX
from gateway.routes.bindings import REQUEST_ID, WHOLE_BODY, Binding, Match
from gateway.routes.fields import camel_case_mask, fields_by_any_name, is_mask, message_of
from gateway.routes.json_text import Json, JsonInvalid, parse_json, parse_number

IDEMPOTENCY_KEY = "Idempotency-Key"
PARAMETERS_MAX = 4_000
"""How many names of parameters are remembered with what they set."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NUMBERS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)
_BOOLS = {"true": True, "false": False}


class QueryInvalid(InvalidInput):
    """The query string can't be read, or is too long."""

    reason = "QUERY_INVALID"
    message = "the query can't be read"


class BodyNotTaken(InvalidInput):
    """A body was sent to a method that takes none."""

    reason = "BODY_NOT_TAKEN"
    message = "this method takes no body"


class IdempotencyKeyInvalid(InvalidInput):
    """The Idempotency-Key is no UUID, or another one than the request's own id."""

    reason = "IDEMPOTENCY_KEY_INVALID"
    message = "the Idempotency-Key must be a UUID, and the request_id if both are given"


def request_of(
    match: Match,
    *,
    query: bytes,
    body: bytes,
    idempotency_key: str | None,
    last_event_id: str | None = None,
) -> Message:
    """The request that a call over HTTP makes.

    `last_event_id` is where a stream is resumed, wherever its first request has begun: who resumes
    asks at the same address. InvalidInput names every field that can't be, and every one that is
    given twice in other words.
    """
    binding = match.binding
    kind = binding.method.input_type
    tree = _body_tree(binding.body, body)
    if query:
        _put_query(tree, binding, query)
    if last_event_id and binding.resumption is not None:
        tree[binding.resumption.request_field] = last_event_id
    request = message_of(kind, tree)
    for field, value in match.values.items():
        _set_once(request, field, value)
    if idempotency_key is not None:
        _set_request_id(request, idempotency_key, is_known=binding.has_request_id)
    return request


def _body_tree(place: str, body: bytes) -> dict[str, Json]:
    if not place:
        if body:
            raise BodyNotTaken
        return {}
    tree = parse_json(body) if body else {}
    if place != WHOLE_BODY:
        return {place: tree}
    if not isinstance(tree, dict):
        raise InvalidInput.at("", "must be an object")
    return tree


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter of the query: the field that it sets and those that the field is in."""

    outer: Sequence[str]
    field: str
    is_repeated: bool
    value: Callable[[str], Json]


def _put_query(tree: dict[str, Json], binding: Binding, query: bytes) -> None:
    for name, text in _query_pairs(query):
        _put(tree, _parameter(binding, name), name, text)


@lru_cache(PARAMETERS_MAX)
def _parameter(binding: Binding, name: str) -> _Parameter:
    path = _fields_at(binding.method.input_type, name)
    taken = {path[0].name, ".".join(field.name for field in path)}
    if binding.body == WHOLE_BODY or taken & binding.elsewhere:
        raise QueryInvalid.at(name, "is no parameter of the query here")
    *outer, field = path
    return _Parameter(
        [each.name for each in outer], field.name, field.is_repeated, _conversion(field)
    )


def _query_pairs(query: bytes) -> Sequence[tuple[str, str]]:
    if len(query) > QUERY_BYTES_MAX:
        raise QueryInvalid.at("", f"is longer than {QUERY_BYTES_MAX} bytes")
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=QUERY_PARAMETERS_MAX,
        )
    except ValueError:
        raise QueryInvalid from None


def _fields_at(kind: Descriptor, name: str) -> list[FieldDescriptor]:
    """The fields that a parameter's dotted name goes through, by JSON or proto names."""
    found: list[FieldDescriptor] = []
    message: Descriptor | None = kind
    for part in name.split("."):
        field = None if message is None else fields_by_any_name(message).get(part)
        if field is None:
            raise QueryInvalid.at(name, "is no parameter of this method")
        found.append(field)
        message = None if field.is_repeated else field.message_type
    return found


def _put(tree: dict[str, Json], parameter: _Parameter, name: str, text: str) -> None:
    inner: Any = tree
    for field in parameter.outer:
        inner = inner.setdefault(field, {})
        if not isinstance(inner, dict):
            raise QueryInvalid.at(name, "is given twice")
    field, value = parameter.field, parameter.value(text)
    if parameter.is_repeated:
        inner.setdefault(field, []).append(value)
    elif field in inner:
        raise QueryInvalid.at(name, "is given twice")
    else:
        inner[field] = value


def _conversion(field: FieldDescriptor) -> Callable[[str], Json]:
    """Makes the JSON value that a parameter's text says."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return lambda text: _BOOLS.get(text, text)
    if field.cpp_type in _NUMBERS:
        return _number
    return camel_case_mask if is_mask(field) else str


def _number(text: str) -> Json:
    """The number as JSON reads it; what is none stays text, which the field then refuses."""
    try:
        return parse_number(text) if _NUMBER.fullmatch(text) else text
    except JsonInvalid:
        return text


def _set_once(request: Message, path: Sequence[str], value: str) -> None:
    holder: Any = request
    for name in path[:-1]:
        holder = getattr(holder, name)
    given = getattr(holder, path[-1])
    if given and given != value:
        raise InvalidInput.at(".".join(path), "is another one than in the path")
    setattr(holder, path[-1], value)


def _set_request_id(request: Message, header: str, *, is_known: bool) -> None:
    """Sets it where the method has one. The draft's quotes around the key may be there or not."""
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _UUID.fullmatch(key):
        raise IdempotencyKeyInvalid.at(IDEMPOTENCY_KEY, "is no UUID")
    if not is_known:
        return
    if getattr(request, REQUEST_ID) not in ("", key):
        raise IdempotencyKeyInvalid.at(REQUEST_ID, f"is another one than the {IDEMPOTENCY_KEY}")
    setattr(request, REQUEST_ID, key)
