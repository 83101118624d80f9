"""Walking over all annotated methods: their bindings, and for each a request that succeeds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from allinone.topology import BLUEPRINTS
from chassis.rpc.access import rules_of
from chassis.rpc.auth import Caller
from gateway.routes.bindings import WHOLE_BODY, Binding, Routes, bindings_of
from gateway.routes.contracts import contracts_of
from tests.support.shop import STORE

SERVICES = [f"hutong.{plan.name}.v1.{plan.name.title()}Service" for plan in BLUEPRINTS]
ALL_BINDINGS = bindings_of(contracts_of(SERVICES).methods)
BINDINGS = [binding for binding in ALL_BINDINGS if not binding.is_stream]
STREAMS = [binding for binding in ALL_BINDINGS if binding.is_stream]


@dataclass(frozen=True, slots=True)
class Cases:
    """For each method, requests that succeed; and the customer they are about."""

    customer: Caller
    requests: Sequence[Message]

    def of(self, binding: Binding) -> Message:
        """The request for a binding; a method without one fails the walk."""
        for request in self.requests:
            if binding.method.input_type == request.DESCRIPTOR and path_of(binding, request):
                return request
        raise AssertionError(f"no request for {binding.http_method} {binding.text}")


def path_of(binding: Binding, request: Message) -> str | None:
    """The path that says the request, if it is this binding's and no other's."""
    path = binding.template.path(_values(binding, request))
    matched = Routes(ALL_BINDINGS).match(binding.http_method, path.encode())
    return path if matched.binding is binding else None


def http_request(binding: Binding, request: Message) -> tuple[str, Mapping[str, Any], str | None]:
    """The path, the query's parameters and the content, JSON or none, that say the request.

    A body that the request does not have is an empty one.
    """
    tree = json_format.MessageToDict(request)
    values = _values(binding, request)
    for variable in values:
        _remove(tree, variable)
    path = binding.template.path(values)
    if binding.body == WHOLE_BODY:
        return path, {}, json.dumps(tree)
    content = json.dumps(tree.pop(binding.body, {})) if binding.body else None
    return path, dict(_flat(tree)), content


def somebody_allowed(binding: Binding, customer: Caller) -> Caller:
    grants = rules_of(binding.method.containing_service)[binding.rpc_path].grants
    return Caller(
        principal="users/walker",
        tenant="demo",
        roles=frozenset({grants[0].role}),
        stores=frozenset({STORE}),
        customer=customer.customer,
    )


def get(message: Message, path: Sequence[str]) -> str:
    value: Any = message
    for name in path:
        value = getattr(value, name)
    return str(value)


def _values(binding: Binding, request: Message) -> dict[tuple[str, ...], str]:
    """What the path's variables are in the request."""
    return {each.field: get(request, each.field) for each in binding.template.variables}


def _flat(tree: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, Any]]:
    """The query's parameters: a field of a message is named with dots."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{inside}{name}.")
        else:
            yield f"{inside}{name}", value


def _remove(tree: dict[str, Any], path: Sequence[str]) -> None:
    holder = tree
    for name in path[:-1]:
        holder = holder.get(name, {})
    holder.pop(path[-1], None)
