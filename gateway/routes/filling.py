"""A JSON value that was judged becomes a message.

Whatever protobuf has a form of its own for goes its own way, one field at a time; the usual fields
are set by what their descriptors say, which costs a fraction of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.routes.json_text import Json

OWN_FORMS = "google.protobuf."
"""Messages of this package have a form of their own in JSON."""

_F = FieldDescriptor

Fill = Callable[[Any, Json], None]
"""Sets a field of a message to what a value says."""

Convert = Callable[[Json], Any]
"""Makes what a field is set to."""


def fill(message: Message, tree: Mapping[str, Json]) -> None:
    """Sets what a JSON object says, by JSON or proto names; null says nothing.

    Every value was found to suit its field. A number may still be larger than a fraction can be:
    OverflowError, or json_format's ParseError.
    """
    fills = _fills(message.DESCRIPTOR)
    for name, value in tree.items():
        if value is not None:
            fills[name](message, value)


@cache
def _fills(kind: Any) -> Mapping[str, Fill]:
    by_field = {field: _fill_of(field) for field in kind.fields}
    return {field.json_name: made for field, made in by_field.items()} | {
        field.name: made for field, made in by_field.items()
    }


def _fill_of(field: FieldDescriptor) -> Fill:
    if field.message_type is not None:
        return _message(field, field.message_type)
    convert = _conversion(field)
    if convert is None:
        return _own_form(field)
    name = field.name
    if field.is_repeated:
        return lambda message, values: getattr(message, name).extend(map(convert, values))
    return lambda message, value: setattr(message, name, convert(value))


def _message(field: FieldDescriptor, kind: Descriptor) -> Fill:
    if kind.full_name.startswith(OWN_FORMS) or kind.GetOptions().map_entry:
        return _own_form(field)
    name = field.name

    def fill_each(message: Any, values: Json) -> None:
        inner = getattr(message, name)
        for value in values:
            fill(inner.add(), value)

    def fill_one(message: Any, value: Json) -> None:
        inner = getattr(message, name)
        inner.SetInParent()
        fill(inner, value)

    return fill_each if field.is_repeated else fill_one


def _own_form(field: FieldDescriptor) -> Fill:
    name = field.name

    def fill_as_protobuf_does(message: Any, value: Json) -> None:
        json_format.ParseDict({name: value}, message)

    return fill_as_protobuf_does


def _conversion(field: FieldDescriptor) -> Convert | None:
    if field.type == _F.TYPE_BYTES:
        return None
    if field.enum_type is not None:
        return _enum(field.enum_type)
    return _CONVERSIONS.get(field.cpp_type)


def _enum(kind: EnumDescriptor) -> Convert:
    numbers = {name: value.number for name, value in kind.values_by_name.items()}
    return lambda value: numbers[value] if isinstance(value, str) else value


def _as_it_is(value: Json) -> Json:
    return value


_CONVERSIONS: Mapping[int, Convert] = {
    _F.CPPTYPE_STRING: _as_it_is,
    _F.CPPTYPE_BOOL: _as_it_is,
    _F.CPPTYPE_DOUBLE: float,
    _F.CPPTYPE_INT32: int,
    _F.CPPTYPE_INT64: int,
    _F.CPPTYPE_UINT32: int,
    _F.CPPTYPE_UINT64: int,
}
