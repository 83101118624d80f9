"""The contracts as the HTTP side reads them: methods, and the comments of the proto files."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor

import hutong

_DESCRIPTORS = Path(str(hutong.__file__)).parent / "descriptors.binpb"

# Field numbers within descriptor.proto, of which the paths of source locations are made.
_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6
_FIELDS, _NESTED, _NESTED_ENUMS, _VALUES, _METHODS = 2, 3, 4, 2, 2

Place = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contracts:
    """Some services' methods, and what the proto files say of anything by its full name."""

    methods: Sequence[MethodDescriptor]
    comments: Mapping[str, str]


def contracts_of(services: Sequence[str]) -> Contracts:
    """The contracts of services by full name; KeyError if one is not among ours."""
    files = {
        f"{file.package}.{service.name}": file.name for file in _files() for service in file.service
    }
    pool: Any = descriptor_pool.Default()
    methods: list[MethodDescriptor] = []
    for name in services:
        importlib.import_module(files[name].removesuffix(".proto").replace("/", ".") + "_pb2")
        methods += pool.FindServiceByName(name).methods
    return Contracts(methods=methods, comments=_comments())


@cache
def _files() -> Sequence[descriptor_pb2.FileDescriptorProto]:
    return tuple(descriptor_pb2.FileDescriptorSet.FromString(_DESCRIPTORS.read_bytes()).file)


@cache
def _comments() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for file in _files():
        texts = {
            tuple(location.path): _unwrapped(location.leading_comments)
            for location in file.source_code_info.location
            if location.leading_comments
        }
        for name, path in _places(file):
            if path in texts:
                found[name] = texts[path]
    return found


def _places(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[str, Place]]:
    """Full names of everything in a file that may have a comment, and where it is."""
    package = file.package
    for number, message in enumerate(file.message_type):
        yield from _in_message(message, package, (_MESSAGES, number))
    for number, enum in enumerate(file.enum_type):
        yield from _in_enum(enum, package, (_ENUMS, number))
    for number, service in enumerate(file.service):
        path = (_SERVICES, number)
        yield f"{package}.{service.name}", path
        for position, method in enumerate(service.method):
            yield f"{package}.{service.name}.{method.name}", (*path, _METHODS, position)


def _in_message(
    message: descriptor_pb2.DescriptorProto, scope: str, path: Place
) -> Iterator[tuple[str, Place]]:
    name = f"{scope}.{message.name}"
    yield name, path
    for number, field in enumerate(message.field):
        yield f"{name}.{field.name}", (*path, _FIELDS, number)
    for number, nested in enumerate(message.nested_type):
        yield from _in_message(nested, name, (*path, _NESTED, number))
    for number, enum in enumerate(message.enum_type):
        yield from _in_enum(enum, name, (*path, _NESTED_ENUMS, number))


def _in_enum(
    enum: descriptor_pb2.EnumDescriptorProto, scope: str, path: Place
) -> Iterator[tuple[str, Place]]:
    yield f"{scope}.{enum.name}", path
    for number, value in enumerate(enum.value):
        yield f"{scope}.{enum.name}.{value.name}", (*path, _VALUES, number)


def _unwrapped(comment: str) -> str:
    """A comment as paragraphs: what was one paragraph in the file is one line."""
    paragraphs = comment.strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
