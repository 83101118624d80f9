"""Which fields make a stream resumable, on methods made up for it."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from gateway.routes.resumption import ResumptionError, resumption_of
from hutong.common.v1 import resumption_pb2

_F = descriptor_pb2.FieldDescriptorProto
RESUMPTION: Any = resumption_pb2.resumption


def method(
    reply_type: int = _F.TYPE_STRING,
    request_type: int = _F.TYPE_STRING,
    *,
    reply_field: str = "cursor",
    label: int = _F.LABEL_OPTIONAL,
    streams: bool = True,
) -> MethodDescriptor:
    """A method Follow(Ask) returns (stream News) with a resumption."""
    file = descriptor_pb2.FileDescriptorProto(name="made_up.proto", package="made", syntax="proto3")
    for name, field, kind in (("Ask", "seen", request_type), ("News", "cursor", reply_type)):
        file.message_type.add(name=name).field.add(name=field, number=1, type=kind, label=label)
    made = file.service.add(name="Press").method.add(
        name="Follow", input_type=".made.Ask", output_type=".made.News", server_streaming=streams
    )
    declared = made.options.Extensions[RESUMPTION]
    declared.reply_field, declared.request_field = reply_field, "seen"
    pool = descriptor_pool.DescriptorPool()
    for known in (descriptor_pb2, resumption_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    found: MethodDescriptor = pool.FindServiceByName("made.Press").methods_by_name["Follow"]
    return found


@pytest.mark.parametrize("kind", [_F.TYPE_STRING, _F.TYPE_INT64, _F.TYPE_UINT32])
def test_text_and_whole_numbers_are_positions(kind: int) -> None:
    follow = method(kind, kind)
    resumption = resumption_of(follow)
    assert resumption is not None
    news: Any = GetMessageClass(follow.output_type)()
    news.cursor = "a7" if kind == _F.TYPE_STRING else 7
    assert resumption.position(news) == str(news.cursor)


def test_a_position_of_several_lines_is_not_told() -> None:
    follow = method()
    resumption = resumption_of(follow)
    assert resumption is not None
    assert resumption.position(GetMessageClass(follow.output_type)(cursor="1\ndata: forged")) == ""


@pytest.mark.parametrize(
    "misfit",
    [
        {"reply_type": _F.TYPE_INT64},
        {"reply_type": _F.TYPE_DOUBLE, "request_type": _F.TYPE_DOUBLE},
        {"reply_type": _F.TYPE_BYTES, "request_type": _F.TYPE_BYTES},
        {"label": _F.LABEL_REPEATED},
        {"reply_field": "absent"},
        {"streams": False},
    ],
)
def test_what_fits_no_position_keeps_the_gateway_from_starting(misfit: dict[str, Any]) -> None:
    with pytest.raises(ResumptionError):
        resumption_of(method(**misfit))
