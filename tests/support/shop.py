"""A shop for tests: products with prices and stock, a till, customers with wallets."""

from __future__ import annotations

import itertools
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.rpc.auth import Caller
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, catalog_service_pb2_grpc
from hutong.common.v1 import measure_pb2, money_pb2, position_pb2, product_quantity_pb2
from hutong.inventory.v1 import inventory_service_pb2, inventory_service_pb2_grpc
from hutong.orders.v1 import orders_pb2, orders_service_pb2, orders_service_pb2_grpc
from hutong.payments.v1 import payments_service_pb2, payments_service_pb2_grpc
from hutong.stores.v1 import stores_pb2, stores_service_pb2, stores_service_pb2_grpc
from tests.support.world import Client, caller

EACH = measure_pb2.MEASURE_UNIT_EACH
GRAM = measure_pb2.MEASURE_UNIT_GRAM
STORE = "stores/sh01"
STORE_POSITION = (31.2235, 121.4453)
NEXT_TO_STORE = (31.2241, 121.4467)
ACROSS_THE_RIVER = (31.2397, 121.4998)
SALE_TIME = Timestamp(seconds=1_500_000_000)
OPERATOR = caller(role="platform")
CASHIER = caller(role="cashier", stores=[STORE], principal="users/cashier-sh01-1")
MANAGER = caller(role="store_manager", stores=[STORE], principal="users/manager-sh01")


def customer(number: int) -> Caller:
    """A customer with a wallet of their own."""
    return caller(role="customer", customer=f"customers/c{number}", principal=f"users/c{number}")


def yuan(fen: int) -> money_pb2.Money:
    """So many fen."""
    return money_pb2.Money(amount_minor=fen, currency_code="CNY")


def request_id() -> str:
    """A fresh request id."""
    return str(uuid.uuid4())


def wanted(
    sku: str,
    quantity: int,
    unit: measure_pb2.MeasureUnit = EACH,
    *,
    shown: int = 0,
    label: str = "",
) -> catalog_pb2.WantedLine:
    """So much of a product, for somebody who was shown this version of its price."""
    return catalog_pb2.WantedLine(
        product=f"products/{sku}",
        quantity=quantity,
        unit=unit,
        shown_price_version=shown,
        label=label,
    )


def goods(
    sku: str, quantity: int, unit: measure_pb2.MeasureUnit = EACH
) -> product_quantity_pb2.ProductQuantity:
    """So much of a product, as stock is counted."""
    return product_quantity_pb2.ProductQuantity(
        product=f"products/{sku}", quantity=quantity, unit=unit
    )


def door(**fields: Any) -> orders_pb2.DeliveryAddress:
    """A door next to the store that Shop.open opens."""
    usual: dict[str, Any] = {
        "recipient": "王小明",
        "phone": "+8613800138000",
        "street": "南京西路 1601 号 12 楼 1203 室",
        "position": _position(*NEXT_TO_STORE),
        "note": "门铃坏了, please knock",
    }
    return orders_pb2.DeliveryAddress(**(usual | fields))


def till_sale(
    *lines: catalog_pb2.WantedLine,
    tendered: int = 1_000_000,
    store: str = STORE,
    **fields: Any,
) -> orders_service_pb2.PlaceOrderRequest:
    """A sale for cash at till 1."""
    usual: dict[str, Any] = {
        "parent": store,
        "lines": lines,
        "fulfilment": orders_pb2.FULFILMENT_CARRY_OUT,
        "tender": orders_pb2.Tender(cash=orders_pb2.CashTender(tendered=yuan(tendered))),
        "till": "1",
        "request_id": request_id(),
    }
    return orders_service_pb2.PlaceOrderRequest(**(usual | fields))


def recorded_sale(*charged: tuple[str, int], **fields: Any) -> orders_pb2.RecordedSale:
    """What till 1 charged, in fen, by SKU."""
    usual: dict[str, Any] = {
        "receipt_number": "A-1",
        "sale_time": SALE_TIME,
        "reason": "the till had prices of its own",
        "lines": [
            orders_pb2.ChargedLine(product=f"products/{sku}", charged_total=yuan(fen))
            for sku, fen in charged
        ],
    }
    return orders_pb2.RecordedSale(**(usual | fields))


def pickup(
    who: Caller, *lines: catalog_pb2.WantedLine, **fields: Any
) -> orders_service_pb2.PlaceOrderRequest:
    """An order that its customer pays from the wallet and collects."""
    usual: dict[str, Any] = {
        "parent": STORE,
        "lines": lines,
        "fulfilment": orders_pb2.FULFILMENT_PICKUP,
        "tender": orders_pb2.Tender(wallet=orders_pb2.WalletTender()),
        "customer": who.customer,
        "request_id": request_id(),
    }
    return orders_service_pb2.PlaceOrderRequest(**(usual | fields))


def delivery(
    who: Caller, *lines: catalog_pb2.WantedLine, **fields: Any
) -> orders_service_pb2.PlaceOrderRequest:
    """An order that its customer pays from the wallet and has brought."""
    usual = {"fulfilment": orders_pb2.FULFILMENT_DELIVERY, "delivery": door()}
    return pickup(who, *lines, **(usual | fields))


@dataclass(slots=True)
class Shop:
    """Sets up a store's goods through the public contracts. `clients` makes a client by stub."""

    clients: Any
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def orders(self, who: Caller = CASHIER) -> Client:
        """The orders service, as this caller."""
        made: Client = self.clients(orders_service_pb2_grpc.OrdersServiceStub, who)
        return made

    def catalog(self, who: Caller = OPERATOR) -> Client:
        """The catalogue, as this caller."""
        made: Client = self.clients(catalog_service_pb2_grpc.CatalogServiceStub, who)
        return made

    def inventory(self, who: Caller = OPERATOR) -> Client:
        """The inventory, as this caller."""
        made: Client = self.clients(inventory_service_pb2_grpc.InventoryServiceStub, who)
        return made

    def payments(self, who: Caller = OPERATOR) -> Client:
        """Payments, as this caller."""
        made: Client = self.clients(payments_service_pb2_grpc.PaymentsServiceStub, who)
        return made

    def stores(self, who: Caller = OPERATOR) -> Client:
        """The stores service, as this caller."""
        made: Client = self.clients(stores_service_pb2_grpc.StoresServiceStub, who)
        return made

    async def open(self, store: str = STORE, **fields: Any) -> None:
        """A store that is open around the clock, offers all there is and delivers nearby."""
        usual: dict[str, Any] = {
            "name": store,
            "display_name": "静安寺店 Jing'an Temple",
            "kind": stores_pb2.STORE_KIND_FRESH_MARKET,
            "address": stores_pb2.Address(
                country_code="CN", locality="上海", street="南京西路 1698 号"
            ),
            "position": _position(*STORE_POSITION),
            "time_zone": "Asia/Shanghai",
            "opening_hours": stores_pb2.OpeningHours(weekly=_every_day(0, 24 * 60)),
            "capabilities": [
                stores_pb2.CAPABILITY_CARRY_OUT,
                stores_pb2.CAPABILITY_PICKUP,
                stores_pb2.CAPABILITY_DELIVERY,
            ],
            "delivery_area": _square_around(*STORE_POSITION),
        }
        await self.stores().CreateStore(
            stores_service_pb2.CreateStoreRequest(
                store=stores_pb2.Store(**(usual | fields)), request_id=request_id()
            )
        )

    async def product(
        self,
        *,
        stock: int,
        price: int = 100,
        unit: measure_pb2.MeasureUnit = EACH,
        store: str = STORE,
    ) -> str:
        """A new product with a price in fen and stock at the store; its SKU."""
        sku = f"sku{next(self._numbers)}"
        await self.catalog().BatchCreateProducts(
            catalog_service_pb2.BatchCreateProductsRequest(
                products=[
                    catalog_pb2.Product(
                        name=f"products/{sku}",
                        display_name=f"Goods {sku}",
                        department="dry-goods",
                        unit=unit,
                    )
                ],
                request_id=request_id(),
            )
        )
        await self.price(sku, price, store=store)
        if stock:
            await self.receive(sku, stock, unit=unit, store=store)
        return sku

    async def price(
        self,
        sku: str,
        price: int,
        *,
        store: str = STORE,
        channel: catalog_pb2.SalesChannel = catalog_pb2.SALES_CHANNEL_UNSPECIFIED,
    ) -> None:
        """A new price in fen."""
        await self.catalog().ChangePrices(
            catalog_service_pb2.ChangePricesRequest(
                parent=store,
                changes=[
                    catalog_service_pb2.PriceChange(
                        product=f"products/{sku}", unit_price=yuan(price)
                    )
                ],
                channel=channel,
                request_id=request_id(),
            )
        )

    async def receive(
        self,
        sku: str,
        quantity: int,
        *,
        unit: measure_pb2.MeasureUnit = EACH,
        store: str = STORE,
    ) -> None:
        """A delivery."""
        await self.inventory().ReceiveStock(
            inventory_service_pb2.ReceiveStockRequest(
                parent=store,
                lines=[goods(sku, quantity, unit)],
                delivery_note="note 1",
                request_id=request_id(),
            )
        )

    async def short(self, sku: str, quantity: int, *, store: str = STORE) -> str:
        """A discrepancy: so much of a product was sold beyond the books; its name."""
        service = caller(role="service", principal="services/orders")
        await self.inventory(service).TakeStock(
            inventory_service_pb2.TakeStockRequest(
                parent=store,
                reservation_id=f"short-{request_id()}",
                lines=[goods(sku, quantity)],
                allow_deficit=True,
            )
        )
        listed = await self.inventory().ListDiscrepancies(
            inventory_service_pb2.ListDiscrepanciesRequest(parent=store, page_size=1000)
        )
        (name,) = (d.name for d in listed.discrepancies if d.product == f"products/{sku}")
        return str(name)

    async def customer(self, *, balance: int | None) -> Caller:
        """A customer whose wallet holds so many fen; None for one that was never opened."""
        who = customer(next(self._numbers))
        if balance is None:
            return who
        await self.payments().TopUpWallet(
            payments_service_pb2.TopUpWalletRequest(
                name=f"{who.customer}/wallet", amount=yuan(balance), request_id=request_id()
            )
        )
        return who

    async def stock(self, sku: str, *, store: str = STORE) -> tuple[int, int]:
        """What is on hand and what is held of a product."""
        level = await self.inventory().GetStockLevel(
            inventory_service_pb2.GetStockLevelRequest(name=f"{store}/stockLevels/{sku}")
        )
        return level.on_hand, level.held

    async def wallet(self, who: Caller) -> tuple[int, int]:
        """What a wallet has to spend and what of it is held, in fen."""
        wallet = await self.payments().GetWallet(
            payments_service_pb2.GetWalletRequest(name=f"{who.customer}/wallet")
        )
        return wallet.available.amount_minor, wallet.held.amount_minor


def _position(latitude: float, longitude: float) -> position_pb2.Position:
    return position_pb2.Position(latitude_degrees=latitude, longitude_degrees=longitude)


def _square_around(latitude: float, longitude: float, half: float = 0.02) -> str:
    """As GeoJSON, within so many degrees."""
    west, east = longitude - half, longitude + half
    south, north = latitude - half, latitude + half
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def _every_day(opens: int, closes: int) -> list[stores_pb2.DayHours]:
    """One period a day, in minutes after midnight."""
    return [
        stores_pb2.DayHours(
            day=stores_pb2.DayOfWeek.Name(day),
            periods=[stores_pb2.OpenPeriod(open_minutes=opens, close_minutes=closes)],
        )
        for day in range(1, 8)
    ]
