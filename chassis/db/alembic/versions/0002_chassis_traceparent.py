"""The trace that an event is part of.

Revision: chassis_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chassis_0002"
down_revision = "chassis_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lets events say which trace they are part of; those of before say nothing."""
    op.add_column("outbox", sa.Column("traceparent", sa.Text))
