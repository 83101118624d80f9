"""Defects of stores, products and prices, and of the database itself."""

from __future__ import annotations

from typing import Any

import pytest

from hutong.catalog.v1 import catalog_service_pb2
from hutong.common.v1 import money_pb2
from hutong.stores.v1 import stores_service_pb2
from services.catalog.repository import price_rows
from tests.simulation.mutants.stage import Mutant, Stage, whatever
from tests.simulation.mutants.stock import without_events
from tests.support.shop import request_id


def _statement(before: str, after: str) -> Any:
    """Replaces a part of the statement that adds prices."""
    changed = price_rows._ADD_PRICES.replace(before, after)
    assert changed != price_rows._ADD_PRICES
    return lambda patch: patch.setattr(price_rows, "_ADD_PRICES", changed)


def _any_currency(patch: pytest.MonkeyPatch) -> None:
    real = price_rows.lock_store

    async def lock_store(tx: Any, store: Any, *, currency: str) -> Any:
        _, now = await real(tx, store, currency=currency)
        return currency, now

    patch.setattr(price_rows, "lock_store", lock_store)


async def _price(stage: Stage) -> list[str]:
    return [await stage.shop.product(stock=0)]


async def _price_in_euro(stage: Stage) -> list[str]:
    sku = await stage.shop.product(stock=0)
    change = catalog_service_pb2.PriceChange(
        product=f"products/{sku}",
        unit_price=money_pb2.Money(amount_minor=100, currency_code="EUR"),
    )
    await whatever(
        stage.shop.catalog().ChangePrices(
            catalog_service_pb2.ChangePricesRequest(
                parent="stores/sh01", changes=[change], request_id=request_id()
            )
        )
    )
    return ["demo:sh01"]


async def _close(stage: Stage) -> list[str]:
    store = f"stores/closed-{request_id()[:8]}"
    await stage.shop.open(store)
    await stage.shop.stores().CloseStore(
        stores_service_pb2.CloseStoreRequest(name=store, reason="no light", request_id=request_id())
    )
    return [f"demo:{store.partition('/')[2]}"]


async def _open_at_noon_and_never_close(stage: Stage) -> list[str]:
    store = f"stores/endless-{request_id()[:8]}"
    await stage.shop.open(store)
    await stage.rows(
        "stores",
        "update public.store set opening_hours = jsonb_set(opening_hours, '{weekly}', "
        "'{\"1\": [[720, 2400]]}') where store_id = $1",
        f"demo:{store.partition('/')[2]}",
    )
    return [f"demo:{store.partition('/')[2]}"]


async def _code(stage: Stage, code: str, sku: str) -> list[str]:
    await stage.rows(
        "catalog",
        "insert into public.barcode (tenant, code, sku) values ('demo', $1, $2) "
        "on conflict do nothing",
        code,
        sku,
    )
    return [code]


async def _code_of_nothing(stage: Stage) -> list[str]:
    return await _code(stage, "06900000000001", "nothing")


async def _code_of_a_scale(stage: Stage) -> list[str]:
    return await _code(stage, "02110001005121", await stage.shop.product(stock=0))


async def _disagree_about_nothing(stage: Stage) -> list[str]:
    columns = await stage.rows(
        "catalog",
        "select column_name, data_type from information_schema.columns "
        "where table_name = 'price_disagreement' and table_schema = 'public' "
        "and is_nullable = 'NO' and column_default is null and is_identity = 'NO'",
    )
    values = {"store_id": "'demo:sh01'", "surface": "'till'", "sku": "'nobody-shows-it'"}
    by_type = {"text": "'CNY'", "bigint": "7", "timestamp with time zone": "now()"}
    named = [row["column_name"] for row in columns]
    given = [values.get(row["column_name"], by_type.get(row["data_type"], "7")) for row in columns]
    await stage.rows(
        "catalog",
        f"insert into public.price_disagreement ({', '.join(named)}) values ({', '.join(given)})",
    )
    return ["nobody-shows-it"]


async def _commit_to_memory(stage: Stage) -> list[str]:
    database = stage.world.urls["stores"].rpartition("/")[2]
    await stage.rows("stores", f"alter database {database} set synchronous_commit = off")
    return ["synchronous_commit"]


CHAIN_MUTANTS = (
    Mutant(
        "a version of a price is left out",
        ("catalog.broken_price_versions",),
        _price,
        _statement("coalesce(newest.version, 0) + 1", "coalesce(newest.version, 0) + 2"),
    ),
    Mutant(
        "a price is in another currency",
        ("catalog.broken_price_currency",),
        _price_in_euro,
        _any_currency,
        (("catalog", "price", "price_in_the_currency_of_the_store"),),
    ),
    Mutant(
        "a price is of another unit than its product",
        ("catalog.broken_price_product",),
        _price,
        _statement("changed.amount_minor, p.unit,", "changed.amount_minor, 'gram',"),
    ),
    Mutant(
        "a product is made without an event",
        ("catalog.broken_product_event",),
        _price,
        without_events("/products/"),
    ),
    Mutant(
        "a price changes without an event",
        ("catalog.broken_price_event",),
        _price,
        without_events("/prices/"),
    ),
    Mutant(
        "a store closes without an event",
        ("stores.broken_store_events",),
        _close,
        without_events("/stores/closed-"),
    ),
    Mutant(
        "a store's day has no end",
        ("stores.broken_store_hours",),
        _open_at_noon_and_never_close,
        why_row="the contract refuses such hours before the code under it sees them",
    ),
    Mutant(
        "a barcode is of no product",
        ("catalog.broken_barcode",),
        _code_of_nothing,
        drops=(("catalog", "barcode", "barcode_of_a_product"),),
        why_row="products are never deleted, so that no code of ours could leave one behind",
    ),
    Mutant(
        "a scale's label is taken for a product's code",
        ("catalog.broken_barcode_restricted",),
        _code_of_a_scale,
        why_row="the code that reads barcodes has no place for one that is restricted and a GTIN",
    ),
    Mutant(
        "a disagreement outlives what was shown",
        ("catalog.broken_price_disagreement",),
        _disagree_about_nothing,
        why_row="the price that was shown is forgotten after days only",
    ),
    Mutant(
        "commits are not waited for",
        ("durability_off",),
        _commit_to_memory,
    ),
)
