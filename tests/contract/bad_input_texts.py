"""The table of bad input, the part below messages: JSON text and bytes that can't be any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hutong.inventory.v1 import inventory_service_pb2 as inventory
from tests.contract.asking import Refusal

DIGITS = "9" * 5000
DEPTH = 5000


@dataclass(frozen=True, slots=True)
class Text:
    """A text, with the reason that it is refused for, and what is named as wrong if it can be."""

    name: str
    text: str | bytes
    reason: str = "INVALID_INPUT"
    field: str = ""

    def __str__(self) -> str:
        return self.name

    @property
    def json(self) -> str:
        """The text of one value."""
        assert isinstance(self.text, str)
        return self.text

    def refusal(self, field: str) -> Refusal:
        """The refusal that it gets as the value of a field."""
        named = field if self.reason != "JSON_INVALID" else ""
        return Refusal("INVALID_ARGUMENT", self.reason, (named,))


def _invalid(name: str, text: str | bytes) -> Text:
    return Text(name, text, "JSON_INVALID")


_NO_NUMBERS = (
    _invalid("NaN", "NaN"),
    _invalid("Infinity", "Infinity"),
    _invalid("-Infinity", "-Infinity"),
    _invalid("1e400", "1e400"),
    _invalid("-1e400", "-1e400"),
    _invalid("5,000 digits", DIGITS),
    _invalid("nested 5,000 deep", "[" * DEPTH + "]" * DEPTH),
    Text("NaN in quotes", '"NaN"'),
    Text("Infinity in quotes", '"Infinity"'),
    Text("5,000 digits in quotes", f'"{DIGITS}"'),
    Text("true", "true"),
    Text("an object", "{}"),
)

QUANTITIES = (
    *_NO_NUMBERS,
    Text("2^63", str(2**63)),
    Text("a fraction", "1.5"),
    Text("grouped digits", '"1_000"'),
    Text("null", "null"),
)

LATITUDES = (*_NO_NUMBERS, Text("90.1", "90.1"), Text("a number in quotes", '"31.2"'))

TIMES = (
    Text("a naive time", '"2030-01-01T00:00:00"'),
    Text("the year 10000", '"10000-01-01T00:00:00Z"'),
    Text("the year 0", '"0000-01-01T00:00:00Z"'),
    Text("the 30th of February", '"2030-02-30T00:00:00Z"'),
    Text("a date", '"2030-01-01"'),
    Text("seconds", "1893456000"),
)

BODIES = (
    Text("nothing", "", field="lines"),
    Text("a list", "[]"),
    _invalid("no JSON", "{'a': 1}"),
    _invalid("half of an object", '{"lines": ['),
    Text(
        "a key twice",
        '{"deliveryNote": "a", "deliveryNote": "b"}',
        reason="JSON_INVALID",
        field="deliveryNote",
    ),
    Text("a lone surrogate", '{"deliveryNote": "\\ud800"}', field="delivery_note"),
    Text("a lone surrogate as a key", '{"\\udc00": 1}', field="?"),
    _invalid("invalid UTF-8", b'{"deliveryNote": "\xff"}'),
    _invalid("a surrogate in UTF-8", b'{"deliveryNote": "\xed\xa0\x80"}'),
    _invalid("UTF-16", '{"deliveryNote": "a"}'.encode("utf-16")),
    _invalid("objects nested 5,000 deep", '{"lines":' * DEPTH),
    _invalid("lists nested 5,000 deep", '{"lines":' + "[" * DEPTH + "]" * DEPTH + "}"),
    _invalid("NUL", b"\x00"),
    Text("a field that nobody knows", '{"surprise": 1}', field="surprise"),
    Text("two names of one field", '{"requestId": "a", "request_id": "a"}', field="request_id"),
    Text("a wrong parent", '{"parent": "stores/other"}', field="parent"),
)


def _with_note(note: bytes) -> bytes:
    """A delivery whose note is these bytes."""
    plain = inventory.ReceiveStockRequest(delivery_note="@" * len(note)).SerializeToString()
    return plain.replace(b"@" * len(note), note)


DATA: Mapping[str, bytes] = {
    "invalid UTF-8": _with_note(b"a\xffb"),
    "a surrogate in UTF-8": _with_note(b"\xed\xa0\x80"),
    "an overlong NUL": _with_note(b"\xc0\x80"),
    "garbage": b"\xff\xff\xff\xff",
    "JSON": b'{"lines": []}',
    "a message cut short": inventory.ReceiveStockRequest(parent="stores/sh01").SerializeToString()[
        :-1
    ],
    "a length beyond the end": b"\x0a\xff\xff\xff\xff\x7f",
    "the field number 0": b"\x00\x00",
    "groups nested 5,000 deep": b"\x0b" * DEPTH + b"\x0c" * DEPTH,
}
