"""A platform whose orders service kills or pauses its whole process at one point of the saga.

With the topology `run` the process is the whole platform, with `cluster` the orders service alone,
and the others are elsewhere. The stores and everything else come from the environment, as for
`hutong run` and `hutong serve`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from allinone.main import Platform
from allinone.serving.process import serve
from allinone.storage import Storage, the_home
from allinone.topology import BLUEPRINTS, Settings
from allinone.waiting import stop_wished
from chassis import log
from services.orders.domain.orders import Order
from services.orders.main import build as build_orders


def serve_until(
    topology: str, point: str, number: signal.Signals, environment: Mapping[str, str]
) -> None:
    """Serves in this process until the point is reached, or until it is told to stop."""
    os.environ.clear()
    os.environ.update(environment)
    asyncio.run(_serve_until(topology, point, number))


async def _serve_until(topology: str, point: str, number: signal.Signals) -> None:
    signalled = False

    async def die(reached: str, _: Order) -> None:
        nonlocal signalled
        if reached == point and not signalled:
            signalled = True
            os.kill(os.getpid(), number)

    settings = Settings.read()
    log.configure(level="warning", form="json")
    orders = replace(BLUEPRINTS.of("orders"), build=partial(build_orders, checkpoint=die))
    if topology == "cluster":
        await serve(settings, "orders", blueprints=[orders])
        return
    blueprints = [orders if plan.name == "orders" else plan for plan in BLUEPRINTS]
    stopping = stop_wished()
    home = the_home()
    home.lock()
    platform = Platform(settings, Storage.of(settings, home=home), blueprints=blueprints)
    await platform.start()
    await stopping.wait()
    await platform.stop()
