"""A retail chain of its own for each test: a tenant with clients, and short ways to ask."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from chassis.db.transaction import Row
from hutong.common.v1 import position_pb2
from hutong.stores.v1 import stores_pb2, stores_service_pb2, stores_service_pb2_grpc
from tests.support.world import Client, World, caller

JINGAN = (31.2235, 121.4453)

_NUMBERS = itertools.count(1)


def request_id() -> str:
    return str(uuid.uuid4())


def position(latitude: float, longitude: float) -> position_pb2.Position:
    return position_pb2.Position(latitude_degrees=latitude, longitude_degrees=longitude)


def always_open() -> stores_pb2.OpeningHours:
    return stores_pb2.OpeningHours(
        weekly=[
            stores_pb2.DayHours(
                day=stores_pb2.DayOfWeek.Name(day),
                periods=[stores_pb2.OpenPeriod(open_minutes=0, close_minutes=1440)],
            )
            for day in range(1, 8)
        ]
    )


def square(latitude: float, longitude: float, half: float = 0.05) -> str:
    west, east = longitude - half, longitude + half
    south, north = latitude - half, latitude + half
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def store(
    store_id: str,
    at: tuple[float, float] = JINGAN,
    *,
    hours: stores_pb2.OpeningHours | None = None,
    area: str | None = None,
    kind: stores_pb2.StoreKind = stores_pb2.STORE_KIND_FRESH_MARKET,
    capabilities: Sequence[stores_pb2.Capability] = (
        stores_pb2.CAPABILITY_CARRY_OUT,
        stores_pb2.CAPABILITY_DELIVERY,
    ),
    time_zone: str = "Asia/Shanghai",
    franchise_owner: str = "",
) -> stores_pb2.Store:
    return stores_pb2.Store(
        name=f"stores/{store_id}",
        display_name=f"{store_id} 店",
        kind=kind,
        address=stores_pb2.Address(country_code="CN", locality="上海", street="南京西路 1698 号"),
        position=position(*at),
        time_zone=time_zone,
        opening_hours=always_open() if hours is None else hours,
        capabilities=capabilities,
        delivery_area=square(*at) if area is None else area,
        franchise_owner=franchise_owner,
    )


def creation(*stores: stores_pb2.Store) -> stores_service_pb2.BatchCreateStoresRequest:
    return stores_service_pb2.BatchCreateStoresRequest(stores=stores, request_id=request_id())


def update(
    changed: stores_pb2.Store, *paths: str, expected_version: int = 0
) -> stores_service_pb2.UpdateStoreRequest:
    return stores_service_pb2.UpdateStoreRequest(
        store=changed,
        update_mask=FieldMask(paths=paths),
        expected_version=expected_version,
        request_id=request_id(),
    )


def closing(store_id: str, *, end_time: Any = None) -> stores_service_pb2.CloseStoreRequest:
    return stores_service_pb2.CloseStoreRequest(
        name=f"stores/{store_id}",
        reason="burst pipe",
        end_time=end_time,
        request_id=request_id(),
    )


def reopening(store_id: str) -> stores_service_pb2.ReopenStoreRequest:
    return stores_service_pb2.ReopenStoreRequest(name=f"stores/{store_id}", request_id=request_id())


def named(store_id: str) -> stores_service_pb2.GetStoreRequest:
    return stores_service_pb2.GetStoreRequest(name=f"stores/{store_id}")


def looking(at: tuple[float, float] = JINGAN, **asked: Any) -> stores_service_pb2.FindStoresRequest:
    return stores_service_pb2.FindStoresRequest(position=position(*at), **asked)


def ids(reply: Any) -> list[str]:
    """The ids in an answer of ListStores or FindStores."""
    found = [getattr(each, "store", each) for each in reply.stores]
    return [each.name.removeprefix("stores/") for each in found]


async def all_found(
    client: Client, request: stores_service_pb2.FindStoresRequest
) -> list[stores_pb2.FoundStore]:
    """What all pages together find."""
    found: list[stores_pb2.FoundStore] = []
    asked = stores_service_pb2.FindStoresRequest()
    asked.CopyFrom(request)
    while True:
        reply = await client.FindStores(asked)
        found += reply.stores
        if not reply.next_page_token:
            return found
        asked.page_token = reply.next_page_token


@dataclass
class Chain:
    """One tenant, whom nobody else in the tests knows."""

    world: World
    tenant: str = field(default_factory=lambda: f"chain{next(_NUMBERS)}")

    def client(self, role: str, *, stores: Sequence[str] = (), customer: str = "") -> Client:
        who = caller(role=role, stores=stores, customer=customer, tenant=self.tenant)
        return self.world.client(stores_service_pb2_grpc.StoresServiceStub, who)

    async def rows(self, statement: str, *arguments: object) -> Sequence[Row]:
        async with self.world.database("stores").transaction() as tx:
            return await tx.rows(statement, *arguments)

    async def versions(self) -> dict[str, int]:
        """The version of every store of the chain."""
        rows = await self.rows(
            "select store_id, version from verify.store where split_part(store_id, ':', 1) = $1",
            self.tenant,
        )
        return {row.store_id.partition(":")[2]: row.version for row in rows}

    async def events(self) -> list[tuple[str, int, str]]:
        """Store, sequence and type of every event of the chain."""
        rows = await self.rows(
            "select aggregate, sequence, type from outbox"
            " where split_part(aggregate, '/', 1) = $1 order by aggregate, sequence",
            self.tenant,
        )
        return [
            (row.aggregate.rpartition("/")[2], row.sequence, row.type.rpartition(".")[2])
            for row in rows
        ]
