"""Pages and masks: every row once, and no token or path that the method did not give."""

from __future__ import annotations

import base64
import json

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import FieldMaskInvalid, PageTokenInvalid
from chassis.rpc.masks import paths_of
from chassis.rpc.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, PageRequest, page_request

keys = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)


def _token(listing: str, key: str) -> str:
    asked = PageRequest(size=1, after="", listing=listing)
    return asked.page([key, key], key=lambda row: row).next_token


def _written(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@given(rows=st.sets(keys, max_size=30).map(sorted), size=st.integers(1, 10))
def test_walking_the_pages_gives_every_row_once_and_in_order(rows: list[str], size: int) -> None:
    seen: list[str] = []
    token = ""
    while True:
        asked = page_request(size=size, token=token, listing="stores")
        behind = [row for row in rows if row > asked.after][: asked.size + 1]
        page = asked.page(behind, key=lambda row: row)
        assert len(page.rows) <= size
        seen += page.rows
        token = page.next_token
        if not token:
            break
    assert seen == rows


@pytest.mark.parametrize(
    ("asked", "given_size"),
    [(0, PAGE_SIZE_DEFAULT), (1, 1), (PAGE_SIZE_MAX, PAGE_SIZE_MAX), (2**31 - 1, PAGE_SIZE_MAX)],
)
def test_a_page_has_a_usual_and_a_greatest_size(asked: int, given_size: int) -> None:
    assert page_request(size=asked, token="", listing="stores").size == given_size


@given(listing=st.text(max_size=20), other=st.text(max_size=20), key=keys)
def test_a_token_is_good_for_its_own_listing_only(listing: str, other: str, key: str) -> None:
    token = _token(listing.encode(errors="replace").decode(), key)
    if listing != other and "?" not in listing + other:
        with pytest.raises(PageTokenInvalid) as refused:
            page_request(size=1, token=token, listing=other.encode(errors="replace").decode())
        assert [field for field, _ in refused.value.violations] == ["page_token"]


@given(token=st.text(min_size=1, max_size=60))
def test_a_made_up_token_is_refused(token: str) -> None:
    with pytest.raises(PageTokenInvalid):
        page_request(size=1, token=token, listing="stores")


@given(position=st.integers(0, 20), character=st.sampled_from("AZaz09-_"))
def test_a_token_that_was_changed_is_refused(position: int, character: str) -> None:
    token = _token("stores", "sh01")
    changed = token[:position] + character + token[position + 1 :]
    if changed != token:
        with pytest.raises(PageTokenInvalid):
            page_request(size=1, token=changed, listing="stores")


_DIGEST = json.loads(base64.urlsafe_b64decode(_token("stores", "a") + "=="))[0]


@pytest.mark.parametrize(
    "token",
    [
        _written([_DIGEST, "a\x00b"]),
        _written([_DIGEST, "\ud800"]),
        _written([_DIGEST, "\u202e"]),
        _written([_DIGEST, 5]),
        _written([_DIGEST, None]),
        _written([_DIGEST]),
        _written([_DIGEST, "a", "b"]),
        _written(5),
        _written(None),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        base64.urlsafe_b64encode(b"[1," + b"9" * 10_000 + b"]").decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        "A" * 5_000_000,
    ],
    ids=lambda token: token[:12],
)
def test_a_token_with_something_else_in_it_is_refused(token: str) -> None:
    with pytest.raises(PageTokenInvalid):
        page_request(size=1, token=token, listing="stores")


def test_a_mask_gives_its_paths() -> None:
    mask = FieldMask(paths=["display_name", "department", "display_name"])
    allowed = {"display_name", "department", "barcodes"}
    assert paths_of(mask, allowed=allowed) == {"display_name", "department"}


@pytest.mark.parametrize(
    "paths", [[], ["*"], ["name"], ["display_name", "price"], ["DISPLAY_NAME"]]
)
def test_a_mask_that_is_empty_or_names_another_field_is_refused(paths: list[str]) -> None:
    with pytest.raises(FieldMaskInvalid) as refused:
        paths_of(FieldMask(paths=paths), allowed={"display_name"})
    assert [field for field, _ in refused.value.violations] == ["update_mask"]
