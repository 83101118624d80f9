"""Prices bear the number of the transaction that changed them last, and are found by their times.

Whoever follows a store's prices asks for those that changed since: a transaction that was still
running at the last look has a number that is not below the oldest of then, so none is missed,
whatever the order in which they commit. And for those that started or ended since, which nobody
writes.

Revision: catalog_0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "catalog_0009"
down_revision = "catalog_0008"
branch_labels = None
depends_on = None

_CURRENT_TRANSACTION = "pg_current_xact_id()::text::bigint"

# A trigger, so that processes of the release before, and people with psql, can't forget it.
_NOTE_CHANGE = f"""
create function note_price_change() returns trigger language plpgsql as $$
begin
    new.changed_in := {_CURRENT_TRANSACTION};
    return new;
end
$$
"""

_ON_CHANGE = """
create trigger price_changed before update on price
for each row execute function note_price_change()
"""


def upgrade() -> None:
    # What is there already is older than whatever anybody has seen of it: 0, and no table is
    # written anew for it.
    op.add_column(
        "price", sa.Column("changed_in", sa.BigInteger, nullable=False, server_default=sa.text("0"))
    )
    op.alter_column("price", "changed_in", server_default=sa.text(_CURRENT_TRANSACTION))
    op.create_index("price_by_change", "price", ["store_id", "changed_in", "sku"])
    op.create_index("price_by_start", "price", ["store_id", "starts_at"])
    op.create_index(
        "price_by_end",
        "price",
        ["store_id", "ends_at"],
        postgresql_where=sa.text("ends_at is not null"),
    )
    op.execute(_NOTE_CHANGE)
    op.execute(_ON_CHANGE)
