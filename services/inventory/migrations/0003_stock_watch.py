"""Movements bear the number of the transaction that made them.

Whoever follows a store's stock asks for what has moved since: a transaction that was still running
at the last look has a number that is not below the oldest of then, so none is missed, whatever the
order in which they commit. Movements are only ever added, so a default is enough, and levels, which
every sale updates, keep their one index.

Revision: inventory_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "inventory_0003"
down_revision = "inventory_0002"
branch_labels = None
depends_on = None

_CURRENT_TRANSACTION = "pg_current_xact_id()::text::bigint"


def upgrade() -> None:
    # What is there already is older than whatever anybody has seen of it: 0, and no table is
    # written anew for it.
    op.add_column(
        "stock_movement",
        sa.Column("made_in", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.alter_column("stock_movement", "made_in", server_default=sa.text(_CURRENT_TRANSACTION))
    op.create_index(
        "stock_movement_by_transaction",
        "stock_movement",
        ["store_id", "made_in", "sku"],
        postgresql_where=sa.text("made_in > 0"),
    )
