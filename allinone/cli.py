"""The command line of the platform: run, migrate, seed, token, status, verify."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import uvloop
from asyncpg import PostgresError

from allinone.banner import banner
from allinone.demo.china.seeding import OtherStores, seed_china
from allinone.demo.china.stores import RANDOM_SEED_DEFAULT, STORES_MAX
from allinone.demo.people import (
    PEOPLE,
    TENANT,
    PersonUnknown,
    looked_for,
    person,
    summarised,
)
from allinone.demo.progress import Progress
from allinone.demo.seeding import seed
from allinone.embedded import EmbeddedError
from allinone.identity import has_own_issuer, own_issuer
from allinone.issuer import LocalIssuer, ProductionRefused
from allinone.main import Platform
from allinone.storage import Storage, the_home
from allinone.topology import Settings
from allinone.traces import traces_sent
from allinone.verify import verify
from chassis import log
from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from chassis.rpc.engines import EngineMissing
from chassis.rpc.server import PortInUse
from chassis.settings import SettingsError
from gateway.server import CannotListen

TOKEN_HOURS_DEFAULT = 12.0
FIRST_PERSON = "cashier-sh01-1"
STATUS_SECONDS_MAX = 5.0
SEEDED_MARK = "seeded"

PROBLEMS = (
    SettingsError,
    EmbeddedError,
    PortInUse,
    EngineMissing,
    CannotListen,
    PersonUnknown,
    OtherStores,
    ProductionRefused,
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
    try:
        settings = Settings.read()
        log.configure(
            level=settings.platform.log_level,
            form=settings.platform.log_format,
        )
        with traces_sent(settings.platform, process="hutong"):
            code = uvloop.run(options.command(settings, options))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except (*PROBLEMS, CommandFailed) as problem:
        print(f"hutong: {_one_line(problem)}", file=sys.stderr)
        code = 1
    sys.exit(code)


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Runs the platform until it is told to stop; seeds it on its first start."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    home = the_home()
    home.lock()
    platform = Platform(settings, Storage.of(settings, home=home))
    try:
        await _until(stopping, platform.start())
        if not stopping.is_set() and options.seed:
            await _until(stopping, _seed_once(settings, platform))
        if not stopping.is_set():
            print(_banner(settings, platform), flush=True)
            await _until(stopping, platform.failed())
        print("hutong: stopping", file=sys.stderr)
    finally:
        await platform.stop()
        home.release()
    return 0


async def migrate(settings: Settings, _: argparse.Namespace) -> int:
    """Brings the databases to the newest schema."""
    home = the_home()
    home.lock()
    storage = Storage.of(settings, home=home)
    try:
        await storage.start()
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
    tokens.add_argument("--hours", type=float, default=TOKEN_HOURS_DEFAULT, help="valid for")
    command("status", status)
    command("verify", verify_books)
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


async def _until(stopping: asyncio.Event, work: Awaitable[None]) -> None:
    """Waits for the work, or for the wish to stop, which cancels it."""
    working = asyncio.ensure_future(work)
    wish = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({working, wish}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        wish.cancel()
        if not working.done():
            working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    if not working.cancelled():
        working.result()


async def _seed_once(settings: Settings, platform: Platform) -> None:
    mark = platform.storage.home.folder / SEEDED_MARK
    if platform.issuer is None or mark.exists():
        return
    await seed(
        address=settings.grpc_address,
        issuer=platform.issuer,
        progress=lambda line: print(f"  {line}", flush=True),
    )
    mark.touch()


def _banner(settings: Settings, platform: Platform) -> str:
    if platform.issuer is None:
        return banner(settings, token=None)
    seconds = timedelta(hours=TOKEN_HOURS_DEFAULT).total_seconds()
    caller = person(FIRST_PERSON).caller
    return banner(settings, token=platform.issuer.token(caller, seconds=seconds))


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


def _one_line(problem: BaseException) -> str:
    return " ".join(str(problem).split()) or type(problem).__name__
