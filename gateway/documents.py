"""The repository's documentation, as files that may be read: README.md and docs/, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

README = "README.md"
_PATTERNS = ("*.md", "decisions/*.md")


@dataclass(frozen=True, slots=True)
class Document:
    """One page: its name below /docs/, its own title, and its file."""

    name: str
    title: str
    file: Path


def documents_in(docs_folder: Path) -> list[Document]:
    """The pages of a repository's docs folder, the README beside it first.

    A page is found by being listed here, so no name can lead to another file; a link that leaves
    the repository is not listed.
    """
    return [
        Document(name, _title_of(file) or name, file)
        for name, file in _files(docs_folder)
        if file.is_file() and file.resolve().is_relative_to(docs_folder.parent.resolve())
    ]


def _files(docs_folder: Path) -> Iterator[tuple[str, Path]]:
    yield README, docs_folder.parent / README
    for pattern in _PATTERNS:
        for file in sorted(docs_folder.glob(pattern)):
            yield file.relative_to(docs_folder).as_posix(), file


def _title_of(file: Path) -> str:
    with file.open(encoding="utf-8", errors="replace") as lines:
        return next((line[2:].strip() for line in lines if line.startswith("# ")), "")
