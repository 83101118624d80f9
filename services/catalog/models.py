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
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint

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
    UniqueConstraint("tenant", "sku", "unit", name="product_unit_of_packs"),
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

# A pack holds pieces: the unit, which never varies, keeps it from weighed goods.
Table(
    "pack",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("pack", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("pieces", BigInteger, nullable=False),
    Column("unit", Text, nullable=False, server_default=text("'each'")),
    PrimaryKeyConstraint("tenant", "sku", "pack", name="pack_pkey"),
    ForeignKeyConstraint(
        ["tenant", "sku", "unit"],
        ["product.tenant", "product.sku", "product.unit"],
        name="pack_of_a_counted_product",
    ),
    CheckConstraint("unit = 'each'", name="pack_counted"),
    CheckConstraint("kind in ('inner', 'case')", name="pack_kind_known"),
    CheckConstraint("pieces between 2 and 100000", name="pack_holds_some"),
    CheckConstraint("pack <> 'each'", name="pack_is_not_a_piece"),
)

# A code is a pack's, or if that is null a single piece's.
Table(
    "barcode",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("pack", Text),
    PrimaryKeyConstraint("tenant", "code", name="barcode_pkey"),
    ForeignKeyConstraint(
        ["tenant", "sku"], ["product.tenant", "product.sku"], name="barcode_of_a_product"
    ),
    ForeignKeyConstraint(
        ["tenant", "sku", "pack"],
        ["pack.tenant", "pack.sku", "pack.pack"],
        name="barcode_of_a_pack",
    ),
    CheckConstraint("code ~ '^([0-9]{5}|[0-9]{14})$'", name="barcode_normalised"),
    CheckConstraint(
        "pack is null or code ~ '^[0-8][0-9]{13}$'", name="barcode_of_a_pack_is_a_gtin"
    ),
    Index("barcode_by_product", "tenant", "sku", "code"),
)

# How often products of the tenant were changed; a trigger counts.
Table(
    "product_changes",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("changes", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", name="product_changes_pkey"),
)

# One row per store that has prices. Whoever changes prices of the store holds its lock, and that is
# what makes versions gapless; the foreign key below keeps every price in the store's currency. A
# trigger counts the changes.
Table(
    "store_currency",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("changes", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("store_id", name="store_currency_pkey"),
    UniqueConstraint("store_id", "currency", name="store_currency_of_prices"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="store_currency_is_a_code"),
)

# Versions are never deleted, and changed only by being withdrawn, which sets their end. A version
# without an end stands from starts_at until the next such one of its channel starts; no two of a
# channel start at once. A version with an end is asked in its stead in [starts_at, ends_at); no two
# of a channel overlap. So at each instant one version is in force for a channel, or none. An empty
# range is that of a version that was withdrawn before it started. is_announced tells a version that
# was meant to start later from one that a clock set back has left ahead: the first holds its place,
# and the second is followed at once.
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
    Column("channel", Text, nullable=False, server_default=text("'all'")),
    Column("ends_at", DateTime(timezone=True)),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("withdrawn_by", Text),
    Column("withdrawn_why", Text),
    Column(
        "changed_in",
        BigInteger,
        nullable=False,
        server_default=text("pg_current_xact_id()::text::bigint"),
    ),
    PrimaryKeyConstraint("store_id", "sku", "version", name="price_pkey"),
    ForeignKeyConstraint(
        ["store_id", "currency"],
        ["store_currency.store_id", "store_currency.currency"],
        name="price_in_the_currency_of_the_store",
    ),
    CheckConstraint("amount_minor >= 0", name="price_not_negative"),
    CheckConstraint("unit in ('each', 'gram')", name="price_unit_known"),
    CheckConstraint("version >= 1", name="price_version_counts_from_1"),
    CheckConstraint("channel in ('all', 'till', 'online')", name="price_channel_known"),
    CheckConstraint("ends_at >= starts_at", name="price_ends_after_start"),
    CheckConstraint(
        "num_nulls(withdrawn_at, withdrawn_by, withdrawn_why) in (0, 3)"
        " and (withdrawn_at is null or ends_at is not null)",
        name="price_withdrawn_whole",
    ),
    Index(
        "price_standing",
        "store_id",
        "sku",
        "starts_at",
        postgresql_where=text("ends_at is null"),
    ),
    Index(
        "price_starts_once_till",
        "store_id",
        "sku",
        "starts_at",
        unique=True,
        postgresql_where=text("ends_at is null and channel <> 'online'"),
    ),
    Index(
        "price_starts_once_online",
        "store_id",
        "sku",
        "starts_at",
        unique=True,
        postgresql_where=text("ends_at is null and channel <> 'till'"),
    ),
    Index(
        "price_temporary",
        "store_id",
        "sku",
        "ends_at",
        postgresql_where=text("ends_at is not null"),
    ),
    # What has changed in a store since a transaction, and what starts or ends by itself, for those
    # who follow its prices. Without the product, so that no quote takes them for its own.
    Index("price_by_change", "store_id", "changed_in", "sku"),
    Index("price_by_start", "store_id", "starts_at"),
    Index(
        "price_by_end",
        "store_id",
        "ends_at",
        postgresql_where=text("ends_at is not null"),
    ),
    ExcludeConstraint(
        (literal_column("(store_id || '/' || sku)"), "="),
        (
            literal_column(
                "(case channel when 'till' then int4range(0, 1)"
                " when 'online' then int4range(1, 2) else int4range(0, 2) end)"
            ),
            "&&",
        ),
        (literal_column("tstzrange(starts_at, ends_at)"), "&&"),
        name="price_temporary_apart",
        using="gist",
        where=text("ends_at is not null"),
    ),
)

# What devices show: of one device and product the newest report.
Table(
    "shown_price",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("shown_at", DateTime(timezone=True), nullable=False),
    Column("reported_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("store_id", "surface", "device", "sku", name="shown_price_pkey"),
    CheckConstraint("surface in ('shelf_label', 'till', 'app')", name="shown_price_surface_known"),
    CheckConstraint("amount_minor >= 0", name="shown_price_not_negative"),
    CheckConstraint("version >= 1", name="shown_price_version_counts_from_1"),
    Index("shown_price_silent", "reported_at"),
)

# How many events there were of what a device shows. It stays when the device is given up.
Table(
    "shown_device",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("store_id", "surface", "device", name="shown_device_pkey"),
)

# Where a device shows what is not asked. There is one open disagreement of a device and product.
Table(
    "price_disagreement",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("disagreement_id", BigInteger, Identity(always=True), nullable=False),
    Column("surface", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("shown_version", BigInteger, nullable=False),
    Column("shown_currency", Text, nullable=False),
    Column("shown_amount_minor", BigInteger, nullable=False),
    Column("price_version", BigInteger),
    Column("price_currency", Text),
    Column("price_amount_minor", BigInteger),
    Column("first_seen_at", DateTime(timezone=True), nullable=False),
    Column("resolved_at", DateTime(timezone=True)),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("store_id", "disagreement_id", name="price_disagreement_pkey"),
    CheckConstraint(
        "surface in ('shelf_label', 'till', 'app')", name="price_disagreement_surface_known"
    ),
    CheckConstraint(
        "num_nulls(price_version, price_currency, price_amount_minor) in (0, 3)",
        name="price_disagreement_price_whole",
    ),
    CheckConstraint("resolved_at >= first_seen_at", name="price_disagreement_resolved_after"),
    Index(
        "price_disagreement_open",
        "store_id",
        "surface",
        "device",
        "sku",
        unique=True,
        postgresql_where=text("resolved_at is null"),
    ),
)

# What stores have, for listings, as inventory's events tell it. The truth is inventory's.
Table(
    "store_stock",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("available", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("store_id", "sku", name="store_stock_pkey"),
    CheckConstraint("unit in ('each', 'gram')", name="store_stock_unit"),
    CheckConstraint("version >= 1", name="store_stock_version_counts_from_1"),
)
