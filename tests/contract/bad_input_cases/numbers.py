"""The table of bad input, the part about quantities, amounts and currencies."""

from __future__ import annotations

from collections.abc import Iterator

from hutong.common.v1 import money_pb2
from hutong.inventory.v1 import inventory_service_pb2 as inventory
from hutong.orders.v1 import orders_pb2
from hutong.payments.v1 import payments_service_pb2 as payments
from tests.contract.asking import Refusal
from tests.contract.bad_input_stage import (
    DEAR,
    Case,
    given,
    invalid,
    priced,
    priced_in_two,
    quoted,
    received,
    topped_up,
)
from tests.support.baskets import line, setting
from tests.support.shop import (
    CASHIER,
    EACH,
    GRAM,
    MANAGER,
    STORE,
    goods,
    request_id,
    till_sale,
    wanted,
    yuan,
)

HIGHEST = 2**63 - 1


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _quantities()
    yield from _amounts()
    yield from _currencies()


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
