"""How each process of a running cluster is, by its own word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from allinone.asking import ask
from allinone.cluster.listing import Listed, Listing
from allinone.embedded import Home
from allinone.topology import GATEWAY


async def status_lines(folder: Path) -> list[tuple[str, bool]] | None:
    """A line for each process, and whether it is up; None if no cluster runs in this home."""
    listing = Listing.read(folder)
    if listing is None or listing.supervisor != Home(folder).holder():
        return None
    names = listing.processes
    problems = await asyncio.gather(*(_problem(name, names[name]) for name in names))
    return [
        (_line(name, names[name], problem), not problem)
        for name, problem in zip(names, problems, strict=True)
    ]


def _line(name: str, process: Listed, problem: str) -> str:
    where = f"pid {process.pid}, gRPC {process.grpc_address}, HTTP {process.http_address}"
    again = f", start {process.starts}" if process.starts > 1 else ""
    return f"{name:12} {'down' if problem else 'up':5} {where}{again}{problem and f': {problem}'}"


async def _problem(name: str, process: Listed) -> str:
    """What keeps a process from its work, empty if nothing does."""
    # What is behind the gateway has lines of its own.
    path = "/readyz" if name == GATEWAY else "/healthz"
    try:
        status, body = await ask(process.http_address, path)
    except (OSError, TimeoutError) as problem:
        return f"it does not answer ({type(problem).__name__})"
    if status == 200:
        return ""
    if name == GATEWAY:
        return body.decode().strip()
    parts: Mapping[str, Mapping[str, str]] = json.loads(body)["parts"]
    down = [part for part, health in parts.items() if health["status"] != "up"]
    return f"down behind it: {', '.join(down)}"
