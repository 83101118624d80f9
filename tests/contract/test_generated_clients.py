"""Clients that common generators make of the OpenAPI document compile, and are of use.

Everything runs offline: the generators and the checkers come as wheels.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from allinone.topology import BLUEPRINTS
from gateway.routes.bindings import bindings_of
from gateway.routes.contracts import contracts_of
from gateway.routes.openapi import openapi_of

BIN = Path(sys.executable).parent
SECONDS_MAX = 110

PYTHON_CALLER = """
from hutong_client import AuthenticatedClient
from hutong_client.api.orders_service import orders_service_place_order
from hutong_client.models import HutongOrdersV1Order, OrdersServicePlaceOrderBody

def place(token: str, body: OrdersServicePlaceOrderBody) -> str:
    client = AuthenticatedClient(base_url="https://hutong.example", token=token)
    answer = orders_service_place_order.sync("sh01", client=client, body=body)
    if not isinstance(answer, HutongOrdersV1Order):
        return str(answer.reason) if answer else ""
    return str(answer.name)
"""

TYPESCRIPT_CALLER = """
import {Configuration, OrdersServiceApi} from "./index.ts";

const api = new OrdersServiceApi(
  new Configuration({basePath: "https://hutong.example", accessToken: "token"}),
);
const order = await api.ordersServiceGetOrder({store: "sh01", order: "ord_1"});
const fen: string | undefined = order?.total?.amountMinor;
const events: string | null | undefined =
  await api.ordersServiceWatchOrder({store: "sh01", order: "ord_1", lastEventID: "1"});
console.log(fen, events);
"""

DENO = {
    "lock": False,
    "compilerOptions": {
        "lib": ["dom", "dom.iterable", "esnext"],
        # The generator's own runtime is not written for it.
        "noImplicitOverride": False,
    },
}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    services = [f"hutong.{plan.name}.v1.{plan.name.title()}Service" for plan in BLUEPRINTS]
    contracts = contracts_of(services)
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(openapi_of(bindings_of(contracts.methods), contracts.comments)))
    return file


def run(*command: str, folder: Path) -> None:
    """Runs a program of this environment, and fails with what it said."""
    ended = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=folder,
        env=os.environ | {"DENO_DIR": str(folder / "deno"), "DENO_NO_UPDATE_CHECK": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_python_client_is_generated_whole_and_passes_strict_mypy(
    document: Path, tmp_path: Path
) -> None:
    (tmp_path / "generator.json").write_text(json.dumps({"post_hooks": []}))
    run(
        "openapi-python-client", "generate", "--path", document.name, "--meta", "none",
        "--output-path", "hutong_client", "--config", "generator.json", "--fail-on-warning",
        folder=tmp_path,
    )  # fmt: skip
    (tmp_path / "caller.py").write_text(PYTHON_CALLER)
    run("mypy", "--strict", "--cache-dir", "types", "caller.py", "hutong_client", folder=tmp_path)
    run("python", "-c", "import caller", folder=tmp_path)


def test_a_typescript_client_is_generated_and_type_checked(document: Path, tmp_path: Path) -> None:
    run(
        "openapi-generator-cli", "generate", "-i", document.name, "-g", "typescript-fetch",
        "-o", "client", "-p", "importFileExtension=.ts",
        folder=tmp_path,
    )  # fmt: skip
    client = tmp_path / "client"
    (client / "deno.json").write_text(json.dumps(DENO))
    (client / "caller.ts").write_text(TYPESCRIPT_CALLER)
    run("deno", "check", "--no-remote", "--no-npm", "caller.ts", "index.ts", folder=client)
