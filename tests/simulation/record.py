"""What callers were told, in full: each answer to each request."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from google.protobuf.message import Message

from chassis.kernel.errors import HutongError
from tests.simulation.intents import Intent, Kind

NOT_ASKED = "nothing to do"
ACKNOWLEDGED = "acknowledged"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """One definite answer to a request: the reply, or why it was refused."""

    reply: Message | None
    refusal: HutongError | None = None

    def text(self) -> str:
        """All of the answer, in a form in which two can be compared."""
        if self.reply is not None:
            return f"{self.reply.DESCRIPTOR.name} {self.wire().hex()}"
        assert self.refusal is not None
        told = self.refusal
        return f"{told.kind} {told.reason} {told.text} {sorted(told.facts.items())}"

    def wire(self) -> bytes:
        """The reply's bytes."""
        assert self.reply is not None
        return self.reply.SerializeToString(deterministic=True)


@dataclass(slots=True)
class Asked:
    """An intent, the request that was made of it, and every definite answer to that.

    `request` is None if there was nothing to ask. The first answer is the one that counts.
    """

    intent: Intent
    request: Any = None
    answers: list[Answer] = field(default_factory=list)
    attempts: int = 0

    @property
    def reply(self) -> Any:
        """The reply to an acknowledged request, None if it was not."""
        return self.answers[0].reply if self.answers else None

    @property
    def refusal(self) -> HutongError | None:
        """Why it was refused, None if it was not."""
        return self.answers[0].refusal if self.answers else None

    @property
    def outcome(self) -> str:
        """In a word, or as a reason."""
        if self.request is None:
            return NOT_ASKED
        if not self.answers:
            return UNKNOWN
        return ACKNOWLEDGED if self.refusal is None else self.refusal.reason

    def __str__(self) -> str:
        intent = self.intent
        return (
            f"intent {intent.number} of {intent.tenant} ({intent.kind}, {intent.request_id}): "
            f"{self.outcome}"
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a till sale: when it began and ended by the monotonic clock, and if it sold."""

    begun: float
    ended: float
    has_sold: bool


@dataclass(slots=True)
class Record:
    """All that was asked, by the number of its intent."""

    asked: dict[int, Asked] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def of(self, *kinds: Kind) -> Iterator[Asked]:
        """What was really asked of these kinds."""
        return (
            asked
            for asked in self.asked.values()
            if asked.intent.kind in kinds and asked.request is not None
        )

    def outcomes(self) -> dict[Kind, Counter[str]]:
        """How often each kind ended in what."""
        counted: dict[Kind, Counter[str]] = {}
        for asked in self.asked.values():
            counted.setdefault(asked.intent.kind, Counter())[asked.outcome] += 1
        return counted

    def recovered_after(self, instant: float) -> float | None:
        """Seconds from an instant to the first sale that was begun after it and succeeded."""
        # Attempts are written down as they end, and who begins after the instant ends after it.
        first = bisect_left(self.attempts, instant, key=lambda attempt: attempt.ended)
        for attempt in islice(self.attempts, first, None):
            if attempt.has_sold and attempt.begun >= instant:
                return attempt.ended - instant
        return None
