"""Views for verification: each payment has the transfers that its state tells of, and its events.

Revision: payments_0003
"""

from __future__ import annotations

from alembic import op

revision = "payments_0003"
down_revision = "payments_0002"
branch_labels = None
depends_on = None

_VERIFY_VIEWS = (
    # Held at most once, captured at most once, lifted at most once, and never both of the latter.
    """
    create view verify.broken_payment_transfers as
    select owner, payment_id, p.state, p.amount_minor, e.taken, e.held, e.lifted
      from payment as p
      left join (select owner, payment_id,
                        count(distinct transfer_id) filter (where kind in ('sale', 'capture'))
                            as taken,
                        count(distinct transfer_id) filter (where kind = 'hold') as held,
                        count(distinct transfer_id) filter (where kind = 'void') as lifted
                   from ledger_entry
                  where payment_id is not null
                  group by owner, payment_id) as e using (owner, payment_id)
     where coalesce(e.taken, 0) <> (p.captured_minor > 0)::int
        or coalesce(e.held, 0) > 1
        or (p.state = 'AUTHORISED' and p.amount_minor > 0 and coalesce(e.held, 0) <> 1)
        or coalesce(e.lifted, 0) <> (p.state = 'VOIDED' and coalesce(e.held, 0) > 0)::int
    """,
    # Events are kept for seven days at least, the newest of each aggregate for ever.
    """
    create view verify.broken_payment_event as
    select p.owner, p.payment_id as told_of, p.version, count(e.sequence) as events
      from payment as p
      left join outbox as e
        on e.distribution_key = p.owner
       and e.aggregate = split_part(p.owner, ':', 1) || '/' || split_part(p.owner, ':', 2)
                         || '/payments/' || p.payment_id
     where p.created_at > hutong.now() - interval '7 days'
     group by p.owner, p.payment_id
    having p.version <> count(e.sequence)
     union all
    select a.owner, 'wallet', a.version, coalesce(max(e.sequence), 0)
      from account as a
      left join outbox as e
        on e.distribution_key = a.owner
       and e.aggregate = split_part(a.owner, ':', 1) || '/' || split_part(a.owner, ':', 2)
                         || '/wallet'
     where a.account = 'top_up'
     group by a.owner, a.version
    having a.version <> coalesce(max(e.sequence), 0)
    """,
    """
    create view verify.broken_payment_tenant as
    select owner, payment_id, store_id
      from payment
     where split_part(owner, ':', 1) <> split_part(store_id, ':', 1)
    """,
)


def upgrade() -> None:
    for view in _VERIFY_VIEWS:
        op.execute(view)
