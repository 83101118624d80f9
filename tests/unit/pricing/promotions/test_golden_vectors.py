"""The vectors that any implementation has to pass, and the oracle too where it can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from pricing.promotions.engine import ALGORITHM_VERSION, PromotedQuote, quote_promotions
from pricing.promotions.explanation import Explanation, explain
from pricing.promotions.index import PromotionIndex
from pricing.promotions.promotion import BENEFITS_OF_CLASS
from tests.support.promotion_vectors import FOLDER, Vector, vectors

VECTORS = vectors()


def outcome(quote: PromotedQuote) -> dict[str, Any]:
    return {
        "total": quote.total_minor,
        "discounts": list(quote.line_discounts_minor),
        "applied": [[each.promotion, each.uses, each.discount_minor] for each in quote.applied],
    }


def reasons(explanation: Explanation) -> dict[str, Any]:
    return {
        "suppressed": {each.promotion: [each.why, *each.by] for each in explanation.suppressed},
        "near_misses": {
            each.promotion: {
                "missing": [[lack.role, lack.measure, lack.amount] for lack in each.missing],
                "gain": each.gain_minor,
            }
            for each in explanation.near_misses
        },
    }


@pytest.mark.parametrize("vector", VECTORS, ids=[vector.name for vector in VECTORS])
def test_a_golden_vector_comes_to_what_it_says(vector: Vector) -> None:
    explanation = explain(PromotionIndex(vector.promotions), vector.basket)
    came = outcome(explanation.quote)
    assert came == {key: vector.expect[key] for key in came}
    assert explanation.quote == quote_promotions(PromotionIndex(vector.promotions), vector.basket)
    told = {key: each for key, each in reasons(explanation).items() if key in vector.expect}
    assert told == {key: vector.expect[key] for key in told}


@pytest.mark.parametrize("vector", VECTORS, ids=[vector.name for vector in VECTORS])
def test_a_golden_vector_does_not_depend_on_order(vector: Vector) -> None:
    random = Random(vector.name)
    places = list(range(len(vector.basket.lines)))
    offered = list(vector.promotions)
    for _ in range(5):
        random.shuffle(places)
        random.shuffle(offered)
        lines = tuple(vector.basket.lines[place] for place in places)
        quote = quote_promotions(PromotionIndex(offered), replace(vector.basket, lines=lines))
        assert outcome(quote) == {
            **{key: vector.expect[key] for key in ("total", "applied")},
            "discounts": [vector.expect["discounts"][place] for place in places],
        }


def test_vectors_have_names_of_their_own_and_the_version_of_this_algorithm() -> None:
    assert len({vector.name for vector in VECTORS}) == len(VECTORS)
    assert {vector.algorithm for vector in VECTORS} == {ALGORITHM_VERSION}


def test_vectors_play_every_benefit_in_its_classes() -> None:
    played = {
        (promotion.stacking_class, type(promotion.benefit))
        for vector in VECTORS
        for promotion in vector.promotions
    }
    classes = BENEFITS_OF_CLASS.items()
    assert {(each, benefit) for each, benefits in classes for benefit in benefits} <= played


def test_only_keys_that_are_told_of_are_in_the_vectors() -> None:
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    for file in sorted(FOLDER.glob("*.json")):
        used = set(keys_in(json.loads(file.read_text(encoding="utf-8"))))
        assert {key for key in used if f"`{key}`" not in told and f'"{key}"' not in told} == set()


def keys_in(read: Any) -> Iterator[str]:
    """All keys, but for those that are ids."""
    if isinstance(read, list):
        for each in read:
            yield from keys_in(each)
    elif isinstance(read, dict):
        for key, each in read.items():
            yield key
            is_by_id = key in ("prices", "uses_left", "suppressed", "near_misses")
            yield from keys_in(list(each.values()) if is_by_id else each)
