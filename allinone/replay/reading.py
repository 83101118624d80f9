"""Lists of the platform, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from google.protobuf.message import Message

from allinone.demo.asking import Asker

PAGE_SIZE = 1_000


async def pages(
    asker: Asker, method: Callable[..., Awaitable[Message]], request: Any, field: str
) -> AsyncIterator[Any]:
    """What a List method answers in a field of its pages, one after another, to the last."""
    request.page_size = PAGE_SIZE
    while True:
        page: Any = await asker.ask(method, request)
        for item in getattr(page, field):
            yield item
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token
