"""Those who can sign in: found by name, and shown in groups by role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from chassis.rpc.auth import Caller

SHOWN_MAX = 40
EXAMPLES_MAX = 5
"""How many of one role are shown to somebody who has not searched yet."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in: a short name, who that is, and what tokens say of them."""

    name: str
    note: str
    caller: Caller

    @property
    def role(self) -> str:
        """Their role, in words."""
        return ", ".join(sorted(self.caller.roles)).replace("_", " ")


@dataclass(frozen=True, slots=True)
class Group:
    """Some people of one role, and how many of them are not shown."""

    role: str
    people: Sequence[Person]
    more: int


class People:
    """Everybody who can sign in."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._people = people
        self._by_name = {person.name: person for person in people}
        self._by_principal = {person.caller.principal: person for person in people}

    def named(self, name: str) -> Person | None:
        """The person with exactly this name, in whichever case and with blanks around it."""
        return self._by_name.get(name.strip().casefold())

    def of(self, principal: str) -> Person | None:
        """The person that tokens call by this subject."""
        return self._by_principal.get(principal)

    def found(self, text: str) -> list[Group]:
        """Those whose name, role or note has every word of the text; examples without any."""
        words = text.casefold().split()
        fitting = [person for person in self._people if all(w in _text(person) for w in words)]
        shown_max = EXAMPLES_MAX if not words else SHOWN_MAX
        return list(_groups(fitting, shown_max))


def _groups(people: Sequence[Person], shown_max: int) -> Iterator[Group]:
    order = {role: place for place, role in enumerate(dict.fromkeys(p.role for p in people))}
    for role, members in groupby(sorted(people, key=lambda p: order[p.role]), lambda p: p.role):
        of_role = list(members)
        yield Group(role, of_role[:shown_max], more=max(0, len(of_role) - shown_max))


def _text(person: Person) -> str:
    return f"{person.name} {person.role} {person.note}".casefold()
