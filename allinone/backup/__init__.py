"""Back-up and restore of a platform with embedded PostgreSQL, while it sells.

A back-up is a physical copy of the one PostgreSQL with all services' databases, as of one instant:
what a platform would find in its home that died at that instant. So an order, its stock and its
money are all there or all not, and orders on their way are driven on after a restore as after a
crash. Beside it are the passwords and signing keys that belong to the data, and a manifest.

Valkey is never the truth, and is not in it: after a restore the events that are kept are published
anew. Databases of one's own are refused: their own means apply.
"""

from allinone.backup.restoring import restore
from allinone.backup.taking import back_up

__all__ = ["back_up", "restore"]
