"""Stores bear the number of the transaction that changed them last.

Whoever keeps stores in memory asks for those that changed since: a transaction that was still
running at the last look has a number that is not below the oldest of then, so none is missed,
whatever the order in which they commit.

Revision: stores_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "stores_0002"
down_revision = "stores_0001"
branch_labels = None
depends_on = None

# A trigger, so that processes of the release before, and people with psql, can't forget it.
_NOTE_CHANGE = """
create function note_store_change() returns trigger language plpgsql as $$
begin
    new.changed_in := pg_current_xact_id()::text::bigint;
    return new;
end
$$
"""

_ON_CHANGE = """
create trigger store_changed before insert or update on store
for each row execute function note_store_change()
"""


def upgrade() -> None:
    op.add_column(
        "store",
        sa.Column(
            "changed_in",
            sa.BigInteger,
            nullable=False,
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
        ),
    )
    op.create_index("store_by_change", "store", ["changed_in", "store_id"])
    op.execute(_NOTE_CHANGE)
    op.execute(_ON_CHANGE)
