"""Views for verification: what was answered, and whose rows they are.

Revision: chassis_0004
"""

from __future__ import annotations

from alembic import op

revision = "chassis_0004"
down_revision = "chassis_0003"
branch_labels = None
depends_on = None

_VERIFY_VIEWS = (
    # The hash of an answer proves to whoever has it that it is the one that is kept.
    """
    create or replace view verify.idempotency as
    select distribution_key, encode(request_key, 'hex') as request_key, principal, method,
           request_id, reply is not null or refusal is not null as answered, created_at,
           encode(sha256(reply), 'hex') as reply_sha256, refusal ->> 'reason' as refusal_reason
      from idempotency
    """,
    # A key is claimed, and its answer kept, in one transaction. Orders, which answer later, say
    # more in the place of this view.
    """
    create view verify.broken_request_unanswered as
    select distribution_key, principal, method, request_id, created_at
      from idempotency
     where reply is null and refusal is null
    """,
    """
    create view verify.broken_request_tenant as
    select distribution_key, principal, method, request_id
      from idempotency
     where split_part(distribution_key, ':', 1) <> split_part(principal, '/', 1)
    """,
    """
    create view verify.broken_outbox_tenant as
    select distribution_key, aggregate, sequence
      from outbox
     where split_part(distribution_key, ':', 1) <> split_part(aggregate, '/', 1)
    """,
)


def upgrade() -> None:
    """Creates the views."""
    for view in _VERIFY_VIEWS:
        op.execute(view)
