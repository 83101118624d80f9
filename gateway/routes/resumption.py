"""How a stream that was cut is taken up again, as the contract's `resumption` option says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from hutong.common.v1 import resumption_pb2

_RESUMPTION: Any = resumption_pb2.resumption
_F = FieldDescriptor
_POSITIONS = (_F.CPPTYPE_INT32, _F.CPPTYPE_INT64, _F.CPPTYPE_UINT32, _F.CPPTYPE_UINT64)
"""Fields that can be a place in a stream; so can strings."""


class ResumptionError(Exception):
    """A method's option names what it does not have: a programmer's mistake, found at start."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """The message's field that says where it is, and the request's that says what was seen."""

    reply_field: str
    request_field: str

    def position(self, message: Message) -> str:
        """The message's place in its stream, "" if it can't be said in one line."""
        position = str(getattr(message, self.reply_field))
        return position if position.isprintable() else ""


def resumption_of(method: MethodDescriptor) -> Resumption | None:
    """How a streaming method's streams are resumed; None if they can't be.

    ResumptionError if the option does not fit the method.
    """
    options = method.GetOptions()
    if not options.HasExtension(_RESUMPTION):
        return None
    declared: resumption_pb2.Resumption = options.Extensions[_RESUMPTION]
    of_reply = method.output_type.fields_by_name.get(declared.reply_field)
    of_request = method.input_type.fields_by_name.get(declared.request_field)
    if not method.server_streaming or of_reply is None or of_request is None:
        raise ResumptionError(f"{method.full_name}: the resumption names no such field")
    if of_reply.cpp_type != of_request.cpp_type or not _is_position(of_reply):
        raise ResumptionError(f"{method.full_name}: the resumption's fields say no position")
    return Resumption(declared.reply_field, declared.request_field)


def _is_position(field: FieldDescriptor) -> bool:
    if field.is_repeated:
        return False
    return field.cpp_type in _POSITIONS or field.type == _F.TYPE_STRING
