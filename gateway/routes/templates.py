"""Path templates of google.api.http: /v1/{name=stores/*/orders/*}:cancel.

A template is literals and single segments. Patterns over any number of segments are refused at
start, since none of our resource names needs one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

ANY = "*"
_VARIABLE = re.compile(r"\{([a-z0-9_.]+)(?:=([^{}]+))?\}")


class TemplateError(Exception):
    """A template that can't be served: a programmer's mistake, found at start."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A field that the path gives: its own path, and the segments from `start` up to `end`."""

    field: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Template:
    """A path's segments, each a literal or ANY, its verb, and what the segments mean."""

    segments: tuple[str, ...]
    verb: str
    variables: tuple[Variable, ...]

    def variables_in(self, segments: Sequence[str]) -> Mapping[tuple[str, ...], str] | None:
        """What a path's raw segments give each field; None if the path is another one.

        UnicodeDecodeError if a segment is not UTF-8.
        """
        for wanted, given in zip(self.segments, segments, strict=True):
            if wanted != given and (wanted != ANY or not given):
                return None
        decoded = [_decoded(segment) for segment in segments]
        return {each.field: "/".join(decoded[each.start : each.end]) for each in self.variables}

    def path(self, values: Mapping[tuple[str, ...], str]) -> str:
        """The path that gives these values, percent-encoded."""
        segments = list(self.segments)
        for variable in self.variables:
            parts = values[variable.field].split("/")
            segments[variable.start : variable.end] = [quote(part, safe="") for part in parts]
        return "/" + "/".join(segments) + (f":{self.verb}" if self.verb else "")


def template_of(text: str) -> Template:
    """The template in an annotation; TemplateError if it is not of the served kind."""
    segments: list[str] = []
    variables: list[Variable] = []
    path, verb = _without_verb(text)
    if not path.startswith("/") or "**" in path:
        raise TemplateError(text)
    for part in re.findall(r"\{[^{}]*\}|[^/{}]+", path):
        if not part.startswith("{"):
            segments.append(part)
            continue
        variable = _VARIABLE.fullmatch(part)
        if variable is None:
            raise TemplateError(text)
        start = len(segments)
        segments += (variable[2] or ANY).split("/")
        variables.append(Variable(tuple(variable[1].split(".")), start, len(segments)))
    return Template(tuple(segments), verb, tuple(variables))


def split_path(raw_path: bytes) -> tuple[list[str], str]:
    """A request's raw segments and its verb, "" if it has none."""
    path, verb = _without_verb(raw_path.decode("latin-1"))
    return path.removeprefix("/").split("/"), verb


def _without_verb(path: str) -> tuple[str, str]:
    head, _, verb = path.rpartition(":")
    if not head or not verb or "/" in verb or "}" in verb:
        return path, ""
    return head, verb


def _decoded(segment: str) -> str:
    """The segment's text; a slash that was encoded stays so, and is part of no name."""
    if "%" not in segment:
        return segment
    parts = re.split("(%2[fF])", segment)
    return "".join(
        part if part.lower() == "%2f" else unquote_to_bytes(part).decode() for part in parts
    )
