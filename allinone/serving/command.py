"""`hutong serve PROCESS`: one process of the platform, as a container runs it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import uvloop

from allinone.command import ending
from allinone.embedded import EmbeddedError
from allinone.issuer import ProductionRefused
from allinone.serving.process import serve
from allinone.topology import PROCESSES, SERVICES, WORKERS, Settings
from allinone.traces import traces_sent
from chassis import log
from chassis.http import CannotListen
from chassis.kernel.errors import HutongError
from chassis.rpc.installed import EngineMissing
from chassis.rpc.server import GrpcPortInUse
from chassis.settings import SettingsError

PROBLEMS = (
    SettingsError,
    EmbeddedError,
    GrpcPortInUse,
    EngineMissing,
    CannotListen,
    ProductionRefused,
    HutongError,
    OSError,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which process, and of the workers whose."""
    parser.add_argument("process", choices=PROCESSES, metavar="PROCESS", help=", ".join(PROCESSES))
    parser.add_argument(
        "services",
        nargs="*",
        metavar="SERVICE",
        help=f"of the {WORKERS}, those of these services only",
    )


def main(words: Sequence[str]) -> None:
    """Runs the process that the words name, after the word `serve`, and exits with its code."""
    parser = argparse.ArgumentParser(prog="hutong serve", description=__doc__)
    add_arguments(parser)
    options = parser.parse_args(words[1:])
    unknown = [name for name in options.services if name not in SERVICES]
    if unknown or (options.services and options.process != WORKERS):
        parser.error(f"only {WORKERS} are of services, and these are {', '.join(SERVICES)}")

    def work() -> int:
        settings = Settings.read()
        log.configure(level=settings.platform.log_level, form=settings.platform.log_format)
        with traces_sent(settings.platform, process=f"hutong-{options.process}"):
            uvloop.run(serve(settings, options.process, options.services))
        return 0

    sys.exit(ending(work, PROBLEMS))
