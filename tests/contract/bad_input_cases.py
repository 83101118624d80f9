"""The table of bad input: what is asked, and the answer that it gets over both transports."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from hutong.catalog.v1 import catalog_pb2, parity_pb2
from hutong.catalog.v1 import catalog_service_pb2 as catalog
from hutong.common.v1 import money_pb2
from hutong.inventory.v1 import inventory_service_pb2 as inventory
from hutong.orders.v1 import orders_pb2
from hutong.orders.v1 import orders_service_pb2 as orders
from hutong.payments.v1 import payments_service_pb2 as payments
from hutong.stores.v1 import stores_pb2
from hutong.stores.v1 import stores_service_pb2 as stores
from tests.contract.asking import Refusal
from tests.contract.bad_input_stage import (
    DEAR,
    STOCK,
    Case,
    Stage,
    created,
    given,
    invalid,
    of_nothing,
    priced,
    priced_in_two,
    quoted,
    received,
    refused,
    topped_up,
)
from tests.integration.stores.chains import closing, looking, position
from tests.support.baskets import line, setting
from tests.support.shop import (
    CASHIER,
    EACH,
    GRAM,
    MANAGER,
    STORE,
    delivery,
    door,
    goods,
    request_id,
    till_sale,
    wanted,
    yuan,
)

LINES = 10_000
HIGHEST = 2**63 - 1
YEAR_9999 = 253_402_300_799
BAD_CHECK_DIGIT = "6901234567891"
HIDDEN = {
    "NUL": "a\x00b",
    "a control character": "a\x07b",
    "a bidi override": "a\u202eb",
    "a zero-width space": "a\u200bb",
}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _quantities()
    yield from _amounts()
    yield from _currencies()
    yield from _codes_and_places()
    yield from _times()
    yield from _many_lines()
    yield from _hidden_characters()
    yield from _enums()
    yield from _missing()
    yield from _states()


def _quantities() -> Iterator[Case]:
    at = invalid("lines[0].quantity")
    for number in (0, -1, HIGHEST):
        yield Case(f"receive {number}", given(number, lambda s, n: received(goods(s.sku, n))), at)
        yield Case(
            f"sell {number}",
            given(number, lambda s, n: till_sale(wanted(s.sku, n))),
            at,
            who=CASHIER,
        )
        yield Case(f"quote {number}", given(number, lambda s, n: quoted(wanted(s.sku, n))), at)
        yield Case(
            f"reserve {number}",
            given(
                number,
                lambda s, n: inventory.ReserveStockRequest(
                    parent=STORE,
                    reservation_id="never",
                    lines=[goods(s.sku, n)],
                    hold_duration={"seconds": 60},
                ),
            ),
            at,
        )
    for number in (-1, HIGHEST):
        yield Case(
            f"put {number} into a basket",
            given(number, lambda s, n: setting(s.customer, line(s.sku, n))),
            at,
            who=None,
        )
        yield Case(
            f"count {number}",
            given(
                number,
                lambda s, n: inventory.AdjustStockRequest(
                    name=f"{STORE}/stockLevels/{s.sku}",
                    counted=n,
                    expected_on_hand=1,
                    unit=EACH,
                    reason="count",
                    request_id=request_id(),
                ),
            ),
            invalid("counted"),
            who=MANAGER,
        )
    yield Case(
        "grams of what is counted",
        lambda s: till_sale(wanted(s.sku, 1, GRAM)),
        invalid("lines[0].unit", reason="UNIT_MISMATCH"),
        who=CASHIER,
    )


def _amounts() -> Iterator[Case]:
    too_large = invalid("lines", reason="AMOUNT_TOO_LARGE")
    many = DEAR // 10
    yield Case("a product too dear to quote", lambda s: quoted(wanted(s.dear, many)), too_large)
    yield Case(
        "a product too dear to sell",
        lambda s: till_sale(wanted(s.dear, many)),
        too_large,
        who=CASHIER,
    )
    part = 600_000
    yield Case(
        "two lines of one product too dear together",
        lambda s: till_sale(wanted(s.dear, part), wanted(s.dear, part)),
        too_large,
        who=CASHIER,
    )
    yield Case(
        "two products too dear together",
        lambda s: quoted(wanted(s.dear, part), wanted(s.also_dear, part)),
        too_large,
    )
    yield Case(
        "two products too dear together, sold",
        lambda s: till_sale(wanted(s.dear, part), wanted(s.also_dear, part)),
        too_large,
        who=CASHIER,
    )
    for number, reason in (
        (0, "AMOUNT_INVALID"),
        (-1, "AMOUNT_INVALID"),
        (HIGHEST, "AMOUNT_TOO_LARGE"),
    ):
        yield Case(
            f"top up {number}",
            given(number, lambda s, n: topped_up(s, yuan(n))),
            invalid("amount", reason=reason),
        )
    for number, reason in ((-1, "AMOUNT_INVALID"), (HIGHEST, "AMOUNT_TOO_LARGE")):
        yield Case(
            f"a price of {number}",
            given(number, lambda s, n: priced(s.sku, yuan(n))),
            invalid("changes[0].unit_price", reason=reason),
        )
        yield Case(
            f"tender {number}",
            given(number, lambda s, n: till_sale(wanted(s.sku, 1), tendered=n)),
            invalid("tender.cash.tendered", reason=reason),
            who=CASHIER,
        )


def _currencies() -> Iterator[Case]:
    dollar = money_pb2.Money(amount_minor=1_000_000, currency_code="USD")

    def mixed(field: str) -> Refusal:
        return invalid(field, reason="CURRENCY_MISMATCH", given="USD", wanted="CNY")

    yield Case("top up in dollars", lambda s: topped_up(s, dollar), mixed("amount.currency_code"))
    yield Case("a price in dollars", lambda s: priced(s.sku, dollar), mixed("changes"))
    yield Case("prices in yuan and dollars", priced_in_two, mixed("changes[1].unit_price"))
    yield Case(
        "tender dollars",
        lambda s: till_sale(
            wanted(s.sku, 1), tender=orders_pb2.Tender(cash=orders_pb2.CashTender(tendered=dollar))
        ),
        mixed("tender.cash.tendered.currency_code"),
        who=CASHIER,
    )
    yield Case(
        "expect dollars",
        lambda s: till_sale(wanted(s.sku, 1), expected_total=dollar),
        mixed("expected_total.currency_code"),
        who=CASHIER,
    )
    yield Case(
        "refund dollars",
        lambda s: payments.RefundPaymentRequest(
            name=f"{STORE}/payments/{s.sale.rpartition('/')[2]}",
            amount=money_pb2.Money(amount_minor=1, currency_code="USD"),
            request_id=request_id(),
        ),
        mixed("amount.currency_code"),
    )
    for code in ("cny", "", "YUAN", "C\x00Y"):
        yield Case(
            f"the currency {code!r}",
            given(
                code, lambda s, c: topped_up(s, money_pb2.Money(amount_minor=1, currency_code=c))
            ),
            invalid("amount.currency_code"),
        )


def _codes_and_places() -> Iterator[Case]:
    yield Case(
        "look up a GTIN with a wrong check digit",
        lambda s: catalog.LookUpBarcodeRequest(parent=STORE, barcode=BAD_CHECK_DIGIT),
        invalid("barcode", reason="BARCODE_INVALID"),
        who=CASHIER,
    )
    yield Case(
        "give a product a GTIN with a wrong check digit",
        lambda s: catalog.UpdateProductRequest(
            product=catalog_pb2.Product(name=f"products/{s.sku}", barcodes=[BAD_CHECK_DIGIT]),
            update_mask={"paths": ["barcodes"]},
        ),
        invalid("product.barcodes[0]", reason="BARCODE_INVALID"),
    )
    degrees = "position.latitude_degrees"
    for latitude in (90.1, -90.1, math.nan, math.inf, 1e300):
        yield Case(
            f"look around latitude {latitude}",
            given(latitude, lambda s, at: looking((at, 121.5))),
            invalid(degrees),
            who=None,
        )
        yield Case(
            f"have it brought to latitude {latitude}",
            given(
                latitude,
                lambda s, at: delivery(
                    s.customer, wanted(s.sku, 1), delivery=door(position=position(at, 121.5))
                ),
            ),
            invalid(f"delivery.{degrees}"),
            who=None,
        )
    yield Case(
        "a store at latitude 90.1",
        lambda s: created(position=position(90.1, 121.5)),
        invalid(f"store.{degrees}"),
    )
    yield Case(
        "a store near a pole",
        lambda s: created(position=position(89.0, 121.5)),
        invalid("store.position", reason="POSITION_INVALID"),
    )


def _times() -> Iterator[Case]:
    for name, instant in (("past", 1_000_000_000), ("year 9999", YEAR_9999)):
        when = Timestamp(seconds=instant)
        yield Case(
            f"close until the {name}",
            given(when, lambda s, at: closing(STORE.removeprefix("stores/"), end_time=at)),
            invalid("end_time", reason="CLOSURE_INVALID"),
        )
        yield Case(
            f"a price from the {name} on",
            given(when, lambda s, at: priced(s.sku, yuan(120), start_time=at)),
            invalid("start_time"),
        )
        yield Case(
            f"a price until the {name}",
            given(when, lambda s, at: priced(s.sku, yuan(120), end_time=at)),
            invalid("end_time"),
        )
    yield Case(
        "quote for the year 9999",
        lambda s: quoted(wanted(s.sku, 1), quote_time=Timestamp(seconds=YEAR_9999)),
        invalid("quote_time"),
    )
    for seconds, nanos in ((YEAR_9999 + 1, 0), (-62_135_596_801, 0), (1_700_000_000, -1)):
        yield Case(
            f"a time of {seconds} s and {nanos} ns",
            given(
                Timestamp(seconds=seconds, nanos=nanos),
                lambda s, at: priced(s.sku, yuan(120), start_time=at),
            ),
            invalid("start_time"),
            transports=("grpc",),
        )


def _many_lines() -> Iterator[Case]:
    at = invalid("lines")
    yield Case("receive 10,000 lines", lambda s: received(*[goods(s.sku, 1)] * LINES), at)
    yield Case(
        "sell 10,000 lines", lambda s: till_sale(*[wanted(s.sku, 1)] * LINES), at, who=CASHIER
    )
    yield Case("quote 10,000 lines", lambda s: quoted(*[wanted(s.sku, 1)] * LINES), at)
    yield Case(
        "put 10,000 lines into a basket",
        lambda s: setting(s.customer, *[line(s.sku, 1)] * LINES),
        at,
        who=None,
    )


def _hidden_characters() -> Iterator[Case]:
    for what, text in HIDDEN.items():
        yield Case(
            f"{what} in a product's id",
            given(text, lambda s, t: till_sale(wanted(t, 1))),
            invalid("lines[0].product", reason="NAME_INVALID", pattern="products/{product}"),
            who=CASHIER,
        )
        yield Case(
            f"{what} in a store's id",
            given(text, lambda s, t: stores.GetStoreRequest(name=f"stores/{t}")),
            invalid("name", reason="NAME_INVALID", pattern="stores/{store}"),
        )
        yield Case(
            f"{what} in a new store's id",
            given(text, lambda s, t: created(name=f"stores/{t}")),
            invalid("store.name", reason="NAME_INVALID", pattern="stores/{store}"),
        )
        yield Case(
            f"{what} in a reservation's id",
            given(
                text,
                lambda s, t: inventory.TakeStockRequest(
                    parent=STORE, reservation_id=t, lines=[goods(s.sku, 1)]
                ),
            ),
            invalid("reservation_id"),
        )
        yield Case(
            f"{what} in a till's id",
            given(text, lambda s, t: till_sale(wanted(s.sku, 1), till=t)),
            invalid("till"),
            who=CASHIER,
        )
        yield Case(
            f"{what} in a delivery note",
            given(text, lambda s, t: received(goods(s.sku, 1), delivery_note=t)),
            invalid("delivery_note"),
        )
        yield Case(
            f"{what} in a street",
            given(
                text, lambda s, t: delivery(s.customer, wanted(s.sku, 1), delivery=door(street=t))
            ),
            invalid("delivery.street"),
            who=None,
        )


def _enums() -> Iterator[Case]:
    numbers: tuple[Any, ...] = (99, 0)
    for number in numbers:
        yield Case(
            f"the unit {number}",
            given(number, lambda s, n: till_sale(wanted(s.sku, 1, n))),
            invalid("lines[0].unit"),
            who=CASHIER,
        )
        yield Case(
            f"the fulfilment {number}",
            given(number, lambda s, n: till_sale(wanted(s.sku, 1), fulfilment=n)),
            invalid("fulfilment"),
            who=CASHIER,
        )
        yield Case(
            f"the kind {number} of store",
            given(number, lambda s, n: created(kind=n)),
            invalid("store.kind"),
        )
        yield Case(
            f"the surface {number}",
            given(
                number,
                lambda s, n: catalog.ReportShownPricesRequest(
                    parent=STORE,
                    surface=n,
                    device="till-1",
                    prices=[
                        parity_pb2.ShownPrice(
                            product=f"products/{s.sku}", price_version=1, unit_price=yuan(1)
                        )
                    ],
                    report_time=Timestamp(seconds=1_700_000_000),
                ),
            ),
            invalid("surface"),
        )
    yield Case("look for the kind 99", lambda s: looking(kinds=[99]), invalid("kinds[0]"), who=None)
    yield Case(
        "the channel 99",
        lambda s: priced(s.sku, yuan(120), channel=99),
        invalid("channel"),
    )
    yield Case(
        "the capability 99",
        lambda s: created(capabilities=[stores_pb2.CAPABILITY_PICKUP, 99]),
        invalid("store.capabilities[1]"),
    )


def _missing() -> Iterator[Case]:
    def without(*names: str) -> Callable[[Stage], Message]:
        def built(stage: Stage) -> Message:
            request = till_sale(wanted(stage.sku, 1))
            for name in names:
                request.ClearField(name)
            return request

        return built

    yield Case("a sale of no lines", without("lines"), invalid(""), who=CASHIER)
    for name in ("fulfilment", "tender", "request_id"):
        yield Case(f"a sale without {name}", without(name), invalid(name), who=CASHIER)
    yield Case(
        "a delivery note left out",
        lambda s: received(goods(s.sku, 1), delivery_note=""),
        invalid("delivery_note"),
    )
    yield Case(
        "a line of no product",
        lambda s: received(of_nothing(s)),
        invalid("lines[0].product", reason="NAME_INVALID", pattern="products/{product}"),
    )
    yield Case(
        "no position to look around",
        lambda s: stores.FindStoresRequest(page_size=1),
        invalid("position"),
        who=None,
    )
    for text in ("", "1", "7f8a2d4e-0f6b-4c51-9a51-3e0c5a1b2c3", "x" * 36):
        yield Case(
            f"the request id {text!r}",
            given(text, lambda s, g: received(goods(s.sku, 1), request_id=g)),
            invalid("request_id"),
        )


def _states() -> Iterator[Case]:
    short = {"wanted": str(STOCK + 2), "available": str(STOCK)}
    half = STOCK // 2 + 1
    yield Case(
        "more than there is",
        lambda s: till_sale(wanted(s.sku, STOCK + 2)),
        refused("INSUFFICIENT_STOCK", sku="sku1", **short),
        who=CASHIER,
        noted_by=frozenset({"orders", "inventory"}),
    )
    yield Case(
        "more than there is, on two lines",
        lambda s: till_sale(wanted(s.sku, half), wanted(s.sku, half)),
        refused("INSUFFICIENT_STOCK", sku="sku1", **short),
        who=CASHIER,
        noted_by=frozenset({"orders", "inventory"}),
    )
    yield Case(
        "hand over what was carried out",
        lambda s: orders.HandOverOrderRequest(name=s.sale, request_id=request_id()),
        refused("ORDER_STATE_INVALID", state="COMPLETED"),
        who=CASHIER,
    )
    yield Case(
        "pack what was carried out",
        lambda s: orders.MarkOrderReadyRequest(name=s.sale, request_id=request_id()),
        refused("ORDER_STATE_INVALID", state="COMPLETED"),
        who=CASHIER,
    )
    yield Case(
        "less cash than the total",
        lambda s: till_sale(wanted(s.sku, 1), tendered=1),
        refused("TENDER_INSUFFICIENT", tendered_minor="1", total_minor="100"),
        who=CASHIER,
    )
