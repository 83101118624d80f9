"""The tables of the orders service."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
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
from services.orders.domain.orders import Fulfilment, State, TenderType

metadata = MetaData()
add_chassis_tables(metadata)


def _one_of(column: str, values: type[State] | type[Fulfilment] | type[TenderType]) -> str:
    return f"{column} in ({', '.join(repr(value.value) for value in values)})"


customer_order = Table(
    "customer_order",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("fulfilment", Text, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("currency", Text, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("tender_type", Text, nullable=False),
    Column("tendered_minor", BigInteger),
    Column("customer_id", Text),
    Column("till", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("end_reason", JSONB),
    Column("version", BigInteger, nullable=False),
    Column("request_key", LargeBinary, nullable=False),
    Column("lease_token", Text),
    Column("lease_until", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("delivery", JSONB),
    Column("tells_delivery", Boolean, nullable=False, server_default=text("true")),
    Column("basket_version", BigInteger),
    Column("traceparent", Text),
    Column("receipt", JSONB),
    PrimaryKeyConstraint("store_id", "order_id", name="customer_order_pkey"),
    CheckConstraint(_one_of("state", State), name="customer_order_state"),
    CheckConstraint(_one_of("fulfilment", Fulfilment), name="customer_order_fulfilment"),
    CheckConstraint(_one_of("tender_type", TenderType), name="customer_order_tender_type"),
    CheckConstraint("total_minor >= 0", name="customer_order_total"),
    CheckConstraint("version >= 0", name="customer_order_version"),
    CheckConstraint(
        "(tender_type = 'CASH') = (tendered_minor is not null)", name="customer_order_tendered"
    ),
    CheckConstraint(
        "tender_type = 'CASH' or customer_id is not null", name="customer_order_wallet_owner"
    ),
    CheckConstraint(
        "(state in ('PLACING', 'UNDOING', 'CANCELLING', 'COMPLETING')) = (lease_token is not null)",
        name="customer_order_lease",
    ),
    CheckConstraint(
        "state not in ('UNDOING', 'REFUSED', 'CANCELLING', 'CANCELLED') or end_reason is not null",
        name="customer_order_end_reason",
    ),
    CheckConstraint(
        "(fulfilment = 'DELIVERY') = (delivery is not null)", name="customer_order_delivery"
    ),
    Index(
        "customer_order_on_the_way",
        "lease_until",
        postgresql_where=text("lease_token is not null"),
    ),
    Index(
        "customer_order_of_customer",
        "store_id",
        "customer_id",
        "order_id",
        postgresql_where=text("customer_id is not null"),
    ),
    Index(
        "customer_order_of_basket",
        "store_id",
        "customer_id",
        "basket_version",
        unique=True,
        postgresql_where=text(
            "basket_version is not null and state not in ('REFUSED', 'NEEDS_ATTENTION')"
        ),
    ),
    CheckConstraint(
        "basket_version is null or customer_id is not null", name="customer_order_basket_owner"
    ),
    CheckConstraint(
        "receipt is null or (fulfilment = 'CARRY_OUT' and basket_version is null)",
        name="customer_order_receipt_carried_out",
    ),
    CheckConstraint(
        "receipt is null or coalesce(receipt ->> 'reason', '') <> ''",
        name="customer_order_receipt_reason",
    ),
)

basket = Table(
    "basket",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("frozen_until", DateTime(timezone=True)),
    Column("lifted_by", Text, nullable=False, server_default=text("''")),
    Column("order_id", Text),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("store_id", "customer_id", name="basket_pkey"),
    CheckConstraint("version > 0", name="basket_version"),
    CheckConstraint("jsonb_array_length(lines) <= 200", name="basket_lines_max"),
    CheckConstraint(
        "not jsonb_path_exists(lines, '$[*] ? (!(@.quantity >= 1))')", name="basket_line_quantity"
    ),
    CheckConstraint(
        "jsonb_array_length(lines) > 0 or (frozen_until is null and order_id is null)",
        name="basket_nothing_to_keep",
    ),
    Index("basket_idle", "updated_at"),
    Index("basket_frozen", "frozen_until", postgresql_where=text("frozen_until is not null")),
)
