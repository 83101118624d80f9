"""A reply becomes JSON: the same bytes the same text, whenever and wherever it is asked.

How a kind of message is told is worked out from its descriptor once. What comes out says the same
as protobuf's own conversion, which costs ten times as much; a test compares them.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.routes.json_text import Json

_F = FieldDescriptor
_TIMESTAMP = "google.protobuf.Timestamp"
_OWN_FORMS = "google.protobuf."
"""Messages of this package have a form of their own in JSON."""

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
"""Of the years 1 and 9999, between which a time can be told."""

_NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}

Tell = Callable[[Any], Json]
"""Makes the JSON value of a field's value."""


def message_in(kind: Descriptor, reply: bytes) -> Message:
    """The message in a reply's bytes."""
    return GetMessageClass(kind).FromString(reply)


def json_of_message(message: Message) -> bytes:
    """The message as JSON: enums by name, 64-bit numbers as strings, empty fields shown.

    Only messages and alternatives that are absent are left out, so what a client reads is there.
    """
    return orjson.dumps(_telling(message.DESCRIPTOR)(message))


def etag_of(body: bytes) -> str:
    """The tag of a body. It is weak since the body may also go out packed."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether the caller has this tag already, by weak comparison."""
    if if_none_match.strip() == "*":
        return True
    wanted = etag.removeprefix("W/")
    return any(each.strip().removeprefix("W/") == wanted for each in if_none_match.split(","))


class _Told:
    """How one kind of message is told."""

    def __init__(self, kind: Descriptor) -> None:
        self._empty: dict[str, Json] = {
            field.json_name: _empty(field) for field in kind.fields if not field.has_presence
        }
        self._fields: Mapping[int, tuple[str, Tell]] = {
            field.number: (field.json_name, _told(field)) for field in kind.fields
        }

    def __call__(self, message: Message) -> Json:
        made = self._empty.copy()
        for field, value in message.ListFields():
            name, tell = self._fields[field.number]
            made[name] = tell(value)
        return made


@cache
def _telling(kind: Descriptor) -> Tell:
    if kind.full_name == _TIMESTAMP:
        return _timestamp
    # The digits of a float are a matter of its own, and no contract of ours has one.
    has_floats = any(field.cpp_type == _F.CPPTYPE_FLOAT for field in kind.fields)
    return _own_form if has_floats or kind.full_name.startswith(_OWN_FORMS) else _Told(kind)


def _empty(field: FieldDescriptor) -> Json:
    if field.is_repeated:
        return {} if _is_map(field) else []
    return _scalar(field)(field.default_value)


def _told(field: FieldDescriptor) -> Tell:
    if not field.is_repeated:
        return _one(field)
    if not _is_map(field):
        each = _one(field)
        return lambda values: [each(value) for value in values]
    assert field.message_type is not None
    of_value = _one(field.message_type.fields_by_name["value"])
    return lambda values: {_key(key): of_value(values[key]) for key in values}


def _one(field: FieldDescriptor) -> Tell:
    kind = field.message_type
    if kind is None:
        return _scalar(field)

    def tell(value: Message) -> Json:
        # Looked up when first told, since messages may contain their own kind.
        return _telling(kind)(value)

    return tell


def _scalar(field: FieldDescriptor) -> Tell:
    if field.enum_type is not None:
        return _enum(field.enum_type)
    if field.type == _F.TYPE_BYTES:
        return lambda value: base64.b64encode(value).decode()
    return _SCALARS.get(field.cpp_type, lambda value: value)


def _enum(kind: EnumDescriptor) -> Tell:
    names = {number: value.name for number, value in kind.values_by_number.items()}
    return lambda number: names.get(number, number)


def _number(value: float) -> Json:
    if math.isfinite(value):
        return value
    return _NOT_FINITE.get(value, "NaN")


def _timestamp(value: Any) -> Json:
    seconds, nanos = value.seconds, value.nanos
    if not (_FIRST_SECOND <= seconds <= _LAST_SECOND and 0 <= nanos < 10**9) or nanos % 1000:
        return value.ToJsonString()
    text = datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
    if not nanos:
        return f"{text}Z"
    return f"{text}.{nanos // 10**6:03d}Z" if nanos % 10**6 == 0 else f"{text}.{nanos // 1000:06d}Z"


def _own_form(value: Message) -> Json:
    return json_format.MessageToDict(value, always_print_fields_with_no_presence=True)


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


_SCALARS: Mapping[int, Tell] = {
    _F.CPPTYPE_INT64: str,
    _F.CPPTYPE_UINT64: str,
    _F.CPPTYPE_DOUBLE: _number,
}
