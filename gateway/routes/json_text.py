"""JSON from strangers: bounded before it is parsed, and only what RFC 8259 and I-JSON call JSON."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from chassis.kernel.errors import InvalidInput
from gateway.limits import DIGITS_MAX, JSON_DEPTH_MAX

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")

Json = Any
"""What JSON parses to: dict, list, str, int, float, bool or None."""


class JsonInvalid(InvalidInput):
    """The body is not JSON, or JSON that can't be told apart from other JSON."""

    reason = "JSON_INVALID"
    message = "the body is not valid JSON"


def parse_json(body: bytes) -> Json:
    """The value of a JSON text; JsonInvalid says what is wrong with it."""
    _check_depth(body)
    try:
        text = body.decode("utf-8")
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_fraction,
            parse_constant=_constant,
        )
    except UnicodeDecodeError:
        raise JsonInvalid.at("", "is not UTF-8") from None
    except json.JSONDecodeError as problem:
        raise JsonInvalid.at(
            "", f"is not JSON at line {problem.lineno} column {problem.colno}"
        ) from None
    except RecursionError:
        raise JsonInvalid.at("", f"is nested more than {JSON_DEPTH_MAX} deep") from None


def parse_number(text: str) -> Json:
    """The number that a text of JSON's form is; JsonInvalid if it is too large."""
    return _integer(text) if text.lstrip("-").isdecimal() else _fraction(text)


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= JSON_DEPTH_MAX:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > JSON_DEPTH_MAX:
            raise JsonInvalid.at("", f"is nested more than {JSON_DEPTH_MAX} deep")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonInvalid.at(_shown(twice), "is given twice")
    return made


def _integer(digits: str) -> int:
    if len(digits) > DIGITS_MAX:
        raise JsonInvalid.at("", f"has a number of more than {DIGITS_MAX} digits")
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits) if len(digits) <= DIGITS_MAX else math.inf
    if not math.isfinite(number):
        raise JsonInvalid.at("", "has a number that is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise JsonInvalid.at("", f"has {name}, which is no number of JSON")


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
