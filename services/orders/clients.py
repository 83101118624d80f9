"""Other services as the saga's ports: what is asked for many orders goes in one call."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from chassis import tracing
from chassis.kernel import names
from chassis.kernel.errors import ErrorKind, HutongError, Unavailable
from chassis.log import logger
from chassis.messaging.coalescer import Coalescer, Lanes
from chassis.rpc.auth import ROLE_SERVICE
from chassis.rpc.batch import read_results
from chassis.rpc.client import Peer
from hutong.auth.v1 import call_context_pb2
from hutong.catalog.v1 import catalog_service_pb2, catalog_service_pb2_grpc
from hutong.inventory.v1 import inventory_service_pb2, inventory_service_pb2_grpc
from hutong.payments.v1 import payments_service_pb2, payments_service_pb2_grpc
from hutong.stores.v1 import stores_service_pb2, stores_service_pb2_grpc
from services.orders.convert import orders as convert
from services.orders.domain.orders import Basket, Order, Quote, TenderType
from services.orders.domain.promises import Promise, StoreToday, StoreUnknown
from services.orders.ports import Refused

SERVICE_PRINCIPAL = "services/orders"
BATCH_SECONDS_MAX = 4.0
TENANTS_KNOWN_MAX = 1000

_OUR_OWN_IDENTITY = frozenset({ErrorKind.UNAUTHENTICATED, ErrorKind.PERMISSION_DENIED})
"""What a whole batch fails with when our own token is not accepted: never the caller's doing."""

_OLDER_THAN_WE = frozenset({ErrorKind.UNIMPLEMENTED})
"""What a whole batch fails with while the other side is still to be updated."""

log = logger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Item:
    tenant: str
    request: Message
    traceparent: str


@dataclass(frozen=True, slots=True)
class _Batches(Generic[Result]):
    """A batch method of another service, and how one of its results is read."""

    name: str
    peer: Peer
    method: Callable[..., Awaitable[Any]]
    batch: Callable[[], Any]
    field: str
    read: Callable[[Any], Result]

    async def ask(self, items: Sequence[_Item], *, deadline: float) -> list[Result | HutongError]:
        """The items' answers, in their order; the whole call's failure is each one's."""
        if not items:
            return []
        began = time.monotonic()
        try:
            answers = await self._asked(items, seconds=deadline - began)
        except HutongError as error:
            answers = [error.copy() for _ in items]
        if tracing.is_recorded():
            for item, answer in zip(items, answers, strict=True):
                tracing.item(
                    self.name,
                    item.traceparent,
                    began=began,
                    kind="internal",
                    attributes={"hutong.batch.items": len(items)},
                    problem=answer.reason if isinstance(answer, HutongError) else None,
                )
        return answers

    async def _asked(self, items: Sequence[_Item], *, seconds: float) -> list[Result | HutongError]:
        batch = self.batch()
        for item in items:
            added = batch.items.add()
            added.context.caller.CopyFrom(_ourselves(item.tenant))
            added.context.traceparent = item.traceparent
            added.request.CopyFrom(item.request)
        seconds = max(min(seconds, BATCH_SECONDS_MAX), 0.001)
        try:
            reply = await self.peer.call(self.method, batch, seconds=seconds)
        except HutongError as error:
            if error.kind in _OUR_OWN_IDENTITY:
                log.error("service_identity_refused", part=self.peer.name, reason=error.reason)
                raise Unavailable(part=self.peer.name) from error
            if error.kind in _OLDER_THAN_WE:
                raise Unavailable(part=self.peer.name) from error
            raise
        return read_results(reply, field=self.field, convert=self.read)


class _Lane(Generic[Result]):
    """A batch method of another service, as calls of one item each."""

    def __init__(self, batches: _Batches[Result], lanes: Lanes) -> None:
        self._batches = batches
        self._coalescer: Coalescer[tuple[_Item, float], Result] = lanes.lane(
            batches.name, self._run
        )

    async def call(self, item: _Item, *, deadline: float) -> Result:
        return await self._coalescer.submit((item, deadline), deadline=deadline)

    async def _run(self, asked: Sequence[tuple[_Item, float]]) -> Sequence[Result | HutongError]:
        deadline = max(deadline for _, deadline in asked)
        return await self._batches.ask([item for item, _ in asked], deadline=deadline)


class CatalogPrices:
    """Prices from the catalogue."""

    def __init__(self, peer: Peer, lanes: Lanes) -> None:
        stub = catalog_service_pb2_grpc.CatalogServiceStub(peer.channel)
        self._batches = _Batches(
            "orders.quote",
            peer,
            stub.BatchQuoteBaskets,
            catalog_service_pb2.BatchQuoteBasketsRequest,
            "quote",
            convert.quote_from_proto,
        )
        self._lane = _Lane(self._batches, lanes)

    async def quote(self, basket: Basket, *, deadline: float) -> Quote:
        """What the basket costs now."""
        item = self._item(basket, tracing.current_traceparent())
        return await self._lane.call(item, deadline=deadline)

    async def quote_all(
        self, baskets: Sequence[Basket], *, traces: Sequence[str], deadline: float
    ) -> Sequence[Quote | HutongError]:
        """What each basket costs now."""
        items = [self._item(*asked) for asked in zip(baskets, traces, strict=True)]
        return await self._batches.ask(items, deadline=deadline)

    @staticmethod
    def _item(basket: Basket, traceparent: str) -> _Item:
        request = catalog_service_pb2.QuoteBasketRequest(
            parent=names.STORE.format(basket.store),
            lines=convert.wanted_to_proto(basket),
            channel=convert.channel_to_proto(basket),
        )
        return _Item(names.tenant_of(basket.store), request, traceparent)


class StoresToday:
    """What stores say of themselves, from the stores service."""

    def __init__(self, peer: Peer, lanes: Lanes) -> None:
        stub = stores_service_pb2_grpc.StoresServiceStub(peer.channel)
        self._batches = _Batches(
            "orders.check",
            peer,
            stub.BatchCheckServiceability,
            stores_service_pb2.BatchCheckServiceabilityRequest,
            "checked",
            convert.checked_from_proto,
        )
        self._lane = _Lane(self._batches, lanes)

    async def today(self, wanted: Promise, *, deadline: float) -> StoreToday:
        """What the store says; StoreUnknown."""
        item = self._item(wanted, tracing.current_traceparent())
        try:
            return await self._lane.call(item, deadline=deadline)
        except HutongError as error:
            told = _if_unknown(error, wanted)
            raise told from error

    async def today_all(
        self, wanted: Sequence[Promise], *, traces: Sequence[str], deadline: float
    ) -> Sequence[StoreToday | HutongError]:
        """What each store says; StoreUnknown."""
        items = [self._item(*asked) for asked in zip(wanted, traces, strict=True)]
        answers = await self._batches.ask(items, deadline=deadline)
        return [
            _if_unknown(answer, asked) if isinstance(answer, HutongError) else answer
            for answer, asked in zip(answers, wanted, strict=True)
        ]

    @staticmethod
    def _item(wanted: Promise, traceparent: str) -> _Item:
        request = stores_service_pb2.CheckServiceabilityRequest(
            name=names.STORE.format(wanted.store),
            position=None if wanted.to is None else convert.position_to_proto(wanted.to),
        )
        return _Item(names.tenant_of(wanted.store), request, traceparent)


def _if_unknown(error: HutongError, wanted: Promise) -> HutongError:
    if error.kind is ErrorKind.NOT_FOUND:
        return StoreUnknown(store=names.STORE.format(wanted.store))
    return error


class InventoryStock:
    """Stock from the inventory; reservations bear the order's id."""

    def __init__(self, peer: Peer) -> None:
        stub = inventory_service_pb2_grpc.InventoryServiceStub(peer.channel)
        requests = inventory_service_pb2

        def step(name: str, method: Any, batch: Callable[..., Any]) -> _Batches[None]:
            terse = partial(batch, omit_results=True)
            return _Batches(name, peer, method, terse, "reservation", _nothing)

        self._take = step("orders.take", stub.BatchTakeStock, requests.BatchTakeStockRequest)
        self._reserve = step(
            "orders.reserve", stub.BatchReserveStock, requests.BatchReserveStockRequest
        )
        self._commit = step(
            "orders.commit", stub.BatchCommitReservations, requests.BatchCommitReservationsRequest
        )
        self._release = step(
            "orders.release",
            stub.BatchReleaseReservations,
            requests.BatchReleaseReservationsRequest,
        )

    async def take(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The goods leave at once."""
        return await _asked(self._take, orders, _take_stock, deadline=deadline)

    async def reserve(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The goods are held for the order, without a clock."""
        return await _asked(self._reserve, orders, _reserve_stock, deadline=deadline)

    async def commit(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The held goods leave."""
        return await _asked(self._commit, orders, _commit_reservation, deadline=deadline)

    async def release(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """Whatever was held or taken is back."""
        return await _asked(self._release, orders, _release_reservation, deadline=deadline)


class PaymentsMoney:
    """Money from payments; payments bear the order's id."""

    def __init__(self, peer: Peer) -> None:
        stub = payments_service_pb2_grpc.PaymentsServiceStub(peer.channel)
        requests = payments_service_pb2

        def step(name: str, method: Any, batch: Callable[..., Any]) -> _Batches[None]:
            terse = partial(batch, omit_results=True)
            return _Batches(name, peer, method, terse, "payment", _nothing)

        self._charge = step(
            "orders.charge", stub.BatchChargePayments, requests.BatchChargePaymentsRequest
        )
        self._authorise = step(
            "orders.authorise",
            stub.BatchAuthorisePayments,
            requests.BatchAuthorisePaymentsRequest,
        )
        self._capture = step(
            "orders.capture", stub.BatchCapturePayments, requests.BatchCapturePaymentsRequest
        )
        self._void = step("orders.void", stub.BatchVoidPayments, requests.BatchVoidPaymentsRequest)

    async def charge(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The total is taken at once: into the till, or from the wallet."""
        return await _asked(self._charge, orders, _charge_payment, deadline=deadline)

    async def authorise(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The total is held in the wallet."""
        return await _asked(self._authorise, orders, _authorise_payment, deadline=deadline)

    async def capture(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The held total becomes the store's."""
        return await _asked(self._capture, orders, _capture_payment, deadline=deadline)

    async def void(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """Whatever was held or taken is back."""
        return await _asked(self._void, orders, _void_payment, deadline=deadline)


async def _asked(
    step: _Batches[None],
    orders: Sequence[Order],
    request: Callable[[Order], Message],
    *,
    deadline: float,
) -> Sequence[Refused]:
    items = [
        _Item(names.tenant_of(order.store), request(order), order.traceparent) for order in orders
    ]
    return await step.ask(items, deadline=deadline)


def _take_stock(order: Order) -> Message:
    return inventory_service_pb2.TakeStockRequest(
        parent=names.STORE.format(order.store),
        reservation_id=order.order_id,
        lines=convert.lines_to_proto(order),
        actor=order.placed_by,
        allow_deficit=order.has_happened,
    )


def _reserve_stock(order: Order) -> Message:
    return inventory_service_pb2.ReserveStockRequest(
        parent=names.STORE.format(order.store),
        reservation_id=order.order_id,
        lines=convert.lines_to_proto(order),
        actor=order.placed_by,
    )


def _commit_reservation(order: Order) -> Message:
    return inventory_service_pb2.CommitReservationRequest(
        name=names.RESERVATION.format(order.store, order.order_id), actor=order.placed_by
    )


def _release_reservation(order: Order) -> Message:
    return inventory_service_pb2.ReleaseReservationRequest(
        name=names.RESERVATION.format(order.store, order.order_id), actor=order.placed_by
    )


def _charge_payment(order: Order) -> Message:
    is_cash = order.tender.type is TenderType.CASH
    return payments_service_pb2.ChargePaymentRequest(
        parent=_payer(order),
        payment_id=order.order_id,
        store=names.STORE.format(order.store),
        amount=convert.total_to_proto(order),
        actor=order.placed_by,
        till=order.till if is_cash else "",
    )


def _authorise_payment(order: Order) -> Message:
    return payments_service_pb2.AuthorisePaymentRequest(
        parent=_payer(order),
        payment_id=order.order_id,
        store=names.STORE.format(order.store),
        amount=convert.total_to_proto(order),
        actor=order.placed_by,
    )


def _capture_payment(order: Order) -> Message:
    return payments_service_pb2.CapturePaymentRequest(name=_payment(order), actor=order.placed_by)


def _void_payment(order: Order) -> Message:
    return payments_service_pb2.VoidPaymentRequest(name=_payment(order), actor=order.placed_by)


def _payer(order: Order) -> str:
    if order.tender.type is TenderType.CASH or order.customer is None:
        return names.STORE.format(order.store)
    return names.CUSTOMER.format(order.customer)


def _payment(order: Order) -> str:
    return f"{_payer(order)}/payments/{order.order_id}"


@lru_cache(TENANTS_KNOWN_MAX)
def _ourselves(tenant: str) -> call_context_pb2.Caller:
    return call_context_pb2.Caller(principal=SERVICE_PRINCIPAL, tenant=tenant, roles=[ROLE_SERVICE])


def _nothing(_: Message) -> None:
    """The saga needs to know that a step was done, not what came of it."""
