"""The front page gets everybody of the demo city, and calls that satisfy their contracts."""

from google.protobuf.json_format import Parse

from allinone.demo.calls import demo_calls
from allinone.demo.front import calls_shown, people_shown
from allinone.demo.people import PEOPLE, person
from chassis.rpc.validation import Validator


def test_every_person_is_shown_but_of_the_customers_only_the_first() -> None:
    shown = [each.name for each in people_shown()]
    everybody = [each.name for each in PEOPLE]
    assert shown == [name for name in everybody if name in set(shown)]
    assert set(everybody) - set(shown) == {f"c{number:04d}" for number in range(21, 1001)}


def test_every_call_satisfies_its_contract_and_is_somebodys() -> None:
    validator = Validator()
    for call in demo_calls():
        validator.check(call.request)
        assert person(call.person).name == call.person


def test_the_requests_shown_read_back_as_they_were() -> None:
    for shown, call in zip(calls_shown(), demo_calls(), strict=True):
        assert Parse(shown.request, type(call.request)()) == call.request
