"""The gRPC face of payments."""

from __future__ import annotations

from chassis.messaging.coalescer import Coalescer
from chassis.rpc.batch import answer_batch
from chassis.rpc.call import Call
from chassis.rpc.paging import page_request
from hutong.payments.v1 import payments_pb2 as pb
from hutong.payments.v1 import payments_service_pb2 as rpc
from hutong.payments.v1.payments_service_pb2_grpc import PaymentsServiceServicer
from services.payments import convert
from services.payments.domain.payments import MovePayment, Payment, TakePayment
from services.payments.usecases import Payments


class PaymentsApi(PaymentsServiceServicer):
    """Converts, and delegates to the use cases; single requests ride in batches."""

    def __init__(
        self,
        payments: Payments,
        *,
        takes: Coalescer[TakePayment, Payment],
        captures: Coalescer[MovePayment, Payment],
        voids: Coalescer[MovePayment, Payment],
    ) -> None:
        self._payments = payments
        self._takes = takes
        self._captures = captures
        self._voids = voids

    async def GetWallet(self, request: rpc.GetWalletRequest, call: Call) -> pb.Wallet:
        wallet = await self._payments.wallet(convert.wallet_owner(request.name, call))
        return convert.wallet_to_proto(wallet)

    async def TopUpWallet(self, request: rpc.TopUpWalletRequest, call: Call) -> bytes:
        command = convert.top_up_command(request, call)
        once = call.once(request, distribution_key=command.owner, database=self._payments.database)
        return await self._payments.top_up(command, once=once, encode=convert.wallet_bytes)

    async def ListLedgerEntries(
        self, request: rpc.ListLedgerEntriesRequest, call: Call
    ) -> rpc.ListLedgerEntriesResponse:
        owner = convert.owner_of(request.parent, call)
        page = page_request(
            size=request.page_size, token=request.page_token, listing=f"ledgerEntries/{owner}"
        )
        entries = await self._payments.ledger_entries(
            owner, after=convert.position_after(page), count_max=page.size + 1
        )
        return convert.ledger_entries_to_proto(
            page.page(entries, key=lambda entry: str(entry.position))
        )

    async def GetPayment(self, request: rpc.GetPaymentRequest, call: Call) -> pb.Payment:
        payment = await self._payments.payment(convert.payment_key(request.name, call))
        return convert.payment_to_proto(payment)

    async def AuthorisePayment(
        self, request: rpc.AuthorisePaymentRequest, call: Call
    ) -> pb.Payment:
        command = convert.authorise_command(request, call)
        payment = await self._takes.submit(command, deadline=call.deadline)
        return convert.payment_to_proto(payment)

    async def ChargePayment(self, request: rpc.ChargePaymentRequest, call: Call) -> pb.Payment:
        command = convert.charge_command(request, call)
        payment = await self._takes.submit(command, deadline=call.deadline)
        return convert.payment_to_proto(payment)

    async def CapturePayment(self, request: rpc.CapturePaymentRequest, call: Call) -> pb.Payment:
        command = convert.move_command(request, call)
        payment = await self._captures.submit(command, deadline=call.deadline)
        return convert.payment_to_proto(payment)

    async def VoidPayment(self, request: rpc.VoidPaymentRequest, call: Call) -> pb.Payment:
        command = convert.move_command(request, call)
        payment = await self._voids.submit(command, deadline=call.deadline)
        return convert.payment_to_proto(payment)

    async def RefundPayment(self, request: rpc.RefundPaymentRequest, call: Call) -> bytes:
        command = convert.refund_command(request, call)
        once = call.once(
            request, distribution_key=command.key.owner, database=self._payments.database
        )
        return await self._payments.refund(command, once=once, encode=convert.payment_bytes)

    async def BatchAuthorisePayments(
        self, request: rpc.BatchAuthorisePaymentsRequest, call: Call
    ) -> rpc.BatchAuthorisePaymentsResponse:
        return await answer_batch(
            request,
            call,
            rpc.BatchAuthorisePaymentsResponse(),
            command=convert.authorise_command,
            run=self._payments.take,
            field="payment",
            convert=convert.payment_to_proto,
            omit_results=request.omit_results,
        )

    async def BatchChargePayments(
        self, request: rpc.BatchChargePaymentsRequest, call: Call
    ) -> rpc.BatchChargePaymentsResponse:
        return await answer_batch(
            request,
            call,
            rpc.BatchChargePaymentsResponse(),
            command=convert.charge_command,
            run=self._payments.take,
            field="payment",
            convert=convert.payment_to_proto,
            omit_results=request.omit_results,
        )

    async def BatchCapturePayments(
        self, request: rpc.BatchCapturePaymentsRequest, call: Call
    ) -> rpc.BatchCapturePaymentsResponse:
        return await answer_batch(
            request,
            call,
            rpc.BatchCapturePaymentsResponse(),
            command=convert.move_command,
            run=self._payments.capture,
            field="payment",
            convert=convert.payment_to_proto,
            omit_results=request.omit_results,
        )

    async def BatchVoidPayments(
        self, request: rpc.BatchVoidPaymentsRequest, call: Call
    ) -> rpc.BatchVoidPaymentsResponse:
        return await answer_batch(
            request,
            call,
            rpc.BatchVoidPaymentsResponse(),
            command=convert.move_command,
            run=self._payments.void,
            field="payment",
            convert=convert.payment_to_proto,
            omit_results=request.omit_results,
        )
