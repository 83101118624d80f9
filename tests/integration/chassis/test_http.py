"""The HTTP server on a plain event loop of asyncio, as tests have it; a platform runs on uvloop."""

from __future__ import annotations

import time

import httpx
from starlette.responses import PlainTextResponse

from chassis.http import HttpServer

CALLS = 20
DELAYED_ACKNOWLEDGEMENT_SECONDS = 0.04
"""So long a system at the other end may take to acknowledge what it has received."""


async def test_no_answer_waits_until_its_first_piece_is_acknowledged() -> None:
    server = HttpServer(PlainTextResponse("here"), host="127.0.0.1", port=0, connections_max=10)
    await server.start()
    seconds = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        for _ in range(CALLS):
            begun = time.perf_counter()
            answer = await client.get("/")
            seconds.append(time.perf_counter() - begun)
            assert answer.text == "here"
    await server.stop()
    # A new connection is acknowledged at once for a while, hence the later half.
    assert min(seconds[CALLS // 2 :]) < DELAYED_ACKNOWLEDGEMENT_SECONDS
