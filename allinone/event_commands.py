"""`hutong events`: what happens on a running platform, and what its consumers have put aside."""

from __future__ import annotations

import argparse
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from allinone.consumers import Consumers
from allinone.event_log import FORMATS, Wanted, decoded, events
from allinone.storage import Storage
from allinone.topology import SERVICES, Settings
from chassis.kernel.errors import Unavailable

ACTIONS = ("tail", "consumers", "parked", "retry", "rebuild")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `hutong events` takes."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        default="tail",
        help="tail (the default): print events as they come; consumers: how each consumer does; "
        "parked: what consumers have put aside; retry: have it tried again; rebuild: have a "
        "consumer begin anew",
    )
    parser.add_argument("consumer", nargs="?", default="", help="which one to retry or rebuild")
    parser.add_argument(
        "--service", action="append", choices=SERVICES, help="only of this one; may be repeated"
    )
    parser.add_argument("--type", action="append", default=[], help="only this type: StockMoved")
    parser.add_argument(
        "--aggregate", action="append", default=[], help="only what has this in its name"
    )
    parser.add_argument("--json", action="store_true", help="a JSON object a line")
    parser.add_argument(
        "--from-beginning", action="store_true", help="first what the streams still have"
    )


async def show_events(settings: Settings, options: argparse.Namespace) -> None:
    """Shows the events of a running platform as they come, or does as it is told with consumers."""
    storage = Storage.of(settings)
    consumers = Consumers(storage.urls)
    if options.action == "retry":
        count = await consumers.retry(consumer=options.consumer, aggregates=options.aggregate)
        print(f"{count} events are tried again")
        return
    if options.action == "rebuild":
        await consumers.rebuild(options.consumer)
        print(f"{options.consumer} begins anew")
        return
    if options.action == "parked":
        await _print_parked(consumers, is_json=options.json)
        return
    async with _redis_of(storage) as redis:
        if options.action == "consumers":
            await _print_consumers(consumers, redis)
            return
        wanted = Wanted(options.service or SERVICES, options.type, options.aggregate)
        told = events(redis, wanted, from_beginning=options.from_beginning)
        async with aclosing(told):
            async for seen in told:
                print(FORMATS[options.json](seen), flush=True)


async def _print_consumers(consumers: Consumers, redis: Redis) -> None:
    for state in await consumers.states(redis):
        unread = "not reading" if state.unread is None else f"{state.unread} unread"
        rebuilding = ", begins anew" if state.is_rebuilding else ""
        print(f"{state.name:16} of {state.source}: {unread}, {state.parked} parked{rebuilding}")


async def _print_parked(consumers: Consumers, *, is_json: bool) -> None:
    for parked in await consumers.parked():
        identity = f"{parked.aggregate}#{parked.sequence}"
        message = decoded(parked.type, parked.data)
        if is_json:
            told = {
                "consumer": parked.consumer,
                "id": identity,
                "type": parked.type,
                "problem": parked.problem,
                "parked_at": parked.parked_at.isoformat(),
                "data": message,
            }
            print(json.dumps(told, ensure_ascii=False))
            continue
        again = " (is tried again)" if parked.is_retried else ""
        print(f"{parked.parked_at:%Y-%m-%d %H:%M:%S} {parked.consumer} {identity}{again}")
        print(f"    {parked.type}: {parked.problem}")


@asynccontextmanager
async def _redis_of(storage: Storage) -> AsyncIterator[Redis]:
    redis = Redis.from_url(storage.redis_url)
    try:
        yield redis
    except RedisError as problem:
        raise Unavailable(part="Redis") from problem
    finally:
        await redis.aclose()
