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
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as a consumer gets it. (source, aggregate, sequence) is its identity."""

    source: str
    aggregate: str
    sequence: int
    type: str
    data: bytes
    traceparent: str = ""


def stream_key(service: str) -> str:
    """The stream of a service's events."""
    return f"hutong:events:{{{service}}}"


def epoch_key(service: str) -> str:
    """The key whose absence says that Redis was emptied since events were last published."""
    return f"hutong:epoch:{{{service}}}"


# KEYS: stream. ARGV: source, how many events are kept, then each event's aggregate, sequence, type,
# time, traceparent and data. One command with what differs costs a fifth of one for each event.
_PUBLISH = """
for i = 3, #ARGV, 6 do
  local fields = {
    'ce_specversion', '1.0',
    'ce_id', ARGV[i] .. '#' .. ARGV[i + 1],
    'ce_source', ARGV[1],
    'ce_type', ARGV[i + 2],
    'ce_subject', ARGV[i],
    'ce_time', ARGV[i + 3],
    'ce_sequence', ARGV[i + 1],
    'data', ARGV[i + 5]}
  if ARGV[i + 4] ~= '' then
    fields[#fields + 1] = 'ce_traceparent'
    fields[#fields + 1] = ARGV[i + 4]
  end
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(fields))
end
"""


async def publish_all(redis: Redis, service: str, events: Sequence[StoredEvent]) -> None:
    """Appends events to the service's stream, in their order, in one round trip."""
    arguments: list[str | bytes] = [f"//hutong/{service}", str(STREAM_EVENTS_MAX)]
    for event in events:
        arguments += (
            event.aggregate,
            str(event.sequence),
            event.type,
            event.created_at.isoformat(),
            event.traceparent or "",
            event.data,
        )
    await redis.eval(_PUBLISH, 1, stream_key(service), *arguments)
