"""Searches and what they find, between messages and values."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime

from chassis.kernel.errors import PageTokenInvalid
from chassis.rpc.call import Call
from chassis.rpc.paging import PageRequest, page_request
from chassis.rpc.values import field_tag, varint, wire_bytes
from hutong.stores.v1 import stores_pb2, stores_service_pb2
from services.stores.convert.stores import (
    capabilities,
    closure_message,
    kind,
    openness_message,
    position,
    serviceability,
)
from services.stores.domain.hours import Openness
from services.stores.domain.search import Findings, Found, Mark, Search
from services.stores.domain.store import Serviceability
from services.stores.usecases.finding import TenantSearch

FOUND_STORES_MAX = 100
"""How many stores a page of FindStores has at most: each costs a distance and a calendar."""

JUDGEMENTS_MAX = 5_000
"""How many answers about openness are kept as bytes."""

_MARK_SEPARATOR = "/"

_FOUND_TAG = field_tag(stores_service_pb2.FindStoresResponse, "stores")
_STORE_TAG = field_tag(stores_pb2.FoundStore, "store")
_DISTANCE_TAG = field_tag(stores_pb2.FoundStore, "distance_metres")
_TAGS_BYTES = len(_STORE_TAG) + len(_DISTANCE_TAG)


@dataclass(frozen=True, slots=True)
class FindCommand:
    """A search, the page of it that is asked for, and whether whole stores are."""

    search: TenantSearch
    page: PageRequest
    is_whole: bool


def find_command(request: stores_service_pb2.FindStoresRequest, call: Call) -> FindCommand:
    """What is asked; PageTokenInvalid, PositionInvalid."""
    page = page_request(
        size=request.page_size, token=request.page_token, listing=_listing(request, call)
    )
    return FindCommand(
        search=TenantSearch(call.tenant, _search(request, page)),
        page=page,
        is_whole=request.view != stores_service_pb2.STORE_VIEW_BASIC,
    )


def page_bytes(command: FindCommand, findings: Findings) -> bytes:
    """A page of found stores, as the contract has it.

    A message's bytes may be put together of its parts' bytes, so stores are copied as they are
    kept, and never parsed.
    """
    parts: list[bytes] = []
    at, is_whole = findings.at, command.is_whole
    for found in findings.stores:
        parts += _found_bytes(found, at, is_whole=is_whole)
    if findings.next_after is not None:
        token = command.page.token_after(_mark_key(findings.next_after))
        parts.append(wire_bytes(stores_service_pb2.FindStoresResponse(next_page_token=token)))
    return b"".join(parts)


def _found_bytes(found: Found, at: datetime, *, is_whole: bool) -> tuple[bytes, ...]:
    (store, openness, answer), (millimetres, _) = found
    kept = store.encoded.usual
    more = store.encoded.more if is_whole else b""
    closure = None if store.closure is None else store.closure_at(at)
    if closure is not None:
        more += wire_bytes(stores_pb2.Store(closure=closure_message(closure)))
    seen = _judged_bytes(openness, answer)
    distance = varint((millimetres + 500) // 1000)
    store_bytes = len(kept) + len(more)
    length = varint(store_bytes)
    found_bytes = _TAGS_BYTES + len(length) + store_bytes + len(distance) + len(seen)
    return (
        _FOUND_TAG,
        varint(found_bytes),
        _STORE_TAG,
        length,
        kept,
        more,
        _DISTANCE_TAG,
        distance,
        seen,
    )


@functools.lru_cache(JUDGEMENTS_MAX)
def _judged_bytes(openness: Openness, answer: Serviceability) -> bytes:
    """What was judged of a found store. Stores that keep the same hours are judged alike."""
    return wire_bytes(
        stores_pb2.FoundStore(
            openness=openness_message(openness), serviceability=serviceability(answer)
        )
    )


def _listing(request: stores_service_pb2.FindStoresRequest, call: Call) -> str:
    """What a page token of FindStores is bound to: all that is asked but the page."""
    asked = stores_service_pb2.FindStoresRequest()
    asked.CopyFrom(request)
    asked.ClearField("page_size")
    asked.ClearField("page_token")
    return f"{call.method}/{call.tenant}/{wire_bytes(asked).hex()}"


def _search(request: stores_service_pb2.FindStoresRequest, page: PageRequest) -> Search:
    """What is looked for."""
    return Search(
        position=position(request.position),
        kinds=frozenset(kind(number) for number in request.kinds),
        capabilities=frozenset(capabilities(request.capabilities)),
        is_open_only=request.open_only,
        is_serviceable_only=request.serviceable_only,
        metres_max=request.distance_metres_max,
        after=_mark(page.after),
        rows_max=min(page.size, FOUND_STORES_MAX),
    )


def _mark_key(mark: Mark) -> str:
    """The mark as a page token keeps it."""
    return f"{mark.millimetres}{_MARK_SEPARATOR}{mark.id}"


def _mark(key: str) -> Mark | None:
    if not key:
        return None
    millimetres, _, bare_id = key.partition(_MARK_SEPARATOR)
    if not millimetres.isascii() or not millimetres.isdecimal() or len(millimetres) > 12:
        raise PageTokenInvalid.at("page_token", "is not a token of this list")
    return Mark(int(millimetres), bare_id)
