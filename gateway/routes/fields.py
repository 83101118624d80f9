"""A JSON value against the message it should become: every field that can't be is named.

Protobuf's own parser is laxer than our contracts (it takes "NaN", 1_000 and enum numbers in quotes)
and tells its problems as Python errors. So values are judged here first, and converted after.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.kernel.errors import InvalidInput
from gateway.limits import VIOLATIONS_MAX
from gateway.routes.filling import OWN_FORMS, fill
from gateway.routes.json_text import Json
from gateway.routes.usual import REFUSALS, fill_usual

Violation = tuple[str, str]

_WHOLE = re.compile(r"-?[0-9]{1,20}")
_FLOAT_EXACT_MAX = 2**53
_MASK = "google.protobuf.FieldMask"

_F = FieldDescriptor
_INTEGERS = {
    _F.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    _F.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    _F.CPPTYPE_UINT32: (0, 2**32 - 1),
    _F.CPPTYPE_UINT64: (0, 2**64 - 1),
}


def message_of(kind: Descriptor, tree: Json) -> Message:
    """The message that a JSON object says; InvalidInput with every field that can't be."""
    message = GetMessageClass(kind)()
    if tree == {}:
        return message
    try:
        fill_usual(message, tree)
    except REFUSALS:
        return judged_message_of(kind, tree)
    return message


def judged_message_of(kind: Descriptor, tree: Json) -> Message:
    """The same, field by field, so that each problem gets its name."""
    message = GetMessageClass(kind)()
    violations = list(islice(_in_message(kind, tree, ""), VIOLATIONS_MAX))
    if violations:
        raise InvalidInput.of(*violations)
    try:
        fill(message, tree)
    except (json_format.ParseError, ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidInput.at("", "is not a message of this method") from None
    return message


def _in_message(kind: Descriptor, value: Json, path: str) -> Iterator[Violation]:
    if kind.full_name.startswith(OWN_FORMS):
        yield from _in_well_known(kind, value, path)
        return
    if not isinstance(value, dict):
        yield path, "must be an object"
        return
    known = fields_by_any_name(kind)
    seen: dict[str, str] = {}
    for name, content in value.items():
        field = known.get(name)
        if field is None:
            yield joined(path, _shown(name)), "is not a field of this message"
            continue
        own_path = joined(path, field.name)
        if content is None:
            continue
        one_of = field.containing_oneof
        group = field.name if one_of is None else one_of.full_name
        if group in seen:
            yield own_path, f"can't be given together with {seen[group]}"
        seen[group] = name
        yield from _in_field(field, content, own_path)


@cache
def fields_by_any_name(kind: Descriptor) -> Mapping[str, FieldDescriptor]:
    """The fields of a kind of message by their JSON and by their proto names."""
    return {field.json_name: field for field in kind.fields} | dict(kind.fields_by_name.items())


def _in_field(field: FieldDescriptor, value: Json, path: str) -> Iterator[Violation]:
    if not field.is_repeated:
        yield from _in_value(field, value, path)
    elif field.message_type is not None and field.message_type.GetOptions().map_entry:
        yield from _in_map(field.message_type.fields_by_name["value"], value, path)
    elif not isinstance(value, list):
        yield path, "must be an array"
    else:
        for position, item in enumerate(value):
            yield from _in_value(field, item, f"{path}[{position}]")


def _in_map(field: FieldDescriptor, value: Json, path: str) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield path, "must be an object"
        return
    for key, item in value.items():
        yield from _in_value(field, item, f"{path}[{_shown(key)}]")


def _in_value(field: FieldDescriptor, value: Json, path: str) -> Iterator[Violation]:
    if field.message_type is not None:
        yield from _in_message(field.message_type, value, path)
        return
    problem = _problem(field, value)
    if problem:
        yield path, problem


def _problem(field: FieldDescriptor, value: Json) -> str:
    """What is wrong with a scalar, "" if nothing is."""
    kind = field.cpp_type
    if kind in _INTEGERS:
        return _integer_problem(value, *_INTEGERS[kind])
    if field.enum_type is not None:
        return _enum_problem(field.enum_type, value)
    return _PROBLEMS[kind](value)


def _integer_problem(value: Json, low: int, high: int) -> str:
    number = _whole(value)
    if number is None:
        return "must be a whole number"
    return "" if low <= number <= high else "is out of range"


def _whole(value: Json) -> int | None:
    """The whole number that a JSON value says, which 64-bit ones do in quotes; None if none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _FLOAT_EXACT_MAX else None
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    return value if isinstance(value, int) else None


def _enum_problem(enum: EnumDescriptor, value: Json) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        known = value in enum.values_by_number
    else:
        known = isinstance(value, str) and _is_unicode(value) and value in enum.values_by_name
    return "" if known else "must be one of " + ", ".join(enum.values_by_name)


def _number_problem(value: Json) -> str:
    return (
        "" if isinstance(value, int | float) and not isinstance(value, bool) else "must be a number"
    )


def _bool_problem(value: Json) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _string_problem(value: Json) -> str:
    if not isinstance(value, str):
        return "must be a string"
    return "" if _is_unicode(value) else "is not valid Unicode"


_PROBLEMS: Mapping[int, Callable[[Json], str]] = {
    _F.CPPTYPE_STRING: _string_problem,
    _F.CPPTYPE_BOOL: _bool_problem,
    _F.CPPTYPE_DOUBLE: _number_problem,
    _F.CPPTYPE_FLOAT: _number_problem,
}


def _in_well_known(kind: Descriptor, value: Json, path: str) -> Iterator[Violation]:
    if not isinstance(value, str) or not _is_unicode(value):
        yield path, "must be a string"
        return
    try:
        json_format.Parse(json.dumps(value), GetMessageClass(kind)())
    except (json_format.ParseError, ValueError, TypeError, OverflowError):
        yield path, f"is no {kind.name}"


def camel_case_mask(mask: str) -> str:
    """A field mask in JSON's form, whether its paths came in that form or in the proto's."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), mask)


def is_mask(field: FieldDescriptor) -> bool:
    """Whether the field is a field mask."""
    return field.message_type is not None and field.message_type.full_name == _MASK


def joined(path: str, name: str) -> str:
    """The path of a field of the message at a path."""
    return f"{path}.{name}" if path else name


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
