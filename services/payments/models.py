"""The tables of payments. The owner is where the money is, and what the tables are sharded by."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from chassis.db.tables import add_chassis_tables

metadata = MetaData()
add_chassis_tables(metadata)

_NOW = text("hutong.now()")

Table(
    "account",
    metadata,
    Column("owner", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("owner", "account", "currency", name="account_pkey"),
    CheckConstraint(
        "case split_part(split_part(owner, ':', 2), '/', 1) "
        "when 'stores' then account = 'sales' or account like 'cash:%' "
        "when 'customers' then account in ('wallet', 'wallet_held', 'top_up') "
        "or account like 'clearing:%' "
        "else false end",
        name="account_is_of_its_owner",
    ),
    CheckConstraint(
        "account not in ('wallet', 'wallet_held') or balance_minor <= 0",
        name="account_wallet_not_overdrawn",
    ),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="account_currency"),
    Index(
        "account_one_wallet",
        "owner",
        "account",
        unique=True,
        postgresql_where=text("account in ('wallet', 'wallet_held', 'top_up')"),
    ),
)

Table(
    "ledger_entry",
    metadata,
    Column("owner", Text, nullable=False),
    Column("transfer_id", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("account", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payment_id", Text),
    Column("actor", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    PrimaryKeyConstraint("owner", "transfer_id", "line", name="ledger_entry_pkey"),
    CheckConstraint("amount_minor <> 0", name="ledger_entry_moves_money"),
    CheckConstraint(
        "kind in ('sale', 'hold', 'capture', 'void', 'refund', 'top_up')", name="ledger_entry_kind"
    ),
    CheckConstraint(
        "(kind = 'top_up') = (payment_id is null)", name="ledger_entry_has_its_payment"
    ),
    Index("ledger_entry_in_order", "owner", "position"),
)

Table(
    "payment",
    metadata,
    Column("owner", Text, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("store_id", Text),
    Column("tender_type", Text),
    Column("till", Text),
    Column("currency", Text),
    Column("amount_minor", BigInteger, nullable=False),
    Column("captured_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("request_hash", LargeBinary),
    Column("decline_reason", Text),
    Column("decline_facts", JSONB),
    Column("version", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    PrimaryKeyConstraint("owner", "payment_id", name="payment_pkey"),
    CheckConstraint(
        "0 <= refunded_minor and refunded_minor <= captured_minor "
        "and captured_minor <= amount_minor",
        name="payment_money_in_bounds",
    ),
    CheckConstraint(
        "case state "
        "when 'AUTHORISED' then captured_minor = 0 "
        "when 'CAPTURED' then captured_minor = amount_minor "
        "and (refunded_minor < captured_minor or amount_minor = 0) "
        "when 'VOIDED' then captured_minor = 0 "
        "when 'REFUNDED' then captured_minor = amount_minor and refunded_minor = captured_minor "
        "when 'DECLINED' then captured_minor = 0 "
        "else false end",
        name="payment_state_fits_its_money",
    ),
    CheckConstraint(
        "case when store_id is null "
        "then num_nonnulls(tender_type, till, currency, request_hash, decline_reason) = 0 "
        "and state = 'VOIDED' and amount_minor = 0 "
        "else num_nulls(tender_type, currency, request_hash) = 0 end",
        name="payment_whole_or_tombstone",
    ),
    CheckConstraint(
        "case tender_type "
        "when 'CASH' then till is not null and state in ('CAPTURED', 'REFUNDED') "
        "when 'WALLET' then till is null "
        "else store_id is null end",
        name="payment_tender",
    ),
    CheckConstraint(
        "num_nonnulls(decline_reason, decline_facts) = "
        "case state when 'DECLINED' then 2 else 0 end",
        name="payment_declined_for_a_reason",
    ),
)
