"""Products, barcodes, prices, and the views that verify them.

Revision: catalog_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "catalog_0001"
down_revision = None
branch_labels = ("catalog",)
depends_on = "chassis_0001"

_VERIFY_VIEWS = (
    """
    create view verify.product as
    select p.tenant, p.sku, p.display_name, p.department, p.unit, p.version,
           array(select b.code from barcode as b
                  where (b.tenant, b.sku) = (p.tenant, p.sku) order by b.code) as barcodes
      from product as p
    """,
    """
    create view verify.price as
    select store_id, sku, version, currency, amount_minor, unit, starts_at,
           lead(starts_at) over (partition by store_id, sku order by version) as ends_at
      from price
    """,
    """
    create view verify.broken_price_versions as
    select store_id, sku, version, starts_at
      from (select store_id, sku, version, starts_at,
                   row_number() over versions as counted,
                   lag(starts_at) over versions as started_before
              from price
            window versions as (partition by store_id, sku order by version)) as numbered
     where version <> counted or starts_at <= started_before
    """,
    """
    create view verify.broken_price_currency as
    select store_id, count(distinct currency) as currencies
      from price
     group by store_id
    having count(distinct currency) > 1
    """,
    """
    create view verify.broken_price_product as
    select r.store_id, r.sku, r.version, r.unit, p.unit as unit_of_product
      from price as r
      left join product as p on (p.tenant, p.sku) = (split_part(r.store_id, ':', 1), r.sku)
     where p.unit is distinct from r.unit
    """,
    """
    create view verify.broken_barcode as
    select b.tenant, b.code, b.sku
      from barcode as b
      left join product as p on (p.tenant, p.sku) = (b.tenant, b.sku)
     where p.sku is null
    """,
)


def upgrade() -> None:
    op.create_table(
        "product",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sku", name="product_pkey"),
        sa.CheckConstraint("unit in ('each', 'gram')", name="product_unit_known"),
        sa.CheckConstraint("version >= 1", name="product_version_counts_from_1"),
        sa.CheckConstraint("display_name <> ''", name="product_has_a_name"),
        sa.CheckConstraint("updated_at >= created_at", name="product_updated_after_created"),
    )
    op.create_index("product_by_department", "product", ["tenant", "department", "sku"])
    op.create_table(
        "barcode",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "code", name="barcode_pkey"),
        sa.ForeignKeyConstraint(
            ["tenant", "sku"], ["product.tenant", "product.sku"], name="barcode_of_a_product"
        ),
        sa.CheckConstraint("code ~ '^([0-9]{5}|[0-9]{14})$'", name="barcode_normalised"),
    )
    op.create_index("barcode_by_product", "barcode", ["tenant", "sku", "code"])
    op.create_table(
        "store_currency",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("store_id", name="store_currency_pkey"),
        sa.UniqueConstraint("store_id", "currency", name="store_currency_of_prices"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="store_currency_is_a_code"),
    )
    op.create_table(
        "price",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "sku", "version", name="price_pkey"),
        sa.UniqueConstraint("store_id", "sku", "starts_at", name="price_starts_once"),
        sa.ForeignKeyConstraint(
            ["store_id", "currency"],
            ["store_currency.store_id", "store_currency.currency"],
            name="price_in_the_currency_of_the_store",
        ),
        sa.CheckConstraint("amount_minor >= 0", name="price_not_negative"),
        sa.CheckConstraint("unit in ('each', 'gram')", name="price_unit_known"),
        sa.CheckConstraint("version >= 1", name="price_version_counts_from_1"),
    )
    for view in _VERIFY_VIEWS:
        op.execute(view)
