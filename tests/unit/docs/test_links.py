"""A link from one of our documents to another file, or to a heading, leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.docs.documents import ROOT, markdown_files

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")


def anchors(document: Path) -> set[str]:
    """What a link may have after #, as GitHub makes it of headings."""
    prose = FENCED.sub("", document.read_text(encoding="utf-8"))
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(prose))
    return {text.replace(" ", "-") for text in kept}


def dead_links(document: Path, *, root: Path = ROOT) -> list[str]:
    """The relative links of a document that lead nowhere, or out of the root."""
    dead = []
    for link in LINK.findall(FENCED.sub("", document.read_text(encoding="utf-8"))):
        if ELSEWHERE.match(link):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        is_alive = target.exists() and target.is_relative_to(root)
        if not is_alive or (anchor and anchor not in anchors(target)):
            dead.append(link)
    return dead


@pytest.mark.parametrize(
    "document", markdown_files(), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_relative_links_lead_to_a_file_and_a_heading(document: Path) -> None:
    assert dead_links(document) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("# A title\n[gone](gone.md) [above](#a-title) [below](#nothing)\n")
    assert dead_links(document, root=tmp_path) == ["gone.md", "#nothing"]
