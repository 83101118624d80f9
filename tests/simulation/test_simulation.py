"""Half a minute of the simulation, with a seed that nobody chose; `make simulate` plays longer."""

from __future__ import annotations

import itertools
import secrets
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.__main__ import SEEDS
from tests.simulation.faults import Played, never_recovered
from tests.simulation.intents import (
    CUSTOMERS,
    PLACING,
    PRICE_START,
    PRODUCTS,
    SCARCE,
    STOCK_START,
    STORES,
    TENANTS,
    WALLET_START,
    WEIGHED,
    Kind,
    intents,
    top_up_minor,
)
from tests.simulation.record import Attempt, Record
from tests.simulation.report import told
from tests.simulation.run import simulate

SECONDS = 30.0
LONG = 100_000
"""Intents; more than an hour's."""


@pytest.mark.timeout(600)
async def test_every_invariant_holds_whatever_is_killed(tmp_path: Path) -> None:
    seed = secrets.randbelow(SEEDS)
    print(f"make simulate MINUTES=0.5 SEED={seed}")
    report = await simulate(seed, seconds=SECONDS, folder=tmp_path)
    assert report.found == [], f"{told(report)}\nits home, with all logs: {tmp_path}"
    assert report.played, "no fault was played"
    assert any(attempt.has_sold for attempt in report.record.attempts)


def test_a_seed_means_the_same_each_time() -> None:
    first, again, other = (list(itertools.islice(intents(seed), 500)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_an_outage_that_nobody_sold_after_is_found() -> None:
    attempts = [
        Attempt(begun=10.5, ended=11.5, has_sold=False),
        Attempt(begun=9.0, ended=12.0, has_sold=True),
        Attempt(begun=11.0, ended=13.0, has_sold=True),
    ]
    record = Record(attempts=attempts, begun=0.0)
    recovered = Played("a service is killed", begun=10.0, down_at=10.0, is_outage=True)
    down = Played("everything is killed", begun=12.0, down_at=12.5, is_outage=True)
    slow = Played("the way is slow", begun=20.0, down_at=20.0, is_outage=False)
    assert record.recovered_after(recovered.down_at) == 3.0
    found = list(never_recovered(record, [recovered, down, slow]))
    assert [str(each) for each in found] == ["never_recovered: everything is killed, 12.0 s"]


def test_a_long_load_runs_out_of_nothing_but_what_is_scarce() -> None:
    shelves = [(tenant, store, sku) for tenant in TENANTS for store in STORES for sku in PRODUCTS]
    stock = Counter({shelf: STOCK_START[shelf[-1]] for shelf in shelves})
    prices = Counter({shelf: PRICE_START[shelf[-1]] for shelf in shelves})
    money = Counter({tenant: WALLET_START * len(CUSTOMERS) for tenant in TENANTS})
    for intent in itertools.islice(intents(7), LONG):
        for sku, quantity in intent.lines:
            shelf = (intent.tenant, intent.store, sku)
            if intent.kind is Kind.RECEIVE:
                stock[shelf] += quantity
            elif intent.kind in PLACING:
                stock[shelf] -= quantity
                assert sku in SCARCE or stock[shelf] > 0, intent
            if intent.kind in PLACING and intent.kind is not Kind.SELL:
                amount = prices[shelf] * quantity
                money[intent.tenant] -= amount // 1000 if sku in WEIGHED else amount
        if intent.kind is Kind.REPRICE:
            prices[intent.tenant, intent.store, intent.lines[0][0]] = intent.amount
        elif intent.kind is Kind.TOP_UP:
            money[intent.tenant] += top_up_minor(intent)
        assert money[intent.tenant] > 0, intent
