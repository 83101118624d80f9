"""A JSON value of the usual form becomes a message in one pass, judged and set at once.

Almost every request is: an object of known names, once each, whose values are of the JSON types
that the contract's reference shows. For all else this says no more than that it is Unusual, and the
value is judged field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.routes.filling import OWN_FORMS
from gateway.routes.json_text import Json

_F = FieldDescriptor
_DIGITS_MAX = 20

Put = Callable[[Any, Json], None]
"""Sets a field of a message to a value; Unusual, or whatever protobuf raises."""

Convert = Callable[[Json], Any]
"""What a field is set to; Unusual."""


class Unusual(Exception):
    """The value is of another form. It may be good all the same."""


REFUSALS = (Unusual, LookupError, ValueError, TypeError, OverflowError)
"""What says that a value is unusual; a message that was begun is of no use then."""


def fill_usual(message: Message, tree: Json) -> None:
    """Sets what a JSON object says; one of REFUSALS if it is not of the usual form."""
    if type(tree) is not dict:
        raise Unusual
    form = _form(message.DESCRIPTOR)
    for names in form.rivals:
        if sum([name in tree for name in names]) > 1:
            raise Unusual
    puts = form.puts
    for name, value in tree.items():
        put = puts[name]
        if value is not None:
            put(message, value)


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind of message is set: by any name of a field, of which some exclude one another."""

    puts: Mapping[str, Put]
    rivals: Sequence[Sequence[str]]


@cache
def _form(kind: Any) -> _Form:
    puts: dict[str, Put] = {}
    rivals: list[Sequence[str]] = []
    for field in kind.fields:
        puts[field.json_name] = puts[field.name] = _put(field)
        if field.name != field.json_name:
            rivals.append((field.name, field.json_name))
    for choice in kind.oneofs:
        names = {name for field in choice.fields for name in (field.name, field.json_name)}
        if len(choice.fields) > 1:
            rivals.append(tuple(names))
    return _Form(puts, rivals)


def _put(field: FieldDescriptor) -> Put:
    if field.message_type is not None:
        return _message(field, field.message_type)
    convert = _conversion(field)
    name = field.name
    if not field.is_repeated:
        return lambda message, value: setattr(message, name, convert(value))

    def put_each(message: Any, values: Json) -> None:
        if type(values) is not list:
            raise Unusual
        getattr(message, name).extend([convert(value) for value in values])

    return put_each


def _message(field: FieldDescriptor, kind: Descriptor) -> Put:
    if kind.full_name.startswith(OWN_FORMS) or kind.GetOptions().map_entry:
        return _unusual
    name = field.name

    def put_each(message: Any, values: Json) -> None:
        if type(values) is not list:
            raise Unusual
        inner = getattr(message, name)
        for value in values:
            fill_usual(inner.add(), value)

    def put_one(message: Any, value: Json) -> None:
        inner = getattr(message, name)
        inner.SetInParent()
        fill_usual(inner, value)

    return put_each if field.is_repeated else put_one


def _unusual(_: Any, __: Json) -> None:
    raise Unusual


def _conversion(field: FieldDescriptor) -> Convert:
    if field.enum_type is not None:
        return _enum(field.enum_type)
    if field.type == _F.TYPE_BYTES:
        return _other
    return _CONVERSIONS.get(field.cpp_type, _other)


def _enum(kind: EnumDescriptor) -> Convert:
    numbers = {name: value.number for name, value in kind.values_by_name.items()}
    return numbers.__getitem__


def _other(_: Json) -> Any:
    raise Unusual


def _text(value: Json) -> str:
    if type(value) is not str:
        raise Unusual
    return value


def _bool(value: Json) -> bool:
    if type(value) is not bool:
        raise Unusual
    return value


def _fraction(value: Json) -> float:
    if type(value) is not float and type(value) is not int:
        raise Unusual
    return float(value)


def _whole(value: Json) -> int:
    if type(value) is int:
        return value
    if type(value) is str and value.isascii() and value.isdecimal() and len(value) <= _DIGITS_MAX:
        return int(value)
    raise Unusual


_CONVERSIONS: Mapping[int, Convert] = {
    _F.CPPTYPE_STRING: _text,
    _F.CPPTYPE_BOOL: _bool,
    _F.CPPTYPE_DOUBLE: _fraction,
    _F.CPPTYPE_INT32: _whole,
    _F.CPPTYPE_INT64: _whole,
    _F.CPPTYPE_UINT32: _whole,
    _F.CPPTYPE_UINT64: _whole,
}
