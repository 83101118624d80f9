"""The repository's documents, as the tests read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NOT_OURS = frozenset({".git", ".hutong", ".venv", "build", "dist", "gen"})

_CODE_SPAN = re.compile(r"`([^`]+)`")


def text_of(name: str) -> str:
    """The document at this path, relative to the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def markdown_files() -> list[Path]:
    """Every document of ours."""
    found = ROOT.rglob("*.md")
    return sorted(
        path
        for path in found
        if not NOT_OURS.intersection(path.relative_to(ROOT).parts) and ".pytest" not in str(path)
    )


def section(document: str, title: str) -> str:
    """The text below a second-level heading, to the next one of its level."""
    _, found, rest = document.partition(f"\n## {title}\n")
    assert found, f"there is no section {title!r}"
    return rest.partition("\n## ")[0]


def table_rows(text: str, *, first: str) -> Iterator[Mapping[str, str]]:
    """The rows of all tables whose first column has this title, by their columns' titles."""
    titles: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            titles = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not titles:
            titles = cells
        elif titles[0] == first and not set(line) <= set("|- "):
            assert len(cells) == len(titles), line
            yield dict(zip(titles, cells, strict=True))


def code_spans(text: str) -> list[str]:
    """What stands between backticks."""
    return _CODE_SPAN.findall(text)


def code_span(text: str) -> str:
    """What stands between the only backticks."""
    (span,) = code_spans(text)
    return span
