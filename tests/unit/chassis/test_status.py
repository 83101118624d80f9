"""Errors on the wire: nothing lost, nothing added, the same bytes each time."""

from __future__ import annotations

import pytest
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import RETRY_AFTER_MS, ErrorKind, HutongError, InvalidInput, Overloaded
from chassis.rpc.status import DOMAIN, code_of, from_status, to_status

texts = st.text(st.characters(codec="utf-8"), max_size=30)
errors = st.builds(
    HutongError.rebuilt,
    kind=st.sampled_from(ErrorKind),
    reason=st.from_regex(r"[A-Z][A-Z_]{1,40}", fullmatch=True),
    text=texts,
    facts=st.dictionaries(texts, texts, max_size=5),
    violations=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
)


def _detail(status: status_pb2.Status, kind: type) -> object | None:
    for packed in status.details:
        if packed.Is(kind.DESCRIPTOR):  # type: ignore[attr-defined]
            detail: object = kind()
            packed.Unpack(detail)
            return detail
    return None


@given(errors)
def test_an_error_comes_back_as_it_was_sent(error: HutongError) -> None:
    assert from_status(to_status(error)).as_facts() == error.as_facts()


@given(errors)
def test_an_error_has_the_same_bytes_each_time(error: HutongError) -> None:
    first = to_status(error).SerializeToString(deterministic=True)
    shuffled = error.copy()
    shuffled.facts = dict(reversed(error.facts.items()))
    assert to_status(shuffled).SerializeToString(deterministic=True) == first


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_has_the_code_of_its_name_and_an_error_info(kind: ErrorKind) -> None:
    error = HutongError.rebuilt(kind=kind, reason="WHY", text="so", facts={"sku": "a"})
    status = to_status(error)
    assert code_of(error).name == kind.value
    assert status.code == code_of(error).value[0]
    info = _detail(status, error_details_pb2.ErrorInfo)
    assert info == error_details_pb2.ErrorInfo(reason="WHY", domain=DOMAIN, metadata={"sku": "a"})


def test_bad_input_says_which_fields() -> None:
    status = to_status(InvalidInput.of(("lines[0].quantity", "must be positive"), ("till", "x")))
    bad = _detail(status, error_details_pb2.BadRequest)
    assert isinstance(bad, error_details_pb2.BadRequest)
    assert [(v.field, v.description) for v in bad.field_violations] == [
        ("lines[0].quantity", "must be positive"),
        ("till", "x"),
    ]


@pytest.mark.parametrize("kind", ErrorKind)
def test_a_caller_is_told_when_to_ask_again_if_that_helps(kind: ErrorKind) -> None:
    status = to_status(HutongError.rebuilt(kind=kind, reason="WHY", text="so", facts={}))
    retry = _detail(status, error_details_pb2.RetryInfo)
    if kind in {ErrorKind.ABORTED, ErrorKind.UNAVAILABLE}:
        assert isinstance(retry, error_details_pb2.RetryInfo)
        assert retry.retry_delay.ToMilliseconds() == RETRY_AFTER_MS
    else:
        assert retry is None


def test_an_error_that_knows_better_says_how_long_to_wait() -> None:
    retry = _detail(to_status(Overloaded(retry_after_ms=1500)), error_details_pb2.RetryInfo)
    assert isinstance(retry, error_details_pb2.RetryInfo)
    assert retry.retry_delay.ToMilliseconds() == 1500


def test_a_status_that_is_not_ours_is_an_error_all_the_same() -> None:
    error = from_status(status_pb2.Status(code=14, message="gone"))
    assert (error.kind, error.reason, error.text) == (ErrorKind.UNAVAILABLE, "UNAVAILABLE", "gone")
    assert from_status(status_pb2.Status(code=99)).kind is ErrorKind.INTERNAL


def test_no_text_that_a_caller_sent_makes_a_status_too_large_to_be_sent() -> None:
    long = "文" * 1_000_000
    status = to_status(InvalidInput.of((long, long), resource=long))
    assert status.ByteSize() < 4096
    assert from_status(status).facts["resource"].endswith("…")
