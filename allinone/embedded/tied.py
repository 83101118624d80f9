"""How a program is started so that it ends with the process that started it, on Linux."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from signal import Signals

from allinone.embedded import launch

_LAUNCHER = (sys.executable, "-I", "-S", str(Path(launch.__file__).absolute()))


def tied(command: Sequence[str], *, death_signal: Signals, folder: Path | None = None) -> list[str]:
    """The command to run in place of this one: the same program, sent the signal when this process
    is gone.

    With a folder it is a store, which holds that folder and leaves root first.
    """
    ties = ["--parent", str(os.getpid()), "--death-signal", str(int(death_signal))]
    if folder is not None:
        ties += ["--folder", str(folder)]
    return [*_LAUNCHER, *ties, "--", *command]
