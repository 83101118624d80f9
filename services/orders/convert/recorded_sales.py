"""Recorded sales between protobuf and the domain."""

from __future__ import annotations

from datetime import UTC

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel import money, names
from chassis.rpc.values import money_to_proto
from hutong.orders.v1 import orders_pb2
from services.orders.convert.amounts import amount
from services.orders.domain.orders import Order
from services.orders.domain.recorded_sales import (
    Charge,
    LineKey,
    Receipt,
    RecordedSale,
    RecordedSaleInvalid,
)


def recorded_sale(message: orders_pb2.RecordedSale, *, is_uploaded: bool = False) -> RecordedSale:
    """The recorded sale; RecordedSaleInvalid if it charges for a line twice."""
    charges: dict[LineKey, Charge] = {}
    for index, line in enumerate(message.lines):
        at = f"recorded_sale.lines[{index}]"
        key = (names.parse_product(line.product, at=f"{at}.product"), line.label)
        if key in charges:
            raise RecordedSaleInvalid.at(at, "is a line that was charged for already")
        charges[key] = Charge(
            total=amount(line.charged_total, at=f"{at}.charged_total"),
            discount=amount(line.discount, at=f"{at}.discount")
            if line.HasField("discount")
            else None,
            display_name=line.display_name,
            unit_price=amount(line.unit_price, at=f"{at}.unit_price")
            if line.HasField("unit_price")
            else None,
        )
    receipt = Receipt(
        number=message.receipt_number,
        sold_at=message.sale_time.ToDatetime(tzinfo=UTC),
        reason=message.reason,
        is_uploaded=is_uploaded,
    )
    return RecordedSale(receipt, charges)


def recorded_sale_to_proto(order: Order, receipt: Receipt) -> orders_pb2.RecordedSale:
    """What the till says of an order that was recorded, its charges in the order of its lines."""
    sale_time = Timestamp()
    sale_time.FromDatetime(receipt.sold_at)
    quoted = money.total((line.line_total for line in order.lines), currency=order.total.currency)
    message = orders_pb2.RecordedSale(
        receipt_number=receipt.number,
        sale_time=sale_time,
        reason=receipt.reason,
        quoted_total=money_to_proto(quoted),
        is_uploaded=receipt.is_uploaded,
    )
    for line in order.lines:
        charged = message.lines.add(
            product=names.PRODUCT.format(line.sku),
            label=line.label,
            charged_total=money_to_proto(line.to_pay),
            is_unpriced=line.charge is not None and line.charge.is_unpriced,
        )
        if line.charge is not None and line.charge.discount is not None:
            charged.discount.CopyFrom(money_to_proto(line.charge.discount))
    return message
