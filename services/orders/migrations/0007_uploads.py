"""Sales that tills upload afterwards: recorded always, and lines that we have no price for.

Revision: orders_0007
"""

from __future__ import annotations

from alembic import op

revision = "orders_0007"
down_revision = "orders_0006"
branch_labels = None
depends_on = None

_VERIFY_VIEWS = (
    """
    create or replace view verify.customer_order as
    select store_id, order_id, state, fulfilment, currency, total_minor, tender_type, customer_id,
           till, version, created_at, updated_at, receipt ->> 'number' as receipt_number,
           (receipt ->> 'sold_at')::timestamptz as sold_at, receipt ->> 'reason' as receipt_reason,
           coalesce((receipt ->> 'is_uploaded')::boolean, false) as is_uploaded
      from customer_order
    """,
    """
    create or replace view verify.customer_order_line as
    select o.store_id, o.order_id, o.state, line ->> 'sku' as sku,
           (line ->> 'quantity')::bigint as quantity, line ->> 'unit' as unit,
           (line ->> 'price_version')::bigint as price_version,
           (line ->> 'line_total_minor')::bigint as line_total_minor,
           (line ->> 'charged_total_minor')::bigint as charged_total_minor,
           (line ->> 'discount_minor')::bigint as discount_minor,
           coalesce((line ->> 'is_unpriced')::boolean, false) as is_unpriced
      from customer_order as o, jsonb_array_elements(o.lines) as line
    """,
    # What has happened can't be refused for anything that the platform knows or lacks: only what
    # could never have been a sale is.
    """
    create view verify.broken_upload_refused as
    select store_id, order_id, state, end_reason
      from customer_order
     where coalesce((receipt ->> 'is_uploaded')::boolean, false)
       and state in ('UNDOING', 'REFUSED')
       and end_reason ->> 'kind' <> 'INVALID_ARGUMENT'
    """,
    # A line that we have no price for is the till's word, and only of a sale that was uploaded.
    """
    create view verify.broken_unpriced_line as
    select l.store_id, l.order_id, l.sku, l.line_total_minor, l.charged_total_minor
      from verify.customer_order_line as l
      join verify.customer_order as o using (store_id, order_id)
     where l.is_unpriced
       and (not o.is_uploaded or l.line_total_minor is distinct from l.charged_total_minor)
    """,
)


def upgrade() -> None:
    for view in _VERIFY_VIEWS:
        op.execute(view)
