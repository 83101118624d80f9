"""What a back-up says of itself: versions, and a checksum of every file.

The files of PostgreSQL have their checksums in a manifest of PostgreSQL's own, whose checksum is
here. The manifest is written last: a folder without one is half a back-up, and is not restored.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from allinone.backup.errors import BackupDamaged

FORMAT = 1
MANIFEST = "backup.json"
POSTGRES = "postgres"
POSTGRES_MANIFEST = f"{POSTGRES}/backup_manifest"
READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """When a back-up was made and by what, the schema revisions by service, checksums by file."""

    created_at: str
    hutong: str
    postgres: str
    schemas: Mapping[str, Sequence[str]]
    files: Mapping[str, str]

    @property
    def postgres_major(self) -> str:
        """What decides whether a PostgreSQL can read the files."""
        return self.postgres.partition(".")[0]

    def write(self, folder: Path) -> None:
        """Writes it to the folder; it is on the disk before this returns."""
        said = {"format": FORMAT, **asdict(self)}
        content = json.dumps({**said, "checksum": _checksum_of(said)}, indent=2, sort_keys=True)
        put(folder / MANIFEST, content.encode() + b"\n")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest in the folder, if all that it lists but PostgreSQL's files is as it was.

        BackupDamaged otherwise.
        """
        try:
            said = json.loads((folder / MANIFEST).read_bytes())
            checksum = said.pop("checksum")
            if said["format"] != FORMAT:
                raise BackupDamaged(folder, f"its format is {said['format']}, not {FORMAT}")
            if checksum != _checksum_of(said):
                raise BackupDamaged(folder, f"{MANIFEST} was changed")
            del said["format"]
            manifest = cls(**said)
        except FileNotFoundError as problem:
            raise BackupDamaged(folder, f"it has no {MANIFEST}") from problem
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise BackupDamaged(folder, f"{MANIFEST} can't be read") from problem
        for name, wanted in manifest.files.items():
            _require_checksum(folder, name, wanted)
        return manifest


def checksums(folder: Path) -> dict[str, str]:
    """The checksum of each file in the folder, but for those that PostgreSQL's manifest has."""
    return {
        file.relative_to(folder).as_posix(): checksum(file)
        for file in sorted(_files_below(folder))
        if file.relative_to(folder).parts[0] != POSTGRES
    } | {POSTGRES_MANIFEST: checksum(folder / POSTGRES_MANIFEST)}


def checksum(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def put(file: Path, content: bytes) -> None:
    """Writes a file that only its owner may read; it is on the disk before this returns."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _require_checksum(folder: Path, name: str, wanted: str) -> None:
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise BackupDamaged(folder, f"{MANIFEST} names {name}")
    try:
        found = checksum(folder / name)
    except OSError as problem:
        raise BackupDamaged(folder, f"{name}: {problem.strerror}") from problem
    if found != wanted:
        raise BackupDamaged(folder, f"{name} was changed")


def _checksum_of(said: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
