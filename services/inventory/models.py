"""The tables of inventory. What SQL can state of their invariants is stated here."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from chassis.db.tables import add_chassis_tables
from chassis.kernel.quantity import QUANTITY_MAX

metadata = MetaData()
add_chassis_tables(metadata)

stock_level = Table(
    "stock_level",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("on_hand", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("store_id", "sku", name="stock_level_pkey"),
    CheckConstraint("unit in ('each', 'gram')", name="stock_level_unit"),
    CheckConstraint(f"on_hand between 0 and {QUANTITY_MAX}", name="stock_level_on_hand"),
    CheckConstraint("held between 0 and on_hand", name="stock_level_held"),
    # 0 is a level that a deficit is about to be posted to, within one transaction.
    CheckConstraint("version >= 0", name="stock_level_version"),
)

stock_movement = Table(
    "stock_movement",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("on_hand_change", BigInteger, nullable=False),
    Column("held_change", BigInteger, nullable=False),
    Column("on_hand_after", BigInteger, nullable=False),
    Column("held_after", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column(
        "made_in",
        BigInteger,
        nullable=False,
        server_default=text("pg_current_xact_id()::text::bigint"),
    ),
    PrimaryKeyConstraint("store_id", "sku", "version", name="stock_movement_pkey"),
    CheckConstraint("version >= 1", name="stock_movement_version"),
    CheckConstraint("held_after between 0 and on_hand_after", name="stock_movement_after"),
    CheckConstraint(
        """
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
        """,
        name="stock_movement_signs",
    ),
    # What has moved in a store since a transaction, for those who follow its stock.
    Index(
        "stock_movement_by_transaction",
        "store_id",
        "made_in",
        "sku",
        postgresql_where=text("made_in > 0"),
    ),
)

reservation = Table(
    "reservation",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("reservation_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("request_hash", LargeBinary),
    Column("shortage", JSONB),
    Column("expires_at", DateTime(timezone=True)),
    Column("actor", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("store_id", "reservation_id", name="reservation_pkey"),
    CheckConstraint(
        "state in ('HELD', 'TAKEN', 'COMMITTED', 'RELEASED', 'RETURNED', 'EXPIRED', 'REFUSED')",
        name="reservation_state",
    ),
    CheckConstraint(
        "(request_hash is null) = (lines = '[]'::jsonb)"
        " and (request_hash is not null or state = 'RELEASED')",
        name="reservation_tombstone",
    ),
    CheckConstraint("(state = 'REFUSED') = (shortage is not null)", name="reservation_shortage"),
    CheckConstraint("(state in ('HELD', 'TAKEN')) = (ended_at is null)", name="reservation_end"),
    CheckConstraint(
        "case when state = 'EXPIRED' then expires_at is not null"
        " when state in ('TAKEN', 'RETURNED', 'REFUSED') then expires_at is null else true end",
        name="reservation_clock",
    ),
    # The whole index is what may run out: a look at its front end finds all that has.
    Index(
        "reservation_running",
        "expires_at",
        "store_id",
        postgresql_where=text("state = 'HELD' and expires_at is not null"),
    ),
)

discrepancy = Table(
    "discrepancy",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("discrepancy_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("sales", BigInteger, nullable=False),
    Column("last_cause", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("resolved_by", Text),
    Column("note", Text),
    Column("counted", BigInteger),
    PrimaryKeyConstraint("store_id", "discrepancy_id", name="discrepancy_pkey"),
    CheckConstraint("state in ('OPEN', 'RESOLVED')", name="discrepancy_state"),
    CheckConstraint("quantity >= sales and sales >= 1", name="discrepancy_quantity"),
    CheckConstraint("version >= 1", name="discrepancy_version"),
    CheckConstraint(
        "case when state = 'OPEN' then num_nonnulls(resolved_by, note, counted) = 0"
        " else num_nulls(resolved_by, note) = 0 and (note <> '' or counted is not null) end",
        name="discrepancy_resolution",
    ),
    CheckConstraint("counted >= 0", name="discrepancy_counted"),
    Index(
        "discrepancy_open",
        "store_id",
        "sku",
        unique=True,
        postgresql_where=text("state = 'OPEN'"),
    ),
)
