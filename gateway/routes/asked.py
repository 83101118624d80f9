"""One request as ASGI hands it over: what the API reads of it, and no more."""

from __future__ import annotations

from starlette.types import Receive, Scope


class Asked:
    """A request's method, path, query and headers, and the way to its body."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.raw_path: bytes = scope["raw_path"]
        self.query: bytes = scope["query_string"]
        self.receive = receive
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self._first = dict(reversed(self._headers))

    def header(self, name: bytes) -> str | None:
        """The header's first value, None without it. The name is in lower case."""
        value = self._first.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def has_body(self) -> bool:
        """Whether a body follows the headers."""
        length = self._first.get(b"content-length")
        return b"transfer-encoding" in self._first or (length is not None and length != b"0")

    @property
    def header_bytes(self) -> int:
        """What the headers weigh."""
        return sum([len(name) + len(value) for name, value in self._headers])
