"""The apps that may sign people in, and where their browsers may be sent back to.

All are public clients: they have no secret, and prove themselves by PKCE. An address is compared
as text, but for the port of a loopback address without one, which is the app's to choose
(RFC 8252, section 7.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from chassis.settings import SettingsError

APP = "hutong-app"
"""The client that every platform knows: an app on the same machine."""

APP_ADDRESSES = tuple(
    f"http://{host}{path}" for host in ("127.0.0.1", "[::1]") for path in ("", "/", "/callback")
)
ADDRESS_CHARACTERS_MAX = 2000

_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?((?:/.*)?)")
_TEXT = re.compile(r"[\x21-\x7e]+")
_LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Clients:
    """Registered addresses by client."""

    addresses: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, configured: Iterable[tuple[str, str]] = ()) -> Clients:
        """The app of the same machine, and what was configured; SettingsError if one is unsafe."""
        found: dict[str, tuple[str, ...]] = {APP: APP_ADDRESSES}
        for client, address in configured:
            problem = _problem_of(address)
            if problem:
                raise SettingsError(f"HUTONG_SIGN_IN_CLIENTS: {client}={address} {problem}")
            found[client] = (*found.get(client, ()), address)
        return cls(found)

    def admits(self, client: str, address: str) -> bool:
        """Whether the client may have its people sent back to this address."""
        if len(address) > ADDRESS_CHARACTERS_MAX or not _TEXT.fullmatch(address):
            return False
        registered = self.addresses.get(client, ())
        if address in registered:
            return True
        loopback = _LOOPBACK.fullmatch(address)
        return loopback is not None and "".join(loopback.groups()) in registered


def source_of(address: str) -> str:
    """An address as a content security policy names where a form may lead."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or (parts.hostname or "").count(":"):
        return f"{parts.scheme}:"  # policies know no private schemes with hosts, and no IPv6
    return f"{parts.scheme}://{parts.netloc}"


def _problem_of(address: str) -> str:
    """What is wrong with a configured address; empty if nothing is."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "is no address"
    if not _TEXT.fullmatch(address) or parts.fragment or "#" in address or "@" in parts.netloc:
        return "may hold no fragment, no user and no blanks"
    if parts.scheme == "https":
        return "" if host else "names no host"
    if parts.scheme == "http":
        return "" if host in _LOCAL_HOSTS else "must be https, or on this machine"
    return "" if "." in parts.scheme else "must be https, or a scheme of the app's own domain"
