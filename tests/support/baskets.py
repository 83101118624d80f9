"""Requests about baskets, for tests."""

from __future__ import annotations

from typing import Any

from chassis.rpc.auth import Caller
from hutong.common.v1 import measure_pb2, money_pb2
from hutong.orders.v1 import baskets_pb2, orders_service_pb2
from tests.support.shop import EACH, STORE, pickup, request_id


def basket_of(who: Caller, *, store: str = STORE) -> str:
    """The name of a customer's basket at a store."""
    return f"{store}/baskets/{who.customer.removeprefix('customers/')}"


def line(
    sku: str, quantity: int, unit: measure_pb2.MeasureUnit = EACH
) -> baskets_pb2.BasketLineChange:
    """So much of a product in all."""
    return baskets_pb2.BasketLineChange(product=f"products/{sku}", quantity=quantity, unit=unit)


def getting(who: Caller, *, store: str = STORE) -> baskets_pb2.GetBasketRequest:
    """The basket at the prices of now."""
    return baskets_pb2.GetBasketRequest(name=basket_of(who, store=store))


def setting(
    who: Caller, *lines: baskets_pb2.BasketLineChange, version: int = 0, store: str = STORE
) -> baskets_pb2.SetBasketLinesRequest:
    """Lines to set, based on a version unless it is 0."""
    return baskets_pb2.SetBasketLinesRequest(
        name=basket_of(who, store=store),
        lines=lines,
        expected_version=version,
        request_id=request_id(),
    )


def accepting(
    who: Caller, version: int, *, total: money_pb2.Money | None = None, store: str = STORE
) -> baskets_pb2.AcceptBasketPricesRequest:
    """The prices of now are seen."""
    return baskets_pb2.AcceptBasketPricesRequest(
        name=basket_of(who, store=store),
        expected_version=version,
        expected_total=total,
        request_id=request_id(),
    )


def freezing(who: Caller, version: int, *, store: str = STORE) -> baskets_pb2.FreezeBasketRequest:
    """The shown prices are to be kept."""
    return baskets_pb2.FreezeBasketRequest(
        name=basket_of(who, store=store), expected_version=version, request_id=request_id()
    )


def clearing(who: Caller, version: int, *, store: str = STORE) -> baskets_pb2.ClearBasketRequest:
    """All lines out."""
    return baskets_pb2.ClearBasketRequest(
        name=basket_of(who, store=store), expected_version=version, request_id=request_id()
    )


def checkout(
    who: Caller, seen: baskets_pb2.Basket, **fields: Any
) -> orders_service_pb2.PlaceOrderRequest:
    """An order of a basket that its customer pays from the wallet and collects."""
    usual = {"basket": seen.name, "basket_version": seen.version}
    return pickup(who, **(usual | fields))
