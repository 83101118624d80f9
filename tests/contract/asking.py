"""One request over gRPC or over HTTP, and what its caller is told if it is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import httpx
from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2

from chassis.kernel.errors import HutongError, MessageTooLarge
from chassis.rpc.access import path_of
from chassis.rpc.auth import Caller
from chassis.rpc.status import STATUS_DETAILS_KEY, code_of, from_rpc_error, from_status
from gateway.problems import CONTENT_TYPE, HTTP_STATUS
from gateway.routes.bindings import Binding
from tests.contract.walking import ALL_BINDINGS, get, http_request
from tests.support.web import Web
from tests.support.world import CALL_SECONDS, World

TRANSPORTS = ("grpc", "http")

MACHINERY = (
    "Traceback", "Error(", "sqlalchemy", "asyncpg", "psycopg", "postgres", "protobuf", "google.",
    "redis", ".py", "select ", "insert into", "constraint", "relation ", "/usr/", "/home/",
    "site-packages",
)  # fmt: skip
"""What no caller is told: code, SQL, drivers, paths."""

_ROWS = """
select format('select %L as name, count(*) as rows, '
              'md5(coalesce(string_agg(t::text, chr(10) order by t::text), '''')) as content '
              'from %I.%I as t', schemaname || '.' || tablename, schemaname, tablename) as query
  from pg_tables
 where schemaname not in ('pg_catalog', 'information_schema') and tablename <> 'idempotency'
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refused caller is told, in gRPC's terms over both transports.

    Two are equal if they are so to a program; `whole` has also what people read.
    """

    code: str
    reason: str
    fields: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    violations: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    text: str = field(default="", compare=False)

    @classmethod
    def of(cls, error: HutongError) -> Refusal:
        """What an error tells, which names no part of our machinery."""
        _hides_machinery(f"{error.text} {error.facts} {error.violations}")
        fields = tuple(dict.fromkeys(name for name, _ in error.violations))
        code, facts = code_of(error).name, dict(error.facts)
        return cls(code, error.reason, fields, facts, error.violations, error.text)

    @property
    def whole(self) -> tuple[object, ...]:
        """All that is told."""
        facts = tuple(sorted(self.facts.items()))
        return (self.code, self.reason, self.text, facts, self.violations)


Identity = Caller | str | None
"""Who asks: somebody with a token, whoever has this token, or somebody without any."""


class Asker:
    """Asks a method by its request, over the transport that is named."""

    def __init__(self, web: Web, channel: grpc.aio.Channel) -> None:
        self.web = web
        self._channel = channel

    def headers(self, who: Identity) -> dict[str, str]:
        """The headers with which somebody asks."""
        if who is None:
            return {}
        return (
            {"authorization": f"Bearer {who}".rstrip()}
            if isinstance(who, str)
            else self.web.headers(who)
        )

    async def ask(self, transport: str, request: Message, who: Identity) -> Message | Refusal:
        """The reply, or the refusal, of which everything that must hold for any is checked."""
        binding = binding_of(request)
        if transport == "grpc":
            return await self.ask_grpc(binding.method, request, who)
        return await self.ask_http(binding, request, who)

    async def ask_grpc(
        self,
        method: MethodDescriptor,
        request: Message | bytes,
        who: Identity,
        *,
        seconds: float = CALL_SECONDS,
    ) -> Message | Refusal:
        """The same over gRPC, of a stream its first message. Bytes may be no message at all."""
        data = request if isinstance(request, bytes) else request.SerializeToString()
        path, channel = path_of(method), cast("Any", self._channel)
        given: Any = {"timeout": seconds, "metadata": tuple(self.headers(who).items())}
        if method.client_streaming:
            call = channel.stream_stream(path)(iter([data]), **given)
        elif method.server_streaming:
            call = channel.unary_stream(path)(data, **given)
        else:
            call = channel.unary_unary(path)(data, **given)
        try:
            reply = await (call.read() if method.server_streaming else call)
        except grpc.aio.AioRpcError as failed:
            return told_by_grpc(failed)
        finally:
            call.cancel()
        answer: Any = GetMessageClass(method.output_type).FromString(reply)
        if method.client_streaming and answer.HasField("error"):
            return Refusal.of(from_status(answer.error))
        read: Message = answer
        return read

    async def ask_http(
        self, binding: Binding, request: Message, who: Identity
    ) -> Message | Refusal:
        """The same over HTTP."""
        path, params, content = http_request(binding, request)
        return await self.ask_json(binding, path, content, who, params=params)

    async def ask_json(
        self,
        binding: Binding,
        path: str,
        content: bytes | str | None,
        who: Identity,
        *,
        params: Mapping[str, Any] | None = None,
    ) -> Message | Refusal:
        """The same for the text of a body, which may be no JSON at all; None for no body."""
        headers = self.headers(who)
        if content is not None:
            headers["content-type"] = "application/json"
        answer = await self.web.http.request(
            binding.http_method, path, params=params, content=content, headers=headers
        )
        if answer.status_code != 200:
            return told_by_http(answer)
        reply: Message = GetMessageClass(binding.method.output_type)()
        json_format.Parse(answer.content, reply)
        return reply


def whole(answer: Message | Refusal) -> object:
    """All of an answer, to be compared with another one."""
    return answer.whole if isinstance(answer, Refusal) else answer


def binding_of(request: Message) -> Binding:
    """Where a request goes over HTTP: the binding whose path has the form of its names."""
    bindings = [each for each in ALL_BINDINGS if each.method.input_type == request.DESCRIPTOR]
    return next((each for each in bindings if _has_form(each, request)), bindings[0])


def told_by_grpc(failed: grpc.aio.AioRpcError) -> Refusal:
    """What a failed call's caller is told; a refusal without our details has no reason."""
    keys = {key for key, _ in failed.trailing_metadata() or ()}
    if STATUS_DETAILS_KEY not in keys:
        _hides_machinery(failed.details() or "")
        return Refusal(failed.code().name, "")
    return Refusal.of(from_rpc_error(failed, part="the service"))


def told_by_http(answer: httpx.Response) -> Refusal:
    """What a problem says, whose status is the one of its code."""
    assert answer.headers["content-type"] == CONTENT_TYPE, answer.text
    _hides_machinery(answer.text)
    problem = answer.json()
    assert problem["status"] == answer.status_code
    if "code" not in problem:
        return Refusal(str(answer.status_code), "")
    status = HTTP_STATUS[code_pb2.Code.Value(problem["code"])]
    if problem["reason"] == MessageTooLarge.reason:
        status = 413
    assert answer.status_code == status, problem
    violations = tuple((each["field"], each["problem"]) for each in problem.get("violations", ()))
    fields = tuple(dict.fromkeys(name for name, _ in violations))
    facts = problem.get("facts", {})
    return Refusal(problem["code"], problem["reason"], fields, facts, violations, problem["detail"])


class Books:
    """All that the services keep, to be compared before and after what must change nothing.

    Answers that are kept for repeats are left out, since a refusal may be one of them.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._queries: dict[str, str] = {}
        self._last: dict[str, tuple[int, str]] | None = None

    @asynccontextmanager
    async def unchanged(self, *, besides: frozenset[str] = frozenset()) -> AsyncIterator[None]:
        """Fails if what is done inside changes a row of a service that is not in `besides`."""
        before = self._last or await self._rows()
        self._last = None
        yield
        after = await self._rows()
        watched = {name for name in after if name.partition(".")[0] not in besides}
        assert {name: after[name] for name in watched} == {name: before[name] for name in watched}
        self._last = after

    def forget(self) -> None:
        """Says that something was changed on purpose."""
        self._last = None

    async def _rows(self) -> dict[str, tuple[int, str]]:
        """How many rows each table of each service has, and what is in them."""
        found = {}
        for service, database in self._world.opened.items():
            async with database.transaction() as tx:
                if service not in self._queries:
                    tables = [row.query for row in await tx.rows(_ROWS)]
                    self._queries[service] = " union all ".join(tables)
                for row in await tx.rows(self._queries[service]):
                    found[f"{service}.{row.name}"] = (row.rows, row.content)
        return found


def _hides_machinery(text: str) -> None:
    assert not [word for word in MACHINERY if word in text], text


def _has_form(binding: Binding, request: Message) -> bool:
    for variable in binding.template.variables:
        wanted = binding.template.segments[variable.start : variable.end]
        given = get(request, variable.field).split("/")
        if len(wanted) != len(given):
            return False
        if any(form not in ("*", part) for form, part in zip(wanted, given, strict=True)):
            return False
    return True
