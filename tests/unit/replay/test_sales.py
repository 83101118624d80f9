"""What the rows of the data set are read as."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allinone.replay.journey import Goods
from allinone.replay.requests import create_products, place_order
from allinone.replay.sales import DataInvalid, Line, Sale, sales_of, sku_of, unit_of
from chassis.kernel.quantity import Unit
from tests.support.journey import CORN, GOODS, MILK, PETROL, ROWS, SECOND, TEA, row

UNITS = {sku_of(goods.product_id): unit_of(goods) for goods in GOODS}


def sale_of(*rows: object) -> Sale:
    (sale,) = sales_of(rows, UNITS)  # type: ignore[arg-type]
    return sale


def line_of(*rows: object) -> Line:
    (line,) = sale_of(*rows).lines
    return line


def test_sales_come_in_the_order_of_their_time_with_all_their_lines() -> None:
    sales = sales_of(reversed(ROWS), UNITS)
    assert [sale.sold_at for sale in sales] == sorted(sale.sold_at for sale in sales)
    assert sum(len(sale.lines) + len(sale.left_out_cents) for sale in sales) == len(ROWS)
    assert len({sale.receipt for sale in sales}) == len({each.basket_id for each in ROWS})


@given(st.integers(0, 100_000))
def test_dollars_are_read_to_the_cent(cents: int) -> None:
    assert line_of(row(1, MILK, 1, cents / 100)).charged_cents == cents


def test_an_amount_that_is_not_in_cents_is_no_data_of_ours() -> None:
    with pytest.raises(DataInvalid, match="basket 7 has an amount of 0\\.005"):
        sale_of(row(7, MILK, 1, 0.005))


def test_the_discounts_of_a_line_are_told_together_and_negative_ones_not() -> None:
    discounted = row(1, MILK, 1, 1.0, retail_disc=0.1, coupon_disc=0.02, coupon_match_disc=0.03)
    assert line_of(discounted).discount_cents == 15
    assert line_of(replace(discounted, coupon_disc=-0.02)).discount_cents is None


def test_our_price_is_the_regular_one_rounded_half_up() -> None:
    assert line_of(row(1, TEA, 3, 10.0)).unit_price_cents == 333
    assert (
        line_of(row(1, TEA, 2, 0.99, retail_disc=0.1, coupon_match_disc=0.02)).unit_price_cents
        == 56
    )
    assert line_of(row(1, TEA, 1, 1.0, coupon_disc=0.5)).unit_price_cents == 100


def test_petrol_has_the_price_of_a_thousand() -> None:
    petrol = line_of(row(1, PETROL, 8725, 20.06, retail_disc=0.01))
    assert (petrol.unit, petrol.unit_price_cents) == (Unit.GRAM, 230)
    crate = line_of(row(1, CORN, 144, 36.0))
    assert (crate.unit, crate.unit_price_cents) == (Unit.EACH, 25)


def test_lines_of_quantity_0_are_kept_apart() -> None:
    sale = sale_of(row(1, TEA, 0, 0.5), row(1, MILK, 1, 2.0), row(1, CORN, 0, 0.0))
    assert [line.sku for line in sale.lines] == [sku_of(MILK)]
    assert sale.left_out_cents == (50, 0)
    assert sale.charged_cents == 200


def test_a_basket_has_one_store_and_one_time_and_each_product_once() -> None:
    first = row(1, MILK, 1, 1.0)
    later = first.transaction_timestamp + timedelta(seconds=1)
    for second in (
        row(1, TEA, 1, 1.0, store_id=99),
        row(1, TEA, 1, 1.0, transaction_timestamp=later),
        row(1, MILK, 2, 1.0),
    ):
        with pytest.raises(DataInvalid, match="basket 1 "):
            sale_of(first, second)


def test_a_sale_is_asked_the_same_way_each_time_and_differently_from_others() -> None:
    sales = [sale for sale in sales_of(ROWS, UNITS) if sale.day == SECOND]
    asked = [place_order(sale) for sale in sales]
    assert asked == [place_order(sale) for sale in sales]
    assert len({request.request_id for request in asked}) == len(sales)


def test_a_product_of_which_little_is_known_has_a_name_and_a_department() -> None:
    known = {"p1": Goods(1, "ELECT &PLUMBING", "BULB", "60 W"), "p2": Goods(2, "7UP")}
    one, two, three = create_products(["p1", "p2", "p3"], known).products
    assert (one.display_name, one.department) == ("BULB 60 W p1", "elect-plumbing")
    assert (two.display_name, two.department) == ("p2", "unsorted")
    assert (three.display_name, three.department) == ("p3", "unsorted")
