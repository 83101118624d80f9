"""Callers' records against the books: what was acknowledged is there, what was refused is not.

Nothing else changes a simulated platform, so what nobody was told of must not be there either.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg

from allinone.verify import Violation
from chassis.kernel.errors import ErrorKind, HutongError
from tests.simulation.deeds import note_of
from tests.simulation.intents import PLACING, WALLET_START, Kind
from tests.simulation.record import Asked, Record

WRITES = tuple(kind for kind in Kind if kind is not Kind.SPY)

_KEPT = """
select request_id, answered, reply_sha256, refusal_reason from verify.idempotency
"""
_ORDERS = "select store_id, order_id, state from verify.customer_order"
_MOVEMENTS = """
select store_id, sku, cause, on_hand_change from verify.stock_movement
 where type in ('RECEIPT', 'FOUND', 'SHRINK')
"""
_TOP_UPS = "select owner, balance_minor from verify.account where account = 'top_up'"
_PRICES = "select store_id, sku, version, amount_minor from verify.price"

Connections = Mapping[str, asyncpg.Connection]
ABSENT, UNTOLD = "answer_without_effect", "effect_without_answer"

ENDS = {
    Kind.CANCEL: {"CANCELLED"},
    Kind.HAND_OVER: {"COMPLETED"},
    Kind.READY: {"READY", "COMPLETED", "CANCELLED"},
}
"""Where an order may rest after this was acknowledged of it."""


def equal_answers(record: Record) -> Iterator[Violation]:
    """I3, I10: everybody has an answer in the end, and all answers to one request are equal."""
    for asked in record.asked.values():
        if asked.request is not None and not asked.answers:
            yield Violation("answer_unknown", str(asked))
        texts = {answer.text() for answer in asked.answers}
        if len(texts) > 1:
            yield Violation("answers_differ", f"{asked}: {sorted(texts)}")


def crossed_tenants(record: Record) -> Iterator[Violation]:
    """I12: what is another chain's does not exist for anybody."""
    for asked in record.of(Kind.SPY):
        if asked.answers and (
            asked.refusal is None or asked.refusal.kind is not ErrorKind.NOT_FOUND
        ):
            yield Violation("tenant_crossed", str(asked))


async def kept_answers(connections: Connections, record: Record) -> list[Violation]:
    """I3, I10: the answer that a caller has is the one that is kept."""
    kept: dict[str, Any] = {}
    for connection in connections.values():
        kept |= {row["request_id"].lower(): row for row in await connection.fetch(_KEPT)}
    return [
        Violation("answer_not_kept", f"{asked}: kept is {row and dict(row)}")
        for asked in record.of(*WRITES)
        if asked.answers and not _is_kept(asked, row := kept.get(asked.request.request_id))
    ]


async def effects(connections: Connections, record: Record) -> list[Violation]:
    """I10: the effects in the books are those that were acknowledged, each once."""
    return [
        *_order_effects(await connections["orders"].fetch(_ORDERS), record),
        *_stock_effects(await connections["inventory"].fetch(_MOVEMENTS), record),
        *_top_up_effects(await connections["payments"].fetch(_TOP_UPS), record),
        *_price_effects(await connections["catalog"].fetch(_PRICES), record),
    ]


def _is_kept(asked: Asked, row: Any) -> bool:
    refusal: HutongError | None = asked.refusal
    if refusal is None:
        wire = hashlib.sha256(asked.answers[0].wire()).hexdigest()
        return row is not None and bool(row["reply_sha256"] == wire)
    if refusal.kind is not ErrorKind.FAILED_PRECONDITION:
        # Refused by who asks or by the request itself: nothing need be kept to refuse it again.
        return row is None or row["reply_sha256"] is None
    return row is not None and bool(row["refusal_reason"] == refusal.reason)


def _order_effects(rows: list[Any], record: Record) -> Iterator[Violation]:
    states = {_order_key(row): row["state"] for row in rows}
    told = {}
    for asked in record.of(*PLACING):
        if asked.reply is not None:
            key = (asked.intent.tenant, asked.reply.name)
            told[key] = asked
            if states.get(key, "REFUSED") == "REFUSED":
                yield Violation(ABSENT, f"{asked}: {key} is {states.get(key)}")
    for key, state in states.items():
        if state != "REFUSED" and key not in told:
            yield Violation(UNTOLD, f"{key} is {state}, and nobody was told")
    for asked in record.of(*ENDS):
        key = (asked.intent.tenant, asked.request.name)
        if asked.reply is not None and states.get(key) not in ENDS[asked.intent.kind]:
            yield Violation(ABSENT, f"{asked}: {key} is {states.get(key)}")
    cancelled = {
        (a.intent.tenant, a.request.name) for a in record.of(Kind.CANCEL) if a.reply is not None
    }
    for key, state in states.items():
        if state == "CANCELLED" and key not in cancelled:
            yield Violation(UNTOLD, f"{key} is {state}, and nobody was told")


def _order_key(row: Any) -> tuple[str, str]:
    tenant, _, store = row["store_id"].partition(":")
    return tenant, f"stores/{store}/orders/{row['order_id']}"


def _stock_effects(rows: list[Any], record: Record) -> Iterator[Violation]:
    moved: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        moved[row["store_id"], row["cause"]][row["sku"]] += row["on_hand_change"]
    for asked in record.of(Kind.RECEIVE, Kind.ADJUST):
        wanted: dict[str, int] = {}
        if asked.reply is not None and asked.intent.kind is Kind.RECEIVE:
            wanted = dict(asked.intent.lines)
        elif asked.reply is not None:
            change = asked.request.counted - asked.request.expected_on_hand
            wanted = {asked.intent.lines[0][0]: change} if change else {}
        has = dict(moved.get((_store_id(asked), note_of(asked.intent)), {}))
        if has != wanted:
            rule = ABSENT if asked.reply is not None else UNTOLD
            yield Violation(rule, f"{asked}: {wanted} was told, {has} is there")


def _top_up_effects(rows: list[Any], record: Record) -> Iterator[Violation]:
    has = {row["owner"]: row["balance_minor"] for row in rows}
    wanted: dict[str, int] = defaultdict(lambda: WALLET_START)
    for asked in record.of(Kind.TOP_UP):
        owner = f"{asked.intent.tenant}:{asked.intent.customer}"
        wanted[owner] += asked.request.amount.amount_minor if asked.reply is not None else 0
    for owner, amount in wanted.items():
        if has.get(owner, 0) != amount:
            rule = ABSENT if has.get(owner, 0) < amount else UNTOLD
            yield Violation(rule, f"{owner} was told of {amount}, has been given {has.get(owner)}")


def _price_effects(rows: list[Any], record: Record) -> Iterator[Violation]:
    # An amount belongs to one intent, but for those of the first prices.
    has = {(row["store_id"], row["sku"], row["amount_minor"], row["version"]) for row in rows}
    amounts = {key[:3] for key in has if key[3] > 1}
    for asked in record.of(Kind.REPRICE):
        key = (_store_id(asked), asked.intent.lines[0][0], asked.intent.amount)
        if asked.reply is None:
            if asked.answers and key in amounts:
                yield Violation(UNTOLD, f"{asked}: the price is there")
        elif (*key, asked.reply.prices[0].version) not in has:
            yield Violation(ABSENT, f"{asked}: there is no such version")


def _store_id(asked: Asked) -> str:
    return f"{asked.intent.tenant}:{asked.intent.store.partition('/')[2]}"
