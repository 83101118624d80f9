"""Where a platform's data is: in embedded stores below its home, or at addresses that were set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from allinone.embedded import (
    EmbeddedError,
    EmbeddedPostgres,
    EmbeddedValkey,
    Home,
    Supervisor,
    home_folder,
)
from allinone.topology import SERVICES, Settings
from chassis.messaging import bus

RESTORED_MARK = "restored"
"""Stands in a home whose databases were restored, until Redis has forgotten what came after."""


class NotStarted(EmbeddedError):
    """A command needs stores that were never started."""

    def __init__(self, home: str) -> None:
        super().__init__(f"there is no platform in {home} yet: start it once with `make run`")


class RedisUnusable(EmbeddedError):
    """Redis has to forget the events of before a restore, and does not answer."""

    def __init__(self, problem: Exception) -> None:
        super().__init__(
            f"Redis does not answer ({problem}), and must once after a restore: check "
            "HUTONG_REDIS_URL"
        )


@dataclass(slots=True)
class Storage:
    """The stores of one platform; `start` before use, `stop` at the end."""

    settings: Settings
    home: Home
    urls: Mapping[str, str]
    verifier_urls: Mapping[str, str]
    redis_url: str
    supervisor: Supervisor
    _postgres: EmbeddedPostgres | None = None

    @classmethod
    def of(cls, settings: Settings, *, home: Home | None = None) -> Storage:
        """The stores that these settings name, embedded where none is named.

        With a home that the caller has locked, stores to start; without one, the stores of a
        platform that runs already, for a command beside it.
        """
        running = home is None
        home = home or the_home()
        postgres: EmbeddedPostgres | None = None
        valkey: EmbeddedValkey | None = None
        given = settings.database_urls
        if any(service not in given for service in SERVICES):
            port = _port(home, "postgres", running=running)
            postgres = EmbeddedPostgres(home.folder, secrets=home.secrets, port=port)
        if settings.platform.redis_url is None:
            port = _port(home, "valkey", running=running)
            valkey = EmbeddedValkey(home.folder, secrets=home.secrets, port=port)
        urls, verifier_urls = dict(given), dict(given)
        for service in SERVICES:
            if service not in given and postgres is not None:
                urls[service] = postgres.service_url(service)
                verifier_urls[service] = postgres.verifier_url(service)
        redis_url = settings.platform.redis_url or (valkey.url if valkey else "")
        children = [child for child in (postgres, valkey) if child is not None]
        return cls(
            settings=settings,
            home=home,
            urls=urls,
            verifier_urls=verifier_urls,
            redis_url=redis_url,
            supervisor=Supervisor(children),
            _postgres=postgres,
        )

    @property
    def seeded_mark(self) -> Path:
        """The file that says that the demo data has been brought in."""
        return self.home.folder / "seeded"

    async def start(self) -> None:
        """Starts the embedded stores and leaves every service with a database, not yet migrated."""
        await self.supervisor.start()
        if self._postgres is not None:
            embedded = [name for name in SERVICES if name not in self.settings.database_urls]
            await self._postgres.ensure_databases(embedded)
        await self._forget_events_of_before()

    async def stop(self) -> None:
        """Stops the embedded stores, if there are any."""
        await self.supervisor.stop()

    async def _forget_events_of_before(self) -> None:
        """After a restore: no event may be told of what the databases do not know any more."""
        mark = self.home.folder / RESTORED_MARK
        if not mark.exists():
            return
        redis = Redis.from_url(self.redis_url)
        try:
            for service in SERVICES:
                await bus.forget(redis, service)
        except (RedisError, OSError) as problem:
            raise RedisUnusable(problem) from problem
        finally:
            await redis.aclose()
        mark.unlink()


def the_home() -> Home:
    """The home that the environment names, made if it is not there."""
    return Home.create(home_folder(os.environ))


def _port(home: Home, store: str, *, running: bool) -> int:
    if not running:
        return home.port(store)
    kept = home.kept_port(store)
    if kept is None:
        raise NotStarted(str(home.folder))
    return kept
