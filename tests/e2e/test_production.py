"""Production mode: the local issuer is not there, and somebody else's tokens are believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from allinone.issuer import LocalIssuer
from chassis.rpc.auth import ROLE_SERVICE
from tests.support.command import Command
from tests.support.world import caller

ISSUER = "https://idp.example"
READY_WITHOUT_ISSUER = "Hutong is up."


@pytest.mark.parametrize(
    "command", [("run",), ("token",), ("seed",), ("token", "--role", "platform")]
)
async def test_without_an_identity_provider_every_command_refuses_in_one_line(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    code, output = await Command(home, extra={"HUTONG_MODE": "production"}).result(*command)
    assert code == 1
    assert output.count("\n") == 1
    assert output.startswith("hutong: the local token issuer does not run in production")
    assert "HUTONG_TOKEN_ISSUER" in output
    assert not (home / "issuer").exists()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"HUTONG_JWKS": "keys.json"}, "HUTONG_TOKEN_ISSUER: name the issuer"),
        (
            {"HUTONG_TOKEN_ISSUER": ISSUER, "HUTONG_JWKS": "http://idp.example/keys"},
            "HUTONG_JWKS: production asks for keys by https only",
        ),
        (
            {"HUTONG_TOKEN_ISSUER": "http://idp.example"},
            "HUTONG_TOKEN_ISSUER: production asks for keys by https only",
        ),
        ({"HUTONG_TOKEN_ISSUER": "idp.example"}, "is no address to find a key set at"),
        ({"HUTONG_TOKEN_ISSUER": ISSUER, "HUTONG_SERVICE_TOKEN_FILE": ""}, "HUTONG_SERVICE_TOKEN"),
    ],
)
async def test_a_provider_that_can_not_be_trusted_ends_the_start(
    settings: dict[str, str], told: str, tmp_path: Path
) -> None:
    extra = {"HUTONG_MODE": "production", "HUTONG_SERVICE_TOKEN_FILE": "token"} | settings
    extra = {name: value for name, value in extra.items() if value}
    code, output = await Command(tmp_path / "home", extra=extra).result("run")
    assert (code, output.count("\n")) == (1, 1), output
    assert told in output


@pytest.fixture
def provider(tmp_path: Path) -> LocalIssuer:
    """An identity provider's keys, of which the platform gets the public ones."""
    return LocalIssuer(tmp_path / "provider", issuer=ISSUER, audience="hutong", mode="development")


@pytest.fixture
async def production(provider: LocalIssuer, tmp_path: Path) -> AsyncIterator[Command]:
    service = caller(role=ROLE_SERVICE)
    token = tmp_path / "service-token"
    token.write_text(provider.token(service, seconds=3600))
    command = Command(
        tmp_path / "home",
        extra={
            "HUTONG_MODE": "production",
            "HUTONG_TOKEN_ISSUER": ISSUER,
            "HUTONG_JWKS": str(provider.jwks_file),
            "HUTONG_SERVICE_TOKEN_FILE": str(token),
            "HUTONG_FURTHER_ROLES": "shift_lead=cashier+store_manager",
        },
    )
    await command.run("--no-seed", ready=READY_WITHOUT_ISSUER)
    yield command
    assert await command.stop() == 0


async def test_with_one_its_people_are_believed_and_nothing_of_the_issuer_answers(
    production: Command, provider: LocalIssuer
) -> None:
    address = f"http://127.0.0.1:{production.http_port}"
    lead = caller(role="shift_lead", stores=["stores/sh01"])
    async with httpx.AsyncClient(base_url=address) as http:
        for path in (
            "/.well-known/jwks.json",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/oauth/authorize",
            "/oauth/token",
            "/oauth/userinfo",
            "/oauth/revoke",
        ):
            assert (await http.get(path)).status_code == 404, path
            assert (await http.post(path)).status_code in (404, 405), path
        page = await http.get("/")
        assert "People of the demo city" not in page.text

        headers = {"authorization": f"Bearer {provider.token(lead, seconds=60)}"}
        for store, status in (("sh01", 200), ("sh02", 404)):
            path = f"/v1/stores/{store}/stockLevels"
            assert (await http.get(path, headers=headers)).status_code == status
            path = f"/v1/stores/{store}/ledgerEntries"
            assert (await http.get(path, headers=headers)).status_code == status
        assert (await http.post("/v1/stores", headers=headers, json={})).status_code == 403
    for command in ("token", "seed"):
        code, output = await production.result(command)
        assert (code, output.count("\n")) == (1, 1)
        assert "another issuer is configured" in output


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        ("boss=emperor", "emperor, which is none of"),
        ("boss=service", "service, which is none of"),
        ("cashier=platform", "cashier has a meaning already"),
        ("service=platform", "service has a meaning already"),
        ("boss", "not of the form"),
        ("boss=", "not of the form"),
        ("a=cashier,a=customer", "comes twice"),
    ],
)
async def test_further_roles_that_mean_nothing_or_too_much_end_the_start(
    roles: str, told: str, tmp_path: Path
) -> None:
    command = Command(tmp_path / "home", extra={"HUTONG_FURTHER_ROLES": roles})
    code, output = await command.result("run", "--no-seed")
    assert (code, output.count("\n")) == (1, 1), output
    assert told in output
