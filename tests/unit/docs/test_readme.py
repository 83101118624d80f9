"""The calls in README.md are of methods that exist, by people who exist, with valid requests."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from google.protobuf import descriptor_pool, json_format
from google.protobuf.message_factory import GetMessageClass

from allinone.demo.people import person
from allinone.topology import SERVICES, load_contracts
from tests.unit.docs.documents import text_of

SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASSIGNMENT = re.compile(r"(\w+)=(.*)", re.DOTALL)


def calls_in(document: str) -> Iterator[tuple[str, str, str]]:
    """Person, method and request of each call of the function `call`, variables filled in."""
    values: dict[str, str] = {}
    for block in SHELL_BLOCK.findall(document):
        words = shlex.split(block.replace("\\\n", " "))
        for position, word in enumerate(words):
            assigned = ASSIGNMENT.fullmatch(word)
            if word.rpartition("=$(")[2] == "call":
                who, method, request = words[position + 1 : position + 4]
                request = request.rstrip(")") if request.startswith("$") else request
                request = request.replace("$VERSION", "1")
                yield who, method, values.get(request.removeprefix("$"), request)
            elif assigned:
                values[assigned[1]] = assigned[2]


CALLS = list(calls_in(text_of("README.md")))


def test_the_readme_shows_calls_of_every_service() -> None:
    assert {method.partition(".")[0] for _, method, _ in CALLS} == set(SERVICES)


def test_every_call_is_by_somebody_in_the_demo_city() -> None:
    assert {person(who).name for who, _, _ in CALLS} == {who for who, _, _ in CALLS}


def test_every_request_is_one_of_its_method() -> None:
    load_contracts()
    pool = descriptor_pool.Default()
    for _, method, request in CALLS:
        service, _, name = method.partition("/")
        found = pool.FindServiceByName(f"hutong.{service}").methods_by_name[name]
        json_format.Parse(request, GetMessageClass(found.input_type)())
