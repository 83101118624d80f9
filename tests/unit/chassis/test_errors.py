"""Errors: stored and sent without loss, each with a reason of its own and a whole sentence."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chassis
import pricing
import services
from chassis.kernel.errors import (
    RETRYABLE_KINDS,
    AmountInvalid,
    ErrorKind,
    HutongError,
    InvalidInput,
    Refusal,
)

texts = st.text(max_size=30)
errors = st.builds(
    HutongError.rebuilt,
    kind=st.sampled_from(ErrorKind),
    reason=st.from_regex(r"[A-Z][A-Z_]{1,40}", fullmatch=True),
    text=texts,
    facts=st.dictionaries(texts, texts, max_size=4),
    violations=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
)

SHARED_REASONS = {"ORDER_UNDONE", "PRICE_CHANGED"}
"""Two services answer ORDER_UNDONE for the same thing: a late do after its undo (decision 0004).
PRICE_CHANGED has the facts of a line, or those of the total.
"""


def _all_errors() -> list[type[HutongError]]:
    for package in (chassis, pricing, services):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and ".alembic" not in module.name:
                importlib.import_module(module.name)
    return sorted(set(_below(HutongError)), key=lambda kind: (kind.__module__, kind.__name__))


def _below(kind: type[HutongError]) -> Iterator[type[HutongError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _below(child)


ERRORS = _all_errors()


@given(errors)
def test_a_stored_error_comes_back_equal(error: HutongError) -> None:
    again = HutongError.from_facts(error.as_facts())
    assert again.as_facts() == error.as_facts()
    assert str(again) == str(error)
    assert again.copy().as_facts() == error.as_facts()
    assert again.copy() is not again


@given(errors)
def test_only_what_asking_again_can_change_is_no_answer(error: HutongError) -> None:
    assert error.is_answer == (error.kind not in RETRYABLE_KINDS)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__qualname__)
def test_every_error_has_a_message_that_its_facts_complete(kind: type[HutongError]) -> None:
    wanted = set(re.findall(r"\{(\w+)\}", kind.message))
    error = kind(**dict.fromkeys(wanted, "7"))
    assert "{" not in error.text
    assert kind.message.strip()
    assert str(error) == f"{kind.reason}: {error.text}"


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__qualname__)
def test_every_reason_is_a_stable_name(kind: type[HutongError]) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", kind.reason)
    assert len(kind.reason) <= 63


def test_no_two_errors_share_a_reason_by_accident() -> None:
    declared: dict[str, list[type[HutongError]]] = {}
    for kind in ERRORS:
        if "reason" in vars(kind):
            declared.setdefault(kind.reason, []).append(kind)
    shared = {reason for reason, kinds in declared.items() if len(kinds) > 1}
    assert shared <= SHARED_REASONS
    for reason in shared:
        same = {(kind.kind, kind.message) for kind in declared[reason]}
        assert len({kind for kind, _ in same}) == 1, f"{reason} has several kinds"


def test_refusals_and_bad_input_are_answers_in_every_service() -> None:
    for kind in ERRORS:
        if issubclass(kind, Refusal | InvalidInput):
            assert kind.kind not in RETRYABLE_KINDS, kind.__qualname__


def test_facts_are_told_as_text_and_complete_the_sentence() -> None:
    error = AmountInvalid.at("amount", "must be positive", amount_minor=-5)
    assert error.facts == {"amount_minor": "-5"}
    assert error.text == "the amount -5 is not possible here"
    assert error.violations == (("amount", "must be positive"),)
