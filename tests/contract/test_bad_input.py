"""Bad input to every field of every annotated method, over HTTP and over gRPC.

Whatever it is, the answer is typed and the caller's fault, it names no part of our machinery, and
the books balance afterwards.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from google.api import field_behavior_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from allinone.verify import verify
from gateway.routes.bindings import WHOLE_BODY, Binding
from tests.contract.asking import Asker, Refusal
from tests.contract.walking import ALL_BINDINGS, Cases, get, path_of, somebody_allowed
from tests.support.web import Web
from tests.support.world import CALL_SECONDS

_D = FieldDescriptor
_WHOLE = {_D.CPPTYPE_INT32, _D.CPPTYPE_INT64, _D.CPPTYPE_UINT32, _D.CPPTYPE_UINT64}
_BEHAVIOUR: Any = field_behavior_pb2.field_behavior

THEIR_FAULT = {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "PERMISSION_DENIED"}
NO_SUCH_PATH = {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "404"}
"""The last is of a path that no method has."""

SILENCE_SECONDS = 1.0
"""So long a stream may have nothing to tell."""

NO_WHOLE_NUMBER = ("NaN", '"NaN"', "1e400", "9" * 5000, f'"{2**64}"', "1.5", "true", "{}", "[]")
NO_NUMBER = ("NaN", '"NaN"', "Infinity", '"Infinity"', "-1e400", "9" * 5000, "true", '"1"', "{}")
NO_TEXT = ('"\\ud800"', '"a\\u0000b"', "7", "true", "{}", "[[]]")
FIT_FOR_JSON = ('"a\\u0000b"',)
"""What only a rule of the contract refuses."""

NO_ENUM = ("99", '"99"', '"NOPE"', "-1", "1.5", "true", "{}")
NO_BOOL = ('"yes"', "1", "{}")
NO_MESSAGE = ("7", '"x"', "[]", "true", '{"surprise": 1}', '{"a": 1, "a": 2}', "[" * 5000)
NO_LIST = ("{}", "7", '"x"', "[null]")
NO_TIME = ('"yesterday"', '"2026-01-01T00:00:00"', '"10000-01-01T00:00:00Z"', "1", "{}")
NO_ID = ("a\x00b", "a\x07b", "a\u202eb", "a\u200bb", "../b", "a b", "\u00e9", "A" * 5000)

every_binding = pytest.mark.parametrize(
    "binding", ALL_BINDINGS, ids=[f"{each.method.name}-{each.number}" for each in ALL_BINDINGS]
)
main_bindings = pytest.mark.parametrize(
    "binding",
    [each for each in ALL_BINDINGS if not each.number],
    ids=[each.method.name for each in ALL_BINDINGS if not each.number],
)
MARK = "@the-bad-value@"

Path = tuple[str | int, ...]


@pytest.fixture(scope="module", autouse=True)
async def the_books_balance(web: Web) -> Any:
    yield
    assert await verify(web.world.urls) == []


def json_values(field: FieldDescriptor, *, is_item: bool) -> Sequence[str]:
    """JSON that a field can't be, as it stands in a body."""
    if field.is_repeated and not is_item:
        return NO_LIST
    if field.message_type is not None:
        is_time = field.message_type.full_name.startswith("google.protobuf.")
        return NO_TIME if is_time else NO_MESSAGE
    if field.enum_type is not None:
        return NO_ENUM
    if field.cpp_type in _WHOLE:
        return NO_WHOLE_NUMBER
    if field.cpp_type == _D.CPPTYPE_BOOL:
        return NO_BOOL
    return NO_TEXT if field.cpp_type == _D.CPPTYPE_STRING else NO_NUMBER


def places(message: Message, at: Path = ()) -> Iterator[tuple[Path, FieldDescriptor, bool]]:
    """Each field that a message has set, and each field within, by JSON names."""
    for field, value in message.ListFields():
        path = (*at, field.json_name)
        yield path, field, False
        if field.is_repeated and value and not _is_map(field):
            yield (*path, 0), field, True
            if field.message_type is not None:
                yield from places(value[0], (*path, 0))
        elif not field.is_repeated and _is_ours(field):
            yield from places(value, path)


def body_with(tree: dict[str, Any], path: Path, text: str) -> str:
    """The body with the JSON text in place of one value."""
    changed = json.loads(json.dumps(tree))
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = MARK
    return json.dumps(changed).replace(f'"{MARK}"', text)


@every_binding
async def test_no_field_of_a_body_takes_what_it_is_not(
    asker: Asker, cases: Cases, binding: Binding
) -> None:
    if not binding.body:
        return
    request = cases.of(binding)
    tree = json_format.MessageToDict(request)
    part: Any = request if binding.body == WHOLE_BODY else getattr(request, binding.body)
    params = {} if binding.body == WHOLE_BODY else tree
    sent = tree if binding.body == WHOLE_BODY else tree.pop(_json_name(binding, binding.body))
    if binding.body != WHOLE_BODY:
        params = {key: value for key, value in tree.items() if isinstance(value, str)}
    who = somebody_allowed(binding, cases.customer)
    tried = [
        (path, text)
        for path, field, is_item in places(part)
        for text in json_values(field, is_item=is_item)
    ]
    assert tried or not sent
    for path, text in tried:
        answer = await asker.ask_json(
            binding,
            path_of(binding, request) or "",
            body_with(sent, path, text),
            who,
            params=params,
        )
        if binding.body != WHOLE_BODY and text in FIT_FOR_JSON and isinstance(answer, Message):
            continue  # The mask does not pick the field, so nobody looks at what it says.
        assert isinstance(answer, Refusal), (path, text)
        assert answer.code == "INVALID_ARGUMENT", (path, text, answer)
        assert answer.violations, (path, text, answer)


@every_binding
async def test_no_id_in_a_path_takes_what_none_is(
    asker: Asker, cases: Cases, binding: Binding
) -> None:
    request, who = cases.of(binding), somebody_allowed(binding, cases.customer)
    for variable in binding.template.variables:
        for bad in NO_ID:
            values = {each.field: get(request, each.field) for each in binding.template.variables}
            head, _, _ = values[variable.field].rpartition("/")
            values[variable.field] = f"{head}/{bad.replace('/', '%2F')}"
            answer = await asker.ask_json(binding, binding.template.path(values), None, who)
            assert isinstance(answer, Refusal), bad
            assert answer.code in NO_SUCH_PATH, (bad, answer)


def bad_messages(request: Message) -> Iterator[tuple[str, Message]]:
    """The request with one field after the other made bad as protobuf can carry it."""
    for field in request.DESCRIPTOR.fields:
        is_set = field in [each for each, _ in request.ListFields()]
        if is_set and field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[_BEHAVIOUR]:
            without = _copy(request)
            without.ClearField(field.name)
            yield f"{field.name} missing", without
        for bad in _bad_values(field):
            changed = _copy(request)
            setattr(changed, field.name, bad)
            yield f"{field.name} {str(bad)[:20]!r}", changed
        if field.message_type is None or not is_set or _is_map(field):
            continue
        inner = getattr(request, field.name)
        for what, message in bad_messages(inner[0] if field.is_repeated else inner):
            changed = _copy(request)
            target: Any = getattr(changed, field.name)
            (target[0] if field.is_repeated else target).CopyFrom(message)
            yield f"{field.name}.{what}", changed


def _bad_values(field: Any) -> Sequence[Any]:
    if field.is_repeated or field.message_type is not None:
        return ()
    if field.enum_type is not None:
        return (99, 0)
    if field.cpp_type == _D.CPPTYPE_STRING:
        return NO_ID
    if field.cpp_type in {_D.CPPTYPE_DOUBLE, _D.CPPTYPE_FLOAT}:
        return (math.nan, math.inf, -math.inf, 1e300)
    high = 2**31 - 1 if field.cpp_type == _D.CPPTYPE_INT32 else 2**63 - 1
    return (-1, -high - 1, high) if field.cpp_type in _WHOLE else ()


@main_bindings
async def test_no_field_of_a_message_brings_a_service_down(
    asker: Asker, cases: Cases, binding: Binding
) -> None:
    who = somebody_allowed(binding, cases.customer)
    seconds = SILENCE_SECONDS if binding.is_stream else CALL_SECONDS
    for what, message in bad_messages(cases.of(binding)):
        answer = await asker.ask_grpc(binding.method, message, who, seconds=seconds)
        if isinstance(answer, Message):
            continue
        if binding.is_stream and answer.code == "DEADLINE_EXCEEDED":
            continue  # It waits for what may come.
        assert answer.code in THEIR_FAULT, (what, answer)


@main_bindings
async def test_garbage_is_no_message_of_any_method(
    asker: Asker, cases: Cases, binding: Binding
) -> None:
    who = somebody_allowed(binding, cases.customer)
    for garbage in (b"\xff\xff", b"\x0a\x05ab", b"\x00", b"\x0a\xff\xff\xff\xff\x7f"):
        answer = await asker.ask_grpc(binding.method, garbage, who)
        assert answer == Refusal("INVALID_ARGUMENT", "MESSAGE_MALFORMED"), garbage


def _copy(message: Message) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def _is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _is_ours(field: Any) -> bool:
    kind = field.message_type
    return kind is not None and not kind.full_name.startswith("google.protobuf.")


def _json_name(binding: Binding, name: str) -> str:
    return str(binding.method.input_type.fields_by_name[name].json_name)
