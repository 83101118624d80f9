"""docs/errors.md is the registry of reasons: nothing the code can raise is absent from it."""

from __future__ import annotations

import importlib
import pkgutil
import re
import string
from collections.abc import Iterator
from types import ModuleType

import pytest

import chassis
import gateway
import pricing
import services
from chassis.kernel.errors import HutongError
from tests.unit.docs.documents import ROOT, code_span, code_spans, table_rows, text_of

NOT_IMPORTED = re.compile(r"\.(alembic|migrations|testing)(\.|$)")
"""Alembic's environments run when they are imported; the test harness raises nothing of ours."""

COMMENT_BLOCK = re.compile(r"(?:^[ \t]*//.*\n)+", re.MULTILINE)
REASON = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")


def modules_below(package: ModuleType) -> Iterator[ModuleType]:
    """The package and all modules in it."""
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not NOT_IMPORTED.search(found.name):
            yield importlib.import_module(found.name)


def error_classes() -> list[type[HutongError]]:
    """Every error that can cross the wire, as the modules define them."""
    defined = (
        value
        for package in (chassis, gateway, pricing, services)
        for module in modules_below(package)
        for value in vars(module).values()
    )
    found = {c for c in defined if isinstance(c, type) and issubclass(c, HutongError)}
    return sorted(found, key=lambda error: (error.reason, error.__module__, error.__name__))


def reasons_in_contracts() -> dict[str, str]:
    """Each reason that a contract's comment names after "Reasons:", with the file that does."""
    found: dict[str, str] = {}
    for file in sorted((ROOT / "proto").rglob("*.proto")):
        for block in COMMENT_BLOCK.findall(file.read_text(encoding="utf-8")):
            text = re.sub(r"\s*\n\s*//", "", block)
            for reason in REASON.findall(text.partition("Reasons:")[2]):
                found[reason] = file.name
    return found


REGISTRY = {
    code_span(row["reason"]): row for row in table_rows(text_of("docs/errors.md"), first="reason")
}
CLASSES = error_classes()


def test_the_search_finds_errors_of_every_part() -> None:
    parts = {error.__module__.partition(".")[0] for error in CLASSES}
    assert parts == {"chassis", "gateway", "pricing", "services"}


@pytest.mark.parametrize("error", CLASSES, ids=lambda e: f"{e.__module__}.{e.__name__}")
def test_an_error_is_in_the_registry_with_its_code_and_facts(error: type[HutongError]) -> None:
    assert error.reason in REGISTRY
    row = REGISTRY[error.reason]
    assert code_span(row["code"]) == error.kind.value
    in_message = {field for _, field, _, _ in string.Formatter().parse(error.message) if field}
    assert in_message <= set(code_spans(row["facts"]))


def test_the_registry_names_no_reason_that_no_code_raises() -> None:
    assert set(REGISTRY) <= {error.reason for error in CLASSES}


def test_a_reason_stands_in_the_registry_once() -> None:
    listed = [row["reason"] for row in table_rows(text_of("docs/errors.md"), first="reason")]
    assert len(listed) == len(set(listed))


def test_every_reason_that_a_contract_names_is_in_the_registry() -> None:
    named = reasons_in_contracts()
    assert "INSUFFICIENT_STOCK" in named
    unknown = {reason: file for reason, file in named.items() if reason not in REGISTRY}
    assert unknown == {}
