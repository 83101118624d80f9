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
    """Adds what leases, repeats, events out and events in need to a service's tables."""
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
        Index(
            "outbox_published",
            "published_at",
            "position",
            postgresql_where=text("published_at is not null"),
        ),
    )
    Table(
        "publication",
        metadata,
        Column("name", Text, primary_key=True),
        Column("epoch", Text, nullable=False),
        Column("known_count", BigInteger, nullable=False),
        Column("known_at", DateTime(timezone=True), nullable=False),
        Column("earlier_count", BigInteger, nullable=False),
        Column("earlier_at", DateTime(timezone=True), nullable=False),
        Column("forgotten_after", DateTime(timezone=True), nullable=False),
        Column("forgotten_position", BigInteger, nullable=False),
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
        Index("inbox_handled", "handled_at"),
    )
    Table(
        "consumer",
        metadata,
        Column("name", Text, primary_key=True),
        Column("source", Text, nullable=False),
        Column("rebuild_requested_at", DateTime(timezone=True)),
        Column("rebuilt_at", DateTime(timezone=True)),
        Column("forgotten_after", DateTime(timezone=True), nullable=False),
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
        Column("retry_requested_at", DateTime(timezone=True)),
        PrimaryKeyConstraint(
            "consumer", "source", "aggregate", "sequence", name="parked_event_pkey"
        ),
    )
