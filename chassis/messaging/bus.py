"""The bus: one Redis stream a service, with CloudEvents 1.0 attributes as its fields.

It is never the truth: what is in it can be made again from the outboxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from redis.asyncio import Redis

STREAM_EVENTS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it lies in the outbox."""

    distribution_key: str
    aggregate: str
    sequence: int
    type: str
    data: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as a consumer gets it. (source, aggregate, sequence) is its identity."""

    source: str
    aggregate: str
    sequence: int
    type: str
    data: bytes


def stream_key(service: str) -> str:
    """The stream of a service's events."""
    return f"hutong:events:{{{service}}}"


def epoch_key(service: str) -> str:
    """The key whose absence says that Redis was emptied since events were last published."""
    return f"hutong:epoch:{{{service}}}"


async def publish_all(redis: Redis, service: str, events: Sequence[StoredEvent]) -> None:
    """Appends events to the service's stream, in their order, in one round trip."""
    pipeline = redis.pipeline(transaction=False)
    for event in events:
        pipeline.xadd(
            stream_key(service),
            {
                "ce_specversion": "1.0",
                "ce_id": f"{event.aggregate}#{event.sequence}",
                "ce_source": f"//hutong/{service}",
                "ce_type": event.type,
                "ce_subject": event.aggregate,
                "ce_time": event.created_at.isoformat(),
                "ce_sequence": str(event.sequence),
                "data": event.data,
            },
            maxlen=STREAM_EVENTS_MAX,
            approximate=True,
        )
    await pipeline.execute()
