"""The demo city as the platform's front page shows it."""

from __future__ import annotations

from google.protobuf.json_format import MessageToJson

from allinone.demo.calls import demo_calls
from allinone.demo.people import DemoPerson, summarised
from gateway.front import CallShown, PersonShown


def people_shown() -> list[PersonShown]:
    """Those for whom a token can be had; of the many who are alike, a few."""
    return [_shown(each) for each in summarised()]


def _shown(person: DemoPerson) -> PersonShown:
    return PersonShown(name=person.name, role=", ".join(person.caller.roles), note=person.note)


def calls_shown() -> list[CallShown]:
    """The calls to try, with their requests as JSON."""
    return [
        CallShown(
            title=call.title,
            person=call.person,
            method=call.method,
            request=MessageToJson(call.request, indent=None, ensure_ascii=False),
        )
        for call in demo_calls()
    ]
