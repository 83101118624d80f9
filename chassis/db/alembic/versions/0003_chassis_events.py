"""What is known of the bus, consumers that can be rebuilt, and parked events that are tried again.

Revision: chassis_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chassis_0003"
down_revision = "chassis_0002"
branch_labels = None
depends_on = None

_VIEWS = (
    """
    create view verify.consumer as
    select name, source, rebuild_requested_at, rebuilt_at from consumer
    """,
)


def upgrade() -> None:
    """Adds tables and indexes; what is in the outbox and the inbox stays as it is."""
    op.create_index(
        "outbox_published",
        "outbox",
        ["published_at", "position"],
        postgresql_where=sa.text("published_at is not null"),
    )
    op.create_index("inbox_handled", "inbox", ["handled_at"])
    op.create_table(
        "publication",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("known_count", sa.BigInteger, nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("earlier_count", sa.BigInteger, nullable=False),
        sa.Column("earlier_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgotten_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgotten_position", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "consumer",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("rebuild_requested_at", sa.DateTime(timezone=True)),
        sa.Column("rebuilt_at", sa.DateTime(timezone=True)),
        sa.Column("forgotten_after", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("parked_event", sa.Column("retry_requested_at", sa.DateTime(timezone=True)))
    for view in _VIEWS:
        op.execute(view)
