"""Delivery, and orders that are packed.

Revision: orders_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "orders_0002"
down_revision = "orders_0001"
branch_labels = None
depends_on = None

_ORDER_ANSWER = """
create or replace view verify.broken_order_answer as
select o.store_id, o.order_id, o.state
  from customer_order as o
  left join idempotency as i
    on i.distribution_key = o.store_id and i.request_key = o.request_key
 where o.state in ('PLACED', 'READY', 'COMPLETED', 'REFUSED', 'CANCELLED')
   and i.reply is null and i.refusal is null
"""


def upgrade() -> None:
    op.add_column("customer_order", sa.Column("delivery", postgresql.JSONB))
    op.add_column(
        "customer_order",
        sa.Column("tells_delivery", sa.Boolean, nullable=False, server_default=sa.text("true")),
    )
    _widen(
        "customer_order_state",
        "state in ('PLACING', 'UNDOING', 'PLACED', 'READY', 'COMPLETED', 'REFUSED', 'CANCELLING', "
        "'CANCELLED', 'COMPLETING', 'NEEDS_ATTENTION')",
    )
    _widen("customer_order_fulfilment", "fulfilment in ('CARRY_OUT', 'PICKUP', 'DELIVERY')")
    op.create_check_constraint(
        "customer_order_delivery",
        "customer_order",
        "(fulfilment = 'DELIVERY') = (delivery is not null)",
    )
    op.execute(_ORDER_ANSWER)


def _widen(name: str, condition: str) -> None:
    """Puts a check that admits more in the place of the one with this name."""
    op.drop_constraint(name, "customer_order", type_="check")
    op.create_check_constraint(name, "customer_order", condition)
