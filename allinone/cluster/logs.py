"""What all processes write, joined to one stream: each line with the name of its process."""

from __future__ import annotations

import io
import json
from typing import Any, Literal, TextIO, cast

NAME_LETTERS = 10
LINE_BYTES_MAX = 256 * 1024
"""A longer line is told in parts."""


class JoinedLogs:
    """Writes lines of several processes to one stream. As JSON every line is an object."""

    def __init__(self, out: TextIO, *, form: Literal["console", "json"]) -> None:
        self._out = out
        self._form = form

    def write(self, process: str, line: str) -> None:
        """One line of a process, without its end."""
        if self._form == "json":
            told = json.dumps({"process": process} | _fields(line), ensure_ascii=False)
        else:
            told = f"{process:{NAME_LETTERS}} {line}"
        try:
            print(told, file=self._out, flush=True)
        except OSError:
            return  # Nobody reads, or the disk is full: the line is lost, and the process goes on.

    def stream(self, process: str) -> TextIO:
        """A stream whose lines are told as those of this process."""
        return cast(TextIO, _Lines(self, process))


class _Lines(io.TextIOBase):
    def __init__(self, logs: JoinedLogs, process: str) -> None:
        self._logs = logs
        self._process = process
        self._begun = ""

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._logs.write(self._process, line)
        return len(text)


def _fields(line: str) -> dict[str, Any]:
    """An object's fields; what is no object is told as an event of its own."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        return fields
    return {"event": "process_wrote", "level": "info", "text": line}
