"""Baskets between protobuf and the domain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel import names
from chassis.kernel.errors import HutongError
from chassis.rpc.call import Call
from chassis.rpc.values import (
    money_to_proto,
    timestamp_of,
    unit_from_proto,
    unit_to_proto,
    wire_bytes,
)
from hutong.orders.v1 import baskets_pb2
from services.orders.domain.baskets import (
    BasketInCheckout,
    BasketName,
    Change,
    FreezeLifted,
)
from services.orders.domain.promises import StoreClosed
from services.orders.domain.seen_baskets import SeenBasket, SeenLine


def basket_name(name: str, call: Call) -> BasketName:
    """The basket that a resource name names."""
    return BasketName(*names.parse_basket(name, call.tenant))


def changes(request: baskets_pb2.SetBasketLinesRequest) -> list[Change]:
    """The lines to set."""
    return [
        Change(
            sku=names.parse_product(line.product, at=f"lines[{index}].product"),
            quantity=line.quantity,
            unit=unit_from_proto(line.unit),
        )
        for index, line in enumerate(request.lines)
    ]


def basket_to_proto(basket: SeenBasket) -> baskets_pb2.Basket:
    """The basket as its customer sees it."""
    kept = basket.kept
    return baskets_pb2.Basket(
        name=kept.name.text,
        lines=[_line_to_proto(line) for line in basket.lines],
        total=None if basket.total is None else money_to_proto(basket.total),
        version=kept.version,
        freeze_expire_time=_timestamp(basket.frozen_until),
        notices=list(_notices(basket)),
        update_time=_timestamp(kept.updated_at),
    )


def encode_basket(basket: SeenBasket) -> bytes:
    """The reply that tells of the basket, in the same bytes each time."""
    return wire_bytes(basket_to_proto(basket))


def _line_to_proto(line: SeenLine) -> baskets_pb2.BasketLine:
    shown, now = line.shown, line.now
    message = baskets_pb2.BasketLine(
        product=names.PRODUCT.format(shown.sku),
        display_name=shown.display_name,
        quantity=shown.quantity,
        unit=unit_to_proto(shown.unit),
        shown_unit_price=money_to_proto(shown.unit_price),
        shown_price_version=shown.price_version,
    )
    if isinstance(now, HutongError):
        message.notice.CopyFrom(_notice(now))
        return message
    message.display_name = now.display_name
    message.unit_price.CopyFrom(money_to_proto(now.unit_price))
    message.price_version = now.price_version
    message.line_total.CopyFrom(money_to_proto(now.line_total))
    message.price_changed = line.has_changed
    return message


def _notices(basket: SeenBasket) -> Iterator[baskets_pb2.BasketNotice]:
    if basket.closed is not None:
        yield baskets_pb2.BasketNotice(
            reason=StoreClosed.reason,
            text=f"the store is closed: {basket.closed.closure}",
            end_time=_timestamp(basket.closed.opens_at),
        )
    if basket.kept.lifted_by:
        yield _notice(FreezeLifted(closure=basket.kept.lifted_by))
    if basket.kept.order_id:
        yield _notice(BasketInCheckout())


def _notice(reason: HutongError) -> baskets_pb2.BasketNotice:
    return baskets_pb2.BasketNotice(reason=reason.reason, text=reason.text)


def _timestamp(moment: datetime | None) -> Timestamp | None:
    return None if moment is None else timestamp_of(moment)
