"""Sales that tills made by their own prices.

Revision: orders_0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "orders_0006"
down_revision = "orders_0005"
branch_labels = None
depends_on = None

_VERIFY_VIEWS = (
    """
    create or replace view verify.customer_order as
    select store_id, order_id, state, fulfilment, currency, total_minor, tender_type, customer_id,
           till, version, created_at, updated_at, receipt ->> 'number' as receipt_number,
           (receipt ->> 'sold_at')::timestamptz as sold_at, receipt ->> 'reason' as receipt_reason
      from customer_order
    """,
    """
    create or replace view verify.customer_order_line as
    select o.store_id, o.order_id, o.state, line ->> 'sku' as sku,
           (line ->> 'quantity')::bigint as quantity, line ->> 'unit' as unit,
           (line ->> 'price_version')::bigint as price_version,
           (line ->> 'line_total_minor')::bigint as line_total_minor,
           (line ->> 'charged_total_minor')::bigint as charged_total_minor,
           (line ->> 'discount_minor')::bigint as discount_minor
      from customer_order as o, jsonb_array_elements(o.lines) as line
    """,
    """
    create view verify.charged_line as
    select l.store_id, l.order_id, l.state, o.receipt_number, o.sold_at, o.receipt_reason, l.sku,
           l.quantity, l.line_total_minor, l.charged_total_minor, l.discount_minor,
           l.charged_total_minor - l.line_total_minor as difference_minor
      from verify.customer_order_line as l
      join verify.customer_order as o using (store_id, order_id)
     where l.charged_total_minor is not null
    """,
    """
    create or replace view verify.broken_order_total as
    select o.store_id, o.order_id, o.total_minor,
           coalesce(sum(coalesce(l.charged_total_minor, l.line_total_minor)), 0) as lines
      from customer_order as o
      left join verify.customer_order_line as l using (store_id, order_id)
     group by o.store_id, o.order_id
    having o.total_minor <> coalesce(sum(coalesce(l.charged_total_minor, l.line_total_minor)), 0)
    """,
    """
    create view verify.broken_order_charge as
    select l.store_id, l.order_id, l.sku, o.receipt_number, l.charged_total_minor, l.discount_minor
      from verify.customer_order_line as l
      join verify.customer_order as o using (store_id, order_id)
     where (o.receipt_number is not null) <> (l.charged_total_minor is not null)
        or l.charged_total_minor < 0 or l.discount_minor < 0
        or (l.discount_minor is not null and l.charged_total_minor is null)
    """,
)


def upgrade() -> None:
    op.add_column("customer_order", sa.Column("receipt", postgresql.JSONB))
    op.create_check_constraint(
        "customer_order_receipt_carried_out",
        "customer_order",
        "receipt is null or (fulfilment = 'CARRY_OUT' and basket_version is null)",
    )
    op.create_check_constraint(
        "customer_order_receipt_reason",
        "customer_order",
        "receipt is null or coalesce(receipt ->> 'reason', '') <> ''",
    )
    for view in _VERIFY_VIEWS:
        op.execute(view)
