"""Amounts that callers send."""

from __future__ import annotations

from chassis.kernel.errors import AmountInvalid
from chassis.kernel.money import Money
from chassis.rpc.values import money_from_proto
from hutong.common.v1 import money_pb2


def amount(message: money_pb2.Money, *, at: str) -> Money:
    """The amount in a field; AmountInvalid if it is negative, AmountTooLarge past the bound."""
    if message.amount_minor < 0:
        raise AmountInvalid.at(at, "must not be negative", amount_minor=message.amount_minor)
    return money_from_proto(message, at=at)
