"""What stores have, as inventory's events tell it, and numbers for the events of what is shown.

Revision: catalog_0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "catalog_0008"
down_revision = "catalog_0007"
branch_labels = None
depends_on = "chassis_0003"

_VERIFY_VIEW = """
    create view verify.store_stock as
    select store_id, sku, unit, available, version, noted_at from store_stock
"""


def upgrade() -> None:
    op.create_table(
        "store_stock",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("available", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "sku", name="store_stock_pkey"),
        sa.CheckConstraint("unit in ('each', 'gram')", name="store_stock_unit"),
        sa.CheckConstraint("version >= 1", name="store_stock_version_counts_from_1"),
    )
    op.execute(_VERIFY_VIEW)
    op.create_table(
        "shown_device",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("surface", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("store_id", "surface", "device", name="shown_device_pkey"),
    )
    op.add_column(
        "price_disagreement",
        sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
    )
