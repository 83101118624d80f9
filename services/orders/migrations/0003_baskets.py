"""Baskets, and orders that are placed with them.

Revision: orders_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "orders_0003"
down_revision = "orders_0002"
branch_labels = None
depends_on = None

_VERIFY_VIEWS = (
    """
    create view verify.basket as
    select store_id, customer_id, version, jsonb_array_length(lines) as lines, frozen_until,
           order_id, updated_at
      from basket
    """,
    """
    create view verify.basket_line as
    select b.store_id, b.customer_id, line ->> 'sku' as sku,
           (line ->> 'quantity')::bigint as quantity, line ->> 'unit' as unit,
           (line ->> 'price_version')::bigint as price_version,
           (line ->> 'unit_price_minor')::bigint as unit_price_minor
      from basket as b, jsonb_array_elements(b.lines) as line
    """,
    """
    create view verify.broken_basket_line as
    select store_id, customer_id, sku, count(*) as lines
      from verify.basket_line
     group by store_id, customer_id, sku
    having count(*) > 1 or min(unit_price_minor) < 0
    """,
    """
    create view verify.broken_basket_checkout as
    select b.store_id, b.customer_id, b.version, b.order_id, o.state, o.basket_version
      from basket as b
      left join customer_order as o on o.store_id = b.store_id and o.order_id = b.order_id
     where b.order_id is not null
       and (o.state is null or o.state not in ('PLACING', 'UNDOING')
            or o.customer_id is distinct from b.customer_id
            or o.basket_version is distinct from b.version)
    """,
    """
    create view verify.broken_order_basket as
    select o.store_id, o.order_id, o.state, o.basket_version
      from customer_order as o
      left join basket as b on b.store_id = o.store_id and b.customer_id = o.customer_id
     where o.basket_version is not null and o.state in ('PLACING', 'UNDOING')
       and b.order_id is distinct from o.order_id
    """,
)


def upgrade() -> None:
    op.create_table(
        "basket",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("lines", postgresql.JSONB, nullable=False),
        sa.Column("frozen_until", sa.DateTime(timezone=True)),
        sa.Column("lifted_by", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("order_id", sa.Text),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "customer_id", name="basket_pkey"),
        sa.CheckConstraint("version > 0", name="basket_version"),
        sa.CheckConstraint("jsonb_array_length(lines) <= 200", name="basket_lines_max"),
        sa.CheckConstraint(
            "not jsonb_path_exists(lines, '$[*] ? (!(@.quantity >= 1))')",
            name="basket_line_quantity",
        ),
        sa.CheckConstraint(
            "jsonb_array_length(lines) > 0 or (frozen_until is null and order_id is null)",
            name="basket_nothing_to_keep",
        ),
    )
    op.create_index("basket_idle", "basket", ["updated_at"])
    op.create_index(
        "basket_frozen",
        "basket",
        ["frozen_until"],
        postgresql_where=sa.text("frozen_until is not null"),
    )
    op.add_column("customer_order", sa.Column("basket_version", sa.BigInteger))
    op.create_check_constraint(
        "customer_order_basket_owner",
        "customer_order",
        "basket_version is null or customer_id is not null",
    )
    op.create_index(
        "customer_order_of_basket",
        "customer_order",
        ["store_id", "customer_id", "basket_version"],
        unique=True,
        postgresql_where=sa.text(
            "basket_version is not null and state not in ('REFUSED', 'NEEDS_ATTENTION')"
        ),
    )
    for view in _VERIFY_VIEWS:
        op.execute(view)
