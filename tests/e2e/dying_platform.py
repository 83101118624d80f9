"""A platform whose orders service kills or pauses its whole process at one point of the saga.

    python -m tests.e2e.dying_platform POINT SIGNAL

The stores and everything else come from the environment, as for `hutong run`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from functools import partial

from allinone.main import Platform
from allinone.storage import Storage, the_home
from allinone.topology import BLUEPRINTS, Settings
from chassis import log
from services.orders.domain.orders import Order
from services.orders.main import build as build_orders


async def run(point: str, number: signal.Signals) -> None:
    """Serves until the point is reached, or until standard input is closed."""
    signalled = False

    async def die(reached: str, _: Order) -> None:
        nonlocal signalled
        if reached == point and not signalled:
            signalled = True
            os.kill(os.getpid(), number)

    blueprints = [
        replace(plan, build=partial(build_orders, checkpoint=die))
        if plan.name == "orders"
        else plan
        for plan in BLUEPRINTS
    ]
    settings = Settings.read()
    log.configure(level="warning", form="json")
    home = the_home()
    home.lock()
    platform = Platform(settings, Storage.of(settings, home=home), blueprints=blueprints)
    await platform.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await platform.stop()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], signal.Signals[sys.argv[2]]))
