"""What keeps a back-up from being taken or restored. Each text is one line for whoever asked."""

from __future__ import annotations

from pathlib import Path

from allinone.embedded import EmbeddedError


class BackupRefused(EmbeddedError):
    """It can't be taken or restored as asked, and nothing was touched."""


class BackupFailed(EmbeddedError):
    """It was begun and did not end well; what had been written is removed."""


class BackupDamaged(EmbeddedError):
    """The folder holds no whole back-up, as it was written."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(f"{folder} is no whole back-up ({problem}): restore another one")
