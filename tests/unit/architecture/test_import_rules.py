"""The contracts of pyproject.toml hold on a clean tree and break on every import they forbid.

A contract that is misspelt, or whose wildcard matches nothing, passes for ever in silence. So each
forbidden import is planted in a skeleton of the packages, and import-linter has to name it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

CHASSIS_PARTS = (
    "app", "db", "garbage", "health", "http", "kernel", "log", "messaging", "probes", "rpc",
    "settings", "telemetry", "testing", "trace_recorder", "tracing",
)  # fmt: skip
REQUIRED_FILES = ("main", "api", "usecases", "repository", "models", "domain", "settings")
OPTIONAL_FILES = ("events", "workers", "clients", "sagas", "convert", "ports")

LAYERS = "Every service has the same layers"
PURE_DOMAIN = "The domain is pure"
NO_PROTOBUF = "Only the edges of a service speak protobuf"
NO_SQL = "SQL is written in repositories and models"
PRIVATE_TABLES = "Tables are private to their repository"
NO_HARNESS = "Production code never imports the test harness"
PURE_REPLAY = "The replay knows the platform by its contracts"
PURE_KERNEL = "The kernel needs the standard library"
PURE_PRICING = "Pricing is pure"

VIOLATIONS = [
    ("gateway", "services.full.usecases", "gateway and services never meet"),
    ("services.full.clients", "gateway", "gateway and services never meet"),
    ("gateway", "allinone", "allinone composes"),
    ("pricing", "services.full.domain", "pricing is pure and below them"),
    ("chassis.app", "services.full.main", "pricing is pure and below them"),
    ("services.full.clients", "services.bare.usecases", "Services never import one another"),
    ("services.full.usecases", "services.full.api", LAYERS),
    ("services.full.domain", "services.full.repository", LAYERS),
    ("services.bare.repository", "services.bare.usecases", LAYERS),
    ("services.full.domain", "sqlalchemy", PURE_DOMAIN),
    ("services.full.domain", "asyncpg", PURE_DOMAIN),
    ("services.full.domain", "hutong.orders.v1", PURE_DOMAIN),
    *(
        (place, f"chassis.{part}", rule)
        for place, rule in (("services.full.domain", PURE_DOMAIN), ("pricing", PURE_PRICING))
        for part in CHASSIS_PARTS
        if part != "kernel"
    ),
    ("services.full.usecases", "grpc", NO_PROTOBUF),
    ("services.full.usecases", "hutong.orders.v1", NO_PROTOBUF),
    ("services.full.repository", "chassis.rpc", NO_PROTOBUF),
    ("services.full.sagas", "google.rpc.status_pb2", NO_PROTOBUF),
    ("services.full.usecases", "sqlalchemy", NO_SQL),
    ("services.full.usecases", "asyncpg", NO_SQL),
    ("services.full.workers", "psycopg", NO_SQL),
    ("services.full.api", "sqlalchemy", NO_SQL),
    ("gateway", "asyncpg", NO_SQL),
    ("services.full.usecases", "services.full.models", PRIVATE_TABLES),
    ("allinone", "services.full.models", PRIVATE_TABLES),
    ("services.full.main", "chassis.testing", NO_HARNESS),
    ("allinone.replay", "services.full.domain", PURE_REPLAY),
    ("allinone.replay", "asyncpg", PURE_REPLAY),
    ("chassis.kernel", "chassis.db", "The chassis is layered"),
    ("chassis.rpc", "chassis.messaging", "The chassis is layered"),
    ("chassis.db", "chassis.testing", "The chassis is layered"),
    ("chassis.kernel", "redis", PURE_KERNEL),
    ("chassis.kernel", "asyncpg", PURE_KERNEL),
    ("pricing", "structlog", PURE_PRICING),
]


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """Empty packages under the real contracts: one service with every file, one with the least."""
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    for package in ("allinone", "gateway", "pricing", "chassis", "services"):
        write_module(tmp_path, f"{package}.__init__")
    write_module(tmp_path, "allinone.replay")
    for part in CHASSIS_PARTS:
        write_module(tmp_path, f"chassis.{part}")
    for service, files in (("full", REQUIRED_FILES + OPTIONAL_FILES), ("bare", REQUIRED_FILES)):
        for file in ("__init__", *files):
            write_module(tmp_path, f"services.{service}.{file}")
    return tmp_path


def write_module(tree: Path, name: str, source: str = "") -> None:
    path = (tree / name.replace(".", "/")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")


def plant_import(tree: Path, *, importer: str, imported: str) -> None:
    is_package = (tree / importer.replace(".", "/")).is_dir()
    write_module(tree, f"{importer}.__init__" if is_package else importer, f"import {imported}\n")


def lint_imports(tree: Path) -> tuple[int, str]:
    """Return import-linter's exit code and report, the report on one long line."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_clean_skeleton_keeps_every_contract(skeleton: Path) -> None:
    exit_code, report = lint_imports(skeleton)
    assert "0 broken" in report
    assert exit_code == 0


@pytest.mark.parametrize(("importer", "imported", "contract"), VIOLATIONS)
def test_forbidden_import_is_reported(
    skeleton: Path, importer: str, imported: str, contract: str
) -> None:
    plant_import(skeleton, importer=importer, imported=imported)
    exit_code, report = lint_imports(skeleton)
    broken_contracts = report.partition("Broken contracts")[2]
    assert contract in broken_contracts
    assert importer in broken_contracts
    assert exit_code == 1


def test_file_outside_the_layout_of_a_service_is_reported(skeleton: Path) -> None:
    write_module(skeleton, "services.full.helpers")
    exit_code, report = lint_imports(skeleton)
    assert "helpers" in report.partition("Broken contracts")[2]
    assert exit_code == 1


def test_service_without_a_required_file_is_reported(skeleton: Path) -> None:
    (skeleton / "services/bare/domain.py").unlink()
    exit_code, report = lint_imports(skeleton)
    assert "domain" in report
    assert exit_code == 1


def test_every_contract_is_broken_by_some_planted_import(skeleton: Path) -> None:
    for importer in {importer for importer, _, _ in VIOLATIONS}:
        imports = [imported for candidate, imported, _ in VIOLATIONS if candidate == importer]
        plant_import(skeleton, importer=importer, imported=", ".join(imports))
    _, report = lint_imports(skeleton)
    assert "Contracts: 0 kept" in report
