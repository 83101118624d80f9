"""A reply becomes JSON: the same bytes the same text, whenever and wherever it is asked.

How a kind of message is told is worked out from its descriptor once. What comes out says the same
as protobuf's own conversion, which costs ten times as much; a test compares them. Resources are
told again and again as they are, so the text of each is kept for a while beside its bytes.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from google.api import resource_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.routes.filling import OWN_FORMS
from gateway.routes.json_text import Json

_F = FieldDescriptor
_TIMESTAMP = "google.protobuf.Timestamp"
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
"""Of the years 1 and 9999, between which a time can be told."""

KEPT_TEXT_BYTES_MAX = 64_000_000
"""How much memory the kept texts of resources may take, as far as their lengths tell."""

KEPT_TEXT_BYTES = 250
"""What keeping a text takes besides the text and the resource's bytes."""

TIMES_MAX = 10_000
"""How many times are kept as they are told."""

_RESOURCE: Any = resource_pb2.resource
_NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}

Tell = Callable[[Any], Json]
"""Makes the JSON value of a field's value."""

Tells = Callable[[Descriptor], Tell]
"""Finds how a kind of message is told."""


def message_in(kind: Descriptor, reply: bytes) -> Message:
    """The message in a reply's bytes."""
    return GetMessageClass(kind).FromString(reply)


class Replies:
    """Tells replies as JSON: enums by name, 64-bit numbers as strings, empty fields shown.

    Only messages and alternatives that are absent are left out, so what a client reads is there.
    """

    def __init__(self, *, kept_text_bytes_max: int = KEPT_TEXT_BYTES_MAX) -> None:
        self._kept = _KeptTexts(kept_text_bytes_max)
        self._tells: dict[Descriptor, Tell] = {}

    def json_of(self, kind: Descriptor, reply: bytes) -> bytes:
        """The JSON of the message that a reply's bytes are."""
        tell = self._tell(kind)
        if isinstance(tell, _Resource):
            return tell.text(reply)
        return orjson.dumps(tell(message_in(kind, reply)))

    def _tell(self, kind: Descriptor) -> Tell:
        tell = self._tells.get(kind)
        if tell is None:
            tell = self._tells[kind] = self._telling(kind)
        return tell

    def _telling(self, kind: Descriptor) -> Tell:
        # The digits of a float are a matter of its own, and no contract of ours has one.
        has_floats = any(field.cpp_type == _F.CPPTYPE_FLOAT for field in kind.fields)
        if has_floats or kind.full_name.startswith(OWN_FORMS):
            return _own_form
        told = _Told(kind, self._tell)
        is_resource = kind.GetOptions().HasExtension(_RESOURCE)
        return _Resource(kind, told, self._kept) if is_resource else told


def etag_of(body: bytes) -> str:
    """The tag of a body. It is weak since the body may also go out packed."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether the caller has this tag already, by weak comparison."""
    if if_none_match.strip() == "*":
        return True
    wanted = etag.removeprefix("W/")
    return any(each.strip().removeprefix("W/") == wanted for each in if_none_match.split(","))


class _KeptTexts:
    """How resources were told lately, up to so many bytes."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._texts: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, key: bytes) -> bytes | None:
        """The text, if it is kept."""
        text = self._texts.get(key)
        if text is not None:
            self._texts.move_to_end(key)
        return text

    def keep(self, key: bytes, text: bytes) -> None:
        """Keeps a text that was not, in place of those that were not told for longest."""
        self._texts[key] = text
        self._bytes += KEPT_TEXT_BYTES + len(key) + len(text)
        while self._bytes > self._bytes_max:
            longest_untold, its_text = self._texts.popitem(last=False)
            self._bytes -= KEPT_TEXT_BYTES + len(longest_untold) + len(its_text)


class _Resource:
    """How one kind of resource is told: as it was before, if it has not changed."""

    def __init__(self, kind: Descriptor, told: _Told, kept: _KeptTexts) -> None:
        self._kind = kind
        self._name = kind.full_name.encode() + b"\0"
        self._told = told
        self._kept = kept

    def __call__(self, resource: Message) -> Json:
        return orjson.Fragment(self.text(resource.SerializeToString(deterministic=True)))

    def text(self, data: bytes) -> bytes:
        """The JSON of the resource in these bytes."""
        key = self._name + data
        text = self._kept.get(key)
        if text is None:
            text = orjson.dumps(self._told(message_in(self._kind, data)))
            self._kept.keep(key, text)
        return text


class _Told:
    """How one kind of message is told."""

    def __init__(self, kind: Descriptor, tells: Tells) -> None:
        self._empty: dict[str, Json] = {
            field.json_name: _empty(field) for field in kind.fields if not field.has_presence
        }
        self._fields: Mapping[int, tuple[str, Tell]] = {
            field.number: (field.json_name, _told(field, tells)) for field in kind.fields
        }

    def __call__(self, message: Message) -> Json:
        made = self._empty.copy()
        fields = self._fields
        for field, value in message.ListFields():
            name, tell = fields[field.number]
            made[name] = tell(value)
        return made


def _empty(field: FieldDescriptor) -> Json:
    if field.is_repeated:
        return {} if _is_map(field) else []
    return _scalar(field)(field.default_value)


def _told(field: FieldDescriptor, tells: Tells) -> Tell:
    if not field.is_repeated:
        return _one(field, tells)
    if not _is_map(field):
        each = _one(field, tells)
        return lambda values: [each(value) for value in values]
    assert field.message_type is not None
    of_value = _one(field.message_type.fields_by_name["value"], tells)
    return lambda values: {_key(key): of_value(values[key]) for key in values}


def _one(field: FieldDescriptor, tells: Tells) -> Tell:
    kind = field.message_type
    if kind is None:
        return _scalar(field)
    if kind.full_name == _TIMESTAMP:
        return _timestamp

    def tell(value: Message) -> Json:
        # Looked up when first told, since messages may contain their own kind.
        return tells(kind)(value)

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
    return _time(value.seconds, value.nanos) or value.ToJsonString()


@lru_cache(TIMES_MAX)
def _time(seconds: int, nanos: int) -> str:
    """A time as it is told, to the microsecond; "" if it is a case for protobuf itself."""
    if not (_FIRST_SECOND <= seconds <= _LAST_SECOND and 0 <= nanos < 10**9) or nanos % 1000:
        return ""
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
