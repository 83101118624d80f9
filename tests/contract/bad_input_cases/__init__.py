"""The table of bad input: what is asked, and the answer that it gets over both transports."""

from __future__ import annotations

from collections.abc import Iterator

from tests.contract.bad_input_cases import forms, numbers, places_and_times, states
from tests.contract.bad_input_stage import Case


def cases() -> Iterator[Case]:
    """All of them."""
    for part in (numbers, places_and_times, forms, states):
        yield from part.cases()
