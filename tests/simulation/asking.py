"""Callers as good clients are: they ask with the same request id until there is an answer."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from typing import Any

import grpc
import httpx
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from allinone.topology import BLUEPRINTS
from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.auth import Caller
from chassis.rpc.status import from_rpc_error
from gateway.routes.bindings import Binding, bindings_of
from gateway.routes.contracts import contracts_of
from tests.simulation.record import Answer, Asked, Attempt, Record

CALL_SECONDS = 4.0
PAUSE_SECONDS = (0.05, 0.4)
_SERVICES = [f"hutong.{plan.name}.v1.{plan.name.title()}Service" for plan in BLUEPRINTS]
METHODS = {
    binding.method.name: binding
    for binding in reversed(bindings_of(contracts_of(_SERVICES).methods))
}
"""The main binding of every method that people may call."""

Token = Callable[[Caller], str]


class Ways:
    """The ways to a platform: gRPC and HTTP, each at its port of this machine."""

    def __init__(self, *, grpc_port: int, http_port: int, token: Token) -> None:
        self._channel = grpc.aio.insecure_channel(
            f"127.0.0.1:{grpc_port}",
            options=[
                ("grpc.initial_reconnect_backoff_ms", 50),
                ("grpc.max_reconnect_backoff_ms", 500),
            ],
        )
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{http_port}", trust_env=False)
        self._token = token

    async def ask(
        self, method: str, request: Message, who: Caller, *, is_over_http: bool
    ) -> Message:
        """The reply; what was raised, or what a lost connection comes to, as a HutongError."""
        binding = METHODS[method]
        if is_over_http:
            return await self._by_http(binding, request, who)
        return await self._by_grpc(binding, request, who)

    async def close(self) -> None:
        """Closes both."""
        await self._channel.close()
        await self._http.aclose()

    async def _by_grpc(self, binding: Binding, request: Message, who: Caller) -> Message:
        call: Any = self._channel.unary_unary(binding.rpc_path)
        metadata = (("authorization", f"Bearer {self._token(who)}"),)
        try:
            reply = await call(request.SerializeToString(), timeout=CALL_SECONDS, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, part="the platform") from None
        return GetMessageClass(binding.method.output_type).FromString(reply)

    async def _by_http(self, binding: Binding, request: Message, who: Caller) -> Message:
        tree = json_format.MessageToDict(request)
        for variable in binding.template.variables:
            del tree[variable.field[0]]
        path = binding.template.path(
            {v.field: str(getattr(request, v.field[0])) for v in binding.template.variables}
        )
        headers = {"authorization": f"Bearer {self._token(who)}"}
        if binding.http_method != "GET":
            headers["content-type"] = "application/json"
        try:
            answer = await self._http.request(
                binding.http_method,
                path,
                content=json.dumps(tree) if binding.http_method != "GET" else None,
                headers=headers,
                timeout=CALL_SECONDS,
            )
            told = answer.json()
        except (httpx.HTTPError, ValueError) as problem:
            raise _lost(repr(problem)) from None
        if answer.status_code == httpx.codes.OK:
            return json_format.ParseDict(told, GetMessageClass(binding.method.output_type)())
        return _raise(told)


class Callers:
    """Asks until there is an answer, and writes down what it was."""

    def __init__(self, ways: Ways, record: Record, *, seed: int) -> None:
        self.record = record
        self._ways = ways
        self._jitter = random.Random(seed)
        self.gives_up_at = float("inf")
        """By the monotonic clock: from then on what has no answer stays without one."""

    @property
    def has_given_up(self) -> bool:
        """Whether it is too late to ask again."""
        return time.monotonic() >= self.gives_up_at

    async def ask(self, asked: Asked, method: str, request: Message, who: Caller) -> None:
        """Makes the request known, and asks until it is answered; once more if that is meant."""
        asked.request = request
        await self._until_answered(asked, method, request, who, asked.intent.is_over_http)
        if asked.intent.is_repeated and asked.answers:
            await self._until_answered(asked, method, request, who, not asked.intent.is_over_http)

    async def read(self, method: str, request: Message, who: Caller) -> Any:
        """What a read answers in the end, or None: for a caller that has to look before it asks."""
        while not self.has_given_up:
            try:
                return await self._ways.ask(method, request, who, is_over_http=False)
            except HutongError as error:
                if error.is_answer:
                    return None
                await self._pause()
        return None

    async def _until_answered(
        self, asked: Asked, method: str, request: Message, who: Caller, is_over_http: bool
    ) -> None:
        while not self.has_given_up:
            answer = await self._attempt(asked, method, request, who, is_over_http)
            if answer is not None:
                asked.answers.append(answer)
                return
            await self._pause()

    async def _attempt(
        self, asked: Asked, method: str, request: Message, who: Caller, is_over_http: bool
    ) -> Answer | None:
        asked.attempts += 1
        begun, answer = time.monotonic(), None
        try:
            answer = Answer(await self._ways.ask(method, request, who, is_over_http=is_over_http))
        except HutongError as error:
            if error.is_answer:
                answer = Answer(None, error)
        if method == "PlaceOrder":
            has_sold = answer is not None and answer.refusal is None and not asked.answers
            self.record.attempts.append(Attempt(begun, time.monotonic(), has_sold))
        return answer

    async def _pause(self) -> None:
        await asyncio.sleep(self._jitter.uniform(*PAUSE_SECONDS))


def _raise(problem: Any) -> Message:
    """Raises the error that a problem document tells of."""
    if not isinstance(problem, dict) or "code" not in problem or "reason" not in problem:
        raise _lost(repr(problem))
    raise HutongError.rebuilt(
        kind=ErrorKind.__members__.get(problem["code"], ErrorKind.INTERNAL),
        reason=problem["reason"],
        text=problem["detail"],
        facts=problem.get("facts", {}),
    )


def _lost(problem: str) -> HutongError:
    return HutongError.rebuilt(
        kind=ErrorKind.UNAVAILABLE, reason="CONNECTION_LOST", text=problem, facts={}
    )
