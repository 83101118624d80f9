"""The stores of a running platform, addressed from outside by its home."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from allinone.embedded import EmbeddedPostgres, EmbeddedValkey, Home
from allinone.embedded.databases import service_role
from allinone.topology import BLUEPRINTS


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of a home that a platform runs on, as one who may see and do everything."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey

    @classmethod
    def of(cls, folder: Path) -> Stores:
        """The stores of a home that was started before."""
        home = Home.create(folder)
        postgres_port, valkey_port = home.kept_port("postgres"), home.kept_port("valkey")
        assert postgres_port is not None
        assert valkey_port is not None
        return cls(
            EmbeddedPostgres(folder, secrets=home.secrets, port=postgres_port),
            EmbeddedValkey(folder, secrets=home.secrets, port=valkey_port),
        )

    def url(self, service: str) -> str:
        """A service's database, as the superuser."""
        return self.postgres.url(service_role(service))

    def urls(self) -> dict[str, str]:
        """Every service's database."""
        return {plan.name: self.url(plan.name) for plan in BLUEPRINTS}

    def verifier_urls(self) -> dict[str, str]:
        """Every service's database, as the role that checks the books."""
        return {plan.name: self.postgres.verifier_url(plan.name) for plan in BLUEPRINTS}

    def redis(self) -> Redis:
        """A connection to Valkey."""
        return Redis.from_url(self.valkey.url)
