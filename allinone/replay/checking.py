"""The books against the data: receipts, stock and ledger, as the contracts let them be read.

Nothing that selling was answered is used here: which order is whose is read from its receipt
number, so a basket that was sold twice is found too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date

from allinone.demo.asking import Asker, in_lanes
from allinone.replay import requests
from allinone.replay.preparing import demand_by_day
from allinone.replay.reading import pages
from allinone.replay.sales import Sale
from hutong.common.v1 import money_pb2
from hutong.inventory.v1 import (
    inventory_pb2,
    inventory_service_pb2,
    inventory_service_pb2_grpc,
)
from hutong.orders.v1 import orders_pb2, orders_service_pb2, orders_service_pb2_grpc
from hutong.payments.v1 import payments_service_pb2, payments_service_pb2_grpc

STORES_AT_ONCE = 8
LEVELS_AT_ONCE = 8

RECEIPT, SALE = inventory_pb2.MOVEMENT_TYPE_RECEIPT, inventory_pb2.MOVEMENT_TYPE_SALE


@dataclass(frozen=True, slots=True)
class Difference:
    """One row of one of the books that is not what the data say."""

    book: str
    row: str
    expected: object
    actual: object

    def __str__(self) -> str:
        return f"{self.book}: {self.row}: the data say {self.expected}, the books {self.actual}"


@dataclass(slots=True)
class Checked:
    """What was compared, and what differed."""

    receipts: int = 0
    stock_levels: int = 0
    store_days: int = 0
    charged_cents: int = 0
    differences: list[Difference] = field(default_factory=list)

    def compare(self, book: str, row: str, expected: object, actual: object) -> None:
        """Notes the row if the two are not equal."""
        if expected != actual:
            self.differences.append(Difference(book, row, expected, actual))


@dataclass(slots=True)
class _Orders:
    """A store's orders that are not refused, by receipt, and the receipt of each by its id."""

    by_receipt: dict[str, list[orders_pb2.Order]] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)


async def check(
    asker: Asker,
    sales: Sequence[Sale],
    whole_days: Sequence[Sale],
) -> Checked:
    """Compares the books with the sales that were to be sold.

    `whole_days` are all sales of their days, for which goods were brought. Orders of other
    receipts, from other runs, are left alone.
    """
    checked = Checked()
    sold: dict[str, list[Sale]] = defaultdict(list)
    for sale in sales:
        sold[sale.store].append(sale)
    brought: dict[str, list[Sale]] = defaultdict(list)
    for sale in whole_days:
        brought[sale.store].append(sale)

    async def check_store(store: str) -> None:
        await _StoreCheck(asker, store, sold[store], brought[store], checked).run()

    await in_lanes(sorted(brought), check_store, at_once=STORES_AT_ONCE)
    return checked


class _StoreCheck:
    """The check of one store's books."""

    def __init__(
        self,
        asker: Asker,
        store: str,
        sales: Sequence[Sale],
        brought: Sequence[Sale],
        checked: Checked,
    ) -> None:
        self._asker = asker
        self._store = store
        self._name = requests.store_name(store)
        self._sales = {sale.receipt: sale for sale in sales}
        self._brought = brought
        self._checked = checked
        self._orders = orders_service_pb2_grpc.OrdersServiceStub(asker.channel)
        self._inventory = inventory_service_pb2_grpc.InventoryServiceStub(asker.channel)
        self._payments = payments_service_pb2_grpc.PaymentsServiceStub(asker.channel)

    async def run(self) -> None:
        """Compares receipts, stock and ledger."""
        orders = await self._read_orders()
        for receipt, sale in self._sales.items():
            self._check_receipt(sale, orders.by_receipt.get(receipt, []))
        await self._check_stock(orders)
        await self._check_ledger(orders)

    async def _read_orders(self) -> _Orders:
        found = _Orders()
        listing = orders_service_pb2.ListOrdersRequest(parent=self._name)
        async for order in pages(self._asker, self._orders.ListOrders, listing, "orders"):
            receipt = order.recorded_sale.receipt_number
            if not receipt:
                self._checked.compare("receipts", order.name, "nothing of it", "an order")
            elif order.state != orders_pb2.ORDER_STATE_REFUSED:
                found.by_receipt.setdefault(receipt, []).append(order)
                found.receipts[order.name.rpartition("/")[2]] = receipt
        return found

    def _check_receipt(self, sale: Sale, orders: Sequence[orders_pb2.Order]) -> None:
        row = f"{self._name} receipt {sale.receipt}"
        self._checked.receipts += 1
        self._checked.charged_cents += sale.charged_cents
        self._checked.compare("receipts", f"{row} orders", 1, len(orders))
        for order in orders:
            self._check_order(sale, order, f"{row} {order.name.rpartition('/')[2]}")

    def _check_order(self, sale: Sale, order: orders_pb2.Order, row: str) -> None:
        compare = self._checked.compare
        told = order.recorded_sale
        compare("receipts", f"{row} state", "COMPLETED", _state(order))
        compare("receipts", f"{row} total", _cents(sale.charged_cents), _told(order.total))
        compare("receipts", f"{row} time", sale.sold_at, told.sale_time.ToDatetime(tzinfo=UTC))
        expected = {
            line.sku: (line.quantity, _cents(line.charged_cents), _discount(line.discount_cents))
            for line in sale.lines
        }
        actual = {
            line.product.removeprefix("products/"): (
                line.quantity,
                _told(charged.charged_total),
                _told(charged.discount) if charged.HasField("discount") else None,
            )
            for line, charged in zip(order.lines, told.lines, strict=True)
        }
        for sku in sorted(expected.keys() | actual.keys()):
            compare("receipts", f"{row} {sku}", expected.get(sku), actual.get(sku))

    async def _check_stock(self, orders: _Orders) -> None:
        """Each product that was brought: what came for each day, and what each receipt took."""
        brought: dict[str, dict[str, int]] = defaultdict(dict)
        for day, quantities in demand_by_day(self._brought).items():
            for (sku, _), quantity in quantities.items():
                brought[sku][requests.delivery_note(day)] = quantity
        taken: dict[str, dict[str, int]] = defaultdict(dict)
        for sale in self._sales.values():
            for line in sale.lines:
                taken[line.sku][sale.receipt] = line.quantity
        listing = inventory_service_pb2.ListStockLevelsRequest(parent=self._name)
        levels = {
            level.name.rpartition("/")[2]: level
            async for level in pages(
                self._asker, self._inventory.ListStockLevels, listing, "stock_levels"
            )
        }

        async def check_level(sku: str) -> None:
            await self._check_level(
                sku, levels.get(sku), brought[sku], taken.get(sku, {}), orders.receipts
            )

        await in_lanes(sorted(brought), check_level, at_once=LEVELS_AT_ONCE)

    async def _check_level(
        self,
        sku: str,
        level: inventory_pb2.StockLevel | None,
        brought: Mapping[str, int],
        taken: Mapping[str, int],
        receipts: Mapping[str, str],
    ) -> None:
        row, on_hand = f"{self._name} {sku}", 0
        came: dict[str, int] = defaultdict(int)
        left: dict[str, int] = defaultdict(int)
        for movement in [] if level is None else await self._movements(sku):
            on_hand += movement.on_hand_change
            if movement.type == RECEIPT:
                came[movement.cause] += movement.on_hand_change
            elif movement.type == SALE and movement.cause in receipts:
                left[receipts[movement.cause]] -= movement.on_hand_change
            else:
                told = f"{inventory_pb2.MovementType.Name(movement.type)} of "
                told += f"{movement.on_hand_change} for {movement.cause}"
                self._checked.compare("stock", row, "no such movement", told)
        self._checked.stock_levels += 1
        for note in brought:
            self._checked.compare("stock", f"{row} {note}", brought[note], came.get(note))
        for receipt in sorted(taken.keys() | (left.keys() & self._sales.keys())):
            self._checked.compare(
                "stock", f"{row} receipt {receipt}", taken.get(receipt), left.get(receipt)
            )
        held = (on_hand, 0) if level is None else (level.on_hand, level.held)
        self._checked.compare("stock", f"{row} on hand and held", (on_hand, 0), held)

    async def _movements(self, sku: str) -> list[inventory_pb2.StockMovement]:
        listing = inventory_service_pb2.ListStockMovementsRequest(
            parent=f"{self._name}/stockLevels/{sku}"
        )
        listed = pages(self._asker, self._inventory.ListStockMovements, listing, "stock_movements")
        return [movement async for movement in listed]

    async def _check_ledger(self, orders: _Orders) -> None:
        """What each day brought into the till, and what of it counts as sales."""
        expected: dict[date, int] = defaultdict(int)
        for sale in self._sales.values():
            expected[sale.day] += sale.charged_cents
        till = f"cash:{requests.TILL}"
        booked: dict[tuple[date, str], int] = defaultdict(int)
        listing = payments_service_pb2.ListLedgerEntriesRequest(parent=self._name)
        entries = pages(self._asker, self._payments.ListLedgerEntries, listing, "ledger_entries")
        async for entry in entries:
            receipt = orders.receipts.get(entry.payment.rpartition("/")[2])
            is_sale = entry.kind == "sale" and entry.account in (till, "sales")
            if receipt is None or not is_sale or entry.amount.currency_code != requests.CURRENCY:
                told = f"{entry.kind} of {_told(entry.amount)} on {entry.account}"
                self._checked.compare("ledger", entry.name, "no such entry", told)
            elif receipt in self._sales:
                day = self._sales[receipt].day
                booked[(day, entry.account)] += entry.amount.amount_minor
        for day, cents in sorted(expected.items()):
            row = f"{self._name} {day}"
            self._checked.store_days += 1
            self._checked.compare("ledger", f"{row} {till}", cents, booked[(day, till)])
            self._checked.compare("ledger", f"{row} sales", -cents, booked[(day, "sales")])


def _state(order: orders_pb2.Order) -> str:
    return orders_pb2.OrderState.Name(order.state).removeprefix("ORDER_STATE_")


def _cents(amount: int) -> str:
    return f"{amount} {requests.CURRENCY}"


def _discount(amount: int | None) -> str | None:
    return None if amount is None else _cents(amount)


def _told(amount: money_pb2.Money) -> str:
    return f"{amount.amount_minor} {amount.currency_code}"
