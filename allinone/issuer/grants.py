"""What was granted and not yet taken: codes and refresh tokens, each good for one use.

They live in Valkey, where every process of the platform finds them, by the hash of what their
bearer holds. If Valkey is emptied, people sign in once more. A second use of one is taken for
theft: it ends the session, and with it everything that the session was given.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.kernel.errors import Unavailable
from chassis.log import logger

CODE_SECONDS = 60
SESSION_SECONDS = 12 * 3600
"""How long a session can be refreshed from when its person signed in."""

REVOKED_READ_SECONDS = 1.0
"""How soon another process's revocations are known here."""

REVOKED_MAX = 10_000
SECRET_BYTES = 32
KEYS = "hutong:sign-in"

Kind = Literal["code", "refresh"]

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Grant:
    """Who signed in to which client, when, for what; address, challenge and nonce are a code's."""

    session: str
    client: str
    person: str
    scopes: tuple[str, ...]
    signed_in_at: int
    address: str = ""
    challenge: str = ""
    nonce: str = ""

    @property
    def ends_at(self) -> int:
        """When the session is over, in seconds since 1970."""
        return self.signed_in_at + SESSION_SECONDS


class UsedBefore(Exception):
    """Somebody presents what was used already."""

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self.session = session


class Grants:
    """Codes and refresh tokens in Valkey; Unavailable if that does not answer.

    `redis` gives the connection, None while there is none yet.
    """

    def __init__(self, redis: Callable[[], Redis | None]) -> None:
        self._redis = redis
        self._revoked: dict[str, float] = {}

    async def put(self, kind: Kind, grant: Grant) -> str:
        """Keeps a grant for one use; answers the secret that its bearer shows."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        seconds = CODE_SECONDS if kind == "code" else _seconds_until(grant.ends_at)
        with _valkey_answers():
            await self._connection().set(
                _key(kind, secret), json.dumps(asdict(grant)), ex=max(1, seconds)
            )
        return secret

    async def look(self, kind: Kind, secret: str) -> Grant | None:
        """The grant behind a secret, None if there is none; UsedBefore."""
        found: Any
        used: Any
        with _valkey_answers():
            found, used = await self._connection().mget(_key(kind, secret), _used_key(kind, secret))
        if used is not None:
            raise UsedBefore(used.decode())
        if found is None:
            return None
        stored = json.loads(found)
        return Grant(**(stored | {"scopes": tuple(stored["scopes"])}))

    async def use(self, kind: Kind, secret: str, grant: Grant) -> None:
        """Uses a grant up; UsedBefore if somebody else was faster."""
        with _valkey_answers():
            is_first = await self._connection().set(
                _used_key(kind, secret), grant.session, nx=True, ex=SESSION_SECONDS
            )
        if not is_first:
            raise UsedBefore(grant.session)

    async def revoke(self, session: str) -> None:
        """Ends a session: nothing that it was given is good any more, here at once."""
        until = time.time() + SESSION_SECONDS
        self._revoked[session] = until
        log.warning("sign_in_session_revoked", session=session)
        with _valkey_answers():
            await self._connection().zadd(f"{KEYS}:revoked", {session: until})

    def is_revoked(self, session: str) -> bool:
        """Whether a session was ended; other processes' revocations are known within a second."""
        return session in self._revoked

    async def is_revoked_anywhere(self, session: str) -> bool:
        """Whether a session was ended, in whichever process."""
        with _valkey_answers():
            until = await self._connection().zscore(f"{KEYS}:revoked", session)
        return until is not None or session in self._revoked

    async def learn_revocations(self) -> None:
        """One round of learning what other processes revoke, and the pause after it."""
        now = time.time()
        with _valkey_answers():
            connection = self._connection()
            await connection.zremrangebyscore(f"{KEYS}:revoked", 0, now)
            newest: Any = await connection.zrange(
                f"{KEYS}:revoked", 0, REVOKED_MAX - 1, desc=True, withscores=True
            )
        known = {session: until for session, until in self._revoked.items() if until > now}
        self._revoked = known | {session.decode(): float(until) for session, until in newest}
        await asyncio.sleep(REVOKED_READ_SECONDS)

    def _connection(self) -> Redis:
        connection = self._redis()
        if connection is None:
            raise Unavailable(part="Redis")
        return connection


@contextmanager
def _valkey_answers() -> Iterator[None]:
    try:
        yield
    except RedisError as problem:
        raise Unavailable(part="Redis") from problem


def new_session() -> str:
    """A name for a session that nobody can guess."""
    return secrets.token_urlsafe(16)


def _key(kind: Kind, secret: str) -> str:
    return f"{KEYS}:{kind}:{{{hashlib.sha256(secret.encode()).hexdigest()}}}"


def _used_key(kind: Kind, secret: str) -> str:
    return f"{_key(kind, secret)}:used"


def _seconds_until(instant: int) -> int:
    return instant - int(time.time())
