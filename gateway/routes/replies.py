"""A reply's bytes become JSON: the same bytes the same text, whenever and wherever it is asked."""

from __future__ import annotations

import hashlib
import json

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass


def message_in(kind: Descriptor, reply: bytes) -> Message:
    """The message in a reply's bytes."""
    return GetMessageClass(kind).FromString(reply)


def json_of_message(message: Message) -> bytes:
    """The message as JSON: enums by name, 64-bit numbers as strings, empty fields shown.

    Only messages and alternatives that are absent are left out, so what a client reads is there.
    """
    tree = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()


def etag_of(body: bytes) -> str:
    """The tag of a body. It is weak since the body may also go out packed."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether the caller has this tag already, by weak comparison."""
    if if_none_match.strip() == "*":
        return True
    wanted = etag.removeprefix("W/")
    return any(each.strip().removeprefix("W/") == wanted for each in if_none_match.split(","))
