"""A reader of server-sent events, as the WHATWG describes it, for tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

EVENT_SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Event:
    """One event that was dispatched."""

    id: str
    kind: str
    data: str

    @property
    def json(self) -> Any:
        """The data as JSON."""
        return json.loads(self.data)


class EventReader:
    """Reads the events of one answer; comments are counted, and the pause is kept."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.comments = 0
        self.retry_ms = 0
        self.last_id = ""
        self._lines = response.aiter_lines()

    async def next(self) -> Event | None:
        """The next event; None when the stream has ended."""
        kind, data = "message", list[str]()
        async with asyncio.timeout(EVENT_SECONDS_MAX):
            async for line in self._lines:
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if not line and data:
                    return Event(self.last_id, kind, "\n".join(data))
                if line.startswith(":"):
                    self.comments += 1
                elif name == "id":
                    self.last_id = value
                elif name == "event":
                    kind = value
                elif name == "data":
                    data.append(value)
                elif name == "retry":
                    self.retry_ms = int(value)
        return None


@asynccontextmanager
async def reading(
    http: httpx.AsyncClient, path: str, headers: Mapping[str, str]
) -> AsyncIterator[EventReader]:
    """An open stream."""
    async with http.stream(
        "GET", path, headers={"accept": "text/event-stream", **headers}
    ) as response:
        yield EventReader(response)
