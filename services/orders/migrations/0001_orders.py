"""Orders.

Revision: orders_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "orders_0001"
down_revision = None
branch_labels = ("orders",)
depends_on = "chassis_0001"

_VERIFY_VIEWS = (
    """
    create view verify.customer_order as
    select store_id, order_id, state, fulfilment, currency, total_minor, tender_type, customer_id,
           till, version, created_at, updated_at
      from customer_order
    """,
    """
    create view verify.customer_order_line as
    select o.store_id, o.order_id, o.state, line ->> 'sku' as sku,
           (line ->> 'quantity')::bigint as quantity, line ->> 'unit' as unit,
           (line ->> 'price_version')::bigint as price_version,
           (line ->> 'line_total_minor')::bigint as line_total_minor
      from customer_order as o, jsonb_array_elements(o.lines) as line
    """,
    """
    create view verify.broken_order_total as
    select o.store_id, o.order_id, o.total_minor, coalesce(sum(l.line_total_minor), 0) as lines
      from customer_order as o
      left join verify.customer_order_line as l using (store_id, order_id)
     group by o.store_id, o.order_id
    having o.total_minor <> coalesce(sum(l.line_total_minor), 0)
    """,
    """
    create view verify.broken_order_answer as
    select o.store_id, o.order_id, o.state
      from customer_order as o
      left join idempotency as i
        on i.distribution_key = o.store_id and i.request_key = o.request_key
     where o.state in ('PLACED', 'COMPLETED', 'REFUSED', 'CANCELLED')
       and i.reply is null and i.refusal is null
    """,
    """
    create view verify.broken_order_event as
    select o.store_id, o.order_id, o.version, count(e.sequence) as events
      from customer_order as o
      left join outbox as e
        on e.distribution_key = o.store_id
       and e.aggregate = split_part(o.store_id, ':', 1) || '/stores/'
                         || split_part(o.store_id, ':', 2) || '/orders/' || o.order_id
     where o.created_at > hutong.now() - interval '7 days'
     group by o.store_id, o.order_id
    having o.version <> count(e.sequence)
    """,
)


def upgrade() -> None:
    op.create_table(
        "customer_order",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("fulfilment", sa.Text, nullable=False),
        sa.Column("lines", postgresql.JSONB, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("total_minor", sa.BigInteger, nullable=False),
        sa.Column("tender_type", sa.Text, nullable=False),
        sa.Column("tendered_minor", sa.BigInteger),
        sa.Column("customer_id", sa.Text),
        sa.Column("till", sa.Text, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("end_reason", postgresql.JSONB),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("request_key", sa.LargeBinary, nullable=False),
        sa.Column("lease_token", sa.Text),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "order_id", name="customer_order_pkey"),
        sa.CheckConstraint(
            "state in ('PLACING', 'UNDOING', 'PLACED', 'COMPLETED', 'REFUSED', 'CANCELLING', "
            "'CANCELLED', 'COMPLETING', 'NEEDS_ATTENTION')",
            name="customer_order_state",
        ),
        sa.CheckConstraint(
            "fulfilment in ('CARRY_OUT', 'PICKUP')", name="customer_order_fulfilment"
        ),
        sa.CheckConstraint("tender_type in ('CASH', 'WALLET')", name="customer_order_tender_type"),
        sa.CheckConstraint("total_minor >= 0", name="customer_order_total"),
        sa.CheckConstraint("version >= 0", name="customer_order_version"),
        sa.CheckConstraint(
            "(tender_type = 'CASH') = (tendered_minor is not null)", name="customer_order_tendered"
        ),
        sa.CheckConstraint(
            "tender_type = 'CASH' or customer_id is not null", name="customer_order_wallet_owner"
        ),
        sa.CheckConstraint(
            "(state in ('PLACING', 'UNDOING', 'CANCELLING', 'COMPLETING'))"
            " = (lease_token is not null)",
            name="customer_order_lease",
        ),
        sa.CheckConstraint(
            "state not in ('UNDOING', 'REFUSED', 'CANCELLING', 'CANCELLED')"
            " or end_reason is not null",
            name="customer_order_end_reason",
        ),
    )
    op.create_index(
        "customer_order_on_the_way",
        "customer_order",
        ["lease_until"],
        postgresql_where=sa.text("lease_token is not null"),
    )
    op.create_index(
        "customer_order_of_customer",
        "customer_order",
        ["store_id", "customer_id", "order_id"],
        postgresql_where=sa.text("customer_id is not null"),
    )
    for view in _VERIFY_VIEWS:
        op.execute(view)
