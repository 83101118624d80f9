"""Fixtures of the embedded stores' tests: see `platforms.py` for what they hand out."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.allinone.platforms import (
    PlatformOpener,
    PlatformProcess,
    PlatformSpawner,
    running_platform,
)


@pytest.fixture
def open_platform() -> PlatformOpener:
    return running_platform


@pytest.fixture
def spawn_platform() -> Iterator[PlatformSpawner]:
    spawned: list[PlatformProcess] = []

    def spawn(folder: Path, *, prefix: tuple[str, ...] = ()) -> PlatformProcess:
        spawned.append(PlatformProcess(folder, prefix=prefix))
        return spawned[-1]

    yield spawn
    for platform in spawned:
        platform.kill()
        for pipe in (platform.process.stdin, platform.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine may enter; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="hutong-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
