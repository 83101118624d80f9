"""The command line of the platform. `command` has those that are processes of a cluster."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import uvloop
from asyncpg import PostgresError

from allinone.backup.command import (
    add_backup_options,
    add_restore_options,
    backup_platform,
    restore_platform,
)
from allinone.banner import FIRST_PERSON, TOKEN_HOURS, banner
from allinone.cluster.status import status_lines
from allinone.command import PROCESS_COMMANDS, ending
from allinone.consumers import ConsumerUnknown
from allinone.demo.china.seeding import OtherStores, seed_china
from allinone.demo.china.stores import RANDOM_SEED_DEFAULT, STORES_MAX
from allinone.demo.people import (
    PEOPLE,
    PersonUnknown,
    looked_for,
    person,
    summarised,
)
from allinone.demo.progress import Progress
from allinone.demo.seeding import seed
from allinone.demo.tenants import TENANT
from allinone.embedded import EmbeddedError, home_folder
from allinone.event_commands import add_options as add_event_options
from allinone.event_commands import show_events
from allinone.identity import has_own_issuer, own_issuer
from allinone.issuer import LocalIssuer, ProductionRefused
from allinone.main import Platform
from allinone.migrating import migrate as migrate_databases
from allinone.replay.command import replay
from allinone.replay.journey import DataMissing, InstalledJourney
from allinone.replay.platforms import NoPlatform, a_platform
from allinone.replay.sales import DataInvalid
from allinone.replay.scope import scope_of
from allinone.replay.selling import QuantityTaken
from allinone.storage import Storage, the_home
from allinone.topology import Settings
from allinone.traces import traces_sent
from allinone.verify import verify
from allinone.waiting import stop_wished, until
from chassis import log
from chassis.http import CannotListen
from chassis.kernel.clock import SystemClock
from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from chassis.rpc.installed import EngineMissing
from chassis.rpc.server import GrpcPortInUse
from chassis.settings import SettingsError

STATUS_SECONDS_MAX = 5.0

PROBLEMS = (
    SettingsError,
    EmbeddedError,
    GrpcPortInUse,
    EngineMissing,
    CannotListen,
    PersonUnknown,
    OtherStores,
    ConsumerUnknown,
    ProductionRefused,
    DataMissing,
    DataInvalid,
    NoPlatform,
    QuantityTaken,
    HutongError,
    PostgresError,
    OSError,
)
"""What a user can cause and mend: told in one line, without a traceback."""


class CommandFailed(Exception):
    """A command could not do its work; the text is one line for its user."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its code: 0 when it did its work."""
    options = _parser().parse_args(arguments)

    def work() -> int:
        settings = Settings.read()
        log.configure(level=settings.platform.log_level, form=settings.platform.log_format)
        with traces_sent(settings.platform, process="hutong"):
            code: int = uvloop.run(options.command(settings, options))
        return code

    sys.exit(ending(work, (*PROBLEMS, CommandFailed)))


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Runs the platform until it is told to stop; seeds it on its first start."""
    stopping = stop_wished()
    home = the_home()
    home.lock()
    platform = Platform(settings, Storage.of(settings, home=home))
    try:
        await until(stopping, platform.start())
        if not stopping.is_set() and options.seed:
            await until(stopping, _seed_once(settings, platform))
        if not stopping.is_set():
            print(banner(settings, platform.issuer), flush=True)
            await until(stopping, platform.failed())
        print("hutong: stopping", file=sys.stderr)
    finally:
        await platform.stop()
        home.release()
    return 0


async def migrate(settings: Settings, _: argparse.Namespace) -> int:
    """Brings the databases to the newest schema."""
    home = the_home()
    if settings.has_embedded_stores:
        home.lock()
    storage = Storage.of(settings, home=home)
    try:
        await storage.start()
        await migrate_databases(storage.urls)
        print("the databases are at the newest schema")
    finally:
        await storage.stop()
        home.release()
    return 0


async def seed_demo(settings: Settings, options: argparse.Namespace) -> int:
    """Fills a running platform with demo data; what is there already stays."""
    issuer = _issuer(settings)
    if options.stores is None:
        city = await seed(address=settings.grpc_address, issuer=issuer, progress=print)
        print(city)
        return 0
    progress = Progress(total=options.stores, noun="stores", out=sys.stdout)
    try:
        summary = await seed_china(
            address=settings.grpc_address,
            issuer=issuer,
            number=options.stores,
            random_seed=options.random_seed,
            progress=progress.add,
        )
    finally:
        progress.stop()
    print(summary)
    return 0


async def token(settings: Settings, options: argparse.Namespace) -> int:
    """Prints an access token of the local issuer."""
    if options.list is not None:
        return _list_people(options.list)
    caller = _caller(options)
    seconds = timedelta(hours=options.hours).total_seconds()
    print(_issuer(settings).token(caller, seconds=seconds))
    return 0


async def status(settings: Settings, _: argparse.Namespace) -> int:
    """Shows each part of the running platform; fails if one is down or none runs."""
    lines = await status_lines(home_folder(os.environ))
    if lines is not None:
        print("\n".join(line for line, _ in lines))
        return 0 if all(is_up for _, is_up in lines) else 1
    url = f"http://{settings.http_address}/healthz"
    try:
        health = await asyncio.to_thread(_read_json, url)
    except OSError as problem:
        raise CommandFailed(
            f"no platform answers at http://{settings.http_address} ({problem}): "
            "start it with `make run`"
        ) from problem
    for name, part in health["parts"].items():
        why = f": {part['problem']}" if "problem" in part else ""
        print(f"{name:12} {part['status']}{why}")
    return 0 if health["status"] == "up" else 1


async def verify_books(settings: Settings, _: argparse.Namespace) -> int:
    """Checks stock, money and orders of a running platform; fails if a rule is broken."""
    storage = Storage.of(settings)
    violations = await verify(storage.verifier_urls)
    for violation in violations:
        print(violation)
    print("the books balance" if not violations else f"{len(violations)} rows break a rule")
    return 1 if violations else 0


async def replay_baskets(settings: Settings, options: argparse.Namespace) -> int:
    """Sells real baskets of a public data set, and checks the books; fails if a row differs."""
    journey = InstalledJourney()
    scope = scope_of(journey.baskets_by_day(), days=options.days, baskets_max=options.baskets)
    async with a_platform(settings) as found:
        print(found.text, flush=True)
        result = await replay(
            journey,
            scope,
            address=found.address,
            issuer=found.issuer,
            clock=SystemClock(),
            out=sys.stdout,
        )
    return 0 if result.is_well else 1


async def follow_events(settings: Settings, options: argparse.Namespace) -> int:
    """Shows the events of a running platform, and what its consumers have put aside."""
    stopping = stop_wished()
    await until(stopping, show_events(settings, options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hutong",
        description="Hutong, an open new-retail platform.",
        epilog="Settings are HUTONG_* environment variables; docs/operations.md lists them.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, work: Callable[[Settings, argparse.Namespace], Awaitable[int]]
    ) -> argparse.ArgumentParser:
        text = (work.__doc__ or "").strip()
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=work)
        return added

    running = command("run", run)
    running.add_argument(
        "--no-seed", dest="seed", action="store_false", help="start empty, without demo data"
    )
    command("migrate", migrate)
    seeding = command("seed", seed_demo)
    seeding.add_argument(
        "--stores",
        type=_stores_number,
        metavar="NUMBER",
        help=f"instead of the demo city, so many stores all over China, 1 to {STORES_MAX}",
    )
    seeding.add_argument(
        "--random-seed",
        type=int,
        default=RANDOM_SEED_DEFAULT,
        metavar="NUMBER",
        help="another number puts those stores elsewhere in their cities",
    )
    tokens = command("token", token)
    tokens.add_argument("--as", dest="person", help=f"a demo person, such as {FIRST_PERSON}")
    tokens.add_argument(
        "--list",
        nargs="*",
        metavar="WORD",
        help="list the demo people, or those who fit all of these words: --list cashier sh03",
    )
    tokens.add_argument("--role", help="a role, for somebody else")
    tokens.add_argument("--principal", default="users/somebody", help="the subject")
    tokens.add_argument("--tenant", default=TENANT, help="the retail chain")
    tokens.add_argument("--store", action="append", default=[], help="stores/…; may be repeated")
    tokens.add_argument("--customer", default="", help="customers/…")
    tokens.add_argument("--hours", type=float, default=TOKEN_HOURS, help="valid for")
    command("status", status)
    command("verify", verify_books)
    for name, text in PROCESS_COMMANDS.items():
        commands.add_parser(name, help=text, description=text)
    replaying = command("replay", replay_baskets)
    replaying.add_argument(
        "--days",
        type=_positive,
        metavar="NUMBER",
        help="so many days, from the one with the median number of baskets on; 1 if not said",
    )
    replaying.add_argument(
        "--baskets", type=_positive, metavar="NUMBER", help="at most so many baskets"
    )
    add_event_options(command("events", follow_events))
    add_backup_options(command("backup", backup_platform))
    add_restore_options(command("restore", restore_platform))
    return parser


def _list_people(words: Sequence[str]) -> int:
    found = looked_for(words) if words else summarised()
    if not found:
        raise CommandFailed(f"nobody in the demo city fits {' '.join(words)}")
    for one in found:
        print(f"{one.name:18} {', '.join(one.caller.roles):16} {one.note}")
    if not words:
        print(f"\n{len(PEOPLE)} in all; `hutong token --list WORD...` shows those who fit.")
    return 0


def _stores_number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= STORES_MAX:
        raise argparse.ArgumentTypeError(f"must be between 1 and {STORES_MAX}")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


async def _seed_once(settings: Settings, platform: Platform) -> None:
    mark = platform.storage.seeded_mark
    if platform.issuer is None or mark.exists():
        return
    await seed(
        address=settings.grpc_address,
        issuer=platform.issuer,
        progress=lambda line: print(f"  {line}", flush=True),
    )
    mark.touch()


def _issuer(settings: Settings) -> LocalIssuer:
    if has_own_issuer(settings):
        issuer = own_issuer(settings, Storage.of(settings).home.folder)
        if issuer is not None:
            return issuer
    raise CommandFailed("another issuer is configured: get tokens from that one")


def _caller(options: argparse.Namespace) -> Caller:
    if options.role is None:
        return person(options.person or FIRST_PERSON).caller
    return Caller(
        principal=options.principal,
        tenant=options.tenant,
        roles=frozenset({options.role}),
        stores=frozenset(options.store),
        customer=options.customer,
    )


def _read_json(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=STATUS_SECONDS_MAX) as response:  # noqa: S310
            return json.load(response)
    except urllib.error.HTTPError as error:
        return json.load(error)
