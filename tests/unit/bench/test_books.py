"""What a load was told and what the books have are compared order by order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.orders.books import Effects, Kept, differences
from tests.bench.orders.kinds import HOT_SKUS, HOT_TILL, PICKUP, SKUS, TILL, Basket
from tests.bench.sending.plan import ID, Report

BASKETS = [
    Basket("stores/sh01", {"a": 1, "b": 2}),
    Basket("stores/sh02", {"a": 3}),
]
KEPT = [Kept(0, "ord_0", "COMPLETED", 2970), Kept(1, "ord_1", "COMPLETED", 2970)]
EFFECTS = Effects(3, 6, 2, 5940, 0, 5940)


def asked(count: int, **others: list[int]) -> Report:
    """So many requests, answered with OK but for these statuses' numbers."""
    return Report(asked=count, others={key.removeprefix("s"): n for key, n in others.items()})


def test_books_that_have_what_was_told_do_not_differ() -> None:
    assert differences(BASKETS, asked(2), KEPT, EFFECTS) == []


@pytest.mark.parametrize(
    ("report", "kept", "effects"),
    [
        (asked(3), KEPT, EFFECTS),
        (asked(1), KEPT, EFFECTS),
        (asked(2, s8=[1]), KEPT, EFFECTS),
        (asked(2), [KEPT[0], replace(KEPT[1], state="REFUSED")], EFFECTS),
        (asked(2), [KEPT[0], replace(KEPT[1], state="PLACING")], EFFECTS),
        (asked(2), [KEPT[0], replace(KEPT[1], order_id=None, state=None)], EFFECTS),
        (asked(2), [KEPT[0], replace(KEPT[1], total_fen=2971)], EFFECTS),
        (asked(2), [*KEPT, KEPT[1]], EFFECTS),
        (asked(2), KEPT, replace(EFFECTS, movements=4)),
        (asked(2), KEPT, replace(EFFECTS, pieces=7)),
        (asked(2), KEPT, replace(EFFECTS, payments=1)),
        (asked(2), KEPT, replace(EFFECTS, paid_fen=5939)),
        (asked(2), KEPT, replace(EFFECTS, ledger_sum_fen=1)),
        (asked(2), KEPT, replace(EFFECTS, ledger_moved_fen=2970)),
    ],
)
def test_every_difference_is_found(report: Report, kept: list[Kept], effects: Effects) -> None:
    assert differences(BASKETS, report, kept, effects)


def test_what_was_told_nothing_may_be_sold_or_not() -> None:
    one = Effects(2, 3, 1, 2970, 0, 2970)
    assert differences(BASKETS, asked(2, s14=[1]), KEPT, EFFECTS) == []
    assert differences(BASKETS, asked(2, s4=[1]), KEPT[:1], one) == []
    assert (
        differences(BASKETS, asked(2, snone=[1]), [KEPT[0], Kept(1, "o", "REFUSED", 9)], one) == []
    )
    assert differences(BASKETS, asked(2, s4=[1]), [KEPT[0], Kept(1, "o", "UNDOING", 9)], one)


def test_what_was_refused_has_no_order() -> None:
    one = Effects(2, 3, 1, 2970, 0, 2970)
    assert differences(BASKETS, asked(2, s9=[1]), [KEPT[0], Kept(1, "o", "REFUSED", 9)], one) == []
    assert differences(BASKETS, asked(2, s8=[1]), KEPT[:1], one) == []


def test_the_same_seed_asks_for_the_same_baskets() -> None:
    assert TILL.baskets(7) == TILL.baskets(7) != TILL.baskets(8)
    assert {sku for basket in HOT_TILL.baskets(7) for sku in basket.quantities} == set(HOT_SKUS)
    assert len({sku for basket in TILL.baskets(7) for sku in basket.quantities}) == len(SKUS)


def test_every_customer_asks_for_the_same_baskets_over_http() -> None:
    baskets = PICKUP.baskets(1)[:3]
    senders = PICKUP.senders(
        baskets, lambda who: who.customer, protocol="http", address="127.0.0.1:8080"
    )
    assert len({sender.token for sender in senders}) == len(senders) == len(PICKUP.callers)
    for sender in senders:
        for basket, (digits, offset) in zip(baskets, sender.bodies, strict=True):
            head, _, body = bytes.fromhex(digits).decode().partition("\r\n\r\n")
            assert head.startswith(f"POST /v1/{basket.store}/orders:place HTTP/1.1\r\n")
            assert f"authorization: Bearer {sender.token}\r\n" in head
            assert head.endswith(f"content-length: {len(body)}")
            assert bytes.fromhex(digits)[offset:].startswith(ID.encode())
            assert sender.token in body
            assert ID not in body
