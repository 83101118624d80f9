"""The chassis' own tables, the database's clock, and the schema for verification views.

Revision: chassis_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "chassis_0001"
down_revision = None
branch_labels = ("chassis",)
depends_on = None

_CLOCK = """
create function hutong.now() returns timestamptz language sql stable as $$
    select now() + coalesce(
        nullif(current_setting('hutong.clock_offset', true), '')::interval, interval '0')
$$
"""

_VERIFY_VIEWS = (
    """
    create view verify.idempotency as
    select distribution_key, encode(request_key, 'hex') as request_key, principal, method,
           request_id, reply is not null or refusal is not null as answered, created_at
      from idempotency
    """,
    """
    create view verify.outbox as
    select aggregate, sequence, type, created_at, published_at from outbox
    """,
    """
    create view verify.inbox as
    select consumer, source, aggregate, sequence, handled_at from inbox
    """,
    """
    create view verify.broken_outbox_gap as
    select aggregate, sequence
      from (select aggregate, sequence,
                   lag(sequence) over (partition by aggregate order by sequence) as before
              from outbox) as numbered
     where sequence <> before + 1
    """,
    """
    create view verify.broken_parked_event as
    select consumer, source, aggregate, sequence, problem from parked_event
    """,
)


def upgrade() -> None:
    """Creates everything that a service's own migrations build on."""
    op.execute("create schema hutong")
    op.execute(_CLOCK)
    now = sa.text("hutong.now()")
    op.create_table(
        "idempotency",
        sa.Column("distribution_key", sa.Text, nullable=False),
        sa.Column("request_key", sa.LargeBinary, nullable=False),
        sa.Column("body_hash", sa.LargeBinary, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("reply", sa.LargeBinary),
        sa.Column("refusal", postgresql.JSONB),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.PrimaryKeyConstraint("distribution_key", "request_key", name="idempotency_pkey"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("distribution_key", sa.Text, nullable=False),
        sa.Column("aggregate", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("distribution_key", "aggregate", "sequence", name="outbox_pkey"),
    )
    op.create_index(
        "outbox_waiting", "outbox", ["position"], postgresql_where=sa.text("published_at is null")
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("aggregate", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.PrimaryKeyConstraint("consumer", "source", "aggregate", "sequence", name="inbox_pkey"),
    )
    op.create_table(
        "parked_event",
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("aggregate", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.PrimaryKeyConstraint(
            "consumer", "source", "aggregate", "sequence", name="parked_event_pkey"
        ),
    )
    op.execute("grant usage on schema hutong to public")
    op.execute("create schema verify")
    for view in _VERIFY_VIEWS:
        op.execute(view)
    op.execute("grant usage on schema verify to public")
    op.execute("grant select on all tables in schema verify to public")
    op.execute("alter default privileges in schema verify grant select on tables to public")
