"""What PostgreSQL alone needs for an order: one statement of pgbench for each two hundred.

An order is a row with its lines inside, three levels of stock go down by what the batch wants of
them together, and one row of the outbox tells of the batch. That is less than the platform keeps,
and no order can cost less. It is the platform's own server, with fsync on, in a database that goes
with the platform.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from allinone.embedded.binaries import postgres_programs
from tests.bench.cpu import MICROSECONDS, cpu_seconds
from tests.bench.orders.kinds import LINES, SKUS, STORES
from tests.bench.rows import NotMeasurable, Row
from tests.bench.running import Running

DATABASE = "bench_floor"
BATCH = 200
WRITERS = 2
"""As many as there are lanes of orders at a till."""

WARM_UP_SECONDS = 2
SECONDS = 6

_TABLES = f"""
create table customer_order (
    store_id text, order_id uuid, state text not null, lines jsonb not null,
    total_minor bigint not null, created_at timestamptz not null,
    primary key (store_id, order_id));
create table stock_level (
    store_id text, sku text, on_hand bigint not null check (on_hand >= 0),
    primary key (store_id, sku));
create table outbox (position bigint generated always as identity primary key, data bytea not null);
insert into stock_level
select 'demo/sh' || store, 'bench' || sku, 1000000000
  from generate_series(1, {len(STORES)}) as store, generate_series(0, {len(SKUS) - 1}) as sku;
"""

# Levels are locked in the order of their keys, as two writers have to.
_STATEMENT = f"""
with wanted as materialized (
    select o, 'demo/sh' || (1 + floor(random() * {len(STORES)}))::int as store_id, uuidv7() as id
      from generate_series(1, {BATCH}) as o),
line as materialized (
    select w.o, w.store_id, w.id, 'bench' || floor(random() * {len(SKUS)})::int as sku,
           1 + floor(random() * 3)::int as quantity
      from wanted as w, generate_series(1, {LINES}) as l),
placed as (
    insert into customer_order
    select store_id, id, 'COMPLETED',
           jsonb_agg(jsonb_build_object('sku', sku, 'quantity', quantity, 'unit', 'each',
                                        'price_version', 1, 'line_total_minor', 990 * quantity)),
           sum(990 * quantity), now()
      from line group by store_id, id),
demand as (
    select store_id, sku, sum(quantity) as quantity from line group by store_id, sku),
locked as materialized (
    select l.store_id, l.sku, d.quantity
      from stock_level as l join demand as d using (store_id, sku)
     order by store_id, sku for update of l),
taken as (
    update stock_level as l set on_hand = l.on_hand - k.quantity
      from locked as k where (l.store_id, l.sku) = (k.store_id, k.sku))
insert into outbox (data)
select string_agg(decode(md5(id::text), 'hex') || decode(md5(store_id), 'hex'), '') from wanted;
"""

_DONE = re.compile(r"number of transactions actually processed: ([0-9]+)")
_FAILED = re.compile(r"number of failed transactions: ([0-9]+)")


@dataclass(frozen=True, slots=True)
class Floor:
    """What PostgreSQL's processes used for so many orders."""

    orders: int
    cpu_us: float

    def row(self, name: str) -> Row:
        """The figure, with its conditions."""
        return Row(
            name,
            round(self.cpu_us, 2),
            "us",
            f"PostgreSQL alone, the platform's server with fsync on; {self.orders} orders of "
            f"{LINES} lines in statements of {BATCH}, by pgbench with {WRITERS} writers for "
            f"{SECONDS} s, {self.orders / SECONDS:.0f} a second",
        )


async def floor(platform: Running) -> Floor:
    """Lets pgbench write orders; NotMeasurable if it fails, or what it says is not in the table."""
    url = platform.stores.postgres.url(DATABASE)
    admin = await asyncpg.connect(platform.stores.postgres.url("postgres"))
    try:
        await admin.execute(f"create database {DATABASE}")
        orders = await asyncpg.connect(url)
        try:
            await orders.execute(_TABLES)
            await _pgbench(url, WARM_UP_SECONDS)
            before, used = await _rows(orders), _postgres_seconds(platform)
            batches = await _pgbench(url, SECONDS)
            used = _postgres_seconds(platform) - used
            written = await _rows(orders) - before
        finally:
            await orders.close()
        await admin.execute(f"drop database {DATABASE}")
    finally:
        await admin.close()
    if written != batches * BATCH:
        raise NotMeasurable(f"pgbench wrote {batches} batches, and there are {written} orders")
    return Floor(written, used * MICROSECONDS / written)


async def _rows(connection: asyncpg.Connection) -> int:
    count: int = await connection.fetchval("select count(*) from customer_order")
    return count


def _postgres_seconds(platform: Running) -> float:
    """What the server has used so far, with its backends that have ended."""
    return cpu_seconds(platform.command.child("postgres").pid)["postgres"]


async def _pgbench(url: str, seconds: int) -> int:
    """Runs the statement again and again; how many times."""
    address = urlsplit(url)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "batch.sql"
        script.write_text(_STATEMENT)
        arguments = ["--no-vacuum", "--protocol=prepared", f"--file={script}"]
        arguments += [f"--client={WRITERS}", f"--time={seconds}"]
        process = await asyncio.create_subprocess_exec(
            str(postgres_programs() / "pgbench"),
            *arguments,
            f"--host={address.hostname}",
            f"--port={address.port}",
            f"--username={address.username}",
            address.path.removeprefix("/"),
            env={"PGPASSWORD": address.password or ""},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output = (await process.communicate())[0].decode(errors="replace")
    done, failed = _DONE.search(output), _FAILED.search(output)
    if process.returncode != 0 or done is None or failed is None or int(failed[1]):
        raise NotMeasurable(f"pgbench failed: {output[-300:]}")
    return int(done[1])
