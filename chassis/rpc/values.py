"""The contracts' common values as the kernel's, both ways: money, units of measure, bytes."""

from __future__ import annotations

import functools
from datetime import datetime

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel.errors import AmountTooLarge
from chassis.kernel.money import Money
from chassis.kernel.quantity import Unit
from hutong.common.v1 import measure_pb2, money_pb2

MOMENTS_MAX = 1_000
"""So many instants are remembered: all that a transaction writes has the same one."""

VARINTS_MAX = 20_000
"""How many lengths and distances are kept as the wire has them."""

_UNITS = {
    measure_pb2.MEASURE_UNIT_EACH: Unit.EACH,
    measure_pb2.MEASURE_UNIT_GRAM: Unit.GRAM,
}
_VARINTS = (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_ENUM)
_MEASURE_UNITS = {unit: number for number, unit in _UNITS.items()}


def unit_from_proto(number: measure_pb2.MeasureUnit) -> Unit:
    """The unit; validation has seen to it that the number is one."""
    return _UNITS[number]


def unit_to_proto(unit: Unit) -> measure_pb2.MeasureUnit:
    """The unit as the wire has it."""
    return _MEASURE_UNITS[unit]


def money_from_proto(message: money_pb2.Money, *, at: str) -> Money:
    """The amount in a field; AmountTooLarge, naming the field, if it passes the bound."""
    try:
        return Money(message.amount_minor, message.currency_code)
    except AmountTooLarge:
        raise AmountTooLarge.at(at, "is too large") from None


def money_to_proto(money: Money) -> money_pb2.Money:
    """The amount as the wire has it."""
    return money_pb2.Money(amount_minor=money.amount_minor, currency_code=money.currency)


@functools.lru_cache(MOMENTS_MAX)
def timestamp_of(moment: datetime) -> Timestamp:
    """The instant as the wire has it. It is shared, and must not be changed."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def wire_bytes(message: Message) -> bytes:
    """The message's bytes, the same ones each time, as answers and events are stored."""
    return message.SerializeToString(deterministic=True)


@functools.lru_cache(VARINTS_MAX)
def varint(number: int) -> bytes:
    """A length as the wire has it: seven bits a byte, the lowest first."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def field_tag(message: type[Message], field: str) -> bytes:
    """What stands before a field's value: a varint, or a length where it is a message or text."""
    descriptor = message.DESCRIPTOR.fields_by_name[field]
    is_varint = descriptor.type in _VARINTS
    return varint(descriptor.number << 3 | (0 if is_varint else 2))
