"""Stores, and the views that verify them.

Revision: stores_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "stores_0001"
down_revision = None
branch_labels = ("stores",)
depends_on = "chassis_0001"

_VERIFY_VIEWS = (
    """
    create view verify.store as
    select store_id, display_name, kind, time_zone, capabilities, franchise_owner,
           latitude_e7 / 1e7 as latitude_degrees, longitude_e7 / 1e7 as longitude_degrees,
           closure_reason, closed_at, closed_until, version, updated_at
      from store
    """,
    """
    create view verify.broken_store_hours as
    select s.store_id, day.key as day, period.value as period
      from store as s
     cross join lateral (
           select key, value from jsonb_each(s.opening_hours -> 'weekly')
            union all
           select key, value from jsonb_each(s.opening_hours -> 'exceptions')) as day
     cross join lateral jsonb_array_elements(day.value) as period
     where (period.value ->> 0)::int not between 0 and 1439
        or (period.value ->> 1)::int - (period.value ->> 0)::int not between 1 and 1440
    """,
    """
    create view verify.broken_store_events as
    select s.store_id, s.version, max(o.sequence) as told
      from store as s
      left join outbox as o
        on o.distribution_key = s.store_id
       and o.aggregate = s.tenant || '/stores/' || split_part(s.store_id, ':', 2)
     group by s.store_id, s.version
    having max(o.sequence) is distinct from s.version
    """,
)


def upgrade() -> None:
    op.create_table(
        "store",
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("country_code", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("locality", sa.Text, nullable=False),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("street", sa.Text, nullable=False),
        sa.Column("postal_code", sa.Text, nullable=False),
        sa.Column("latitude_e7", sa.BigInteger, nullable=False),
        sa.Column("longitude_e7", sa.BigInteger, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("opening_hours", JSONB, nullable=False),
        sa.Column("capabilities", ARRAY(sa.Text), nullable=False),
        sa.Column("delivery_area", sa.Text, nullable=False),
        sa.Column("franchise_owner", sa.Text, nullable=False),
        sa.Column("closure_reason", sa.Text),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_until", sa.DateTime(timezone=True)),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", name="store_pkey"),
        sa.CheckConstraint("tenant = split_part(store_id, ':', 1)", name="store_tenant_of_its_id"),
        sa.CheckConstraint("display_name <> ''", name="store_has_a_name"),
        sa.CheckConstraint(
            "kind in ('FRESH_MARKET', 'SMART', 'POP_UP', 'CORNER', 'WAREHOUSE')",
            name="store_kind_known",
        ),
        sa.CheckConstraint("country_code ~ '^[A-Z]{2}$'", name="store_country_is_a_code"),
        sa.CheckConstraint(
            "latitude_e7 between -850000000 and 850000000"
            " and longitude_e7 between -1800000000 and 1799999999",
            name="store_on_the_earth",
        ),
        sa.CheckConstraint(
            "capabilities <@ array['CARRY_OUT', 'PICKUP', 'DELIVERY', 'KITCHEN', 'SCAN_AND_GO',"
            " 'RETURNS']",
            name="store_capabilities_known",
        ),
        sa.CheckConstraint("octet_length(delivery_area) <= 131072", name="store_area_bounded"),
        sa.CheckConstraint(
            "(closure_reason is null) = (closed_at is null)"
            " and (closed_until is null or closed_until > closed_at)",
            name="store_closure_whole",
        ),
        sa.CheckConstraint("version >= 1", name="store_version_counts_from_1"),
        sa.CheckConstraint("updated_at >= created_at", name="store_updated_after_created"),
    )
    op.create_index("store_by_tenant", "store", ["tenant", "store_id"])
    for view in _VERIFY_VIEWS:
        op.execute(view)
