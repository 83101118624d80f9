"""PostgreSQL and Valkey inside the platform: real servers as child processes, with all data in one
folder.

    home = Home.create(home_folder(os.environ))
    home.lock()
    postgres = EmbeddedPostgres(home.folder, secrets=home.secrets, port=home.port("postgres"))
    valkey = EmbeddedValkey(home.folder, secrets=home.secrets, port=home.port("valkey"))
    supervisor = Supervisor([postgres, valkey])
    await supervisor.start()
    await postgres.ensure_databases(["orders", "inventory"])
    ...  # serve, with postgres.service_url("orders") and valkey.url; supervisor.wait() beside it
    await supervisor.stop()
    home.release()

Refuses to do more than one machine needs: no replication, no TLS, no address but loopback.
"""

from allinone.embedded.databases import VERIFIER_ROLE, require_durable, service_role
from allinone.embedded.errors import (
    BinariesMissing,
    CannotDropRoot,
    ChildFailed,
    ChildKeepsFailing,
    DurabilityOff,
    EmbeddedError,
    FolderInUse,
    HomeDamaged,
    HomeInUse,
    HomeNotWritable,
    PasswordRefused,
    RestoreUnfinished,
    StorePortInUse,
)
from allinone.embedded.home import HOME_VARIABLE, Home, Secrets, home_folder
from allinone.embedded.postgres import SUPERUSER, EmbeddedPostgres
from allinone.embedded.supervisor import Child, Supervisor
from allinone.embedded.valkey import EmbeddedValkey

__all__ = [
    "HOME_VARIABLE",
    "SUPERUSER",
    "VERIFIER_ROLE",
    "BinariesMissing",
    "CannotDropRoot",
    "Child",
    "ChildFailed",
    "ChildKeepsFailing",
    "DurabilityOff",
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedValkey",
    "FolderInUse",
    "Home",
    "HomeDamaged",
    "HomeInUse",
    "HomeNotWritable",
    "PasswordRefused",
    "RestoreUnfinished",
    "Secrets",
    "StorePortInUse",
    "Supervisor",
    "home_folder",
    "require_durable",
    "service_role",
]
