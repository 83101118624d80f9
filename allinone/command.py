"""`hutong`: hands each command to the module that knows it, and tells problems in one line.

Processes of a cluster are started here too, so nothing is imported before it is known which one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

PROCESS_COMMANDS = {
    "cluster": "Runs the platform as a process for each service, until it is told to stop.",
    "serve": "Runs one process of the platform: a service, the workers or the gateway.",
}
"""Commands that are processes with little room, and modules of their own. `cli` has the others."""

MODULES = {"cluster": "allinone.cluster.command", "serve": "allinone.serving.command"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its code: 0 when it did its work."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    module = MODULES.get(words[0], "allinone.cli") if words else "allinone.cli"
    import_module(module).main(words)


def ending(work: Callable[[], int], problems: tuple[type[Exception], ...]) -> int:
    """The exit code of the work; problems that a user can mend are told in one line, and are 1."""
    try:
        return work()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except problems as problem:
        print(f"hutong: {_one_line(problem)}", file=sys.stderr)
        return 1


def _one_line(problem: BaseException) -> str:
    return " ".join(str(problem).split()) or type(problem).__name__
