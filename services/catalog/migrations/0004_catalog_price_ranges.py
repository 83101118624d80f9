"""Prices are asked in ranges of time and in channels, and can be withdrawn.

Revision: catalog_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "catalog_0004"
down_revision = "catalog_0003"
branch_labels = None
depends_on = None

# Comparing texts and ranges in one exclusion constraint takes btree_gist, which comes with
# PostgreSQL and which the owner of a database may install. Store and product are compared as one
# text, so that reads, which name both columns, keep to the cheaper B-tree below.
_TEMPORARY_APART = """
alter table price add constraint price_temporary_apart exclude using gist (
    (store_id || '/' || sku) with =,
    (case channel when 'till' then int4range(0, 1)
                  when 'online' then int4range(1, 2)
                  else int4range(0, 2) end) with &&,
    tstzrange(starts_at, ends_at) with &&
) where (ends_at is not null)
"""

_VERIFY_PRICE = """
create or replace view verify.price as
select store_id, sku, version, currency, amount_minor, unit, starts_at, ends_at, channel,
       withdrawn_at
  from price
"""

_BROKEN_PRICE_VERSIONS = """
create or replace view verify.broken_price_versions as
select store_id, sku, version, starts_at
  from (select store_id, sku, version, starts_at,
               row_number() over (partition by store_id, sku order by version) as counted
          from price) as numbered
 where version <> counted
union
select store_id, sku, version, starts_at
  from (select p.store_id, p.sku, p.version, p.starts_at,
               lag(p.starts_at) over (partition by p.store_id, p.sku, c.channel
                                          order by p.version) as started_before
          from price as p
          join (values ('till'), ('online')) as c (channel) on p.channel in ('all', c.channel)
         where p.ends_at is null) as standing
 where starts_at <= started_before
"""


def upgrade() -> None:
    op.execute("create extension if not exists btree_gist")
    op.add_column(
        "price", sa.Column("channel", sa.Text, nullable=False, server_default=sa.text("'all'"))
    )
    op.add_column("price", sa.Column("ends_at", sa.DateTime(timezone=True)))
    op.add_column("price", sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
    op.add_column("price", sa.Column("withdrawn_by", sa.Text))
    op.add_column("price", sa.Column("withdrawn_why", sa.Text))
    op.create_check_constraint(
        "price_channel_known", "price", "channel in ('all', 'till', 'online')"
    )
    op.create_check_constraint("price_ends_after_start", "price", "ends_at >= starts_at")
    op.create_check_constraint(
        "price_withdrawn_whole",
        "price",
        "num_nulls(withdrawn_at, withdrawn_by, withdrawn_why) in (0, 3)"
        " and (withdrawn_at is null or ends_at is not null)",
    )
    op.drop_constraint("price_starts_once", "price")
    op.create_index(
        "price_standing",
        "price",
        ["store_id", "sku", "starts_at"],
        postgresql_where=sa.text("ends_at is null"),
    )
    for channel, other in (("till", "online"), ("online", "till")):
        op.create_index(
            f"price_starts_once_{channel}",
            "price",
            ["store_id", "sku", "starts_at"],
            unique=True,
            postgresql_where=sa.text(f"ends_at is null and channel <> '{other}'"),
        )
    op.create_index(
        "price_temporary",
        "price",
        ["store_id", "sku", "ends_at"],
        postgresql_where=sa.text("ends_at is not null"),
    )
    op.execute(_TEMPORARY_APART)
    op.execute(_VERIFY_PRICE)
    op.execute(_BROKEN_PRICE_VERSIONS)
