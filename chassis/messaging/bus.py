"""The bus: one Redis stream a service, with CloudEvents 1.0 attributes as its fields.

It is never the truth: what is in it can be made again from the outboxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from redis.asyncio import Redis

STREAM_EVENTS_MAX = 1_000_000

OTHER_EPOCH = -1
"""The bus has lost everything, or somebody wants everything again."""

FEWER_THAN_KNOWN = -2
"""The bus has lost its latest events, as after a crash of its machine."""


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
    is_oldest: bool = False
    """The events of the aggregate before this one are not kept any more."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as a consumer gets it. (source, aggregate, sequence) is its identity."""

    source: str
    aggregate: str
    sequence: int
    type: str
    data: bytes
    traceparent: str = ""
    is_oldest: bool = False


def stream_key(service: str) -> str:
    """The stream of a service's events."""
    return f"hutong:events:{{{service}}}"


def epoch_key(service: str) -> str:
    """The key whose absence has all kept events published again: Redis was emptied, or a consumer
    asks for them."""
    return f"hutong:epoch:{{{service}}}"


def count_key(service: str) -> str:
    """The key with how many events were ever published; it tells whether the latest were lost."""
    return f"hutong:published:{{{service}}}"


async def forget(redis: Redis, service: str) -> None:
    """Takes a service's stream away, as if it had been lost: the relay publishes it anew.

    For a database that was put back to an earlier time: what the stream tells after that time did
    not happen, and its sequences will be used again.
    """
    await redis.delete(stream_key(service), epoch_key(service), count_key(service))


# KEYS: stream, epoch, count. ARGV: source, how many events are kept, the epoch ("" for any), the
# count that is known, then each event's aggregate, sequence, type, time, traceparent, whether it is
# the oldest that is kept ("1"), and data. One command with what differs costs a fifth of one for
# each event, and what it looks at can't change before it writes.
_PUBLISH = """
if ARGV[3] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[3] then return -1 end
if tonumber(redis.call('GET', KEYS[3]) or '0') < tonumber(ARGV[4]) then return -2 end
for i = 5, #ARGV, 7 do
  local fields = {
    'ce_specversion', '1.0',
    'ce_id', ARGV[i] .. '#' .. ARGV[i + 1],
    'ce_source', ARGV[1],
    'ce_type', ARGV[i + 2],
    'ce_subject', ARGV[i],
    'ce_time', ARGV[i + 3],
    'ce_sequence', ARGV[i + 1],
    'data', ARGV[i + 6]}
  if ARGV[i + 4] ~= '' then
    fields[#fields + 1] = 'ce_traceparent'
    fields[#fields + 1] = ARGV[i + 4]
  end
  if ARGV[i + 5] ~= '' then
    fields[#fields + 1] = 'ce_oldest'
    fields[#fields + 1] = ARGV[i + 5]
  end
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(fields))
end
return redis.call('INCRBY', KEYS[3], (#ARGV - 4) / 7)
"""


async def publish_all(
    redis: Redis,
    service: str,
    events: Sequence[StoredEvent],
    *,
    epoch: str = "",
    known_count: int = 0,
) -> int:
    """Appends events to the service's stream, in their order, in one round trip.

    Answers how many were ever published; appends none and answers OTHER_EPOCH or FEWER_THAN_KNOWN
    if the bus is not what the caller takes it for. Without events it only looks.
    """
    arguments: list[str | bytes] = [
        f"//hutong/{service}",
        str(STREAM_EVENTS_MAX),
        epoch,
        str(known_count),
    ]
    for event in events:
        arguments += (
            event.aggregate,
            str(event.sequence),
            event.type,
            event.created_at.isoformat(),
            event.traceparent or "",
            "1" if event.is_oldest else "",
            event.data,
        )
    keys = (stream_key(service), epoch_key(service), count_key(service))
    return int(await redis.eval(_PUBLISH, len(keys), *keys, *arguments))


def delivery_of(fields: Mapping[bytes, bytes]) -> Delivery:
    """The event in a stream's entry; KeyError or ValueError if it is none of ours."""
    return Delivery(
        source=fields[b"ce_source"].decode(),
        aggregate=fields[b"ce_subject"].decode(),
        sequence=int(fields[b"ce_sequence"]),
        type=fields[b"ce_type"].decode(),
        data=fields[b"data"],
        traceparent=fields.get(b"ce_traceparent", b"").decode(),
        is_oldest=b"ce_oldest" in fields,
    )
