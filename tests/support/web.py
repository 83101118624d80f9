"""A platform over HTTP, for tests."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from chassis.rpc.auth import Caller
from tests.support.world import World

PAGE = "https://shop.example"
"""The web origin whose pages may call."""


@dataclass(slots=True)
class Web:
    """The world behind, where it is served, and a client for it."""

    world: World
    address: str
    http: httpx.AsyncClient

    def headers(self, who: Caller) -> dict[str, str]:
        """The headers of a call on somebody's behalf."""
        return {"authorization": f"Bearer {self.world.token(who)}"}
