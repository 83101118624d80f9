"""Where a platform's data is: in embedded stores below its home, or at addresses that were set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from asyncpg import PostgresError
from sqlalchemy.exc import SQLAlchemyError

from allinone.embedded import (
    EmbeddedError,
    EmbeddedPostgres,
    EmbeddedValkey,
    Home,
    Supervisor,
    home_folder,
)
from allinone.topology import BLUEPRINTS, DATABASE_URLS_SETTING, Settings
from chassis.db.migrate import upgrade


class NotStarted(EmbeddedError):
    """A command needs stores that were never started."""

    def __init__(self, home: str) -> None:
        super().__init__(f"there is no platform in {home} yet: start it once with `make run`")


class DatabaseUnusable(EmbeddedError):
    """A service's database can't be reached, or can't be brought to its schema."""

    def __init__(self, service: str, problem: Exception) -> None:
        setting = DATABASE_URLS_SETTING.format(service=service.upper())
        super().__init__(f"the database of {service} can't be used ({problem}): check {setting}")


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
        if any(plan.name not in given for plan in BLUEPRINTS):
            port = _port(home, "postgres", running=running)
            postgres = EmbeddedPostgres(home.folder, secrets=home.secrets, port=port)
        if settings.platform.redis_url is None:
            port = _port(home, "valkey", running=running)
            valkey = EmbeddedValkey(home.folder, secrets=home.secrets, port=port)
        urls, verifier_urls = dict(given), dict(given)
        for plan in BLUEPRINTS:
            if plan.name not in given and postgres is not None:
                urls[plan.name] = postgres.service_url(plan.name)
                verifier_urls[plan.name] = postgres.verifier_url(plan.name)
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

    async def start(self) -> None:
        """Starts the embedded stores and leaves every service with a migrated database."""
        await self.supervisor.start()
        if self._postgres is not None:
            embedded = [p.name for p in BLUEPRINTS if p.name not in self.settings.database_urls]
            await self._postgres.ensure_databases(embedded)
        for plan in BLUEPRINTS:
            try:
                await upgrade(
                    self.urls[plan.name], migrations=plan.migrations, metadata=plan.metadata
                )
            except (OSError, SQLAlchemyError, PostgresError, ValueError) as problem:
                raise DatabaseUnusable(plan.name, problem) from problem

    async def stop(self) -> None:
        """Stops the embedded stores, if there are any."""
        await self.supervisor.stop()


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
