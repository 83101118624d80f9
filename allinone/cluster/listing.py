"""The list of a cluster's processes, kept in the home for whoever looks from outside."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "processes.json"


@dataclass(frozen=True, slots=True)
class Listed:
    """One process: its id, None while it is down, where it serves, how often it was started."""

    pid: int | None
    grpc_address: str
    http_address: str
    starts: int


@dataclass(frozen=True, slots=True)
class Listing:
    """All processes by name, and the one that keeps them."""

    supervisor: int
    processes: Mapping[str, Listed]

    def write(self, folder: Path) -> None:
        """Puts the list into a home's folder, whole."""
        path = folder / FILE
        unfinished = path.with_suffix(".new")
        content = json.dumps(asdict(self), indent=2)
        with open(unfinished, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
        unfinished.replace(path)

    @classmethod
    def read(cls, folder: Path) -> Listing | None:
        """The list in a home's folder; None if no cluster was left there."""
        try:
            content = json.loads((folder / FILE).read_text())
        except (FileNotFoundError, PermissionError):
            return None
        processes = {name: Listed(**listed) for name, listed in content["processes"].items()}
        return cls(supervisor=content["supervisor"], processes=processes)

    @staticmethod
    def remove(folder: Path) -> None:
        """Takes the list away; harmless if there is none."""
        (folder / FILE).unlink(missing_ok=True)
