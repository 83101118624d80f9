"""The servicer: converts, calls one use case, converts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.message import Message

from chassis.db.idempotency import Once
from chassis.kernel import names
from chassis.kernel.errors import HutongError
from chassis.kernel.names import StoreId
from chassis.messaging.coalescer import Coalescer
from chassis.rpc.batch import answer_batch, answer_batch_in_bytes
from chassis.rpc.call import Call
from chassis.rpc.paging import page_request
from hutong.stores.v1 import stores_pb2, stores_service_pb2, stores_service_pb2_grpc
from services.stores.convert import stores as convert
from services.stores.convert.finding import FindCommand, find_command, page_bytes
from services.stores.convert.stores import WantedStore
from services.stores.domain.store import Check, Checked, Store
from services.stores.usecases.finding import Finding
from services.stores.usecases.stores import Stores


class StoresApi(stores_service_pb2_grpc.StoresServiceServicer):
    """StoresService over the use cases of the stores."""

    def __init__(
        self,
        stores: Stores,
        finding: Finding,
        *,
        reads: Coalescer[StoreId, tuple[Store, datetime]],
        checks: Coalescer[Check, Checked],
    ) -> None:
        self._stores = stores
        self._finding = finding
        self._reads = reads
        self._checks = checks

    async def CreateStore(
        self, request: stores_service_pb2.CreateStoreRequest, call: Call
    ) -> bytes:
        new = convert.new_store(request.store, call.tenant, at="store")
        return await self._stores.create(
            self._once(request, call, key=new.id),
            [new],
            encode=convert.created_store_bytes,
        )

    async def BatchCreateStores(
        self, request: stores_service_pb2.BatchCreateStoresRequest, call: Call
    ) -> bytes:
        return await self._stores.create(
            self._once(request, call, key=call.tenant),
            convert.new_stores(request, call.tenant),
            encode=convert.created_stores_bytes,
        )

    async def UpdateStore(
        self, request: stores_service_pb2.UpdateStoreRequest, call: Call
    ) -> bytes:
        store, edit = convert.store_edit(request, call)
        return await self._stores.update(
            self._once(request, call, key=store),
            store,
            edit,
            expected_version=request.expected_version,
            encode=convert.store_bytes,
        )

    async def GetStore(
        self, request: stores_service_pb2.GetStoreRequest, call: Call
    ) -> stores_pb2.Store:
        asked = convert.wanted_store(request, call)
        got, at = await self._reads.submit(asked.store, deadline=call.deadline)
        return convert.store_message(got, at=at, with_owner=asked.with_owner)

    async def ListStores(
        self, request: stores_service_pb2.ListStoresRequest, call: Call
    ) -> stores_service_pb2.ListStoresResponse:
        only = convert.stores_seen_by(call)
        listing = f"{call.method}/{call.tenant}/{'*' if only is None else ','.join(only)}"
        asked = page_request(size=request.page_size, token=request.page_token, listing=listing)
        stores, at = await self._stores.list_stores(
            call.tenant, only=only, after=asked.after, rows_max=asked.size + 1
        )
        page = asked.page(stores, key=lambda store: store.id)
        return stores_service_pb2.ListStoresResponse(
            stores=[convert.store_message(store, at=at, with_owner=True) for store in page.rows],
            next_page_token=page.next_token,
        )

    async def CloseStore(self, request: stores_service_pb2.CloseStoreRequest, call: Call) -> bytes:
        store = names.parse_store(request.name, call.tenant, at="name")
        return await self._stores.close(
            self._once(request, call, key=store),
            store,
            reason=request.reason,
            ends_at=convert.closure_end(request),
            encode=convert.store_bytes,
        )

    async def ReopenStore(
        self, request: stores_service_pb2.ReopenStoreRequest, call: Call
    ) -> bytes:
        store = names.parse_store(request.name, call.tenant, at="name")
        once = self._once(request, call, key=store)
        return await self._stores.reopen(once, store, encode=convert.store_bytes)

    async def FindStores(self, request: stores_service_pb2.FindStoresRequest, call: Call) -> bytes:
        (page,) = await self._pages([find_command(request, call)])
        return page

    async def BatchFindStores(
        self, request: stores_service_pb2.BatchFindStoresRequest, call: Call
    ) -> bytes:
        return await answer_batch_in_bytes(request, call, command=find_command, run=self._pages)

    async def BatchGetStores(
        self, request: stores_service_pb2.BatchGetStoresRequest, call: Call
    ) -> bytes:
        return await answer_batch_in_bytes(
            request, call, command=convert.wanted_store, run=self._got
        )

    async def CheckServiceability(
        self, request: stores_service_pb2.CheckServiceabilityRequest, call: Call
    ) -> stores_service_pb2.CheckServiceabilityResponse:
        checked = await self._checks.submit(convert.check(request, call), deadline=call.deadline)
        return convert.checked_message(checked)

    async def BatchCheckServiceability(
        self, request: stores_service_pb2.BatchCheckServiceabilityRequest, call: Call
    ) -> stores_service_pb2.BatchCheckServiceabilityResponse:
        return await answer_batch(
            request,
            call,
            stores_service_pb2.BatchCheckServiceabilityResponse(),
            command=convert.check,
            run=self._stores.check_all,
            field="checked",
            convert=convert.checked_message,
        )

    async def _pages(self, commands: Sequence[FindCommand]) -> list[bytes]:
        findings = await self._finding.find_all([command.search for command in commands])
        return [page_bytes(*each) for each in zip(commands, findings, strict=True)]

    async def _got(self, asked: Sequence[WantedStore]) -> list[bytes | HutongError]:
        answers = await self._stores.get_all([each.store for each in asked])
        return [
            answer
            if isinstance(answer, HutongError)
            else convert.got_store_bytes(answer, with_owner=each.with_owner)
            for each, answer in zip(asked, answers, strict=True)
        ]

    def _once(self, request: Message, call: Call, *, key: str) -> Once:
        return call.once(request, distribution_key=key, database=self._stores.database)
