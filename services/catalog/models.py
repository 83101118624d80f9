"""The tables. A product is keyed by its tenant; prices by their store, which carries its tenant."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.db.tables import add_chassis_tables

metadata = MetaData()
add_chassis_tables(metadata)

Table(
    "product",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column(
        "search_name",
        Text,
        Computed("hutong.search_form(display_name)", persisted=True),
        nullable=False,
    ),
    Column(
        "search_grams",
        ARRAY(Text),
        Computed("hutong.search_grams(tenant, hutong.search_form(display_name))", persisted=True),
        nullable=False,
    ),
    PrimaryKeyConstraint("tenant", "sku", name="product_pkey"),
    CheckConstraint("unit in ('each', 'gram')", name="product_unit_known"),
    CheckConstraint("version >= 1", name="product_version_counts_from_1"),
    CheckConstraint("display_name <> ''", name="product_has_a_name"),
    CheckConstraint("updated_at >= created_at", name="product_updated_after_created"),
    Index("product_by_department", "tenant", "department", "sku"),
    Index(
        "product_by_gram",
        "search_grams",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    ),
)

Table(
    "barcode",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("sku", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "code", name="barcode_pkey"),
    ForeignKeyConstraint(
        ["tenant", "sku"], ["product.tenant", "product.sku"], name="barcode_of_a_product"
    ),
    CheckConstraint("code ~ '^([0-9]{5}|[0-9]{14})$'", name="barcode_normalised"),
    Index("barcode_by_product", "tenant", "sku", "code"),
)

# One row per store that has prices. Whoever changes prices of the store holds its lock, and that is
# what makes versions gapless; the foreign key below keeps every price in the store's currency.
Table(
    "store_currency",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    PrimaryKeyConstraint("store_id", name="store_currency_pkey"),
    UniqueConstraint("store_id", "currency", name="store_currency_of_prices"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="store_currency_is_a_code"),
)

# Versions are never changed or deleted. A version holds from starts_at until the next one's
# starts_at: half-open ranges that can't overlap, since no two versions start at once. is_announced
# tells a version that was meant to start later from one that a clock set back has left ahead: the
# first holds its place, and the second is followed at once.
Table(
    "price",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("is_announced", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("store_id", "sku", "version", name="price_pkey"),
    UniqueConstraint("store_id", "sku", "starts_at", name="price_starts_once"),
    ForeignKeyConstraint(
        ["store_id", "currency"],
        ["store_currency.store_id", "store_currency.currency"],
        name="price_in_the_currency_of_the_store",
    ),
    CheckConstraint("amount_minor >= 0", name="price_not_negative"),
    CheckConstraint("unit in ('each', 'gram')", name="price_unit_known"),
    CheckConstraint("version >= 1", name="price_version_counts_from_1"),
)
