"""Stock levels, movements, reservations, and the views that check them.

Revision: inventory_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "inventory_0001"
down_revision = None
branch_labels = ("inventory",)
depends_on = "chassis_0001"

_FACTS = (
    """
    create view verify.stock_level as
    select store_id, sku, unit, on_hand, held, version from stock_level
    """,
    """
    create view verify.stock_movement as
    select store_id, sku, version, type, on_hand_change, held_change, on_hand_after, held_after,
           actor, cause, created_at
      from stock_movement
    """,
    """
    create view verify.reservation as
    select store_id, reservation_id, state, expires_at, actor, created_at, ended_at
      from reservation
    """,
    """
    create view verify.reservation_line as
    select store_id, reservation_id, state, line ->> 0 as sku, (line ->> 1)::bigint as quantity,
           line ->> 2 as unit
      from reservation cross join jsonb_array_elements(lines) as line
    """,
)

# A level is the sum of its movements, and what its last movement says that it is.
_BROKEN_STOCK_SUM = """
    create view verify.broken_stock_sum as
    select store_id, sku, l.on_hand, l.held, l.version, m.on_hand_sum, m.held_sum, m.movements
      from stock_level as l
      full join (select store_id, sku, sum(on_hand_change) as on_hand_sum,
                        sum(held_change) as held_sum, count(*) as movements,
                        min(version) as first_version, max(version) as last_version
                   from stock_movement
                  group by store_id, sku) as m using (store_id, sku)
      left join stock_movement as last using (store_id, sku, version)
     where (l.on_hand, l.held, l.version) is distinct from (m.on_hand_sum, m.held_sum, m.movements)
        or (l.on_hand, l.held) is distinct from (last.on_hand_after, last.held_after)
        or m.first_version <> 1 or m.last_version <> l.version
"""

# Each movement goes on from the one before it.
_BROKEN_STOCK_MOVEMENT = """
    create view verify.broken_stock_movement as
    select store_id, sku, version, on_hand_before, on_hand_change, on_hand_after, held_before,
           held_change, held_after
      from (select m.*, lag(on_hand_after, 1, 0::bigint) over versions as on_hand_before,
                   lag(held_after, 1, 0::bigint) over versions as held_before
              from stock_movement as m
            window versions as (partition by store_id, sku order by version)) as followed
     where on_hand_before + on_hand_change <> on_hand_after
        or held_before + held_change <> held_after
"""

# What a level holds is what its open reservations tie.
_BROKEN_STOCK_HELD = """
    create view verify.broken_stock_held as
    select store_id, sku, l.held, r.quantity as reserved
      from stock_level as l
      full join (select store_id, sku, sum(quantity) as quantity
                   from verify.reservation_line
                  where state = 'HELD'
                  group by store_id, sku) as r using (store_id, sku)
     where coalesce(l.held, 0) <> coalesce(r.quantity, 0)
"""

# Sold and held, as the reservations say, against all that ever came in and was not lost.
_BROKEN_OVERSOLD = """
    create view verify.broken_oversold as
    select store_id, sku, coalesce(demand.quantity, 0) as sold_and_held,
           coalesce(supply.quantity, 0) as supply
      from (select store_id, sku, sum(quantity) as quantity
              from verify.reservation_line
             where state in ('HELD', 'TAKEN', 'COMMITTED', 'RETURNED')
             group by store_id, sku) as demand
      left join (select store_id, sku, sum(on_hand_change) as quantity
                   from stock_movement
                  where type in ('RECEIPT', 'FOUND', 'SHRINK', 'RETURN')
                  group by store_id, sku) as supply using (store_id, sku)
     where demand.quantity > coalesce(supply.quantity, 0)
"""

# Every reservation has exactly the movements that its state tells of, one a line, and no others.
_BROKEN_RESERVATION = """
    create view verify.broken_reservation as
    select store_id, reservation_id, sku, type, told.quantity as told, moved.quantity as moved,
           moved.movements
      from (select store_id, reservation_id, sku, type, quantity
              from verify.reservation_line
              join (values ('HELD', 'HOLD'),
                           ('TAKEN', 'SALE'),
                           ('COMMITTED', 'HOLD'), ('COMMITTED', 'SALE'),
                           ('RELEASED', 'HOLD'), ('RELEASED', 'RELEASE'),
                           ('RETURNED', 'SALE'), ('RETURNED', 'RETURN'),
                           ('EXPIRED', 'HOLD'), ('EXPIRED', 'EXPIRY')) as meaning (state, type)
             using (state)) as told
      full join (select store_id, cause as reservation_id, sku, type, count(*) as movements,
                        sum(greatest(abs(on_hand_change), abs(held_change))) as quantity
                   from stock_movement
                  where type in ('HOLD', 'RELEASE', 'EXPIRY', 'SALE', 'RETURN')
                  group by store_id, cause, sku, type) as moved
     using (store_id, reservation_id, sku, type)
     where told.quantity is distinct from moved.quantity or moved.movements is distinct from 1
"""

_VIEWS = (
    *_FACTS,
    _BROKEN_STOCK_SUM,
    _BROKEN_STOCK_MOVEMENT,
    _BROKEN_STOCK_HELD,
    _BROKEN_OVERSOLD,
    _BROKEN_RESERVATION,
)

_MOVEMENT_SIGNS = """
        case type
            when 'RECEIPT' then on_hand_change > 0 and held_change = 0
            when 'FOUND' then on_hand_change > 0 and held_change = 0
            when 'RETURN' then on_hand_change > 0 and held_change = 0
            when 'SHRINK' then on_hand_change < 0 and held_change = 0
            when 'HOLD' then on_hand_change = 0 and held_change > 0
            when 'RELEASE' then on_hand_change = 0 and held_change < 0
            when 'EXPIRY' then on_hand_change = 0 and held_change < 0
            when 'SALE' then on_hand_change < 0 and held_change in (0, on_hand_change)
            else false
        end
"""


def upgrade() -> None:
    _create_stock()
    _create_reservations()
    for view in _VIEWS:
        op.execute(view)


def _create_stock() -> None:
    op.create_table(
        "stock_level",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("on_hand", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("store_id", "sku", name="stock_level_pkey"),
        sa.CheckConstraint("unit in ('each', 'gram')", name="stock_level_unit"),
        sa.CheckConstraint("on_hand between 0 and 1000000000000", name="stock_level_on_hand"),
        sa.CheckConstraint("held between 0 and on_hand", name="stock_level_held"),
        sa.CheckConstraint("version >= 1", name="stock_level_version"),
    )
    op.create_table(
        "stock_movement",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("on_hand_change", sa.BigInteger, nullable=False),
        sa.Column("held_change", sa.BigInteger, nullable=False),
        sa.Column("on_hand_after", sa.BigInteger, nullable=False),
        sa.Column("held_after", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "sku", "version", name="stock_movement_pkey"),
        sa.CheckConstraint("version >= 1", name="stock_movement_version"),
        sa.CheckConstraint("held_after between 0 and on_hand_after", name="stock_movement_after"),
        sa.CheckConstraint(_MOVEMENT_SIGNS, name="stock_movement_signs"),
    )


def _create_reservations() -> None:
    op.create_table(
        "reservation",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("reservation_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("lines", postgresql.JSONB, nullable=False),
        sa.Column("request_hash", sa.LargeBinary),
        sa.Column("shortage", postgresql.JSONB),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("store_id", "reservation_id", name="reservation_pkey"),
        sa.CheckConstraint(
            "state in ('HELD', 'TAKEN', 'COMMITTED', 'RELEASED', 'RETURNED', 'EXPIRED', 'REFUSED')",
            name="reservation_state",
        ),
        sa.CheckConstraint(
            "(request_hash is null) = (lines = '[]'::jsonb)"
            " and (request_hash is not null or state = 'RELEASED')",
            name="reservation_tombstone",
        ),
        sa.CheckConstraint(
            "(state = 'REFUSED') = (shortage is not null)", name="reservation_shortage"
        ),
        sa.CheckConstraint(
            "(state in ('HELD', 'TAKEN')) = (ended_at is null)", name="reservation_end"
        ),
        sa.CheckConstraint(
            "case when state = 'EXPIRED' then expires_at is not null"
            " when state in ('TAKEN', 'RETURNED', 'REFUSED') then expires_at is null else true end",
            name="reservation_clock",
        ),
    )
    op.create_index(
        "reservation_running",
        "reservation",
        ["expires_at", "store_id"],
        postgresql_where=sa.text("state = 'HELD' and expires_at is not null"),
    )
