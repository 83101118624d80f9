"""One request id, one effect, one answer.

The key is written in the transaction of the effect, the answer is kept as the bytes that were sent,
and a refusal is an answer like any other. What is no answer (a conflict, a part that is down, a
deadline) is not kept: the caller asks again with the same id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chassis.db.engine import Database
from chassis.db.transaction import Reading, Row, Transaction
from chassis.kernel.errors import (
    HutongError,
    RequestIdReused,
    RequestInFlight,
)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Which request this is: who asked what under which id, and the hash of what exactly."""

    distribution_key: str
    request_key: bytes
    body_hash: bytes
    principal: str
    method: str
    request_id: str


def request_key(
    *, distribution_key: str, principal: str, method: str, request_id: str, body: bytes
) -> RequestKey:
    """The key of a request. `body` is the request in deterministic form, without its id."""
    identity = f"{principal}\x1f{method}\x1f{request_id.lower()}".encode()
    return RequestKey(
        distribution_key=distribution_key,
        request_key=hashlib.sha256(identity).digest(),
        body_hash=hashlib.sha256(body).digest(),
        principal=principal,
        method=method,
        request_id=request_id,
    )


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first answer to a request: the reply's bytes, or the refusal."""

    reply: bytes | None
    refusal: HutongError | None


class Replayed(Exception):
    """Leaves a use case with the answer that the request got the first time."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__("answered before")
        self.answer = answer


Claim = StoredAnswer | HutongError | None
"""What claiming a key gave: None if it is new, else its first answer, or why there is none."""

_CLAIM = """
insert into idempotency
       (distribution_key, request_key, body_hash, principal, method, request_id)
select * from unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::text[])
 order by 1, 2
on conflict (distribution_key, request_key) do nothing
returning distribution_key, request_key
"""

_FIRST_ANSWERS = """
select i.distribution_key, i.request_key, i.body_hash, i.reply, i.refusal
  from unnest($1::text[], $2::bytea[]) as asked (distribution_key, request_key)
  join idempotency as i using (distribution_key, request_key)
"""

_KEEP = """
update idempotency as i set reply = answer.reply, refusal = answer.refusal::jsonb
  from unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[])
       as answer (distribution_key, request_key, reply, refusal)
 where (i.distribution_key, i.request_key) = (answer.distribution_key, answer.request_key)
"""


async def claim_all(tx: Transaction, keys: Sequence[RequestKey]) -> list[Claim]:
    """Claims keys in one statement, in key order; answers those claimed before from their rows.

    A key that another transaction is claiming is waited for. The keys are all different.
    """
    if not keys:
        return []
    columns = _columns(keys)
    claimed = {(row.distribution_key, row.request_key) for row in await tx.rows(_CLAIM, *columns)}
    if len(claimed) == len(keys):
        return [None] * len(keys)
    known = {
        (row.distribution_key, row.request_key): row
        for row in await tx.rows(_FIRST_ANSWERS, columns[0], columns[1])
    }
    return [
        None
        if (key.distribution_key, key.request_key) in claimed
        else _first_answer(key, known[key.distribution_key, key.request_key])
        for key in keys
    ]


async def answers_of(reading: Reading, keys: Sequence[RequestKey]) -> list[Claim]:
    """What requests that may be new were answered with, or why they have no answer; None for those
    that are.
    """
    rows = await reading.rows(
        _FIRST_ANSWERS,
        [key.distribution_key for key in keys],
        [key.request_key for key in keys],
    )
    known = {(row.distribution_key, row.request_key): row for row in rows}
    found = (known.get((key.distribution_key, key.request_key)) for key in keys)
    return [
        None if row is None else _first_answer(key, row)
        for key, row in zip(keys, found, strict=True)
    ]


async def answer_of(reading: Reading, key: RequestKey) -> StoredAnswer | None:
    """The stored answer to a request that may be new; raises if it is another's or in flight."""
    (answer,) = await answers_of(reading, [key])
    if isinstance(answer, HutongError):
        raise answer
    return answer


async def keep_all(tx: Transaction, answers: Sequence[tuple[str, bytes, StoredAnswer]]) -> None:
    """Stores the answers of claimed keys, each given by distribution key and request key."""
    if not answers:
        return
    await tx.run(
        _KEEP,
        [distribution_key for distribution_key, _, _ in answers],
        [request for _, request, _ in answers],
        [answer.reply for _, _, answer in answers],
        [None if a.refusal is None else json.dumps(a.refusal.as_facts()) for _, _, a in answers],
    )


@dataclass(frozen=True, slots=True)
class Once:
    """A request that has one effect: the transaction of a use case, with its key claimed."""

    database: Database
    key: RequestKey

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[OnceTransaction]:
        """A transaction in which the effect and the answer are stored together.

        Raises Replayed with the first answer if there was one. A business refusal that leaves the
        block rolls everything back and is stored as the answer.
        """
        try:
            async with self.database.transaction() as tx:
                _raise_unless_new((await claim_all(tx, [self.key]))[0])
                yield OnceTransaction(tx, self.key)
        except RequestIdReused:
            raise
        except HutongError as refusal:
            if refusal.is_answer:
                await self._keep_refusal(refusal)
            raise

    async def _keep_refusal(self, refusal: HutongError) -> None:
        async with self.database.transaction() as tx:
            _raise_unless_new((await claim_all(tx, [self.key]))[0])
            answer = StoredAnswer(reply=None, refusal=refusal)
            await keep_all(tx, [(self.key.distribution_key, self.key.request_key, answer)])


class OnceTransaction(Transaction):
    """A transaction that has to keep its answer before it ends."""

    def __init__(self, tx: Transaction, key: RequestKey) -> None:
        super().__init__(tx.connection, news=tx.news)
        self._key = key

    async def keep(self, reply: bytes) -> bytes:
        """Stores the reply's bytes as the answer, and returns them."""
        answer = StoredAnswer(reply=reply, refusal=None)
        await keep_all(self, [(self._key.distribution_key, self._key.request_key, answer)])
        return reply


def _raise_unless_new(claim: Claim) -> None:
    if isinstance(claim, StoredAnswer):
        raise Replayed(claim)
    if claim is not None:
        raise claim


def _columns(keys: Sequence[RequestKey]) -> tuple[list[object], ...]:
    return (
        [key.distribution_key for key in keys],
        [key.request_key for key in keys],
        [key.body_hash for key in keys],
        [key.principal for key in keys],
        [key.method for key in keys],
        [key.request_id for key in keys],
    )


def _first_answer(key: RequestKey, row: Row) -> Claim:
    body_hash, reply, refusal = row.body_hash, row.reply, row.refusal
    if bytes(body_hash) != key.body_hash:
        return RequestIdReused.at("request_id", "was used before with another body")
    if reply is not None:
        return StoredAnswer(reply=bytes(reply), refusal=None)
    if refusal is not None:
        return StoredAnswer(reply=None, refusal=HutongError.from_facts(refusal))
    return RequestInFlight()
