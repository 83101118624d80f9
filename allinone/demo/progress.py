"""How far a long piece of work has come, for whoever waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

LINES = 10
"""Where lines are kept, as in a log, so many are written in all."""

REDRAWN_EVERY_SECONDS = 0.2
_CLEAR_LINE = "\r\x1b[K"


class Progress:
    """Counts up to a total, and writes how far it is: on a terminal one line, over and over.

    `begun_at` is a reading of the clock, if the work began before its total was known.
    """

    def __init__(
        self,
        *,
        total: int,
        noun: str,
        out: TextIO,
        clock: Callable[[], float] = time.monotonic,
        begun_at: float | None = None,
    ) -> None:
        self._total = total
        self._noun = noun
        self._out = out
        self._clock = clock
        self._is_terminal = out.isatty()
        self._begun_at = clock() if begun_at is None else begun_at
        self._written_at = float("-inf")
        self._lines_written = 0
        self.done = 0

    def add(self, number: int) -> None:
        """So many more are done; written if it is time to."""
        self.done += number
        now = self._clock()
        lines = LINES * self.done // self._total
        is_whole = self.done >= self._total
        if self._is_terminal:
            if is_whole or now - self._written_at >= REDRAWN_EVERY_SECONDS:
                self._written_at = now
                self._write(f"{_CLEAR_LINE}{self.text()}{chr(10) if is_whole else ''}")
        elif lines > self._lines_written:
            self._lines_written = lines
            self._write(f"{self.text()}\n")

    def stop(self) -> None:
        """Ends the line on a terminal, if the work was given up in its middle."""
        if self._is_terminal and 0 < self.done < self._total:
            self._write("\n")

    def text(self) -> str:
        """42,000 of 100,000 stores, 42 %, 2,100 a second, 28 s left."""
        seconds = self._clock() - self._begun_at
        text = f"{self.done:,} of {self._total:,} {self._noun}, {100 * self.done // self._total} %"
        if not self.done or seconds <= 0:
            return text
        a_second = self.done / seconds
        if self.done >= self._total:
            return f"{text}, {a_second:,.0f} a second, {seconds:.0f} s"
        left = (self._total - self.done) / a_second
        return f"{text}, {a_second:,.0f} a second, {left:.0f} s left"

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
