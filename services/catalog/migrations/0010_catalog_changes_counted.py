"""Changes of a store's prices and of a tenant's products are counted.

Whoever keeps prices in memory compares the count that they were read with: as long as it is the
same, so are the prices.

Revision: catalog_0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "catalog_0010"
down_revision = "catalog_0009"
branch_labels = None
depends_on = None

# Triggers, so that processes of the release before, and people with psql, can't forget them. Who
# changes prices holds the lock on the store's row, so nobody waits for it here.
_COUNT_PRICES = """
create function count_price_changes() returns trigger language plpgsql as $$
begin
    update store_currency as s set changes = s.changes + 1
      from (select distinct store_id from changed) as c
     where s.store_id = c.store_id;
    return null;
end
$$
"""

_COUNT_PRODUCTS = """
create function count_product_changes() returns trigger language plpgsql as $$
begin
    insert into product_changes (tenant, changes)
    select distinct tenant, 1 from changed order by tenant
    on conflict (tenant) do update set changes = product_changes.changes + 1;
    return null;
end
$$
"""

_ON_CHANGE = """
create trigger {name} after {event} on {table} referencing {rows} table as changed
for each statement execute function {function}()
"""


def upgrade() -> None:
    op.add_column(
        "store_currency",
        sa.Column("changes", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "product_changes",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("changes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="product_changes_pkey"),
    )
    op.execute(_COUNT_PRICES)
    op.execute(_COUNT_PRODUCTS)
    for table, event, rows in (
        ("price", "insert", "new"),
        ("price", "update", "new"),
        ("price", "delete", "old"),
        ("product", "update", "new"),
        ("product", "delete", "old"),
    ):
        op.execute(
            _ON_CHANGE.format(
                name=f"{table}_{event}_is_counted",
                event=event,
                table=table,
                rows=rows,
                function=f"count_{table}_changes",
            )
        )
