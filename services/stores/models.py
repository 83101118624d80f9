"""The tables. A store is keyed by its id, which carries its tenant."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis.db.tables import add_chassis_tables

THIS_TRANSACTION = text("pg_current_xact_id()::text::bigint")

metadata = MetaData()
add_chassis_tables(metadata)

# Positions are in ten-millionths of a degree. opening_hours and delivery_area are read and written
# whole: periods by day and date, and GeoJSON. changed_in is the number of the transaction that
# wrote the row last; a trigger sees to it.
Table(
    "store",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("country_code", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("locality", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("street", Text, nullable=False),
    Column("postal_code", Text, nullable=False),
    Column("latitude_e7", BigInteger, nullable=False),
    Column("longitude_e7", BigInteger, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("opening_hours", JSONB, nullable=False),
    Column("capabilities", ARRAY(Text), nullable=False),
    Column("delivery_area", Text, nullable=False),
    Column("franchise_owner", Text, nullable=False),
    Column("closure_reason", Text),
    Column("closed_at", DateTime(timezone=True)),
    Column("closed_until", DateTime(timezone=True)),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("changed_in", BigInteger, nullable=False, server_default=THIS_TRANSACTION),
    PrimaryKeyConstraint("store_id", name="store_pkey"),
    CheckConstraint("tenant = split_part(store_id, ':', 1)", name="store_tenant_of_its_id"),
    CheckConstraint("display_name <> ''", name="store_has_a_name"),
    CheckConstraint(
        "kind in ('FRESH_MARKET', 'SMART', 'POP_UP', 'CORNER', 'WAREHOUSE')",
        name="store_kind_known",
    ),
    CheckConstraint("country_code ~ '^[A-Z]{2}$'", name="store_country_is_a_code"),
    CheckConstraint(
        "latitude_e7 between -850000000 and 850000000"
        " and longitude_e7 between -1800000000 and 1799999999",
        name="store_on_the_earth",
    ),
    CheckConstraint(
        "capabilities <@ array['CARRY_OUT', 'PICKUP', 'DELIVERY', 'KITCHEN', 'SCAN_AND_GO',"
        " 'RETURNS']",
        name="store_capabilities_known",
    ),
    CheckConstraint("octet_length(delivery_area) <= 131072", name="store_area_bounded"),
    CheckConstraint(
        "(closure_reason is null) = (closed_at is null)"
        " and (closed_until is null or closed_until > closed_at)",
        name="store_closure_whole",
    ),
    CheckConstraint("version >= 1", name="store_version_counts_from_1"),
    CheckConstraint("updated_at >= created_at", name="store_updated_after_created"),
    Index("store_by_tenant", "tenant", "store_id"),
    Index("store_by_change", "changed_in", "store_id"),
)
