"""Calls of many callers to one method, on their way to its batch twin together.

Which methods have a twin is read from the contracts. The gateway makes the batch call in its own
name and vouches for each item's caller, so it verifies their tokens first. What an item is answered
is what the method itself would have answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.rpc import code_pb2, status_pb2

from chassis import tracing
from chassis.kernel.errors import DeadlineExceeded, HutongError, Unavailable
from chassis.log import logger
from chassis.messaging.coalescer import Coalescer, Lanes
from chassis.rpc.access import path_of, rules_of
from chassis.rpc.auth import CACHED_TOKENS_MAX, Authenticator, Caller, TokenSource
from chassis.rpc.call import Call, caller_to_proto
from chassis.rpc.values import wire_bytes
from gateway.limits import (
    BATCH_BYTES_MAX,
    BATCHES_APART_SECONDS,
    BATCHES_AT_ONCE_MAX,
    CALL_SECONDS_MAX,
    ITEM_BYTES_MAX,
)
from gateway.upstream import Refused, Upstream
from hutong.auth.v1 import call_context_pb2
from hutong.common.v1 import batch_pb2

_ITEMS, _RESULTS, _ERROR = "items", "results", "error"
_OUR_OWN_IDENTITY = frozenset({code_pb2.UNAUTHENTICATED, code_pb2.PERMISSION_DENIED})
"""What a whole batch fails with when our own token is not accepted: never the caller's doing."""

log = logger(__name__)

Outcome: TypeAlias = "bytes | status_pb2.Status"
"""A reply's bytes, or why there is none."""


class TwinError(Exception):
    """A batch twin is not of the common form: a programmer's mistake, found at start."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who callers are, and with which token the gateway vouches for them."""

    authenticator: Authenticator
    token: TokenSource


def twins_of(methods: Sequence[MethodDescriptor]) -> Mapping[str, str]:
    """The path of each method's twin, by that of the method; TwinError if one is odd."""
    return dict(_twins(methods))


class Coalescing:
    """Calls methods through their batch twins. To be made inside the running event loop."""

    def __init__(
        self,
        twins: Mapping[str, str],
        upstream: Upstream,
        identity: Identity,
        lanes: Lanes,
    ) -> None:
        self._identity = identity
        self._lanes = {
            path: _Lane(path, twin, upstream, identity.token, lanes) for path, twin in twins.items()
        }

    def takes(self, path: str, request: bytes) -> bool:
        """Whether a call goes in a batch: its method has a twin, and it is of the usual size."""
        return path in self._lanes and len(request) <= ITEM_BYTES_MAX

    async def call(
        self, path: str, request: bytes, *, authorization: str | None, deadline: float
    ) -> bytes:
        """The reply's bytes; Refused as by the method itself, HutongError from the way to it.

        `deadline` is a reading of the monotonic clock.
        """
        caller = await self._identity.authenticator.caller(authorization)
        call = Call(
            method=path,
            caller=caller,
            deadline=deadline,
            traceparent=tracing.current_traceparent(),
        )
        item = _Item(call, request)
        try:
            async with asyncio.timeout(call.seconds_left()):
                outcome = await self._lanes[path].coalescer.submit(item, deadline=deadline)
        except TimeoutError:
            raise DeadlineExceeded from None
        finally:
            item.end()
        if isinstance(outcome, status_pb2.Status):
            raise Refused(outcome)
        return outcome

    async def close(self) -> None:
        """Waits for the batches that are on their way."""
        for lane in self._lanes.values():
            await lane.coalescer.close()


@dataclass(slots=True)
class _Travelling:
    """A batch on its way, for as long as somebody waits for one of its items."""

    task: asyncio.Task[Any]
    waiting: int

    def one_less(self) -> None:
        self.waiting -= 1
        if not self.waiting:
            self.task.cancel()


@dataclass(slots=True)
class _Item:
    """One call. `end` says that nobody waits for it any more."""

    call: Call
    request: bytes
    batch: _Travelling | None = field(default=None)

    def end(self) -> None:
        if self.batch is not None:
            self.batch.one_less()


class _Lane:
    """One method's way to its twin.

    Several batches travel at once, so that one that waits for a lock does not hold up the rest.
    """

    def __init__(
        self,
        path: str,
        twin: str,
        upstream: Upstream,
        token: TokenSource,
        lanes: Lanes,
    ) -> None:
        self._twin = twin
        self._upstream = upstream
        self._token = token
        self.coalescer: Coalescer[_Item, Outcome] = lanes.lane(
            f"gateway.{path.rpartition('/')[2]}",
            self._run,
            batches_at_once_max=BATCHES_AT_ONCE_MAX,
            apart_seconds=BATCHES_APART_SECONDS,
        )

    async def _run(self, items: Sequence[_Item]) -> Sequence[Outcome | HutongError]:
        task = asyncio.current_task()
        assert task is not None
        batch = _Travelling(task, len(items))
        for item in items:
            item.batch = batch
        parts = list(_parts(items))
        if len(parts) == 1:
            return await self._sent(items)
        answered = await asyncio.gather(*(self._sent(part) for part in parts))
        return [outcome for outcomes in answered for outcome in outcomes]

    async def _sent(self, items: Sequence[_Item]) -> list[Outcome]:
        batch = batch_pb2.BatchItems()
        for item in items:
            batch.items.add(context=_context(item.call), request=item.request)
        left = max(item.call.deadline for item in items) - time.monotonic()
        try:
            reply = await self._upstream.call(
                self._twin,
                wire_bytes(batch),
                authorization=f"Bearer {self._token()}",
                seconds=min(max(left, 0.0), CALL_SECONDS_MAX),
            )
        except Refused as refused:
            if refused.status.code in _OUR_OWN_IDENTITY:
                log.error("service_identity_refused", part=self._twin)
                raise Unavailable(part="the service") from refused
            return [refused.status for _ in items]
        results = batch_pb2.BatchResults.FromString(reply).results
        return [each.error if each.HasField(_ERROR) else each.reply for each in results]


def _context(call: Call) -> bytes:
    """The call's context as an item carries it. Who calls is a message's part like the rest, and
    the same from call to call.
    """
    rest = call_context_pb2.CallContext(traceparent=call.traceparent)
    rest.deadline.FromMilliseconds(int((time.time() + call.deadline - time.monotonic()) * 1000))
    return _caller(call.caller) + rest.SerializeToString()


@lru_cache(CACHED_TOKENS_MAX)
def _caller(caller: Caller) -> bytes:
    return call_context_pb2.CallContext(caller=caller_to_proto(caller)).SerializeToString()


def _parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """The items in parts that weigh so little that their answers fit into one message."""
    part: list[_Item] = []
    weight = 0
    for item in items:
        size = len(item.request)
        if part and weight + size > BATCH_BYTES_MAX:
            yield part
            part, weight = [], 0
        part.append(item)
        weight += size
    yield part


def _twins(methods: Sequence[MethodDescriptor]) -> Iterator[tuple[str, str]]:
    for service in {method.containing_service for method in methods}:
        for path, rule in rules_of(service).items():
            if rule.batch_of:
                unary = service.methods_by_name[rule.batch_of.rpartition("/")[2]]
                twin = service.methods_by_name[path.rpartition("/")[2]]
                yield path_of(unary), _twin(unary, twin)


def _twin(unary: MethodDescriptor, twin: MethodDescriptor) -> str:
    """The twin's path, if it is what BatchItems and BatchResults say of it."""
    item = _repeated(twin.input_type, _ITEMS)
    result = _repeated(twin.output_type, _RESULTS)
    is_common = (
        _kinds(item) == {1: call_context_pb2.CallContext.DESCRIPTOR, 2: unary.input_type}
        and _kinds(result) == {1: status_pb2.Status.DESCRIPTOR, 2: unary.output_type}
        and not any(field.is_repeated for field in (*item.fields, *result.fields))
    )
    if not is_common:
        raise TwinError(f"{twin.full_name} is no batch of {unary.name}")
    return path_of(twin)


def _repeated(kind: Descriptor, name: str) -> Descriptor:
    found = kind.fields_by_name.get(name)
    if found is None or found.number != 1 or not found.is_repeated or found.message_type is None:
        raise TwinError(f"{kind.full_name} has no {name}")
    return found.message_type


def _kinds(kind: Descriptor) -> Mapping[int, Descriptor | None]:
    """What its fields are, by their numbers."""
    return {field.number: field.message_type for field in kind.fields}
