"""`hutong cluster`: stores, migrations, demo data, and a process for each part of the platform."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import uvloop

from allinone.banner import banner
from allinone.cluster.cluster import Cluster
from allinone.cluster.logs import JoinedLogs
from allinone.command import ending
from allinone.embedded import EmbeddedError
from allinone.issuer import ProductionRefused
from allinone.storage import Storage, the_home
from allinone.topology import Settings
from allinone.waiting import stop_wished, until
from chassis import log
from chassis.rpc.installed import EngineMissing
from chassis.settings import SettingsError

PROBLEMS = (SettingsError, EmbeddedError, EngineMissing, ProductionRefused, OSError)


def main(words: Sequence[str]) -> None:
    """Runs a cluster as the words after the word `cluster` say, and exits with its code."""
    parser = argparse.ArgumentParser(prog="hutong cluster", description=__doc__)
    parser.add_argument(
        "--no-seed", dest="seed", action="store_false", help="start empty, without demo data"
    )
    options = parser.parse_args(words[1:])

    def work() -> int:
        settings = Settings.read()
        logs = JoinedLogs(sys.stderr, form=settings.platform.log_format)
        log.configure(
            level=settings.platform.log_level,
            form=settings.platform.log_format,
            out=logs.stream("supervisor"),
        )
        uvloop.run(run(settings, logs, is_seeded=options.seed))
        return 0

    sys.exit(ending(work, PROBLEMS))


async def run(settings: Settings, logs: JoinedLogs, *, is_seeded: bool) -> None:
    """Runs the cluster until it is told to stop; seeds it on its first start."""
    stopping = stop_wished()
    home = the_home()
    home.lock()
    cluster: Cluster | None = None
    try:
        cluster = Cluster(settings, Storage.of(settings, home=home), logs)
        await until(stopping, cluster.start())
        if not stopping.is_set() and is_seeded:
            await until(stopping, _seed_once(cluster))
        if not stopping.is_set():
            print(banner(settings, cluster.issuer), flush=True)
            await until(stopping, cluster.failed())
        print("hutong: stopping", file=sys.stderr)
    finally:
        if cluster is not None:
            await cluster.stop()
        home.release()


async def _seed_once(cluster: Cluster) -> None:
    mark = cluster.storage.seeded_mark
    if cluster.issuer is None or mark.exists():
        return
    await cluster.run("seed")
    mark.touch()
