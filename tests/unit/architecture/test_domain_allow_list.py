"""Pure code imports what is on its list, and nothing else.

The contracts of import-linter forbid what is known to be wrong; a package that nobody thought of
passes them. Here the pure parts name all they may use.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def may_import(file: Path) -> frozenset[str] | None:
    """Return what `file` may import beyond the standard library, or None if it is not pure code."""
    parts = file.with_suffix("").parts
    match parts:
        case ("chassis", "kernel", "geo", *_):
            return frozenset({"chassis.kernel", "pyproj"})
        case ("chassis", "kernel", "nearest", *_):
            return frozenset({"chassis.kernel", "numpy"})
        case ("chassis", "kernel", *_):
            return frozenset({"chassis.kernel"})
        case ("pricing", "barcode", *_):
            return frozenset({"chassis.kernel", "pricing", "biip", "stdnum"})
        case ("pricing", *_):
            return frozenset({"chassis.kernel", "pricing"})
        case ("services", service, "domain", *_):
            return frozenset({"chassis.kernel", "pricing", f"services.{service}.domain"})
        case _:
            return None


def forbidden_imports(tree: Path) -> list[str]:
    """Return a line for every import by pure code below `tree` that is not on its list."""
    return [
        f"{file}:{line} imports {name}"
        for file in sorted(path.relative_to(tree) for path in python_files(tree))
        if (allowed := may_import(file)) is not None
        for line, name in imported_names(ast.parse((tree / file).read_bytes()))
        if not is_allowed(name, allowed)
    ]


def python_files(tree: Path) -> Iterator[Path]:
    for package in ("chassis", "pricing", "services"):
        yield from (tree / package).rglob("*.py")


def imported_names(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import, at any depth; `from a import b` yields a.b.

    `b` may be a module of its own, so `a` alone would let `from chassis import db` pass.
    """
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def is_allowed(name: str, allowed: frozenset[str]) -> bool:
    if name.partition(".")[0] in sys.stdlib_module_names:
        return True
    return any(f"{name}.".startswith(f"{prefix}.") for prefix in allowed)


def write(tree: Path, file: str, source: str) -> None:
    path = tree / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")


def test_pure_code_imports_only_what_its_list_allows() -> None:
    assert forbidden_imports(ROOT) == []


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("services/orders/domain.py", "import numpy"),
        ("services/orders/domain.py", "from chassis import db"),
        ("services/orders/domain.py", "import services.orders.repository"),
        ("services/orders/domain/total.py", "from services.payments.domain import Tender"),
        ("services/orders/domain/total.py", "from . import repository"),
        ("services/orders/domain.py", "def late():\n    import requests"),
        ("pricing/basket.py", "import stdnum.ean"),
        ("pricing/basket.py", "from pyproj.geod import Geod"),
        ("pricing/barcode.py", "import chassis.kernelish"),
        ("chassis/kernel/money.py", "from pyproj.geod import Geod"),
        ("chassis/kernel/names.py", "import pricing"),
        ("chassis/kernel/geo.py", "import shapely"),
    ],
)
def test_import_that_is_not_on_the_list_is_found(tmp_path: Path, file: str, source: str) -> None:
    write(tmp_path, file, source)
    assert len(forbidden_imports(tmp_path)) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("services/orders/domain.py", "from chassis.kernel.money import Money"),
        ("services/orders/domain/total.py", "from services.orders.domain.lines import Line"),
        ("services/orders/domain.py", "from pricing.quote import Quote"),
        ("services/orders/domain.py", "from collections.abc import Sequence"),
        ("services/orders/repository.py", "import sqlalchemy"),
        ("pricing/barcode.py", "import biip, stdnum.ean"),
        ("pricing/barcode/weighed.py", "from stdnum import ean"),
        ("chassis/kernel/geo.py", "from pyproj.geod import Geod"),
    ],
)
def test_import_that_is_on_the_list_passes(tmp_path: Path, file: str, source: str) -> None:
    write(tmp_path, file, source)
    assert forbidden_imports(tmp_path) == []
