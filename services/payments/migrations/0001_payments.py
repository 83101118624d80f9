"""Accounts, ledger entries and payments, and the views that check the books.

Revision: payments_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "payments_0001"
down_revision = None
branch_labels = ("payments",)
depends_on = "chassis_0001"

_VERIFY_VIEWS = (
    """
    create view verify.account as
    select owner, account, currency, balance_minor, version from account
    """,
    """
    create view verify.ledger_entry as
    select owner, transfer_id, line, position, account, currency, amount_minor, kind, payment_id,
           actor, created_at
      from ledger_entry
    """,
    """
    create view verify.payment as
    select owner, payment_id, store_id, state, tender_type, till, currency, amount_minor,
           captured_minor, refunded_minor, decline_reason, version, actor, created_at, updated_at
      from payment
    """,
    """
    create view verify.broken_transfer as
    select owner, transfer_id, currency, sum(amount_minor) as sum_minor
      from ledger_entry
     group by owner, transfer_id, currency
    having sum(amount_minor) <> 0
    """,
    """
    create view verify.broken_account as
    select owner, account, currency, a.balance_minor, e.sum_minor
      from account as a
      full join (select owner, account, currency, sum(amount_minor) as sum_minor
                   from ledger_entry
                  group by owner, account, currency) as e
     using (owner, account, currency)
     where a.balance_minor is distinct from coalesce(e.sum_minor, 0)
    """,
    """
    create view verify.broken_payment_money as
    select owner, payment_id, p.state, p.amount_minor, p.captured_minor, p.refunded_minor,
           e.earned_minor, e.held_minor
      from payment as p
      full join (select owner, payment_id, min(currency) as currency,
                        count(distinct currency) as currencies,
                        coalesce(-sum(amount_minor) filter (
                            where account = 'sales' or account like 'clearing:%'), 0)
                            as earned_minor,
                        coalesce(-sum(amount_minor) filter (where account = 'wallet_held'), 0)
                            as held_minor
                   from ledger_entry
                  where payment_id is not null
                  group by owner, payment_id) as e
     using (owner, payment_id)
     where p.state is null
        or e.currencies > 1
        or e.currency <> p.currency
        or p.captured_minor - p.refunded_minor <> coalesce(e.earned_minor, 0)
        or case p.state when 'AUTHORISED' then p.amount_minor else 0 end
           <> coalesce(e.held_minor, 0)
    """,
    """
    create view verify.broken_wallet_held as
    select owner, a.balance_minor, p.authorised_minor
      from (select owner, balance_minor from account where account = 'wallet_held') as a
      full join (select owner, sum(amount_minor) as authorised_minor
                   from payment
                  where state = 'AUTHORISED'
                  group by owner) as p
     using (owner)
     where coalesce(a.balance_minor, 0) <> -coalesce(p.authorised_minor, 0)
    """,
)


def upgrade() -> None:
    """Creates the tables of payments."""
    _create_account()
    _create_ledger_entry()
    _create_payment()
    for view in _VERIFY_VIEWS:
        op.execute(view)


def _create_account() -> None:
    op.create_table(
        "account",
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("balance_minor", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("owner", "account", "currency", name="account_pkey"),
        sa.CheckConstraint(
            "case split_part(split_part(owner, ':', 2), '/', 1) "
            "when 'stores' then account = 'sales' or account like 'cash:%' "
            "when 'customers' then account in ('wallet', 'wallet_held', 'top_up') "
            "or account like 'clearing:%' "
            "else false end",
            name="account_is_of_its_owner",
        ),
        sa.CheckConstraint(
            "account not in ('wallet', 'wallet_held') or balance_minor <= 0",
            name="account_wallet_not_overdrawn",
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="account_currency"),
    )
    op.create_index(
        "account_one_wallet",
        "account",
        ["owner", "account"],
        unique=True,
        postgresql_where=sa.text("account in ('wallet', 'wallet_held', 'top_up')"),
    )


def _create_ledger_entry() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("transfer_id", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("hutong.now()"),
        ),
        sa.PrimaryKeyConstraint("owner", "transfer_id", "line", name="ledger_entry_pkey"),
        sa.CheckConstraint("amount_minor <> 0", name="ledger_entry_moves_money"),
        sa.CheckConstraint(
            "kind in ('sale', 'hold', 'capture', 'void', 'refund', 'top_up')",
            name="ledger_entry_kind",
        ),
        sa.CheckConstraint(
            "(kind = 'top_up') = (payment_id is null)", name="ledger_entry_has_its_payment"
        ),
    )
    op.create_index("ledger_entry_in_order", "ledger_entry", ["owner", "position"])


def _create_payment() -> None:
    now = sa.text("hutong.now()")
    op.create_table(
        "payment",
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Text, nullable=False),
        sa.Column("store_id", sa.Text),
        sa.Column("tender_type", sa.Text),
        sa.Column("till", sa.Text),
        sa.Column("currency", sa.Text),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("captured_minor", sa.BigInteger, nullable=False),
        sa.Column("refunded_minor", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("request_hash", sa.LargeBinary),
        sa.Column("decline_reason", sa.Text),
        sa.Column("decline_facts", postgresql.JSONB),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.PrimaryKeyConstraint("owner", "payment_id", name="payment_pkey"),
        sa.CheckConstraint(
            "0 <= refunded_minor and refunded_minor <= captured_minor "
            "and captured_minor <= amount_minor",
            name="payment_money_in_bounds",
        ),
        sa.CheckConstraint(
            "case state "
            "when 'AUTHORISED' then captured_minor = 0 "
            "when 'CAPTURED' then captured_minor = amount_minor "
            "and (refunded_minor < captured_minor or amount_minor = 0) "
            "when 'VOIDED' then captured_minor = 0 "
            "when 'REFUNDED' then captured_minor = amount_minor "
            "and refunded_minor = captured_minor "
            "when 'DECLINED' then captured_minor = 0 "
            "else false end",
            name="payment_state_fits_its_money",
        ),
        sa.CheckConstraint(
            "case when store_id is null "
            "then num_nonnulls(tender_type, till, currency, request_hash, decline_reason) = 0 "
            "and state = 'VOIDED' and amount_minor = 0 "
            "else num_nulls(tender_type, currency, request_hash) = 0 end",
            name="payment_whole_or_tombstone",
        ),
        sa.CheckConstraint(
            "case tender_type "
            "when 'CASH' then till is not null and state in ('CAPTURED', 'REFUNDED') "
            "when 'WALLET' then till is null "
            "else store_id is null end",
            name="payment_tender",
        ),
        sa.CheckConstraint(
            "num_nonnulls(decline_reason, decline_facts) = "
            "case state when 'DECLINED' then 2 else 0 end",
            name="payment_declined_for_a_reason",
        ),
    )
