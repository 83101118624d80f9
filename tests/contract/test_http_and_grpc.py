"""HTTP and gRPC answer alike: every annotated method, asked both ways with the same request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.rpc.access import rules_of
from chassis.rpc.auth import Caller
from gateway.routes.bindings import WHOLE_BODY, Binding
from gateway.routes.contracts import contracts_of
from tests.contract.asking import Asker, Refusal, whole
from tests.contract.walking import (
    ALL_BINDINGS,
    BINDINGS,
    SERVICES,
    STREAMS,
    Cases,
    get,
    path_of,
    somebody_allowed,
)
from tests.support.event_source import reading
from tests.support.shop import request_id
from tests.support.web import Web

TOLD_ANEW = {"UpdateProduct": ["update_time"], "QuoteOrder": ["quote_time"]}
"""Fields in which two answers to the same request may differ."""

every_binding = pytest.mark.parametrize(
    "binding", BINDINGS, ids=[f"{each.method.name}-{each.number}" for each in BINDINGS]
)


STRANGER = Caller(principal="users/x", tenant="demo", roles=frozenset({"gardener"}))
Answer = Message | Refusal


@pytest.fixture(scope="module")
def ways(web: Web, direct: Web, channel: grpc.aio.Channel) -> Ways:
    return Ways(Asker(web, channel), Asker(direct, channel))


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways to ask: over gRPC, and over HTTP behind a gateway that gathers calls or does not."""

    asker: Asker
    direct: Asker

    async def answers(
        self, binding: Binding, request: Message, who: Caller | None
    ) -> Sequence[Answer]:
        """What each way answers to the same request."""
        by_http = [
            await _by_http(asker, binding, request, who) for asker in (self.asker, self.direct)
        ]
        return [await self.asker.ask_grpc(binding.method, request, who), *by_http]


@every_binding
async def test_the_same_request_gets_the_same_answer(
    ways: Ways, cases: Cases, binding: Binding
) -> None:
    who = somebody_allowed(binding, cases.customer)
    answers = await ways.answers(binding, cases.of(binding), who)
    for answer in answers:
        assert not isinstance(answer, Refusal), answer
        for field in TOLD_ANEW.get(binding.method.name, ()):
            answer.ClearField(field)
    assert answers[0] == answers[1] == answers[2]


@every_binding
async def test_nobody_and_the_wrong_role_are_refused_alike(
    ways: Ways, cases: Cases, binding: Binding
) -> None:
    request = cases.of(binding)
    for who, code in ((None, "UNAUTHENTICATED"), (STRANGER, "PERMISSION_DENIED")):
        answers = await ways.answers(binding, request, who)
        assert {each.code for each in answers if isinstance(each, Refusal)} == {code}
        assert whole(answers[0]) == whole(answers[1]) == whole(answers[2])


@every_binding
async def test_a_request_of_another_tenant_is_refused_alike(
    ways: Ways, cases: Cases, binding: Binding
) -> None:
    request = cases.of(binding)
    if binding.has_request_id:
        request = type(request).FromString(request.SerializeToString())
        request.request_id = request_id()  # type: ignore[attr-defined]
    allowed = somebody_allowed(binding, cases.customer)
    foreigner = Caller(
        principal="users/x",
        tenant="other",
        roles=allowed.roles,
        stores=frozenset({"stores/elsewhere"}),
        customer="customers/elsewhere",
    )
    _refused_alike(await ways.answers(binding, request, foreigner))


@every_binding
async def test_a_request_with_nothing_in_it_is_refused_alike(
    ways: Ways, cases: Cases, binding: Binding
) -> None:
    full, who = cases.of(binding), somebody_allowed(binding, cases.customer)
    request = GetMessageClass(binding.method.input_type)()
    for variable in binding.template.variables:
        _set(request, variable.field, get(full, variable.field))
    if binding.body not in ("", WHOLE_BODY):
        # Over HTTP an empty body is an empty message, never an absent one.
        getattr(request, binding.body).SetInParent()
    _refused_alike(await ways.answers(binding, request, who))


def _refused_alike(answers: Sequence[Answer]) -> None:
    """What is refused is so in the same words; what is not is refused by no way."""
    if any(isinstance(answer, Refusal) for answer in answers):
        assert whole(answers[0]) == whole(answers[1]) == whole(answers[2])


@pytest.mark.parametrize("binding", STREAMS, ids=[each.method.name for each in STREAMS])
async def test_a_stream_tells_the_same_over_both(
    asker: Asker, cases: Cases, binding: Binding
) -> None:
    request, who = cases.of(binding), somebody_allowed(binding, cases.customer)
    by_grpc = await asker.ask_grpc(binding.method, request, who)
    assert not isinstance(by_grpc, Refusal), by_grpc
    by_http, told_id = await _first_by_http(asker.web, binding, request, who)
    resumption = binding.resumption
    assert resumption is not None
    assert told_id == str(getattr(by_http, resumption.reply_field))
    assert _placeless(binding, by_http) == _placeless(binding, by_grpc)


@pytest.mark.parametrize("binding", STREAMS, ids=[each.method.name for each in STREAMS])
async def test_a_stream_is_refused_alike(asker: Asker, cases: Cases, binding: Binding) -> None:
    request = cases.of(binding)
    allowed = somebody_allowed(binding, cases.customer)
    for who in (None, STRANGER, replace(allowed, tenant="other")):
        by_grpc = await asker.ask_grpc(binding.method, request, who)
        if isinstance(by_grpc, Refusal):
            refused = await _by_http(asker, binding, request, who)
            assert whole(refused) == whole(by_grpc)
            continue
        # What names a store is told of the caller's own chain, where there is none like it.
        assert who is not None
        assert who.tenant == "other"
        by_http, _ = await _first_by_http(asker.web, binding, request, who)
        assert _placeless(binding, by_http) == _placeless(binding, by_grpc)


async def _first_by_http(
    web: Web, binding: Binding, request: Message, who: Caller
) -> tuple[Message, str]:
    """The first event's message, and its id."""
    path = path_of(binding, request)
    assert path is not None
    async with reading(web.http, path, web.headers(who)) as reader:
        assert reader.response.headers["content-type"] == "text/event-stream"
        told = await reader.next()
    assert told is not None
    message = GetMessageClass(binding.method.output_type)()
    json_format.Parse(told.data, message)
    return message, told.id


def _placeless(binding: Binding, message: Message) -> Message:
    """The message without its place, if that says more than the message's version."""
    assert binding.resumption is not None
    place = message.DESCRIPTOR.fields_by_name[binding.resumption.reply_field]
    if place.type == place.TYPE_STRING:
        message.ClearField(place.name)
    return message


def test_every_method_that_people_may_call_in_one_request_is_annotated() -> None:
    annotated = {binding.method.full_name for binding in ALL_BINDINGS}
    for method in contracts_of(SERVICES).methods:
        rule = rules_of(method.containing_service)[
            f"/{method.containing_service.full_name}/{method.name}"
        ]
        is_over_grpc_only = bool(rule.batch_of) or method.client_streaming
        assert is_over_grpc_only != (method.full_name in annotated), method.full_name


async def _by_http(asker: Asker, binding: Binding, request: Message, who: Caller | None) -> Answer:
    assert path_of(binding, request) is not None
    if binding.body not in ("", WHOLE_BODY):
        assert request.HasField(binding.body), "over HTTP there is no absent body"
    return await asker.ask_http(binding, request, who)


def _set(message: Message, path: Sequence[str], value: str) -> None:
    holder: Any = message
    for name in path[:-1]:
        holder = getattr(holder, name)
    setattr(holder, path[-1], value)
