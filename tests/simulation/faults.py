"""What goes wrong, and when: chosen by the seed, one fault after the other."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from allinone.verify import Violation
from chassis.testing.faults import FaultyProxy
from tests.simulation import events
from tests.simulation.platforms import POSTGRES, VALKEY, OneProcess
from tests.simulation.record import Record

GAP_SECONDS = (2.0, 5.0)
WINDOW_SECONDS = (0.3, 1.5)
PAST_LEASE_SECONDS = 1.5
"""A pause is longer than the lease of orders by so much."""

DELAY_SECONDS = (0.05, 0.3)


OVERLAP_CHANCE = 0.25
"""So often the next fault does not wait until the platform has recovered from this one."""

RECOVERY_SECONDS_MAX = 60.0
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Played:
    """A fault that was played: when, and from when on the platform may recover from it.

    By the monotonic clock.
    """

    name: str
    begun: float
    down_at: float
    is_outage: bool


@dataclass(slots=True)
class Faults:
    """Plays faults on a platform and on the ways to it."""

    platform: OneProcess
    proxies: tuple[FaultyProxy, ...]
    redis: Redis
    chance: random.Random
    lease_seconds: float
    record: Record
    played: list[Played] = field(default_factory=list)
    _down_at: float = 0.0

    async def play_until(self, instant: float) -> None:
        """Plays every fault in an order of the seed, again and again, until that instant."""
        for name in self._names():
            pause = self.chance.uniform(*GAP_SECONDS)
            if time.monotonic() + pause >= instant:
                return
            await asyncio.sleep(pause)
            await self.play(name)
            if name in OUTAGES and self.chance.random() > OVERLAP_CHANCE:
                await self.recovered()

    async def recovered(self) -> None:
        """Waits until something was sold since the last fault, for as long as that may take."""
        until = time.monotonic() + RECOVERY_SECONDS_MAX
        while self.record.recovered_after(self._down_at) is None and time.monotonic() < until:
            await asyncio.sleep(POLL_SECONDS)

    async def play(self, name: str) -> None:
        """Plays one fault, and returns when the platform may work again."""
        begun = self._down_at = time.monotonic()
        await FAULTS[name](self)
        self.played.append(Played(name, begun, self._down_at, name in OUTAGES))

    async def kill(self, *names: str) -> None:
        """Ends processes as a power cut would, all at once, and has them started again."""
        processes = []
        for name in names:
            with suppress(LookupError):
                processes.append(self.platform.process(name))
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for name in names:
            await self.platform.killed(name)

    async def kill_a_service(self) -> None:
        """Ends one service, whichever."""
        await self.kill(self.chance.choice(self.platform.services))

    async def kill_everything(self) -> None:
        """Ends all services and both stores."""
        await self.kill(*self.platform.services, POSTGRES, VALKEY)

    async def restart(self) -> None:
        """Stops everything as its user would, and starts it again."""
        await self.platform.stop()
        self._down_at = time.monotonic()
        await self.platform.start()

    async def pause_past_lease(self) -> None:
        """Stops a service for longer than its lease lasts, and lets it go on."""
        with suppress(LookupError, psutil.NoSuchProcess):
            process = self.platform.process(self.chance.choice(self.platform.services))
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(self.lease_seconds + PAST_LEASE_SECONDS)
            process.send_signal(signal.SIGCONT)
            self._down_at = time.monotonic()

    async def lose_replies(self) -> None:
        """Requests arrive, and nothing comes back; in the end the connections are cut."""
        for proxy in self.proxies:
            proxy.loses_replies = True
        await asyncio.sleep(self.chance.uniform(*WINDOW_SECONDS))
        for proxy in self.proxies:
            proxy.reset()
            proxy.loses_replies = False

    async def reset(self) -> None:
        """Cuts all connections of callers."""
        for proxy in self.proxies:
            proxy.reset()

    async def delay(self) -> None:
        """Makes the way slow for a while."""
        for proxy in self.proxies:
            proxy.delay_seconds = self.chance.uniform(*DELAY_SECONDS)
        await asyncio.sleep(self.chance.uniform(*WINDOW_SECONDS))
        for proxy in self.proxies:
            proxy.delay_seconds = 0.0

    async def on_the_bus(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Does something to Valkey; if that is just down, nothing happens."""
        with suppress(RedisError, OSError):
            await work()

    def _names(self) -> Iterator[str]:
        while True:
            names = list(FAULTS)
            self.chance.shuffle(names)
            yield from names


Fault = Callable[[Faults], Awaitable[None]]

FAULTS: Mapping[str, Fault] = {
    "a service is killed": Faults.kill_a_service,
    "PostgreSQL is killed": lambda faults: faults.kill(POSTGRES),
    "Valkey is killed": lambda faults: faults.kill(VALKEY),
    "everything is killed": Faults.kill_everything,
    "everything is restarted": Faults.restart,
    "a service is paused past its lease": Faults.pause_past_lease,
    "replies are lost": Faults.lose_replies,
    "connections are reset": Faults.reset,
    "the way is slow": Faults.delay,
    "Valkey is emptied": lambda faults: faults.on_the_bus(faults.redis.flushall),
    "events come again, disordered": lambda faults: faults.on_the_bus(
        lambda: events.send_again(faults.redis, faults.chance)
    ),
    "an event is poisoned": lambda faults: faults.on_the_bus(
        lambda: events.poison(faults.redis, faults.chance.randrange(1_000_000))
    ),
}

OUTAGES = frozenset(
    {
        "a service is killed",
        "PostgreSQL is killed",
        "Valkey is killed",
        "everything is killed",
        "everything is restarted",
        "a service is paused past its lease",
    }
)
"""Faults after which it is told how long it took to sell again."""


def never_recovered(record: Record, played: Iterable[Played]) -> Iterator[Violation]:
    """The outages after which nothing was sold any more."""
    for fault in played:
        if fault.is_outage and record.recovered_after(fault.down_at) is None:
            yield Violation("never_recovered", f"{fault.name}, {fault.begun - record.begun:.1f} s")
