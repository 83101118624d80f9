"""The checks of the books find what is wrong: each violation planted, seen, and taken back."""

from __future__ import annotations

import pytest

from tests.integration.inventory.shop import Shop

FREE_LEVEL = "alter table stock_level drop constraint stock_level_held"
FREE_MOVEMENT = "alter table stock_movement drop constraint stock_movement_after"


class _TakenBack(Exception):
    pass


async def violations(shop: Shop, view: str, *planted: str) -> int:
    """How many rows the view shows after these statements, which are then rolled back."""
    count = -1
    try:
        async with shop.world.database("inventory").transaction() as tx:
            for statement in planted:
                await tx.run(statement.replace("$store", f"'{shop.store_id}'"))
            count = len(
                await tx.rows(
                    f"select * from verify.{view} where store_id = $1",
                    shop.store_id,
                )
            )
            raise _TakenBack
    except _TakenBack:
        return count


MOVEMENT = """
insert into stock_movement
select store_id, sku, version + 1, '{type}', {on_hand}, {held}, on_hand_after, held_after, actor,
       '{cause}', created_at
  from stock_movement where store_id = $store and sku = 'milk' order by version desc limit 1
"""

PLANTED = {
    "level off its movements": (
        "broken_stock_sum",
        "update stock_level set on_hand = on_hand + 1 where store_id = $store",
    ),
    "level without movements": (
        "broken_stock_sum",
        "insert into stock_level values ($store, 'ghost', 'each', 0, 0, 1)",
    ),
    "movement without a level": (
        "broken_stock_sum",
        "delete from stock_level where store_id = $store",
    ),
    "movement lost": (
        "broken_stock_sum",
        "delete from stock_movement where store_id = $store and version = 2",
    ),
    "movement that does not follow": (
        "broken_stock_movement",
        """update stock_movement set on_hand_after = on_hand_after + 1
            where store_id = $store and version = 2""",
    ),
    "held by nobody": (
        "broken_stock_held",
        "update stock_level set held = held + 1 where store_id = $store",
    ),
    "hold forgotten by the level": (
        "broken_stock_held",
        "update stock_level set held = 0 where store_id = $store",
    ),
    "sold more than came": (
        "broken_oversold",
        """insert into reservation (store_id, reservation_id, state, lines, request_hash, actor,
                                    created_at)
           values ($store, 'extra', 'TAKEN', '[["milk", 4, "each"]]', '\\x00', 'test', now())""",
    ),
    "taken without a movement": (
        "broken_reservation",
        """insert into reservation (store_id, reservation_id, state, lines, request_hash, actor,
                                    created_at)
           values ($store, 'extra', 'TAKEN', '[["milk", 1, "each"]]', '\\x00', 'test', now())""",
    ),
    "released twice": (
        "broken_reservation",
        MOVEMENT.format(type="RELEASE", on_hand=0, held=-1, cause="ord-back"),
    ),
    "committed without leaving": (
        "broken_reservation",
        """update reservation set state = 'COMMITTED', ended_at = now()
            where store_id = $store and reservation_id = 'ord-held'""",
    ),
    "sold for nobody": (
        "broken_reservation",
        MOVEMENT.format(type="SALE", on_hand=-1, held=0, cause="ord-ghost"),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
async def test_a_planted_violation_is_found(shop: Shop, name: str) -> None:
    view, planted = PLANTED[name]
    await shop.receive({"milk": 6})
    await shop.hold("ord-back", {"milk": 1})
    await shop.release("ord-back")
    await shop.hold("ord-held", {"milk": 2})
    await shop.take("ord-gone", {"milk": 1})
    assert await violations(shop, view) == 0
    assert await violations(shop, view, FREE_LEVEL, FREE_MOVEMENT, planted) > 0


@pytest.mark.parametrize(
    "statement",
    [
        "update stock_level set on_hand = -1 where store_id = $store",
        "update stock_level set held = on_hand + 1 where store_id = $store",
        "update stock_level set held = -1 where store_id = $store",
        "update stock_movement set type = 'SALE' where store_id = $store",
        "update reservation set state = 'REFUSED' where store_id = $store",
        "update reservation set state = 'COMMITTED' where store_id = $store",
        "update reservation set lines = '[]' where store_id = $store",
    ],
)
async def test_the_tables_refuse_what_cannot_be(shop: Shop, statement: str) -> None:
    await shop.receive({"milk": 6})
    await shop.hold("ord-held", {"milk": 2})
    with pytest.raises(Exception, match="violates check constraint"):
        await violations(shop, "broken_stock_sum", statement)


async def test_every_fact_can_be_read_from_outside(shop: Shop) -> None:
    await shop.receive({"milk": 6})
    await shop.hold("ord-held", {"milk": 2})
    assert await shop.rows(
        "select sku, on_hand, held, version from verify.stock_level where store_id = $1",
        shop.store_id,
    ) == [("milk", 6, 2, 2)]
    assert await shop.rows(
        "select type, on_hand_change, held_change, cause from verify.stock_movement"
        " where store_id = $1 order by version",
        shop.store_id,
    ) == [("RECEIPT", 6, 0, "note 7"), ("HOLD", 0, 2, "ord-held")]
    assert await shop.rows(
        "select reservation_id, state, sku, quantity, unit from verify.reservation_line"
        " join verify.reservation using (store_id, reservation_id, state) where store_id = $1",
        shop.store_id,
    ) == [("ord-held", "HELD", "milk", 2, "each")]
