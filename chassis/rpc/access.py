"""The access rule of the contract, read from the descriptors and applied to a caller and a request.

The same function decides for a unary call and for every item of a batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from chassis.kernel.errors import PermissionDenied, ResourceNotFound
from chassis.rpc.auth import Caller
from hutong.auth.v1 import access_pb2

_ACCESS: Any = access_pb2.access
"""The option; its generated type does not say that it extends MethodOptions."""

_SCOPE_FIELDS = {
    access_pb2.SCOPE_STORE: "stores",
    access_pb2.SCOPE_CUSTOMER: "customers",
}


class ContractError(Exception):
    """A method's access rule is missing or wrong: a programmer's mistake, found at start."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role, and what ties it to the request; collection is empty for the whole tenant."""

    role: str
    collection: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a method, and whose rule a batch's items are under."""

    grants: tuple[Grant, ...]
    batch_of: str


def rules_of(service: ServiceDescriptor) -> dict[str, Rule]:
    """The rule of each method by its path, /package.Service/Method; ContractError if one lacks."""
    return {path_of(method): _rule(method) for method in service.methods}


def path_of(method: MethodDescriptor) -> str:
    """The path that gRPC calls the method by."""
    return f"/{method.containing_service.full_name}/{method.name}"


def authorise(rule: Rule, caller: Caller, request: Message) -> None:
    """Lets the call pass, or raises.

    PermissionDenied if no role of the caller is granted anything; ResourceNotFound, as for an id of
    nobody, if the request names what lies outside the caller's scope.
    """
    foreign = ""
    for grant in _granted(rule, caller):
        if not grant.collection:
            return
        name = _value(request, grant.path)
        if _owns(caller, grant.collection, name):
            return
        foreign = name
    raise ResourceNotFound(resource=foreign)


def require_role(rule: Rule, caller: Caller) -> None:
    """PermissionDenied if no role of the caller is granted anything, whatever will be asked."""
    _granted(rule, caller)


def _granted(rule: Rule, caller: Caller) -> list[Grant]:
    granted = [grant for grant in rule.grants if grant.role in caller.roles]
    if not granted:
        raise PermissionDenied
    return granted


def _owns(caller: Caller, collection: str, name: str) -> bool:
    kind, _, rest = name.partition("/")
    if kind != collection:
        return False
    root = f"{kind}/{rest.partition('/')[0]}"
    if collection == "stores":
        return root in caller.stores
    return bool(caller.customer) and root == caller.customer


def _value(request: Message, path: Iterable[str]) -> str:
    return str(reduce(getattr, path, request))


def _rule(method: MethodDescriptor) -> Rule:
    path = path_of(method)
    options = method.GetOptions()
    if not options.HasExtension(_ACCESS):
        raise ContractError(f"{path} has no access rule")
    declared: access_pb2.AccessRule = options.Extensions[_ACCESS]
    if not declared.grants:
        raise ContractError(f"{path} admits nobody")
    batch_of = ""
    if declared.batch_of:
        service = method.containing_service
        if declared.batch_of not in service.methods_by_name:
            raise ContractError(f"{path} is the batch of an unknown method")
        batch_of = path_of(service.methods_by_name[declared.batch_of])
    return Rule(grants=tuple(_grant(method, grant) for grant in declared.grants), batch_of=batch_of)


def _grant(method: MethodDescriptor, declared: access_pb2.Grant) -> Grant:
    if declared.scope == access_pb2.SCOPE_TENANT:
        return Grant(role=declared.role, collection="", path=())
    if declared.scope not in _SCOPE_FIELDS or not declared.field:
        raise ContractError(f"{path_of(method)}: the grant of {declared.role} has no scope")
    message: Descriptor | None = method.input_type
    fields = tuple(declared.field.split("."))
    for position, field in enumerate(fields):
        if message is None or field not in message.fields_by_name:
            raise ContractError(f"{path_of(method)}: there is no field {declared.field}")
        message = message.fields_by_name[field].message_type
        if message is None and position + 1 < len(fields):
            raise ContractError(f"{path_of(method)}: there is no field {declared.field}")
    return Grant(role=declared.role, collection=_SCOPE_FIELDS[declared.scope], path=fields)
