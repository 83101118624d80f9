"""What stays until the end is not looked through for garbage; what comes later is."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc, weakref
from chassis.garbage import spare_what_stays

class Thing:
    pass

built = [Thing() for _ in range(20_000)]
spare_what_stays()
print(len(gc.get_objects()) < 1_000, gc.get_freeze_count() > 20_000)
lost = Thing()
lost.itself = lost
seen = weakref.ref(lost)
del lost
gc.collect()
print(seen() is None)
"""


def test_only_what_came_after_the_start_is_looked_through() -> None:
    # In a process of its own, since it holds until the process ends.
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    assert run.stdout.split() == [b"True", b"True", b"True"]
