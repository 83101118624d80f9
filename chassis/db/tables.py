"""The tables that every service's database has from the chassis. Migration 0001 creates them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


def add_chassis_tables(metadata: MetaData) -> None:
    """Adds idempotency, lease, outbox, inbox and parked_event to a service's tables."""
    now = text("hutong.now()")
    Table(
        "idempotency",
        metadata,
        Column("distribution_key", Text, nullable=False),
        Column("request_key", LargeBinary, nullable=False),
        Column("body_hash", LargeBinary, nullable=False),
        Column("principal", Text, nullable=False),
        Column("method", Text, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("reply", LargeBinary),
        Column("refusal", JSONB),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=now),
        PrimaryKeyConstraint("distribution_key", "request_key", name="idempotency_pkey"),
    )
    Table(
        "lease",
        metadata,
        Column("name", Text, primary_key=True),
        Column("holder", Text, nullable=False),
        Column("until", DateTime(timezone=True), nullable=False),
    )
    Table(
        "outbox",
        metadata,
        Column("distribution_key", Text, nullable=False),
        Column("aggregate", Text, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("position", BigInteger, Identity(always=True), nullable=False),
        Column("type", Text, nullable=False),
        Column("data", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=now),
        Column("published_at", DateTime(timezone=True)),
        Column("traceparent", Text),
        PrimaryKeyConstraint("distribution_key", "aggregate", "sequence", name="outbox_pkey"),
        Index("outbox_waiting", "position", postgresql_where=text("published_at is null")),
    )
    Table(
        "inbox",
        metadata,
        Column("consumer", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("aggregate", Text, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("handled_at", DateTime(timezone=True), nullable=False, server_default=now),
        PrimaryKeyConstraint("consumer", "source", "aggregate", "sequence", name="inbox_pkey"),
    )
    Table(
        "parked_event",
        metadata,
        Column("consumer", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("aggregate", Text, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("type", Text, nullable=False),
        Column("data", LargeBinary, nullable=False),
        Column("problem", Text, nullable=False),
        Column("parked_at", DateTime(timezone=True), nullable=False, server_default=now),
        PrimaryKeyConstraint(
            "consumer", "source", "aggregate", "sequence", name="parked_event_pkey"
        ),
    )
