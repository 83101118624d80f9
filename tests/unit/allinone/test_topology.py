"""The topology: every service is a process, and a process imports what it runs and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

from allinone.topology import (
    BLUEPRINTS,
    GATEWAY,
    PROCESSES,
    SERVICE_SETTINGS,
    SERVICES,
    STOPPING_ORDER,
    WORKERS,
)

IMPORTED = """
import sys
from allinone.serving import command
from allinone.topology import BLUEPRINTS
for name in sys.argv[1:]:
    BLUEPRINTS.of(name)
print(*sys.modules)
"""
SUPERVISOR = "import sys, allinone.cluster.command; print(*sys.modules)"
HEAVY = ("allinone.demo.people", "allinone.issuer.sign_in", "alembic", "gateway", "starlette")


def modules(program: str, *arguments: str) -> set[str]:
    output = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    ).stdout
    return set(output.split())


def test_every_service_is_a_process_and_stops_once() -> None:
    assert sorted(PROCESSES) == sorted({*SERVICE_SETTINGS, WORKERS, GATEWAY})
    assert STOPPING_ORDER[0] == (GATEWAY, WORKERS)


def test_blueprints_are_those_of_the_services_in_order() -> None:
    assert tuple(plan.name for plan in BLUEPRINTS) == SERVICES
    assert [plan.name for plan in BLUEPRINTS[1:3]] == list(SERVICES[1:3])
    assert BLUEPRINTS.of("orders") is BLUEPRINTS[SERVICES.index("orders")]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_no_other_and_nothing_of_the_edge(service: str) -> None:
    imported = modules(IMPORTED, service)
    others = {f"services.{other}.main" for other in SERVICES if other != service}
    assert not imported & {*others, *HEAVY}
    assert ("numpy" in imported) is (service == "stores")


def test_the_supervisor_imports_no_service_and_no_grpc() -> None:
    imported = modules(SUPERVISOR)
    services = {f"services.{service}.main" for service in SERVICES}
    assert not imported & {*services, "alembic", "gateway", "starlette", "grpc", "sqlalchemy"}
