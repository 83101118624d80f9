"""One request id, one effect, one answer; on real transactions."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Sequence

import pytest

from chassis.db.engine import Database
from chassis.db.idempotency import (
    Once,
    Replayed,
    RequestKey,
    StoredAnswer,
    answer_of,
    claim_all,
    keep_all,
    request_key,
)
from chassis.kernel.errors import (
    Conflict,
    HutongError,
    InvalidInput,
    RequestIdReused,
    RequestInFlight,
    ResourceNotFound,
    Unavailable,
)

_NUMBERS = itertools.count(1)


def _key(
    request_id: str | None = None, *, body: bytes = b"body", store: str = "demo:sh01"
) -> RequestKey:
    return request_key(
        distribution_key=store,
        principal="demo/users/ada",
        method="/x/Y",
        request_id=request_id or f"request-{next(_NUMBERS)}",
        body=body,
    )


async def _do(
    database: Database,
    key: RequestKey,
    *,
    reply: bytes = b"first",
    problem: Exception | None = None,
) -> bytes:
    """A use case: one effect, one answer; the stored answer if there was one."""
    try:
        async with Once(database, key).transaction() as tx:
            await tx.run("insert into effect values ($1)", key.request_id)
            if problem is not None:
                raise problem
            return await tx.keep(reply)
    except Replayed as replayed:
        answer = replayed.answer
    if answer.refusal is not None:
        raise answer.refusal
    assert answer.reply is not None
    return answer.reply


async def _effects(database: Database) -> list[str]:
    async with database.transaction() as tx:
        return [row.what for row in await tx.rows("select what from effect order by what")]


async def _keys_stored(database: Database) -> int:
    async with database.transaction() as tx:
        return len(await tx.rows("select 1 from idempotency"))


async def test_a_repeat_gets_the_bytes_of_the_first_answer(database: Database) -> None:
    key = _key()
    assert await _do(database, key, reply=b"\x00first\xff") == b"\x00first\xff"
    assert await _do(database, key, reply=b"second") == b"\x00first\xff"
    assert await _effects(database) == [key.request_id]


async def test_an_empty_answer_is_an_answer(database: Database) -> None:
    key = _key()
    assert await _do(database, key, reply=b"") == b""
    assert await _do(database, key, reply=b"second") == b""


async def test_a_refusal_has_no_effect_and_is_the_answer_ever_after(database: Database) -> None:
    key = _key()
    refusal = ResourceNotFound.rebuilt(
        kind=ResourceNotFound.kind,
        reason="WHY",
        text="没有 {this}",
        facts={"sku": "a", "wanted": "3"},
        violations=(("lines[0]", "no"),),
    )
    for problem in (refusal, None):
        with pytest.raises(HutongError) as refused:
            await _do(database, key, problem=problem)
        assert refused.value.as_facts() == refusal.as_facts()
    assert await _effects(database) == []


async def test_another_body_under_the_same_id_is_refused_and_changes_nothing(
    database: Database,
) -> None:
    key = _key()
    await _do(database, key)
    with pytest.raises(RequestIdReused) as refused:
        await _do(database, _key(key.request_id, body=b"other"))
    assert [field for field, _ in refused.value.violations] == ["request_id"]
    assert await _do(database, key) == b"first"
    assert await _effects(database) == [key.request_id]


async def test_another_body_after_a_refusal_is_refused_as_well(database: Database) -> None:
    key = _key()
    with pytest.raises(InvalidInput):
        await _do(database, key, problem=InvalidInput())
    with pytest.raises(RequestIdReused):
        await _do(database, _key(key.request_id, body=b"other"))
    with pytest.raises(HutongError) as replayed:
        await _do(database, key)
    assert replayed.value.reason == "INVALID_INPUT"


async def test_the_id_is_the_callers_own_and_its_case_does_not_matter(database: Database) -> None:
    def key(principal: str, method: str, request_id: str) -> bytes:
        return request_key(
            distribution_key="s",
            principal=principal,
            method=method,
            request_id=request_id,
            body=b"",
        ).request_key

    assert key("demo/a", "/m", "ABC") == key("demo/a", "/m", "abc")
    different = {key("demo/a", "/m", "x"), key("rival/a", "/m", "x"), key("demo/a", "/n", "x")}
    assert len(different) == 3


@pytest.mark.parametrize(
    "problem", [Conflict(), Unavailable(part="x"), HutongError(), ZeroDivisionError()], ids=repr
)
async def test_what_is_no_answer_is_not_kept(database: Database, problem: Exception) -> None:
    key = _key()
    with pytest.raises(type(problem)):
        await _do(database, key, problem=problem)
    assert await _keys_stored(database) == 0
    assert await _do(database, key) == b"first"
    assert await _effects(database) == [key.request_id]


async def test_many_at_once_have_one_effect_and_one_answer(database: Database) -> None:
    key = _key()
    replies = await asyncio.gather(
        *(_do(database, key, reply=f"reply {n}".encode()) for n in range(12))
    )
    assert len(set(replies)) == 1
    assert await _effects(database) == [key.request_id]


async def test_many_at_once_get_one_refusal(database: Database) -> None:
    key = _key()
    refused = await asyncio.gather(
        *(_do(database, key, problem=ResourceNotFound(resource=str(n))) for n in range(12)),
        return_exceptions=True,
    )
    texts = {error.text for error in refused if isinstance(error, HutongError)}
    assert len(texts) == 1
    assert len(refused) == 12
    assert await _effects(database) == []


async def test_one_that_fails_leaves_the_work_to_the_one_that_waits(database: Database) -> None:
    key = _key()
    first, second = await asyncio.gather(
        _do(database, key, problem=Conflict()), _do(database, key), return_exceptions=True
    )
    assert isinstance(first, Conflict) or first == b"first"
    assert second == b"first"
    assert await _effects(database) == [key.request_id]


async def test_a_claim_that_is_committed_without_an_answer_is_in_flight(
    database: Database,
) -> None:
    key = _key()
    async with database.transaction() as tx:
        assert await claim_all(tx, [key]) == [None]
    with pytest.raises(RequestInFlight):
        await _do(database, key)
    async with database.transaction() as tx:
        with pytest.raises(RequestInFlight):
            await answer_of(tx, key)
        answer = StoredAnswer(reply=b"at last", refusal=None)
        await keep_all(tx, [(key.distribution_key, key.request_key, answer)])
    assert await _do(database, key) == b"at last"
    async with database.transaction() as tx:
        assert await answer_of(tx, key) == answer
        assert await answer_of(tx, _key()) is None


async def test_a_batch_of_claims_answers_each_key_in_its_place(database: Database) -> None:
    new, answered, refused, reused, in_flight = (_key() for _ in range(5))
    await _do(database, answered)
    await _do(database, reused)
    with pytest.raises(ResourceNotFound):
        await _do(database, refused, problem=ResourceNotFound(resource="x"))
    async with database.transaction() as tx:
        await claim_all(tx, [in_flight])
        assert await claim_all(tx, []) == []
    async with database.transaction() as tx:
        claims = await claim_all(
            tx, [new, answered, refused, _key(reused.request_id, body=b"other"), in_flight]
        )
    assert claims[0] is None
    assert claims[1] == StoredAnswer(reply=b"first", refusal=None)
    assert isinstance(claims[2], StoredAnswer)
    assert claims[2].refusal is not None
    assert claims[2].refusal.facts == {"resource": "x"}
    assert isinstance(claims[3], RequestIdReused)
    assert isinstance(claims[4], RequestInFlight)


async def test_claims_in_any_order_never_wait_in_a_circle(database: Database) -> None:
    order = random.Random(20260301)
    for round_number in range(15):
        keys = [_key(store=f"demo:sh{n % 3}") for n in range(20)]

        async def claim(keys: Sequence[RequestKey]) -> int:
            async with database.transaction() as tx:
                return sum(claim is None for claim in await claim_all(tx, keys))

        shuffled = [order.sample(keys, len(keys)) for _ in range(4)]
        claimed = await asyncio.gather(*(claim(keys) for keys in shuffled))
        assert sorted(claimed) == [0, 0, 0, len(keys)], f"round {round_number}"
