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
from google.rpc import code_pb2

from chassis.kernel.errors import HutongError
from chassis.rpc.access import rules_of
from chassis.rpc.auth import Caller
from chassis.rpc.status import code_of, from_rpc_error
from gateway.problems import HTTP_STATUS
from gateway.routes.bindings import WHOLE_BODY, Binding
from gateway.routes.contracts import contracts_of
from tests.contract.walking import (
    ALL_BINDINGS,
    BINDINGS,
    SERVICES,
    STREAMS,
    Cases,
    get,
    http_request,
    path_of,
    somebody_allowed,
)
from tests.support.event_source import reading
from tests.support.shop import request_id
from tests.support.web import Web
from tests.support.world import CALL_SECONDS

TOLD_ANEW = {"UpdateProduct": ["update_time"], "QuoteOrder": ["quote_time"]}
"""Fields in which two answers to the same request may differ."""

every_binding = pytest.mark.parametrize(
    "binding", BINDINGS, ids=[f"{each.method.name}-{each.number}" for each in BINDINGS]
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, in gRPC's terms: a reply, or a code with what is told about it."""

    reply: Message | None
    code: str = "OK"
    reason: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    violations: tuple[tuple[str, str], ...] = ()
    text: str = ""


@every_binding
async def test_the_same_request_gets_the_same_answer(
    web: Web, direct: Web, channel: grpc.aio.Channel, cases: Cases, binding: Binding
) -> None:
    request = cases.of(binding)
    who = somebody_allowed(binding, cases.customer)
    by_grpc = await _by_grpc(web, channel, binding, request, who)
    by_http = await _by_http(web, binding, request, who)
    by_direct = await _by_http(direct, binding, request, who)
    for answer in (by_grpc, by_http, by_direct):
        for field in TOLD_ANEW.get(binding.method.name, ()):
            assert answer.reply is not None
            answer.reply.ClearField(field)
    assert by_http == by_direct == by_grpc
    assert by_http.reason == ""


@every_binding
async def test_nobody_and_the_wrong_role_are_refused_alike(
    web: Web, direct: Web, channel: grpc.aio.Channel, cases: Cases, binding: Binding
) -> None:
    request = cases.of(binding)
    nobody = await _by_http(web, binding, request, None)
    assert nobody == await _by_http(direct, binding, request, None)
    assert nobody == await _by_grpc(web, channel, binding, request, None)
    assert nobody.code == "UNAUTHENTICATED"
    stranger = Caller(principal="users/x", tenant="demo", roles=frozenset({"gardener"}))
    refused = await _by_http(web, binding, request, stranger)
    assert refused == await _by_http(direct, binding, request, stranger)
    assert refused == await _by_grpc(web, channel, binding, request, stranger)
    assert refused.code == "PERMISSION_DENIED"


@every_binding
async def test_a_request_of_another_tenant_is_refused_alike(
    web: Web, direct: Web, channel: grpc.aio.Channel, cases: Cases, binding: Binding
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
    by_grpc = await _by_grpc(web, channel, binding, request, foreigner)
    by_http = await _by_http(web, binding, request, foreigner)
    if by_grpc.reply is None:
        assert by_http == by_grpc == await _by_http(direct, binding, request, foreigner)
    else:
        assert by_http.reply is not None


@every_binding
async def test_a_request_with_nothing_in_it_is_refused_alike(
    web: Web, direct: Web, channel: grpc.aio.Channel, cases: Cases, binding: Binding
) -> None:
    full, who = cases.of(binding), somebody_allowed(binding, cases.customer)
    request = GetMessageClass(binding.method.input_type)()
    for variable in binding.template.variables:
        _set(request, variable.field, get(full, variable.field))
    if binding.body not in ("", WHOLE_BODY):
        # Over HTTP an empty body is an empty message, never an absent one.
        getattr(request, binding.body).SetInParent()
    by_grpc = await _by_grpc(web, channel, binding, request, who)
    by_http = await _by_http(web, binding, request, who)
    if by_grpc.reply is None:
        assert by_http == by_grpc == await _by_http(direct, binding, request, who)
    else:
        assert by_http.reply is not None


@pytest.mark.parametrize("binding", STREAMS, ids=[each.method.name for each in STREAMS])
async def test_a_stream_tells_the_same_over_both(
    web: Web, channel: grpc.aio.Channel, cases: Cases, binding: Binding
) -> None:
    request, who = cases.of(binding), somebody_allowed(binding, cases.customer)
    by_grpc = await _first_by_grpc(web, channel, binding, request, who)
    assert not isinstance(by_grpc, Answer)
    by_http, told_id = await _first_by_http(web, binding, request, who)
    resumption = binding.resumption
    assert resumption is not None
    assert told_id == str(getattr(by_http, resumption.reply_field))
    assert _placeless(binding, by_http) == _placeless(binding, by_grpc)


@pytest.mark.parametrize("binding", STREAMS, ids=[each.method.name for each in STREAMS])
async def test_a_stream_is_refused_alike(
    web: Web, channel: grpc.aio.Channel, cases: Cases, binding: Binding
) -> None:
    request = cases.of(binding)
    stranger = Caller(principal="users/x", tenant="demo", roles=frozenset({"gardener"}))
    allowed = somebody_allowed(binding, cases.customer)
    for who in (None, stranger, replace(allowed, tenant="other")):
        by_grpc = await _first_by_grpc(web, channel, binding, request, who)
        if isinstance(by_grpc, Answer):
            assert await _by_http(web, binding, request, who) == by_grpc
            continue
        # What names a store is told of the caller's own chain, where there is none like it.
        assert who is not None
        assert who.tenant == "other"
        by_http, _ = await _first_by_http(web, binding, request, who)
        assert _placeless(binding, by_http) == _placeless(binding, by_grpc)


async def _first_by_grpc(
    web: Web, channel: grpc.aio.Channel, binding: Binding, request: Message, who: Caller | None
) -> Message | Answer:
    """The first message, or the failure."""
    method: Any = channel.unary_stream(binding.rpc_path)
    metadata = tuple(web.headers(who).items()) if who is not None else ()
    call = method(request.SerializeToString(), metadata=metadata)
    try:
        reply = await call.read()
    except grpc.aio.AioRpcError as failed:
        return _failure(failed)
    call.cancel()
    message: Message = GetMessageClass(binding.method.output_type).FromString(reply)
    return message


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


def test_every_method_that_people_may_call_is_annotated() -> None:
    annotated = {binding.method.full_name for binding in ALL_BINDINGS}
    for method in contracts_of(SERVICES).methods:
        rule = rules_of(method.containing_service)[
            f"/{method.containing_service.full_name}/{method.name}"
        ]
        assert bool(rule.batch_of) != (method.full_name in annotated), method.full_name


async def _by_grpc(
    web: Web, channel: grpc.aio.Channel, binding: Binding, request: Message, who: Caller | None
) -> Answer:
    call: Any = channel.unary_unary(binding.rpc_path)
    metadata = tuple(web.headers(who).items()) if who is not None else ()
    try:
        reply = await call(request.SerializeToString(), timeout=CALL_SECONDS, metadata=metadata)
    except grpc.aio.AioRpcError as failed:
        return _failure(failed)
    return Answer(GetMessageClass(binding.method.output_type).FromString(reply))


def _failure(failed: grpc.aio.AioRpcError) -> Answer:
    error: HutongError = from_rpc_error(failed, part="")
    return Answer(
        None,
        code_of(error).name,
        error.reason,
        tuple(sorted(error.facts.items())),
        error.violations,
        error.text,
    )


async def _by_http(web: Web, binding: Binding, request: Message, who: Caller | None) -> Answer:
    assert path_of(binding, request) is not None
    if binding.body not in ("", WHOLE_BODY):
        assert request.HasField(binding.body), "over HTTP there is no absent body"
    path, params, content = http_request(binding, request)
    headers = web.headers(who) if who is not None else {}
    if content is not None:
        headers["content-type"] = "application/json"
    answer = await web.http.request(
        binding.http_method, path, params=params, content=content, headers=headers
    )
    if answer.status_code == 200:
        reply = GetMessageClass(binding.method.output_type)()
        json_format.Parse(answer.content, reply)
        return Answer(reply)
    problem = answer.json()
    assert answer.status_code == HTTP_STATUS[code_pb2.Code.Value(problem["code"])]
    return Answer(
        None,
        problem["code"],
        problem["reason"],
        tuple(sorted(problem.get("facts", {}).items())),
        tuple((each["field"], each["problem"]) for each in problem.get("violations", ())),
        problem["detail"],
    )


def _set(message: Message, path: Sequence[str], value: str) -> None:
    holder: Any = message
    for name in path[:-1]:
        holder = getattr(holder, name)
    setattr(holder, path[-1], value)
