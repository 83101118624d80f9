"""Which method answers which HTTP method and path, as google.api.http annotations say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.api import annotations_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from chassis.rpc.access import path_of
from gateway.routes.resumption import Resumption, resumption_of
from gateway.routes.templates import Template, TemplateError, split_path, template_of

WHOLE_BODY = "*"
REQUEST_ID = "request_id"
_HTTP: Any = annotations_pb2.http
_VERBS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One way to call a method over HTTP.

    `rpc_path` is what gRPC calls the method by, `route` what metrics call the binding. `body` is
    the field that the body is, WHOLE_BODY for the request itself, "" for no body. `number` tells a
    method's bindings apart, 0 being the main one. `resumption` is None unless the method answers
    with a stream that can be resumed.
    """

    method: MethodDescriptor
    rpc_path: str
    route: str
    http_method: str
    text: str
    template: Template
    body: str
    number: int
    resumption: Resumption | None

    @property
    def elsewhere(self) -> frozenset[str]:
        """The fields that are no parameters of the query, since the path or the body has them."""
        in_path = {".".join(variable.field) for variable in self.template.variables}
        return frozenset({self.body, *in_path})

    @property
    def is_read(self) -> bool:
        """Whether the answer may be kept and asked for again."""
        return self.http_method == "GET" and not self.is_stream

    @property
    def is_stream(self) -> bool:
        """Whether the answer is a stream of messages."""
        return bool(self.method.server_streaming)

    @property
    def has_request_id(self) -> bool:
        """Whether the request has an id that a repeat is known by."""
        return REQUEST_ID in self.method.input_type.fields_by_name


@dataclass(frozen=True, slots=True)
class Match:
    """The binding that takes a request, and the fields that the path gives."""

    binding: Binding
    values: Mapping[tuple[str, ...], str]


class NoSuchPath(Exception):
    """No method has this path."""


class WrongMethod(Exception):
    """The path is known, with these HTTP methods."""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(", ".join(allowed))
        self.allowed = tuple(allowed)


def bindings_of(methods: Sequence[MethodDescriptor]) -> list[Binding]:
    """Every binding of the methods; those without an annotation have none.

    TemplateError if an annotation names what the request does not have.
    """
    return [binding for method in methods for binding in _bindings(method)]


class Routes:
    """Finds the binding of a request."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        self._by_shape: dict[tuple[int, str], list[Binding]] = defaultdict(list)
        seen: dict[tuple[str, tuple[str, ...], str], Binding] = {}
        for binding in bindings:
            template = binding.template
            key = (binding.http_method, template.segments, template.verb)
            if key in seen:
                raise TemplateError(f"{binding.text} is {seen[key].rpc_path} already")
            seen[key] = binding
            self._by_shape[len(template.segments), template.verb].append(binding)

    def match(self, http_method: str, raw_path: bytes) -> Match:
        """The binding for a request; NoSuchPath or WrongMethod if there is none.

        UnicodeDecodeError if the path is not UTF-8.
        """
        segments, verb = split_path(raw_path)
        wanted = "GET" if http_method == "HEAD" else http_method
        others: list[str] = []
        for binding in self._by_shape.get((len(segments), verb), ()):
            values = binding.template.variables_in(segments)
            if values is None:
                continue
            if binding.http_method == wanted:
                return Match(binding, values)
            others.append(binding.http_method)
        if not others:
            raise NoSuchPath
        raise WrongMethod(sorted({*others, *(("HEAD",) if "GET" in others else ())}))


def _bindings(method: MethodDescriptor) -> Iterator[Binding]:
    options = method.GetOptions()
    if not options.HasExtension(_HTTP):
        return
    main = options.Extensions[_HTTP]
    resumption = resumption_of(method)
    for number, rule in enumerate((main, *main.additional_bindings)):
        verb = rule.WhichOneof("pattern")
        if verb not in _VERBS:
            raise TemplateError(f"{method.full_name}: {verb} is not served")
        text = getattr(rule, verb)
        template = template_of(text)
        for variable in template.variables:
            if field_at(method, variable.field) is None:
                raise TemplateError(f"{method.full_name}: {text} names no field of the request")
        if rule.body not in ("", WHOLE_BODY) and field_at(method, (rule.body,)) is None:
            raise TemplateError(f"{method.full_name}: the body {rule.body} is no field")
        yield Binding(
            method=method,
            rpc_path=path_of(method),
            route=f"{verb.upper()} {text}",
            http_method=verb.upper(),
            text=text,
            template=template,
            body=rule.body,
            number=number,
            resumption=resumption,
        )


def field_at(method: MethodDescriptor, path: Sequence[str]) -> FieldDescriptor | None:
    """The field of a method's request at a path of proto names."""
    message: Descriptor | None = method.input_type
    field: FieldDescriptor | None = None
    for name in path:
        field = None if message is None else message.fields_by_name.get(name)
        message = None if field is None else field.message_type
    return field
