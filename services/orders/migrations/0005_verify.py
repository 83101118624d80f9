"""Views for verification: one order a request, an answer for each, and what events tell of orders.

Revision: orders_0005
"""

from __future__ import annotations

from alembic import op

revision = "orders_0005"
down_revision = "orders_0004"
branch_labels = None
depends_on = "chassis_0004"

_VERIFY_VIEWS = (
    """
    create or replace view verify.broken_request_unanswered as
    select i.distribution_key, i.principal, i.method, i.request_id, i.created_at
      from idempotency as i
      left join customer_order as o
        on o.store_id = i.distribution_key and o.request_key = i.request_key
       and o.state in ('PLACING', 'UNDOING', 'CANCELLING', 'COMPLETING', 'NEEDS_ATTENTION')
     where i.reply is null and i.refusal is null and o.order_id is null
    """,
    """
    create view verify.broken_order_request as
    select store_id, encode(request_key, 'hex') as request_key, count(*) as orders,
           min(order_id) as first_order_id, max(order_id) as last_order_id
      from customer_order
     group by store_id, request_key
    having count(*) > 1
    """,
    """
    create view verify.broken_order_tenant as
    select store_id, customer_id, order_id
      from (select store_id, customer_id, order_id from customer_order
             union all
            select store_id, customer_id, 'basket' from basket) as owned
     where split_part(store_id, ':', 1) <> split_part(customer_id, ':', 1)
    """,
    # The states that an order has rested in, each in its event; verification reads the bytes.
    """
    create view verify.order_event as
    select aggregate, sequence, created_at, data
      from outbox
     where type = 'hutong.orders.v1.OrderChanged'
    """,
)


def upgrade() -> None:
    for view in _VERIFY_VIEWS:
        op.execute(view)
