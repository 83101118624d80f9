"""Messages of any kind, filled by chance, and a kind that has every type of field."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from allinone.topology import BLUEPRINTS
from gateway.routes.contracts import contracts_of

DEPTH_MAX = 2
FIELDS_MAX = 5
ITEMS_MAX = 2

_F = descriptor_pb2.FieldDescriptorProto
_D = FieldDescriptor
_TEXTS = ("", "a", "牛奶 \U0001f95b", "\x00\n\u2028\u202e", '"\\', "é" * 40)
_FLOATS = (0.0, -0.0, 1.0, 1e16, 1e-7, 3.4e38, 0.1, math.inf, -math.inf, math.nan)
_NANOS = (0, 7_000_000, 7_000, 7, 999_999_999)
_SECONDS = (-62_135_596_800, -1, 0, 1_700_000_000, 253_402_300_799)


def kinds() -> list[Descriptor]:
    """Every kind of message that our methods take or answer with."""
    services = [f"hutong.{plan.name}.v1.{plan.name.title()}Service" for plan in BLUEPRINTS]
    found: dict[str, Descriptor] = {}
    for method in contracts_of(services).methods:
        for kind in (method.input_type, method.output_type):
            found |= {each.full_name: each for each in _within(kind, set())}
    return [kind for name, kind in sorted(found.items()) if not name.startswith("google.protobuf.")]


def every_field(*, has_floats: bool) -> Descriptor:
    """A kind with a field of each type: plain, optional, repeated, as a map's value, and itself."""
    file = descriptor_pb2.FileDescriptorProto(name="kinds.proto", package="kinds", syntax="proto3")
    file.dependency.append("google/protobuf/timestamp.proto")
    file.dependency.append("google/protobuf/duration.proto")
    colour = file.enum_type.add(name="Colour")
    for number, name in enumerate(("COLOUR_NONE", "COLOUR_RED", "COLOUR_BLUE")):
        colour.value.add(name=name, number=number)
    message = file.message_type.add(name="Every")
    left_out = {_F.TYPE_GROUP, *(() if has_floats else (_F.TYPE_FLOAT,))}
    types = [number for _, number in _F.Type.items() if number not in left_out]
    for kind in types:
        _add(message, f"plain_{kind}", kind)
        _add(message, f"many_{kind}", kind, label=_F.LABEL_REPEATED)
        _add_map(message, f"by_name_{kind}", kind)
        optional = _add(message, f"maybe_{kind}", kind)
        optional.proto3_optional, optional.oneof_index = True, len(message.oneof_decl)
        message.oneof_decl.add(name=f"_maybe_{kind}")
    for name in ("Timestamp", "Duration"):
        _add(message, name.lower(), _F.TYPE_MESSAGE).type_name = f".google.protobuf.{name}"
    pool = descriptor_pool.DescriptorPool()
    for known in ("timestamp", "duration"):
        pool.AddSerializedFile(
            descriptor_pool.Default().FindFileByName(f"google/protobuf/{known}.proto").serialized_pb
        )
    pool.Add(file)
    made: Descriptor = pool.FindMessageTypeByName("kinds.Every")
    return made


def message_of(kind: Descriptor, chance: Random, depth: int = DEPTH_MAX) -> Message:
    """A message of a kind, with any of its fields set to anything."""
    made = GetMessageClass(kind)()
    message: Any = made
    if kind.full_name == "google.protobuf.Timestamp":
        message.seconds, message.nanos = chance.choice(_SECONDS), chance.choice(_NANOS)
    if kind.full_name.startswith("google.protobuf."):
        return made
    fields = [field for field in kind.fields if depth or field.message_type is None]
    for field in chance.sample(fields, min(len(fields), chance.randint(0, FIELDS_MAX))):
        _set(message, field, chance, depth)
    return made


def _set(message: Any, field: FieldDescriptor, chance: Random, depth: int) -> None:
    target, inner = getattr(message, field.name), field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        of_value = inner.fields_by_name["value"]
        for key in chance.sample(_TEXTS, ITEMS_MAX):
            if of_value.message_type is None:
                target[key] = _scalar(of_value, chance)
            else:
                _fill(target[key], of_value, chance, depth)
    elif inner is not None and not field.is_repeated:
        _fill(target, field, chance, depth)
    elif inner is not None:
        for _ in range(chance.randint(0, ITEMS_MAX)):
            _fill(target.add(), field, chance, depth)
    elif field.is_repeated:
        target.extend(_scalar(field, chance) for _ in range(ITEMS_MAX))
    else:
        setattr(message, field.name, _scalar(field, chance))


def _fill(target: Message, field: FieldDescriptor, chance: Random, depth: int) -> None:
    assert field.message_type is not None
    target.SetInParent()
    target.MergeFromString(message_of(field.message_type, chance, depth - 1).SerializeToString())


def _scalar(field: FieldDescriptor, chance: Random) -> Any:
    if field.type == _D.TYPE_BYTES:
        return chance.randbytes(chance.randint(0, 5))
    if field.cpp_type == _D.CPPTYPE_STRING:
        return chance.choice(_TEXTS)
    if field.cpp_type in {_D.CPPTYPE_DOUBLE, _D.CPPTYPE_FLOAT}:
        return chance.choice((*_FLOATS, chance.uniform(-1e6, 1e6)))
    if field.cpp_type == _D.CPPTYPE_BOOL:
        return chance.random() < 0.5
    if field.cpp_type == _D.CPPTYPE_ENUM:
        return chance.randint(0, 12)
    low, high = _INTEGERS[field.cpp_type]
    return chance.choice((low, high, 0, 1, chance.randint(low, high)))


_INTEGERS = {
    _D.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    _D.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    _D.CPPTYPE_UINT32: (0, 2**32 - 1),
    _D.CPPTYPE_UINT64: (0, 2**64 - 1),
}


def _add(message: Any, name: str, kind: int, label: int = _F.LABEL_OPTIONAL) -> Any:
    field = message.field.add(name=name, number=len(message.field) + 1, type=kind, label=label)
    if kind == _F.TYPE_MESSAGE:
        field.type_name = ".kinds.Every"
    if kind == _F.TYPE_ENUM:
        field.type_name = ".kinds.Colour"
    return field


def _add_map(message: Any, name: str, kind: int) -> None:
    entry = message.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
    entry.options.map_entry = True
    _add(entry, "key", _F.TYPE_STRING)
    _add(entry, "value", kind)
    field = message.field.add(
        name=name, number=len(message.field) + 1, type=_F.TYPE_MESSAGE, label=_F.LABEL_REPEATED
    )
    field.type_name = f".kinds.Every.{entry.name}"


def _within(kind: Descriptor, seen: set[str]) -> Iterator[Descriptor]:
    if kind.full_name in seen:
        return
    seen.add(kind.full_name)
    yield kind
    for field in kind.fields:
        if field.message_type is not None:
            yield from _within(field.message_type, seen)
