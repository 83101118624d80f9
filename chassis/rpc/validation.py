"""A request against the rules of its contract."""

from __future__ import annotations

import protovalidate
from google.protobuf.message import DecodeError, Message

from chassis.kernel.errors import InvalidInput

VIOLATIONS_MAX = 20


class MessageMalformed(InvalidInput):
    """The bytes are not a message of the method's type."""

    reason = "MESSAGE_MALFORMED"
    message = "the bytes are not a valid message"


def parsed(kind: type[Message], data: bytes) -> Message:
    """The message in the bytes; MessageMalformed if there is none."""
    try:
        return kind.FromString(data)
    except DecodeError:
        raise MessageMalformed from None


class Validator:
    """Checks messages against the constraints that their proto declares."""

    def __init__(self) -> None:
        self._validator = protovalidate.Validator()

    def check(self, message: Message) -> None:
        """InvalidInput with every field that breaks a rule."""
        try:
            self._validator.validate(message)
        except protovalidate.ValidationError as error:
            raise InvalidInput.of(
                *(
                    (_path(violation), violation.proto.message)
                    for violation in error.violations[:VIOLATIONS_MAX]
                )
            ) from None


def _path(violation: protovalidate.Violation) -> str:
    parts = []
    for element in violation.proto.field.elements if violation.proto.field else ():
        subscript = element.subscript
        parts.append(
            element.field_name if subscript is None else f"{element.field_name}[{subscript.value}]"
        )
    return ".".join(parts)
