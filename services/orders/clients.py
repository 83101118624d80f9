"""Other services as the saga's ports: each call rides in a batch with those of other orders."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from chassis import tracing
from chassis.kernel import names
from chassis.kernel.errors import ErrorKind, HutongError, Unavailable
from chassis.log import logger
from chassis.messaging.coalescer import Coalescer
from chassis.rpc.auth import ROLE_SERVICE
from chassis.rpc.batch import read_results
from chassis.rpc.client import Peer
from chassis.telemetry import Metrics
from hutong.auth.v1 import call_context_pb2
from hutong.catalog.v1 import catalog_service_pb2, catalog_service_pb2_grpc
from hutong.inventory.v1 import inventory_service_pb2, inventory_service_pb2_grpc
from hutong.payments.v1 import payments_service_pb2, payments_service_pb2_grpc
from hutong.stores.v1 import stores_service_pb2, stores_service_pb2_grpc
from services.orders.convert import orders as convert
from services.orders.domain.orders import Basket, Order, Quote, TenderType
from services.orders.domain.promises import Promise, StoreToday, StoreUnknown

SERVICE_PRINCIPAL = "services/orders"
BATCH_SECONDS_MAX = 4.0

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
    deadline: float
    traceparent: str


class _Lane(Generic[Result]):
    """One batch method of another service, as calls of one item each."""

    def __init__(
        self,
        lane: str,
        peer: Peer,
        method: Callable[..., Awaitable[Any]],
        batch: Callable[[], Any],
        *,
        field: str,
        read: Callable[[Any], Result],
        metrics: Metrics,
    ) -> None:
        self._peer = peer
        self._method = method
        self._batch = batch
        self._field = field
        self._read = read
        self._coalescer: Coalescer[_Item, Result] = Coalescer(lane, self._run, metrics=metrics)

    async def call(self, tenant: str, request: Message, *, deadline: float) -> Result:
        item = _Item(tenant, request, deadline, tracing.current_traceparent())
        return await self._coalescer.submit(item, deadline=deadline)

    async def _run(self, items: Sequence[_Item]) -> list[Result | HutongError]:
        batch = self._batch()
        now, wall = time.monotonic(), time.time()
        for item in items:
            added = batch.items.add()
            added.context.caller.CopyFrom(_ourselves(item.tenant))
            added.context.traceparent = item.traceparent
            added.context.deadline.FromMilliseconds(int((wall + item.deadline - now) * 1000))
            added.request.CopyFrom(item.request)
        seconds = min(max(item.deadline for item in items) - now, BATCH_SECONDS_MAX)
        try:
            reply = await self._peer.call(self._method, batch, seconds=max(seconds, 0.001))
        except HutongError as error:
            if error.kind in _OUR_OWN_IDENTITY:
                log.error("service_identity_refused", part=self._peer.name, reason=error.reason)
                raise Unavailable(part=self._peer.name) from error
            if error.kind in _OLDER_THAN_WE:
                raise Unavailable(part=self._peer.name) from error
            raise
        return read_results(reply, field=self._field, convert=self._read)


class CatalogPrices:
    """Prices from the catalogue."""

    def __init__(self, peer: Peer, *, metrics: Metrics) -> None:
        stub = catalog_service_pb2_grpc.CatalogServiceStub(peer.channel)
        self._quotes = _Lane(
            "orders.quote",
            peer,
            stub.BatchQuoteBaskets,
            catalog_service_pb2.BatchQuoteBasketsRequest,
            field="quote",
            read=convert.quote_from_proto,
            metrics=metrics,
        )

    async def quote(self, basket: Basket, *, deadline: float) -> Quote:
        """What the basket costs now."""
        request = catalog_service_pb2.QuoteBasketRequest(
            parent=names.STORE.format(basket.store),
            lines=convert.wanted_to_proto(basket),
            channel=convert.channel_to_proto(basket),
        )
        return await self._quotes.call(names.tenant_of(basket.store), request, deadline=deadline)


class StoresToday:
    """What stores say of themselves, from the stores service."""

    def __init__(self, peer: Peer, *, metrics: Metrics) -> None:
        stub = stores_service_pb2_grpc.StoresServiceStub(peer.channel)
        self._checks = _Lane(
            "orders.check",
            peer,
            stub.BatchCheckServiceability,
            stores_service_pb2.BatchCheckServiceabilityRequest,
            field="checked",
            read=convert.checked_from_proto,
            metrics=metrics,
        )

    async def today(self, wanted: Promise, *, deadline: float) -> StoreToday:
        """What the store says; StoreUnknown."""
        name = names.STORE.format(wanted.store)
        request = stores_service_pb2.CheckServiceabilityRequest(
            name=name,
            position=None if wanted.to is None else convert.position_to_proto(wanted.to),
        )
        try:
            tenant = names.tenant_of(wanted.store)
            return await self._checks.call(tenant, request, deadline=deadline)
        except HutongError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                raise StoreUnknown(store=name) from error
            raise


class InventoryStock:
    """Stock from the inventory; reservations bear the order's id."""

    def __init__(self, peer: Peer, *, metrics: Metrics) -> None:
        stub = inventory_service_pb2_grpc.InventoryServiceStub(peer.channel)
        requests = inventory_service_pb2

        def lane(name: str, method: Any, batch: Callable[[], Any]) -> _Lane[None]:
            return _Lane(
                name, peer, method, batch, field="reservation", read=_nothing, metrics=metrics
            )

        self._take = lane("orders.take", stub.BatchTakeStock, requests.BatchTakeStockRequest)
        self._reserve = lane(
            "orders.reserve", stub.BatchReserveStock, requests.BatchReserveStockRequest
        )
        self._commit = lane(
            "orders.commit", stub.BatchCommitReservations, requests.BatchCommitReservationsRequest
        )
        self._release = lane(
            "orders.release",
            stub.BatchReleaseReservations,
            requests.BatchReleaseReservationsRequest,
        )

    async def take(self, order: Order, *, deadline: float) -> None:
        """The goods leave at once."""
        request = inventory_service_pb2.TakeStockRequest(
            parent=names.STORE.format(order.store),
            reservation_id=order.order_id,
            lines=convert.lines_to_proto(order),
            actor=order.placed_by,
        )
        await self._take.call(_tenant(order), request, deadline=deadline)

    async def reserve(self, order: Order, *, deadline: float) -> None:
        """The goods are held for the order, without a clock."""
        request = inventory_service_pb2.ReserveStockRequest(
            parent=names.STORE.format(order.store),
            reservation_id=order.order_id,
            lines=convert.lines_to_proto(order),
            actor=order.placed_by,
        )
        await self._reserve.call(_tenant(order), request, deadline=deadline)

    async def commit(self, order: Order, *, deadline: float) -> None:
        """The held goods leave."""
        request = inventory_service_pb2.CommitReservationRequest(
            name=names.RESERVATION.format(order.store, order.order_id), actor=order.placed_by
        )
        await self._commit.call(_tenant(order), request, deadline=deadline)

    async def release(self, order: Order, *, deadline: float) -> None:
        """Whatever was held or taken is back."""
        request = inventory_service_pb2.ReleaseReservationRequest(
            name=names.RESERVATION.format(order.store, order.order_id), actor=order.placed_by
        )
        await self._release.call(_tenant(order), request, deadline=deadline)


class PaymentsMoney:
    """Money from payments; payments bear the order's id."""

    def __init__(self, peer: Peer, *, metrics: Metrics) -> None:
        stub = payments_service_pb2_grpc.PaymentsServiceStub(peer.channel)
        requests = payments_service_pb2

        def lane(name: str, method: Any, batch: Callable[[], Any]) -> _Lane[None]:
            return _Lane(name, peer, method, batch, field="payment", read=_nothing, metrics=metrics)

        self._charge = lane(
            "orders.charge", stub.BatchChargePayments, requests.BatchChargePaymentsRequest
        )
        self._authorise = lane(
            "orders.authorise",
            stub.BatchAuthorisePayments,
            requests.BatchAuthorisePaymentsRequest,
        )
        self._capture = lane(
            "orders.capture", stub.BatchCapturePayments, requests.BatchCapturePaymentsRequest
        )
        self._void = lane("orders.void", stub.BatchVoidPayments, requests.BatchVoidPaymentsRequest)

    async def charge(self, order: Order, *, deadline: float) -> None:
        """The total is taken at once: into the till, or from the wallet."""
        is_cash = order.tender.type is TenderType.CASH
        request = payments_service_pb2.ChargePaymentRequest(
            parent=_payer(order),
            payment_id=order.order_id,
            store=names.STORE.format(order.store),
            amount=convert.total_to_proto(order),
            actor=order.placed_by,
            till=order.till if is_cash else "",
        )
        await self._charge.call(_tenant(order), request, deadline=deadline)

    async def authorise(self, order: Order, *, deadline: float) -> None:
        """The total is held in the wallet."""
        request = payments_service_pb2.AuthorisePaymentRequest(
            parent=_payer(order),
            payment_id=order.order_id,
            store=names.STORE.format(order.store),
            amount=convert.total_to_proto(order),
            actor=order.placed_by,
        )
        await self._authorise.call(_tenant(order), request, deadline=deadline)

    async def capture(self, order: Order, *, deadline: float) -> None:
        """The held total becomes the store's."""
        request = payments_service_pb2.CapturePaymentRequest(
            name=_payment(order), actor=order.placed_by
        )
        await self._capture.call(_tenant(order), request, deadline=deadline)

    async def void(self, order: Order, *, deadline: float) -> None:
        """Whatever was held or taken is back."""
        request = payments_service_pb2.VoidPaymentRequest(
            name=_payment(order), actor=order.placed_by
        )
        await self._void.call(_tenant(order), request, deadline=deadline)


def _payer(order: Order) -> str:
    if order.tender.type is TenderType.CASH or order.customer is None:
        return names.STORE.format(order.store)
    return names.CUSTOMER.format(order.customer)


def _payment(order: Order) -> str:
    return f"{_payer(order)}/payments/{order.order_id}"


def _tenant(order: Order) -> str:
    return names.tenant_of(order.store)


def _ourselves(tenant: str) -> call_context_pb2.Caller:
    return call_context_pb2.Caller(principal=SERVICE_PRINCIPAL, tenant=tenant, roles=[ROLE_SERVICE])


def _nothing(_: Message) -> None:
    """The saga needs to know that a step was done, not what came of it."""
