"""What can go wrong, as kinds that callers act on and reasons that they show.

A kind says what a caller may do about it and maps one to one to a gRPC code; a reason is a stable
name in the trade's words; facts are the values behind it. No transport is known here.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, ClassVar, Self


class ErrorKind(enum.Enum):
    """The families of errors. The value is the name of the canonical gRPC code."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    NOT_FOUND = "NOT_FOUND"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


RETRYABLE_KINDS = frozenset(
    {
        ErrorKind.ABORTED,
        ErrorKind.UNAVAILABLE,
        ErrorKind.DEADLINE_EXCEEDED,
        ErrorKind.RESOURCE_EXHAUSTED,
        ErrorKind.INTERNAL,
    }
)
"""Kinds that are never an answer: the caller asks again with the same request id."""

Fact = str | int


class HutongError(Exception):
    """An error with a kind, a stable reason, and the facts behind it.

    A subclass gives its kind, its reason, and a message with the facts' names in braces.
    """

    kind: ErrorKind = ErrorKind.INTERNAL
    reason: str = "INTERNAL"
    message: ClassVar[str] = "something went wrong on our side"

    def __init__(self, **facts: Fact) -> None:
        self.facts: dict[str, str] = {key: str(value) for key, value in facts.items()}
        self.violations: tuple[tuple[str, str], ...] = ()
        self.text = self.message.format_map(self.facts)
        super().__init__(f"{self.reason}: {self.text}")

    @classmethod
    def rebuilt(
        cls,
        *,
        kind: ErrorKind,
        reason: str,
        text: str,
        facts: Mapping[str, str],
        violations: tuple[tuple[str, str], ...] = (),
    ) -> HutongError:
        """An error as another process raised it, or as it was stored: equal to the first."""
        error = HutongError()
        error.kind = kind
        error.reason = reason
        error.text = text
        error.facts = dict(facts)
        error.violations = violations
        error.args = (f"{reason}: {text}",)
        return error

    def as_facts(self) -> dict[str, object]:
        """The error as plain values, to be stored as JSON."""
        return {
            "kind": self.kind.value,
            "reason": self.reason,
            "text": self.text,
            "facts": self.facts,
            "violations": [list(violation) for violation in self.violations],
        }

    @classmethod
    def from_facts(cls, stored: Mapping[str, Any]) -> HutongError:
        """The error that as_facts described."""
        return cls.rebuilt(
            kind=ErrorKind(stored["kind"]),
            reason=stored["reason"],
            text=stored["text"],
            facts=stored["facts"],
            violations=tuple((field, problem) for field, problem in stored["violations"]),
        )

    def copy(self) -> HutongError:
        """The same error as an object of its own, for another task to raise."""
        return self.from_facts(self.as_facts())

    @property
    def is_answer(self) -> bool:
        """Whether the error is an outcome that a repeat must get again."""
        return self.kind not in RETRYABLE_KINDS


class InvalidInput(HutongError):
    """The request can't be right, whatever the state of the platform."""

    kind = ErrorKind.INVALID_ARGUMENT
    reason = "INVALID_INPUT"
    message = "the request is not valid"

    @classmethod
    def at(cls, field: str, problem: str, **facts: Fact) -> Self:
        """The error, with the field that caused it and what is wrong with that field."""
        return cls.of((field, problem), **facts)

    @classmethod
    def of(cls, *violations: tuple[str, str], **facts: Fact) -> Self:
        """The error, with every (field, problem) that caused it."""
        error = cls(**facts)
        error.violations = violations
        return error


class RequestIdReused(InvalidInput):
    """The request id was used before, for another request."""

    reason = "REQUEST_ID_REUSED"
    message = "this request id was used before with another body"


class PageTokenInvalid(InvalidInput):
    """The page token is not one that this method gave out."""

    reason = "PAGE_TOKEN_INVALID"
    message = "the page token is not one of this list"


class FieldMaskInvalid(InvalidInput):
    """The mask names a field that can't be changed, or does not exist."""

    reason = "FIELD_MASK_INVALID"
    message = "the field {path} can't be updated"


class CurrencyMismatch(InvalidInput):
    """Two amounts that meet are of different currencies."""

    reason = "CURRENCY_MISMATCH"
    message = "the amount is in {given}, {wanted} is wanted"


class AmountTooLarge(InvalidInput):
    """An amount or a sum of amounts passes what the ledger can hold."""

    reason = "AMOUNT_TOO_LARGE"
    message = "the amount is too large"


class AmountInvalid(InvalidInput):
    """An amount is zero or negative where it may not be."""

    reason = "AMOUNT_INVALID"
    message = "the amount {amount_minor} is not possible here"


class UnitMismatch(InvalidInput):
    """Pieces were given for weighed goods, or grams for counted ones."""

    reason = "UNIT_MISMATCH"
    message = "{sku} is sold by {wanted}, not by {given}"


class QuantityTooLarge(InvalidInput):
    """A quantity or a sum of quantities passes what a stock level can hold."""

    reason = "QUANTITY_TOO_LARGE"
    message = "the quantity of {sku} is too large"


class Unauthenticated(HutongError):
    """No token, or one that can't be believed. Why exactly is logged, not told."""

    kind = ErrorKind.UNAUTHENTICATED
    reason = "TOKEN_INVALID"
    message = "a valid bearer token is needed"


class PermissionDenied(HutongError):
    """The caller's role may not do this at all."""

    kind = ErrorKind.PERMISSION_DENIED
    reason = "ROLE_NOT_ALLOWED"
    message = "the caller's role may not do this"


class ResourceNotFound(HutongError):
    """There is no such resource, or it is not the caller's: the answer is the same."""

    kind = ErrorKind.NOT_FOUND
    reason = "RESOURCE_NOT_FOUND"
    message = "there is no {resource}"


class Refusal(HutongError):
    """The request is right, and the state of the platform refuses it. A refusal has no effect."""

    kind = ErrorKind.FAILED_PRECONDITION
    reason = "REFUSED"
    message = "this is not possible now"


class RequestInFlight(HutongError):
    """The same request is being worked on; ask again for its answer."""

    kind = ErrorKind.ABORTED
    reason = "REQUEST_IN_FLIGHT"
    message = "the same request is being worked on; ask again"


class Conflict(HutongError):
    """Another transaction was in the way; nothing happened."""

    kind = ErrorKind.ABORTED
    reason = "CONFLICT"
    message = "another change was in the way; ask again"


RETRY_AFTER_MS = 100
"""What a caller is told to wait before it asks again, unless the error knows better."""


class Overloaded(HutongError):
    """A queue is full; nothing happened."""

    kind = ErrorKind.RESOURCE_EXHAUSTED
    reason = "OVERLOADED"
    message = "too much work is waiting; ask again in {retry_after_ms} ms"


class MessageTooLarge(HutongError):
    """The message is over the limit."""

    kind = ErrorKind.RESOURCE_EXHAUSTED
    reason = "MESSAGE_TOO_LARGE"
    message = "the message is over {limit_bytes} bytes"


class DeadlineExceeded(HutongError):
    """There was no time left to do it. It may still happen if it had begun."""

    kind = ErrorKind.DEADLINE_EXCEEDED
    reason = "DEADLINE_EXCEEDED"
    message = "the caller's deadline has passed"


class Unavailable(HutongError):
    """A part that is needed does not answer."""

    kind = ErrorKind.UNAVAILABLE
    reason = "UNAVAILABLE"
    message = "{part} does not answer; ask again"
