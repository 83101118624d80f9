"""Where in a board's course a watcher is, as a token that any process of the service understands.

A place is a number of a transaction and a time, both the database's: everything that was committed
by transactions with lower numbers, and everything that came about by that time, has been told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chassis.db.transaction import Reading

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TOKEN = re.compile(
    r"([0-9a-f]{12})\.([0-9a-f]{12})\.([0-9]{1,18})\.([0-9]{1,17})(?:\.(.{1,100}))?"
)

# A transaction that was running when this was read, or began later, has a number that is not below
# `settled`. Files of a database change under a server that does not run, and a table that is made
# anew, or emptied, has another file: so a history is one run of the server over one file.
_MOMENT = """
select left(md5(concat_ws('/',
           extract(epoch from pg_postmaster_start_time()),
           (select oid from pg_database where datname = current_database()),
           pg_relation_filenode($1::text::regclass))), 12) as history,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint as settled,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as unused,
       hutong.now() as now
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a look at the database saw: all of what transactions below `settled` did, at `now`.

    `unused` is above every number that a transaction had by then. `history` tells one course of the
    database from another: numbers of different ones can't be compared.
    """

    history: str
    settled: int
    unused: int
    now: datetime

    @property
    def place(self) -> Place:
        """The place of who was told all that was seen."""
        return Place(self.history, self.settled, self.now)


@dataclass(frozen=True, slots=True)
class Place:
    """What a watcher was told; `after` is the key up to which, if not yet all."""

    history: str
    transaction: int
    at: datetime
    after: str = ""

    def leads_to(self, other: Place) -> bool:
        """Whether it can be said what came between this place and the other.

        It can't of another history, nor if the clock was set back since a part was told.
        """
        return self.history == other.history and not (self.after and self.at > other.at)

    def is_before(self, other: Place) -> bool:
        """Whether something may have been told at the other place that was not at this one.

        That is so at any other time, since a clock may also be set back.
        """
        return self.transaction < other.transaction or self.at != other.at

    def earlier(self, other: Place) -> Place:
        """The latest place that is behind neither of the two, which are of one history."""
        return Place(self.history, min(self.transaction, other.transaction), min(self.at, other.at))


async def moment_of(reading: Reading, *, table: str) -> Moment:
    """What statements from now on see at least, of this table."""
    row = await reading.row(_MOMENT, table)
    assert row is not None
    return Moment(row.history, row.settled, row.unused, row.now)


def listing_of(board: str, topic: object, keys: Collection[str] | None) -> str:
    """What is watched, in a few letters: a token for something else would leave gaps."""
    named = "" if keys is None else "\n".join(sorted(keys))
    text = f"{board}\n{topic!r}\n{keys is None}\n{named}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def token_of(place: Place, listing: str) -> str:
    """The place as a watcher of this listing carries it: one line of at most 150 characters."""
    microseconds = (place.at - _BEGIN) // _MICROSECOND
    token = f"{place.history}.{listing}.{place.transaction}.{microseconds}"
    return f"{token}.{place.after}" if place.after else token


def place_in(token: str, listing: str) -> Place | None:
    """The place in a token; None if it is no token of this listing."""
    found = _TOKEN.fullmatch(token)
    if found is None or found[2] != listing:
        return None
    try:
        at = _BEGIN + int(found[4]) * _MICROSECOND
    except OverflowError:
        return None
    return Place(found[1], int(found[3]), at, found[5] or "")
