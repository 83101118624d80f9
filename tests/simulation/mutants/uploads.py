"""Defects of sales that tills upload."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.orders.domain import uploads as domain
from services.orders.domain.orders import Order
from services.orders.usecases import uploads
from tests.simulation.mutants.stage import Mutant, Stage
from tests.support.shop import CASHIER
from tests.support.uploading import Till, sold


async def _upload(stage: Stage, sku: str) -> list[str]:
    till = Till(stage.world.address, lambda: stage.world.token(CASHIER))
    till.sell([sold(sku, 2, 199)])
    await till.upload()
    return [sku, *await stage.orders_of(sku)]


async def _upload_short(stage: Stage) -> list[str]:
    return await _upload(stage, await stage.shop.product(stock=1))


async def _upload_unknown(stage: Stage) -> list[str]:
    return await _upload(stage, "unheard-of")


def _asks_for_stock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Order, "has_happened", property(lambda _: False))


def _own_price(patch: pytest.MonkeyPatch) -> None:
    real = domain.as_the_till_says

    def as_the_till_says(*sale: Any) -> Any:
        line = real(*sale)
        cheaper = replace(line.line_total, amount_minor=line.line_total.amount_minor - 1)
        return replace(line, line_total=cheaper)

    patch.setattr(uploads, "as_the_till_says", as_the_till_says)


UPLOAD_MUTANTS = (
    Mutant(
        "an uploaded sale is refused for want of stock",
        ("orders.broken_upload_refused",),
        _upload_short,
        _asks_for_stock,
    ),
    Mutant(
        "a line without a price gets one of ours",
        ("orders.broken_unpriced_line",),
        _upload_unknown,
        _own_price,
    ),
)
