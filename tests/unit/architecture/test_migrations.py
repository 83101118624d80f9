"""Migrations are one line of revisions for each service, numbered as their files are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = [ROOT / "chassis/db/alembic/versions", *sorted(ROOT.glob("services/*/migrations"))]


def _revisions(folder: Path) -> Iterator[tuple[str, str, str | None]]:
    for file in sorted(folder.glob("[0-9]*.py")):
        text = file.read_text(encoding="utf-8")
        revision = re.search(r'^revision = "(\w+)"$', text, re.MULTILINE)
        before = re.search(r'^down_revision = (?:"(\w+)"|None)$', text, re.MULTILINE)
        assert revision is not None, file
        assert before is not None, file
        yield file.name, revision[1], before[1]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_each_revision_follows_the_one_before_it(folder: Path) -> None:
    newest: str | None = None
    for number, (name, revision, before) in enumerate(_revisions(folder), start=1):
        assert name.startswith(f"{number:04}_"), name
        assert revision.endswith(f"_{number:04}"), name
        assert before == newest, name
        newest = revision
    assert newest is not None
