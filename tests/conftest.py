"""Real servers for the tests: one PostgreSQL and one Valkey for each test process."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import AsyncIterator
from multiprocessing.context import ForkServerContext

import pytest

from allinone.embedded import EmbeddedPostgres, EmbeddedValkey, Home, Supervisor
from chassis.testing.database import TestDatabases
from tests.support.world import Worlds


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def forks() -> ForkServerContext:
    """Makes processes that have imported all of a platform: most of what its start costs."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.e2e.dying_platform", "tests.integration.replicas.replica"]
    )
    return context


@pytest.fixture(scope="session")
async def embedded(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[EmbeddedPostgres, EmbeddedValkey]]:
    """The embedded servers, started once per test process."""
    home = Home.create(tmp_path_factory.mktemp("home"))
    home.lock()
    postgres = EmbeddedPostgres(home.folder, secrets=home.secrets, port=home.port("postgres"))
    valkey = EmbeddedValkey(home.folder, secrets=home.secrets, port=home.port("valkey"))
    supervisor = Supervisor([postgres, valkey])
    await supervisor.start()
    yield postgres, valkey
    await supervisor.stop()
    home.release()


@pytest.fixture(scope="session")
async def worlds(
    embedded: tuple[EmbeddedPostgres, EmbeddedValkey], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Worlds]:
    """Makes worlds of services on the embedded servers."""
    postgres, valkey = embedded
    server_url = postgres.url("postgres").rpartition("/")[0]
    made = Worlds(
        databases=TestDatabases(server_url),
        redis_url=valkey.url,
        folder=tmp_path_factory.mktemp("issuer"),
        free_port=_free_port,
    )
    yield made
    await made.close()
