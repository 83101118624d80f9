"""Fills a running platform with stores all over China, through its public contract.

Stores go out in batches, several at a time. A batch that was answered before is answered again. One
of which an earlier, smaller run brought the beginning is taken apart until each store is there.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from allinone.demo.asking import Asker, asking, in_lanes, request_id
from allinone.demo.china.cities import City
from allinone.demo.china.stores import TIME_ZONE, ChinaStore, Format, china_stores
from allinone.demo.people import CHINA_OPERATOR, person
from allinone.demo.store_messages import geojson, opening_hours
from allinone.issuer import LocalIssuer
from chassis.kernel.errors import HutongError, ResourceNotFound
from hutong.common.v1 import position_pb2
from hutong.stores.v1 import stores_pb2, stores_service_pb2, stores_service_pb2_grpc

STORES_A_BATCH = 200
BATCHES_AT_ONCE = 4

STORE_EXISTS = "STORE_EXISTS"


class OtherStores(Exception):
    """The tenant has other stores under these ids. The text is one line for the person."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is there already, somewhere else: it was made with another --random-seed"
        )


@dataclass(frozen=True, slots=True)
class ChinaSummary:
    """What is there after seeding, whether this run brought it or one before."""

    stores: int
    cities: int
    provinces: int

    def __str__(self) -> str:
        return f"{self.stores:,} stores in {self.cities} cities of {self.provinces} provinces"


async def seed_china(
    *,
    address: str,
    issuer: LocalIssuer,
    number: int,
    random_seed: int,
    progress: Callable[[int], None],
) -> ChinaSummary:
    """Brings so many stores to the platform at this gRPC address; `progress` gets how many more.

    Raises the HutongError that the platform refused with, Unavailable, or OtherStores.
    """
    seen: set[City] = set()
    batches = _batches(number, random_seed, seen)
    async with asking(
        address=address, issuer=issuer, caller=person(CHINA_OPERATOR).caller
    ) as asker:
        bringing = _Bringing(asker, progress)
        await bringing.require_none_elsewhere(next(china_stores(1, random_seed=random_seed)))
        await in_lanes(batches, bringing.bring, at_once=BATCHES_AT_ONCE)
    return ChinaSummary(
        stores=number, cities=len(seen), provinces=len({city.province for city in seen})
    )


def _batches(number: int, random_seed: int, seen: set[City]) -> Iterator[list[ChinaStore]]:
    stores = china_stores(number, random_seed=random_seed)
    while batch := list(itertools.islice(stores, STORES_A_BATCH)):
        seen.update(store.city for store in batch)
        yield batch


class _Bringing:
    """Brings batches of stores, and counts."""

    def __init__(self, asker: Asker, progress: Callable[[int], None]) -> None:
        self._asker = asker
        self._stub = stores_service_pb2_grpc.StoresServiceStub(asker.channel)
        self._progress = progress

    async def bring(self, stores: Sequence[ChinaStore]) -> None:
        """Sees to it that the stores are there."""
        try:
            await self._asker.ask(self._stub.BatchCreateStores, create_stores(stores))
        except HutongError as error:
            if error.reason != STORE_EXISTS:
                raise
        else:
            self._progress(len(stores))
            return
        if len(stores) == 1:
            await self.require_none_elsewhere(stores[0])
            self._progress(1)
            return
        middle = len(stores) // 2
        await self.bring(stores[:middle])
        await self.bring(stores[middle:])

    async def require_none_elsewhere(self, store: ChinaStore) -> None:
        """OtherStores, if what is there under a store's id is neither it nor a later version."""
        name = f"stores/{store.id}"
        try:
            there = await self._asker.ask(
                self._stub.GetStore, stores_service_pb2.GetStoreRequest(name=name)
            )
        except HutongError as error:
            if error.reason != ResourceNotFound.reason:
                raise
            return
        if there.version == 1 and there.position != _message(store).position:
            raise OtherStores(name)


def create_stores(stores: Sequence[ChinaStore]) -> stores_service_pb2.BatchCreateStoresRequest:
    """The request that opens some stores."""
    request = stores_service_pb2.BatchCreateStoresRequest(
        stores=(_message(store) for store in stores)
    )
    request.request_id = request_id(request)
    return request


def _message(store: ChinaStore) -> stores_pb2.Store:
    message = stores_pb2.Store()
    message.CopyFrom(_pattern(store.format, store.open_minutes, store.close_minutes))
    message.name = f"stores/{store.id}"
    message.display_name = store.display_name
    city = store.city
    message.address.region = f"{city.province} {city.province_english}"
    message.address.locality = f"{city.name} {city.english}"
    message.address.street = store.street
    message.position.latitude_degrees = store.latitude_degrees
    message.position.longitude_degrees = store.longitude_degrees
    message.delivery_area = geojson(store.delivery_ring())
    return message


@functools.cache
def _pattern(form: Format, open_minutes: int, close_minutes: int) -> stores_pb2.Store:
    """What stores of a format with these hours have in common."""
    return stores_pb2.Store(
        kind=f"STORE_KIND_{form.kind}",
        address=stores_pb2.Address(country_code="CN"),
        position=position_pb2.Position(),
        time_zone=TIME_ZONE,
        opening_hours=opening_hours(open_minutes, close_minutes),
        capabilities=[f"CAPABILITY_{capability}" for capability in form.capabilities],
    )
