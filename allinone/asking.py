"""Asks a process of the platform over HTTP how it is."""

from __future__ import annotations

import asyncio

ANSWER_SECONDS_MAX = 3.0


async def ask(address: str, path: str) -> tuple[int, bytes]:
    """Status and body; OSError if nobody answers, TimeoutError if it takes too long."""
    host, _, port = address.rpartition(":")
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n".encode())
            answer = await reader.read()
        finally:
            writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(maxsplit=2)
    if len(words) < 2 or not words[1].isdigit():
        raise ConnectionError(f"{address} does not answer as HTTP does")
    return int(words[1]), body
