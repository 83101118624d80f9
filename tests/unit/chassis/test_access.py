"""Access: a rule for every method, and one answer for what is foreign and what is not there."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

import hutong
from chassis.kernel.errors import HutongError, PermissionDenied, ResourceNotFound
from chassis.rpc.access import ContractError, Grant, Rule, authorise, path_of, rules_of
from chassis.rpc.auth import Caller
from chassis.rpc.status import to_status
from hutong.auth.v1 import access_pb2, call_context_pb2
from hutong.catalog.v1 import catalog_service_pb2
from hutong.inventory.v1 import inventory_service_pb2
from tests.support.world import caller

ROLES = {"customer", "cashier", "store_manager", "platform", "service", "franchise_owner"}


def _services() -> list[ServiceDescriptor]:
    found: list[ServiceDescriptor] = []
    for module in pkgutil.walk_packages(hutong.__path__, "hutong."):
        if module.name.endswith("_pb2"):
            found += importlib.import_module(module.name).DESCRIPTOR.services_by_name.values()
    return found


METHODS = [method for service in _services() for method in service.methods]


@pytest.mark.parametrize("method", METHODS, ids=path_of)
def test_every_method_says_who_may_call_it(method: MethodDescriptor) -> None:
    rule = rules_of(method.containing_service)[path_of(method)]
    assert rule.grants
    assert {grant.role for grant in rule.grants} <= ROLES


@pytest.mark.parametrize("method", METHODS, ids=path_of)
def test_a_batch_is_the_twin_of_a_method_with_the_same_request(method: MethodDescriptor) -> None:
    rule = rules_of(method.containing_service)[path_of(method)]
    items = method.input_type.fields_by_name.get("items")
    assert bool(rule.batch_of) == (items is not None)
    if items is None:
        return
    unary = method.containing_service.methods_by_name[rule.batch_of.rpartition("/")[2]]
    item: Any = items.message_type
    assert item.fields_by_name["request"].message_type is unary.input_type
    assert item.fields_by_name["context"].message_type is call_context_pb2.CallContext.DESCRIPTOR
    assert {grant.role for grant in rule.grants} == {"service"}


@pytest.mark.parametrize("method", METHODS, ids=path_of)
def test_a_caller_without_a_granted_role_is_turned_away(method: MethodDescriptor) -> None:
    rule = rules_of(method.containing_service)[path_of(method)]
    request = GetMessageClass(method.input_type)()
    with pytest.raises(PermissionDenied):
        authorise(rule, Caller("users/x", "demo", frozenset({"passer_by"})), request)
    with pytest.raises(PermissionDenied):
        authorise(rule, Caller("users/x", "demo", frozenset()), request)


@pytest.mark.parametrize("method", METHODS, ids=path_of)
def test_a_scoped_role_without_anything_of_its_own_gets_nothing(method: MethodDescriptor) -> None:
    rule = rules_of(method.containing_service)[path_of(method)]
    request = GetMessageClass(method.input_type)()
    for grant in rule.grants:
        if grant.collection:
            with pytest.raises(ResourceNotFound):
                authorise(rule, Caller("users/x", "demo", frozenset({grant.role})), request)


_STORE = Rule(grants=(Grant("cashier", "stores", ("parent",)),), batch_of="")
_CUSTOMER = Rule(grants=(Grant("customer", "customers", ("name",)),), batch_of="")
_TENANT = Rule(grants=(Grant("platform", "", ()),), batch_of="")
_EITHER = Rule(grants=(*_STORE.grants, Grant("cashier", "", ())), batch_of="")
_CASHIER = caller(role="cashier", stores=["stores/sh01"])
_OWNER = caller(role="customer", customer="customers/c1")


def _listed(parent: str) -> Message:
    return catalog_service_pb2.ListPricesRequest(parent=parent)


def _named(name: str) -> Message:
    return inventory_service_pb2.GetStockLevelRequest(name=name)


def _refused(rule: Rule, who: Caller, request: Message) -> HutongError:
    with pytest.raises(HutongError) as refused:
        authorise(rule, who, request)
    return refused.value


@pytest.mark.parametrize("parent", ["stores/sh01", "stores/sh01/prices/a"])
def test_a_store_lets_its_people_in(parent: str) -> None:
    authorise(_STORE, _CASHIER, _listed(parent))


def test_a_customer_reaches_what_is_theirs() -> None:
    authorise(_CUSTOMER, _OWNER, _named("customers/c1"))
    authorise(_CUSTOMER, _OWNER, _named("customers/c1/wallet"))


def test_a_role_of_the_whole_tenant_needs_no_name() -> None:
    authorise(_TENANT, caller(role="platform"), _listed("stores/anything"))
    authorise(_EITHER, _CASHIER, _listed("stores/sh02"))


@pytest.mark.parametrize(
    "parent",
    [
        "stores/sh02",
        "stores/sh011",
        "stores/sh0",
        "stores/",
        "stores",
        "",
        "stores/sh01\x00",
        "Stores/sh01",
        "customers/sh01",
        "/stores/sh01",
        "stores//sh01",
        " stores/sh01",
    ],
)
def test_what_lies_outside_the_callers_stores_is_not_there(parent: str) -> None:
    refused = _refused(_STORE, _CASHIER, _listed(parent))
    assert to_status(refused) == to_status(ResourceNotFound(resource=parent))


@pytest.mark.parametrize("name", ["customers/c2", "customers/c1x", "customers/", "", "stores/c1"])
def test_what_lies_outside_the_customers_own_is_not_there(name: str) -> None:
    refused = _refused(_CUSTOMER, _OWNER, _named(name))
    assert to_status(refused) == to_status(ResourceNotFound(resource=name))


def test_a_caller_without_a_customer_owns_none() -> None:
    nobody = caller(role="customer", customer="")
    assert _refused(_CUSTOMER, nobody, _named("customers/")).reason == "RESOURCE_NOT_FOUND"
    assert _refused(_CUSTOMER, nobody, _named("")).reason == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize(
    ("access", "problem"),
    [
        (None, "has no access rule"),
        (access_pb2.AccessRule(), "admits nobody"),
        (access_pb2.AccessRule(grants=[access_pb2.Grant(role="x")]), "has no scope"),
        (
            access_pb2.AccessRule(
                grants=[access_pb2.Grant(role="x", scope=access_pb2.SCOPE_STORE, field="nope")]
            ),
            "no field nope",
        ),
        (
            access_pb2.AccessRule(
                grants=[access_pb2.Grant(role="x", scope=access_pb2.SCOPE_STORE, field="name.x")]
            ),
            "no field name.x",
        ),
        (
            access_pb2.AccessRule(
                grants=[access_pb2.Grant(role="x", scope=access_pb2.SCOPE_TENANT)],
                batch_of="Nope",
            ),
            "unknown method",
        ),
    ],
)
def test_a_method_without_a_right_rule_is_found_at_start(
    access: access_pb2.AccessRule | None, problem: str
) -> None:
    service = _service_with(access)
    with pytest.raises(ContractError, match=problem):
        rules_of(service)


def _service_with(access: access_pb2.AccessRule | None) -> ServiceDescriptor:
    file = descriptor_pb2.FileDescriptorProto(
        name="t.proto", package="t", syntax="proto3", dependency=["hutong/auth/v1/access.proto"]
    )
    message = file.message_type.add(name="Ask")
    message.field.add(name="name", number=1, type="TYPE_STRING", label="LABEL_OPTIONAL")
    method = file.service.add(name="S").method.add(
        name="M", input_type=".t.Ask", output_type=".t.Ask"
    )
    if access is not None:
        extension: Any = access_pb2.access
        method.options.Extensions[extension].CopyFrom(access)
    pool = descriptor_pool.DescriptorPool()
    for known in (
        descriptor_pb2.DESCRIPTOR,
        access_pb2.DESCRIPTOR,
    ):
        pool.AddSerializedFile(known.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindServiceByName("t.S")
