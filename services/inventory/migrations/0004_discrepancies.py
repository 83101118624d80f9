"""What tills sold beyond the books: a kind of movement that supplies it, and tasks to find out why.

Revision: inventory_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "inventory_0004"
down_revision = "inventory_0003"
branch_labels = None
depends_on = None

_MOVEMENT_SIGNS = """
        case type
            when 'RECEIPT' then on_hand_change > 0 and held_change = 0
            when 'FOUND' then on_hand_change > 0 and held_change = 0
            when 'RETURN' then on_hand_change > 0 and held_change = 0
            when 'DEFICIT' then on_hand_change > 0 and held_change = 0
            when 'SHRINK' then on_hand_change < 0 and held_change = 0
            when 'HOLD' then on_hand_change = 0 and held_change > 0
            when 'RELEASE' then on_hand_change = 0 and held_change < 0
            when 'EXPIRY' then on_hand_change = 0 and held_change < 0
            when 'SALE' then on_hand_change < 0 and held_change in (0, on_hand_change)
            else false
        end
"""

_VERIFY_VIEWS = (
    """
    create view verify.discrepancy as
    select store_id, discrepancy_id, sku, unit, state, quantity, sales, version, created_at,
           updated_at
      from discrepancy
    """,
    # Sold and held, as the reservations say, against all that ever came in and was not lost, and
    # what tills had sold beyond that.
    """
    create or replace view verify.broken_oversold as
    select store_id, sku, coalesce(demand.quantity, 0) as sold_and_held,
           coalesce(supply.quantity, 0) as supply
      from (select store_id, sku, sum(quantity) as quantity
              from verify.reservation_line
             where state in ('HELD', 'TAKEN', 'COMMITTED', 'RETURNED')
             group by store_id, sku) as demand
      left join (select store_id, sku, sum(on_hand_change) as quantity
                   from stock_movement
                  where type in ('RECEIPT', 'FOUND', 'SHRINK', 'RETURN', 'DEFICIT')
                  group by store_id, sku) as supply using (store_id, sku)
     where demand.quantity > coalesce(supply.quantity, 0)
    """,
    # A deficit supplies what its own sale lacks and not a piece more: the sale follows at once, and
    # leaves what is promised.
    """
    create view verify.broken_deficit as
    select d.store_id, d.sku, d.version, d.cause, d.on_hand_change as deficit, s.type as next_type,
           s.cause as next_cause, s.on_hand_after - s.held_after as left_over
      from stock_movement as d
      left join stock_movement as s
        on s.store_id = d.store_id and s.sku = d.sku and s.version = d.version + 1
     where d.type = 'DEFICIT'
       and (s.type is distinct from 'SALE' or s.cause is distinct from d.cause
            or s.on_hand_after <> s.held_after)
    """,
    # Whatever was short is in a task, and in one only.
    """
    create view verify.broken_discrepancy_sum as
    select store_id, sku, coalesce(moved.quantity, 0) as moved, coalesce(moved.sales, 0) as sales,
           coalesce(told.quantity, 0) as told, coalesce(told.sales, 0) as told_sales
      from (select store_id, sku, sum(on_hand_change) as quantity, count(*) as sales
              from stock_movement
             where type = 'DEFICIT'
             group by store_id, sku) as moved
      full join (select store_id, sku, sum(quantity) as quantity, sum(sales) as sales
                   from discrepancy
                  group by store_id, sku) as told using (store_id, sku)
     where (moved.quantity, moved.sales) is distinct from (told.quantity, told.sales)
    """,
    # Events are kept for seven days at least, so that nothing is said of older ones.
    """
    create view verify.broken_discrepancy_event as
    select d.store_id, d.discrepancy_id, d.version, count(e.sequence) as events
      from discrepancy as d
      left join outbox as e
        on e.distribution_key = d.store_id
       and e.aggregate = split_part(d.store_id, ':', 1) || '/stores/'
                         || split_part(d.store_id, ':', 2) || '/discrepancies/' || d.discrepancy_id
     where d.created_at > hutong.now() - interval '7 days'
     group by d.store_id, d.discrepancy_id
    having d.version <> count(e.sequence)
    """,
)


def upgrade() -> None:
    op.drop_constraint("stock_movement_signs", "stock_movement", type_="check")
    op.create_check_constraint("stock_movement_signs", "stock_movement", _MOVEMENT_SIGNS)
    op.drop_constraint("stock_level_version", "stock_level", type_="check")
    op.create_check_constraint("stock_level_version", "stock_level", "version >= 0")
    op.create_table(
        "discrepancy",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("discrepancy_id", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("sales", sa.BigInteger, nullable=False),
        sa.Column("last_cause", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_by", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("counted", sa.BigInteger),
        sa.PrimaryKeyConstraint("store_id", "discrepancy_id", name="discrepancy_pkey"),
        sa.CheckConstraint("state in ('OPEN', 'RESOLVED')", name="discrepancy_state"),
        sa.CheckConstraint("quantity >= sales and sales >= 1", name="discrepancy_quantity"),
        sa.CheckConstraint("version >= 1", name="discrepancy_version"),
        sa.CheckConstraint(
            "case when state = 'OPEN' then num_nonnulls(resolved_by, note, counted) = 0"
            " else num_nulls(resolved_by, note) = 0 and (note <> '' or counted is not null) end",
            name="discrepancy_resolution",
        ),
        sa.CheckConstraint("counted >= 0", name="discrepancy_counted"),
    )
    op.create_index(
        "discrepancy_open",
        "discrepancy",
        ["store_id", "sku"],
        unique=True,
        postgresql_where=sa.text("state = 'OPEN'"),
    )
    for view in _VERIFY_VIEWS:
        op.execute(view)
