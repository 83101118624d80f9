"""Leases: of several replicas of a worker one works, and another takes over when it falls silent.

A lease is a promise about time, not a lock: its holder may be paused and wake up late. So whatever
is done under a lease must bear being done twice.
"""

from __future__ import annotations

from chassis.db.transaction import Transaction

_ACQUIRE = """
insert into lease (name, holder, until)
values ($1, $2, hutong.now() + make_interval(secs => $3))
on conflict (name) do update set holder = excluded.holder, until = excluded.until
 where lease.holder = excluded.holder or lease.until < hutong.now()
returning holder
"""

_SECONDS_LEFT = """
select extract(epoch from until - hutong.now())::float8 as seconds
  from lease where name = $1 and holder = $2
"""

_RENEWED_BELOW = 2 / 3


async def acquire(tx: Transaction, *, name: str, holder: str, seconds: float) -> bool:
    """Takes or renews a lease by the database's clock; False while another holds it."""
    return await tx.row(_ACQUIRE, name, holder, seconds) is not None


async def keep(tx: Transaction, *, name: str, holder: str, seconds: float) -> bool:
    """Whether the holder has the lease; takes it if it is free, and renews it now and then.

    Whoever asks often writes seldom: it is renewed in its last two thirds.
    """
    row = await tx.row(_SECONDS_LEFT, name, holder)
    if row is not None and row.seconds > seconds * _RENEWED_BELOW:
        return True
    return await acquire(tx, name=name, holder=holder, seconds=seconds)


async def release(tx: Transaction, *, name: str, holder: str) -> None:
    """Gives a lease back, so that another need not wait for its end."""
    await tx.run("delete from lease where name = $1 and holder = $2", name, holder)
