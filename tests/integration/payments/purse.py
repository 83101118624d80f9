"""What the tests of payments ask for again and again, for one customer and one store."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from chassis.kernel.errors import HutongError
from hutong.common.v1.money_pb2 import Money
from hutong.payments.v1 import payments_pb2 as pb
from hutong.payments.v1 import payments_service_pb2 as rpc
from hutong.payments.v1.payments_service_pb2_grpc import PaymentsServiceStub
from tests.support.world import TENANT, Client, World, caller

SERVICE = caller(role="service", principal="services/orders")
PLATFORM = caller(role="platform", principal="users/head-office")


def money(amount: int, currency: str = "CNY") -> Money:
    return Money(amount_minor=amount, currency_code=currency)


def new_id(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:12]}"


@dataclass(slots=True)
class Purse:
    """A customer and a store that no other test has."""

    world: World
    customer: str
    store: str
    service: Client
    platform: Client

    @staticmethod
    def new(world: World) -> Purse:
        return Purse(
            world=world,
            customer=f"customers/{new_id('c')}",
            store=f"stores/{new_id('s')}",
            service=world.client(PaymentsServiceStub, SERVICE),
            platform=world.client(PaymentsServiceStub, PLATFORM),
        )

    async def top_up(self, amount: int, currency: str = "CNY") -> pb.Wallet:
        request = rpc.TopUpWalletRequest(
            name=f"{self.customer}/wallet",
            amount=money(amount, currency),
            request_id=str(uuid.uuid4()),
        )
        wallet: pb.Wallet = await self.platform.TopUpWallet(request)
        return wallet

    def authorisation(
        self, amount: int, payment_id: str = "", currency: str = "CNY"
    ) -> rpc.AuthorisePaymentRequest:
        return rpc.AuthorisePaymentRequest(
            parent=self.customer,
            payment_id=payment_id or new_id("ord"),
            store=self.store,
            amount=money(amount, currency),
            actor="users/buyer",
        )

    def wallet_charge(self, amount: int, payment_id: str = "") -> rpc.ChargePaymentRequest:
        return rpc.ChargePaymentRequest(
            parent=self.customer,
            payment_id=payment_id or new_id("ord"),
            store=self.store,
            amount=money(amount),
            actor="users/buyer",
        )

    def cash_charge(
        self, amount: int, payment_id: str = "", till: str = "t1", currency: str = "CNY"
    ) -> rpc.ChargePaymentRequest:
        return rpc.ChargePaymentRequest(
            parent=self.store,
            payment_id=payment_id or new_id("ord"),
            store=self.store,
            amount=money(amount, currency),
            till=till,
            actor="users/cashier",
        )

    def refund(self, name: str, amount: int, request_id: str = "") -> rpc.RefundPaymentRequest:
        return rpc.RefundPaymentRequest(
            name=name, amount=money(amount), request_id=request_id or str(uuid.uuid4())
        )

    async def capture(self, name: str) -> pb.Payment:
        payment: pb.Payment = await self.service.CapturePayment(
            rpc.CapturePaymentRequest(name=name)
        )
        return payment

    async def void(self, name: str) -> pb.Payment:
        payment: pb.Payment = await self.service.VoidPayment(rpc.VoidPaymentRequest(name=name))
        return payment

    async def balances(self, root: str) -> dict[str, int]:
        """The balances of a store's or a customer's accounts, those of zero left out."""
        async with self.world.database("payments").transaction() as tx:
            rows = await tx.rows(
                "select account, balance_minor from account "
                "where owner = $1 and balance_minor <> 0",
                f"{TENANT}:{root}",
            )
        return {row.account: row.balance_minor for row in rows}

    async def counts(self) -> Mapping[str, int]:
        """How many rows there are of what a payment writes, for this customer and this store."""
        owners = [f"{TENANT}:{self.store}", f"{TENANT}:{self.customer}"]
        async with self.world.database("payments").transaction() as tx:
            row = await tx.row(
                "select (select count(*) from payment where owner = any($1::text[])) as payments, "
                "(select count(*) from ledger_entry where owner = any($1::text[])) as entries, "
                "(select count(*) from outbox where distribution_key = any($1::text[])) as events",
                owners,
            )
        assert row is not None
        return dict(row)

    async def events(self, aggregate: str) -> list[tuple[int, str, bytes]]:
        """The events of a payment or a wallet, in their sequence."""
        async with self.world.database("payments").transaction() as tx:
            rows = await tx.rows(
                "select sequence, type, data from outbox where aggregate = $1 order by sequence",
                f"{TENANT}/{aggregate}",
            )
        return [(row.sequence, row.type, bytes(row.data)) for row in rows]


def reason_of(answer: object) -> str:
    assert isinstance(answer, HutongError), answer
    return answer.reason
