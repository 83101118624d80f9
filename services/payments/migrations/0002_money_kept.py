"""What stores keep, by order, store and day, and the rule that it is what payments say.

Revision: payments_0002
"""

from __future__ import annotations

from alembic import op

revision = "payments_0002"
down_revision = "payments_0001"
branch_labels = None
depends_on = None

_VERIFY_VIEWS = (
    # Days are UTC's. What is earned for cash is in the store's own books, what is earned from a
    # wallet in the customer's, until it is settled. Sums by store or by day are sums of these rows.
    """
    create view verify.money_kept as
    select owner, payment_id, store_id, day, currency,
           coalesce(-sum(amount_minor) filter (where kind in ('sale', 'capture')), 0)
               as captured_minor,
           coalesce(sum(amount_minor) filter (where kind = 'refund'), 0) as refunded_minor,
           -sum(amount_minor) as kept_minor
      from (select owner, payment_id, currency, kind, amount_minor,
                   split_part(owner, ':', 1) || ':'
                   || case account when 'sales' then split_part(owner, '/', 2)
                      else substr(account, length('clearing:') + 1) end as store_id,
                   (created_at at time zone 'UTC')::date as day
              from ledger_entry
             where account = 'sales' or account like 'clearing:%') as earned
     group by owner, payment_id, store_id, day, currency
    """,
    """
    create view verify.broken_money_kept as
    select owner, payment_id, store_id, currency, p.captured_minor, p.refunded_minor,
           e.captured_minor as captured_in_ledger_minor,
           e.refunded_minor as refunded_in_ledger_minor, e.kept_minor
      from (select owner, payment_id, store_id, currency, captured_minor, refunded_minor
              from payment where store_id is not null) as p
      full join (select owner, payment_id, store_id, currency,
                        sum(captured_minor) as captured_minor,
                        sum(refunded_minor) as refunded_minor, sum(kept_minor) as kept_minor
                   from verify.money_kept
                  group by owner, payment_id, store_id, currency) as e
     using (owner, payment_id, store_id, currency)
     where coalesce(p.captured_minor, 0) <> coalesce(e.captured_minor, 0)
        or coalesce(p.refunded_minor, 0) <> coalesce(e.refunded_minor, 0)
        or e.captured_minor - e.refunded_minor <> e.kept_minor
    """,
)


def upgrade() -> None:
    for view in _VERIFY_VIEWS:
        op.execute(view)
