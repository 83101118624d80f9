"""One database and one role for each service, and the verifier's role: who may enter what.

A service enters its own database and no other, not even `postgres`. The verifier enters all of them
and owns nothing; what it may read there is granted by the services' migrations. Every statement may
be repeated, so a start that was killed half-way is finished by the next.
"""

import re
from collections.abc import Sequence

import asyncpg

from allinone.embedded.errors import DurabilityOff
from allinone.embedded.home import Secrets

VERIFIER_ROLE = "hutong_verifier"
DURABLE_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")
SHARED_DATABASES = ("postgres", "template1")
# PostgreSQL cuts names at 63 bytes without a word; `hutong_` takes seven.
SERVICE_NAME = re.compile(r"[a-z][a-z0-9_]{0,55}")
PASSWORD = re.compile(r"[A-Za-z0-9_-]+")


def service_role(service: str) -> str:
    """The service's role, and the name of its database too."""
    if not SERVICE_NAME.fullmatch(service):
        raise ValueError(f"not the name of a service: {service!r}")
    return f"hutong_{service}"


async def ensure_databases(
    connection: asyncpg.Connection, services: Sequence[str], secrets: Secrets
) -> None:
    """Leaves each service with its database and role, with passwords from `secrets`; idempotent.

    The connection is a superuser's, outside a transaction, since PostgreSQL makes databases only
    there.
    """
    names = [service_role(service) for service in services]
    for database in SHARED_DATABASES:
        await connection.execute(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
    await _ensure_role(connection, VERIFIER_ROLE, secrets)
    await connection.execute(f"ALTER ROLE {VERIFIER_ROLE} SET default_transaction_read_only = on")
    for name in names:
        await _ensure_role(connection, name, secrets)
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await connection.execute(f"CREATE DATABASE {name} OWNER {name}")
        await connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        await connection.execute(f"GRANT CONNECT ON DATABASE {name} TO {VERIFIER_ROLE}")


async def require_durable(connection: asyncpg.Connection) -> None:
    """Raises DurabilityOff when what this connection commits could be lost in a crash.

    For every connection that matters, and not once for the server: a role or a session can turn one
    of them off.
    """
    for setting in DURABLE_SETTINGS:
        value = await connection.fetchval("SELECT current_setting($1)", setting)
        if value != "on":
            raise DurabilityOff(setting, value)


async def _ensure_role(connection: asyncpg.Connection, role: str, secrets: Secrets) -> None:
    exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
    password = secrets.password(role)
    # Neither names nor passwords can be parameters of these statements.
    assert PASSWORD.fullmatch(password)
    verb = "ALTER" if exists else "CREATE"
    await connection.execute(
        f"{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{password}'"
    )
