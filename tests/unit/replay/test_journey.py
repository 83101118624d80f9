"""The data set as it is installed, where it is; elsewhere one line says how to have it."""

from __future__ import annotations

from datetime import date

import pytest

from allinone.replay import journey
from allinone.replay.journey import DataMissing, InstalledJourney
from allinone.replay.sales import sales_of, sku_of, unit_of
from allinone.replay.scope import median_day


def installed() -> InstalledJourney:
    try:
        return InstalledJourney()
    except DataMissing as problem:
        pytest.skip(str(problem))


@pytest.mark.parametrize("name", ["PACKAGE", "PARQUET"])
def test_what_is_missing_is_told_in_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    installed()
    monkeypatch.setattr(journey, name, "no_such_module")
    with pytest.raises(DataMissing, match="`make replay` installs it"):
        InstalledJourney()


def test_the_median_day_of_the_real_data_is_read_whole() -> None:
    data = installed()
    baskets = data.baskets_by_day()
    assert (len(baskets), sum(baskets.values())) == (365, 155_848)
    day = median_day(baskets)
    assert (day, baskets[day]) == (date(2017, 3, 9), 416)
    rows = list(data.rows([day]))
    units = {sku_of(goods.product_id): unit_of(goods) for goods in data.goods()}
    sales = sales_of(rows, units)
    assert len(sales) == baskets[day]
    assert {sale.day for sale in sales} == {day}
    charged = sum(sale.charged_cents + sum(sale.left_out_cents) for sale in sales)
    assert charged == round(100 * sum(row.sales_value for row in rows))
