"""When Python looks for garbage, and among what: a full look stops the whole process.

What a service has imported and built stays until its end; looked through again and again it stops
every caller for a tenth of a second, several times a minute.
"""

from __future__ import annotations

import gc

NEW_OBJECTS = 10_000
"""So many more objects than were let go are made before the youngest are looked through."""

LOOKS_PER_NEXT = 20
"""So many looks among the younger objects make one among the older."""


def spare_what_stays() -> None:
    """Takes what there is now out of all later looks. To be called once, when all is built."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, LOOKS_PER_NEXT, LOOKS_PER_NEXT)
