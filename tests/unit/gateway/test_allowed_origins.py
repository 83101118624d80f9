"""The setting that names the web origins whose pages may call."""

import pytest

from chassis.settings import PlatformSettings, load


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://a.example", ("https://a.example",)),
        ("https://a.example, https://b.example,", ("https://a.example", "https://b.example")),
    ],
)
def test_origins_are_listed_with_commas(
    monkeypatch: pytest.MonkeyPatch, text: str, origins: tuple[str, ...]
) -> None:
    monkeypatch.setenv("HUTONG_HTTP_ALLOWED_ORIGINS", text)
    assert load(PlatformSettings).http_allowed_origins == origins


def test_no_origin_is_allowed_unless_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUTONG_HTTP_ALLOWED_ORIGINS", raising=False)
    assert load(PlatformSettings).http_allowed_origins == ()
