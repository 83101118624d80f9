"""Products come in packs, with barcodes of their own.

Revision: catalog_0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "catalog_0005"
down_revision = "catalog_0004"
branch_labels = None
depends_on = None

_VERIFY_VIEWS = (
    """
    create or replace view verify.product as
    select p.tenant, p.sku, p.display_name, p.department, p.unit, p.version,
           array(select b.code from barcode as b
                  where (b.tenant, b.sku) = (p.tenant, p.sku) and b.pack is null
                  order by b.code) as barcodes
      from product as p
    """,
    """
    create view verify.pack as
    select k.tenant, k.sku, k.pack, k.kind, k.pieces,
           array(select b.code from barcode as b
                  where (b.tenant, b.sku, b.pack) = (k.tenant, k.sku, k.pack)
                  order by b.code) as barcodes
      from pack as k
    """,
    # 02, 04 and 20 to 29 in front of thirteen digits, 0 and 2 in front of eight: no product's code.
    """
    create view verify.broken_barcode_restricted as
    select tenant, code, sku, pack
      from barcode
     where code ~ '^([0-9](02|04|2)|000000[02])[0-9]+$' and char_length(code) = 14
    """,
)


def upgrade() -> None:
    op.create_unique_constraint("product_unit_of_packs", "product", ["tenant", "sku", "unit"])
    op.create_table(
        "pack",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("pack", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("pieces", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.Text, nullable=False, server_default=sa.text("'each'")),
        sa.PrimaryKeyConstraint("tenant", "sku", "pack", name="pack_pkey"),
        sa.ForeignKeyConstraint(
            ["tenant", "sku", "unit"],
            ["product.tenant", "product.sku", "product.unit"],
            name="pack_of_a_counted_product",
        ),
        sa.CheckConstraint("unit = 'each'", name="pack_counted"),
        sa.CheckConstraint("kind in ('inner', 'case')", name="pack_kind_known"),
        sa.CheckConstraint("pieces between 2 and 100000", name="pack_holds_some"),
        sa.CheckConstraint("pack <> 'each'", name="pack_is_not_a_piece"),
    )
    op.add_column("barcode", sa.Column("pack", sa.Text))
    op.create_foreign_key(
        "barcode_of_a_pack",
        "barcode",
        "pack",
        ["tenant", "sku", "pack"],
        ["tenant", "sku", "pack"],
    )
    op.create_check_constraint(
        "barcode_of_a_pack_is_a_gtin", "barcode", "pack is null or code ~ '^[0-8][0-9]{13}$'"
    )
    for view in _VERIFY_VIEWS:
        op.execute(view)
