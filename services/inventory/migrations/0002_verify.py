"""Views for verification: every movement is told, and no hold outlives its time for long.

Revision: inventory_0002
"""

from __future__ import annotations

from alembic import op

revision = "inventory_0002"
down_revision = "inventory_0001"
branch_labels = None
depends_on = None

_VERIFY_VIEWS = (
    # Events are kept for seven days at least, so that nothing is said of older movements.
    """
    create view verify.broken_stock_event as
    select m.store_id, m.sku, m.version, m.type, m.cause, m.created_at
      from stock_movement as m
      left join outbox as e
        on e.distribution_key = m.store_id
       and e.aggregate = split_part(m.store_id, ':', 1) || '/stores/'
                         || split_part(m.store_id, ':', 2) || '/stockLevels/' || m.sku
       and e.sequence = m.version
     where m.created_at > hutong.now() - interval '7 days' and e.sequence is null
    """,
    # What has run out counts nothing at once, and the sweeper ends it within seconds; a day is
    # longer than any outage of it that nobody notices.
    """
    create view verify.broken_reservation_overdue as
    select store_id, reservation_id, expires_at
      from reservation
     where state = 'HELD' and expires_at < hutong.now() - interval '1 day'
    """,
)


def upgrade() -> None:
    for view in _VERIFY_VIEWS:
        op.execute(view)
