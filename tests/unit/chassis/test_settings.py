"""Settings: right by default, refused in one line if wrong, and no name goes unnoticed."""

from __future__ import annotations

from os import environ

import pytest
from pydantic_settings import BaseSettings

from allinone.topology import Settings
from chassis.settings import (
    PREFIX,
    PlatformSettings,
    ServiceSettings,
    SettingsError,
    load,
    refuse_unknown,
)

KINDS: list[tuple[type[BaseSettings], str | None]] = [
    (PlatformSettings, None),
    (ServiceSettings, "orders"),
]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_nothing_has_to_be_set() -> None:
    settings = Settings.read({})
    assert settings.platform.mode == "development"
    assert settings.platform.host == "127.0.0.1"
    assert settings.database_urls == {}


def test_a_service_reads_its_own_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUTONG_ORDERS_DATABASE_URL", "postgresql://here/orders")
    assert load(ServiceSettings, service="orders").database_url == "postgresql://here/orders"
    assert load(ServiceSettings, service="catalog").database_url is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HUTONG_GRPC_PORT", "0"),
        ("HUTONG_GRPC_PORT", "65536"),
        ("HUTONG_HTTP_PORT", "many"),
        ("HUTONG_MODE", "prod"),
        ("HUTONG_LOG_FORMAT", "xml"),
        ("HUTONG_BATCH_ITEMS_MAX", "0"),
        ("HUTONG_BATCH_ITEMS_MAX", "501"),
    ],
)
def test_a_wrong_value_is_one_line_with_the_name_of_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        load(PlatformSettings)
    text = str(refused.value)
    assert text.startswith(f"{variable}: ")
    assert repr(value) in text
    assert "\n" not in text


def test_a_wrong_value_of_a_service_is_named_with_its_prefix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HUTONG_ORDERS_DATABASE_CONNECTIONS_MAX", "1")
    with pytest.raises(
        SettingsError, match=r"^HUTONG_ORDERS_DATABASE_CONNECTIONS_MAX: "
    ) as refused:
        load(ServiceSettings, service="orders")
    assert "\n" not in str(refused.value)


def test_every_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUTONG_GRPC_PORT", "x")
    monkeypatch.setenv("HUTONG_HTTP_PORT", "y")
    with pytest.raises(SettingsError, match=r"HUTONG_HTTP_PORT: .*; HUTONG_GRPC_PORT: "):
        load(PlatformSettings)


@pytest.mark.parametrize("variable", ["HUTONG_GRPC_PROT", "HUTONG_ORDER_DATABASE_URL", "HUTONG_"])
def test_a_name_that_nobody_knows_is_refused_as_a_typing_mistake(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"unknown setting {variable}; known are ") as refused:
        refuse_unknown({variable: "1"}, KINDS)
    assert "\n" not in str(refused.value)
    assert "HUTONG_ORDERS_DATABASE_URL" in str(refused.value)


def test_known_names_and_those_of_others_pass() -> None:
    refuse_unknown({"HUTONG_GRPC_PORT": "1", "HUTONG_ORDERS_ADDRESS": "", "PATH": "/bin"}, KINDS)
