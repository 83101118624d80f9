"""The events of a running platform as they come, decoded, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import DecodeError
from redis.asyncio import Redis

from chassis.messaging.bus import Delivery, delivery_of, stream_key

READ_EVENTS_MAX = 200
READ_BLOCK_MS = 500

BEGINNING = "0"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are shown: of these services, types and aggregates; of all where none is named.

    A type is a message's name with or without its package; of an aggregate a part is enough.
    """

    services: Sequence[str]
    types: Sequence[str] = ()
    aggregates: Sequence[str] = ()

    def has(self, event: Delivery) -> bool:
        """Whether the event is to be shown."""
        short = event.type.rpartition(".")[2]
        return (not self.types or event.type in self.types or short in self.types) and (
            not self.aggregates or any(part in event.aggregate for part in self.aggregates)
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """An event in a stream: where it is, when it happened, and what it says."""

    entry_id: str
    service: str
    time: str
    event: Delivery
    message: Mapping[str, Any]


async def events(redis: Redis, wanted: Wanted, *, from_beginning: bool) -> AsyncGenerator[Seen]:
    """Every wanted event from now on, or from the oldest in the streams on; never ends."""
    for service in wanted.services:
        import_module(f"hutong.{service}.v1.events_pb2")
    services = {stream_key(service).encode(): service for service in wanted.services}
    after: dict[Any, Any] = {
        key: BEGINNING if from_beginning else await _newest(redis, key) for key in services
    }
    while True:
        streams: Any = await redis.xread({**after}, count=READ_EVENTS_MAX, block=READ_BLOCK_MS)
        for key, entries in streams or ():
            for entry_id, fields in entries:
                after[key] = entry_id
                seen = _seen(entry_id.decode(), services[key], fields)
                if seen is not None and wanted.has(seen.event):
                    yield seen


def as_json(seen: Seen) -> str:
    """One line for programs: the attributes of CloudEvents, and the message as its data."""
    event = seen.event
    attributes = {
        "specversion": "1.0",
        "id": f"{event.aggregate}#{event.sequence}",
        "source": event.source,
        "type": event.type,
        "subject": event.aggregate,
        "time": seen.time,
        "sequence": event.sequence,
    }
    if event.traceparent:
        attributes["traceparent"] = event.traceparent
    return json.dumps(attributes | {"data": seen.message}, ensure_ascii=False)


def as_text(seen: Seen) -> str:
    """One line for people: when, what, of what, and what it says."""
    time = datetime.fromisoformat(seen.time).astimezone().strftime("%H:%M:%S.%f")[:-3]
    event = seen.event
    said = json.dumps(seen.message, ensure_ascii=False)
    short = event.type.rpartition(".")[2]
    return f"{time} {seen.service:9} {short:18} {event.aggregate}#{event.sequence} {said}"


FORMATS: Mapping[bool, Callable[[Seen], str]] = {True: as_json, False: as_text}
"""How an event is told, by whether it is for programs."""


def decoded(event_type: str, data: bytes) -> Mapping[str, Any]:
    """What a message of this type says; its bytes as hexadecimal digits if that can't be read."""
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(event_type)
        message = message_factory.GetMessageClass(descriptor).FromString(data)
    except (KeyError, DecodeError):
        return {"bytes": data.hex()}
    said: Mapping[str, Any] = json_format.MessageToDict(message)
    return said


def _seen(entry_id: str, service: str, fields: dict[bytes, bytes]) -> Seen | None:
    try:
        event = delivery_of(fields)
        time = fields[b"ce_time"].decode()
    except (KeyError, ValueError):
        return None
    return Seen(entry_id, service, time, event, decoded(event.type, event.data))


async def _newest(redis: Redis, key: bytes) -> Any:
    entries: Any = await redis.xrevrange(key, count=1)
    return entries[0][0] if entries else BEGINNING
