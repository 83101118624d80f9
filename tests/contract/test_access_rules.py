"""Who may call what, generated from the contracts: every method, every role, own and foreign names.

Requests carry nothing but the name that scopes them. That is enough to tell the rule's answers from
the service's: whoever is let through meets validation, or a service that knows no such thing.
"""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.rpc.auth import Caller
from chassis.rpc.status import from_status
from tests.contract.access_walk import BATCHES, METHODS, ROLES, RULES, UNARY, told
from tests.contract.asking import Asker, Refusal
from tests.support.world import call_context_for, caller

OWN = {"stores": "stores/sh01", "customers": "customers/c1"}
FOREIGN = {"stores": "stores/sh02", "customers": "customers/c2"}
ABSENT = {"stores": "stores/none", "customers": "customers/none"}


def who(role: str) -> Caller:
    """A caller with this role, tied to the own store and customer."""
    return caller(role=role, stores=[OWN["stores"]], customer=OWN["customers"])


def request_for(path: str, role: str, roots: dict[str, str]) -> Message:
    """A request that names nothing but what scopes the role's grant."""
    request: Message = GetMessageClass(METHODS[path].input_type)()
    for grant in RULES[path].grants:
        if grant.role == role and grant.collection:
            target: Any = request
            for field in grant.path[:-1]:
                target = getattr(target, field)
            setattr(target, grant.path[-1], roots[grant.collection])
    return request


def is_scoped(path: str, role: str) -> bool:
    grants = [grant for grant in RULES[path].grants if grant.role == role]
    return bool(grants) and all(grant.collection for grant in grants)


def is_granted(path: str, role: str) -> bool:
    return any(grant.role == role for grant in RULES[path].grants)


def is_denied(answer: Message | Refusal) -> bool:
    """Whether the role was refused."""
    return isinstance(answer, Refusal) and answer.reason == "ROLE_NOT_ALLOWED"


def test_every_method_is_walked() -> None:
    assert len(METHODS) > 40
    assert all(RULES[path].grants for path in METHODS)


@pytest.mark.parametrize("path", UNARY)
async def test_a_role_without_a_grant_is_told_so_and_one_with_a_grant_passes(
    path: str, asker: Asker
) -> None:
    for role in ROLES:
        answer = await asker.ask_grpc(METHODS[path], request_for(path, role, OWN), who(role))
        assert is_denied(answer) is not is_granted(path, role), (role, answer)


@pytest.mark.parametrize("path", [path for path in UNARY if any(map(is_scoped, [path] * 7, ROLES))])
async def test_foreign_and_absent_names_are_answered_alike(path: str, asker: Asker) -> None:
    for role in ROLES:
        if not is_scoped(path, role):
            continue
        answers = []
        for roots in (FOREIGN, ABSENT):
            request = request_for(path, role, roots)
            answer = await asker.ask_grpc(METHODS[path], request, who(role))
            assert isinstance(answer, Refusal), role
            assert (answer.code, answer.reason) == ("NOT_FOUND", "RESOURCE_NOT_FOUND"), role
            (name,) = {
                roots[grant.collection] for grant in RULES[path].grants if grant.role == role
            }
            answers.append(told(path, answer, name))
        assert answers[0] == answers[1]


@pytest.mark.parametrize("path", BATCHES)
async def test_only_services_may_call_a_batch(path: str, asker: Asker) -> None:
    request = GetMessageClass(METHODS[path].input_type)()
    for role in ROLES:
        answer = await asker.ask_grpc(METHODS[path], request, who(role))
        assert is_denied(answer) is (role != "service"), (role, answer)


@pytest.mark.parametrize("path", BATCHES)
async def test_each_item_of_a_batch_is_under_its_own_callers_rule(path: str, asker: Asker) -> None:
    unary = RULES[path].batch_of
    request: Any = GetMessageClass(METHODS[path].input_type)()
    expected: list[tuple[str, str]] = []
    for role in ROLES:
        for roots in (OWN, FOREIGN):
            request.items.add(
                context=call_context_for(who(role)), request=request_for(unary, role, roots)
            )
            if not is_granted(unary, role):
                expected.append((role, "ROLE_NOT_ALLOWED"))
            elif is_scoped(unary, role) and roots is FOREIGN:
                expected.append((role, "RESOURCE_NOT_FOUND"))
            else:
                expected.append((role, "passes"))
    results = await batch_results(asker, path, request)
    assert len(results) == len(expected)
    for (role, reason), result in zip(expected, results, strict=True):
        got = from_status(result.error).reason if result.HasField("error") else "answered"
        if reason == "passes":
            assert got not in {"ROLE_NOT_ALLOWED", "TOKEN_INVALID"}, (role, got)
        else:
            assert got == reason, role


@pytest.mark.parametrize("path", BATCHES)
async def test_an_item_without_an_identity_is_nobodys(path: str, asker: Asker) -> None:
    request: Any = GetMessageClass(METHODS[path].input_type)()
    request.items.add(request=request_for(RULES[path].batch_of, "platform", OWN))
    (result,) = await batch_results(asker, path, request)
    assert from_status(result.error).reason == "TOKEN_INVALID"


async def batch_results(asker: Asker, path: str, request: Message) -> list[Any]:
    reply: Any = await asker.ask_grpc(METHODS[path], request, who("service"))
    assert not isinstance(reply, Refusal), reply
    return list(reply.results)
