"""One call as a servicer sees it: who calls, until when, and under which request id."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from chassis.db.engine import Database
from chassis.db.idempotency import Once, RequestKey, request_key
from chassis.kernel.errors import DeadlineExceeded, HutongError
from chassis.rpc.auth import Caller
from hutong.auth.v1 import call_context_pb2

DEADLINE_SECONDS_DEFAULT = 10.0
DEADLINE_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was authenticated, authorised and validated.

    `deadline` is a reading of the monotonic clock. `items` has, for a batch twin, one entry per
    item of the request: the item's own call, or why the item was turned away. `traceparent` is the
    place in its trace, empty if it is part of none.
    """

    method: str
    caller: Caller
    deadline: float
    items: Sequence[Call | HutongError] = ()
    traceparent: str = ""

    @property
    def tenant(self) -> str:
        """The tenant on whose data the call works."""
        return self.caller.tenant

    def actor(self, named: str) -> str:
        """Who acts: whom a service names is believed, anybody else acts in their own name."""
        return named if named and self.caller.is_service else self.caller.principal

    def seconds_left(self) -> float:
        """The time that remains; DeadlineExceeded if none does."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded
        return left

    def key(self, request: Message, *, distribution_key: str) -> RequestKey:
        """The idempotency key of a request that has a request_id."""
        body = type(request)()
        body.CopyFrom(request)
        body.ClearField("request_id")
        return request_key(
            distribution_key=distribution_key,
            principal=f"{self.caller.tenant}/{self.caller.principal}",
            method=self.method,
            request_id=str(request.request_id),  # type: ignore[attr-defined]
            body=body.SerializeToString(deterministic=True),
        )

    def once(self, request: Message, *, distribution_key: str, database: Database) -> Once:
        """The request as something that has one effect and one answer."""
        return Once(database, self.key(request, distribution_key=distribution_key))

    def context(self) -> call_context_pb2.CallContext:
        """The call's context as an item of a batch carries it."""
        context = call_context_pb2.CallContext(
            caller=caller_to_proto(self.caller), traceparent=self.traceparent
        )
        context.deadline.FromMilliseconds(
            int((time.time() + self.deadline - time.monotonic()) * 1000)
        )
        return context


def caller_to_proto(caller: Caller) -> call_context_pb2.Caller:
    """The identity as it travels inside a batch."""
    return call_context_pb2.Caller(
        principal=caller.principal,
        tenant=caller.tenant,
        roles=sorted(caller.roles),
        stores=sorted(caller.stores),
        customer=caller.customer,
    )


def caller_from_proto(message: call_context_pb2.Caller) -> Caller:
    """The identity that a service vouches for."""
    return Caller(
        principal=message.principal,
        tenant=message.tenant,
        roles=frozenset(message.roles),
        stores=frozenset(message.stores),
        customer=message.customer,
    )
