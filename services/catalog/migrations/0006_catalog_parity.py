"""What devices show, and where it disagrees with what is asked.

Revision: catalog_0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "catalog_0006"
down_revision = "catalog_0005"
branch_labels = None
depends_on = None

_VERIFY_VIEWS = (
    """
    create view verify.shown_price as
    select store_id, surface, device, sku, version, currency, amount_minor, shown_at, reported_at
      from shown_price
    """,
    """
    create view verify.price_disagreement as
    select store_id, disagreement_id, surface, device, sku, shown_version, shown_amount_minor,
           price_version, price_amount_minor, first_seen_at, resolved_at
      from price_disagreement
    """,
    """
    create view verify.broken_price_disagreement as
    select d.store_id, d.disagreement_id, d.surface, d.device, d.sku
      from price_disagreement as d
      left join shown_price as s using (store_id, surface, device, sku)
     where d.resolved_at is null and s.store_id is null
    """,
)


def upgrade() -> None:
    op.create_table(
        "shown_price",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("surface", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "surface", "device", "sku", name="shown_price_pkey"),
        sa.CheckConstraint(
            "surface in ('shelf_label', 'till', 'app')", name="shown_price_surface_known"
        ),
        sa.CheckConstraint("amount_minor >= 0", name="shown_price_not_negative"),
        sa.CheckConstraint("version >= 1", name="shown_price_version_counts_from_1"),
    )
    op.create_index("shown_price_silent", "shown_price", ["reported_at"])
    op.create_table(
        "price_disagreement",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("disagreement_id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("surface", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("shown_version", sa.BigInteger, nullable=False),
        sa.Column("shown_currency", sa.Text, nullable=False),
        sa.Column("shown_amount_minor", sa.BigInteger, nullable=False),
        sa.Column("price_version", sa.BigInteger),
        sa.Column("price_currency", sa.Text),
        sa.Column("price_amount_minor", sa.BigInteger),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("store_id", "disagreement_id", name="price_disagreement_pkey"),
        sa.CheckConstraint(
            "surface in ('shelf_label', 'till', 'app')", name="price_disagreement_surface_known"
        ),
        sa.CheckConstraint(
            "num_nulls(price_version, price_currency, price_amount_minor) in (0, 3)",
            name="price_disagreement_price_whole",
        ),
        sa.CheckConstraint(
            "resolved_at >= first_seen_at", name="price_disagreement_resolved_after"
        ),
    )
    op.create_index(
        "price_disagreement_open",
        "price_disagreement",
        ["store_id", "surface", "device", "sku"],
        unique=True,
        postgresql_where=sa.text("resolved_at is null"),
    )
    for view in _VERIFY_VIEWS:
        op.execute(view)
