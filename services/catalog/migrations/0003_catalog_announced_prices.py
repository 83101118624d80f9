"""Prices are announced ahead of time.

Revision: catalog_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "catalog_0003"
down_revision = "catalog_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "price",
        sa.Column("is_announced", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
