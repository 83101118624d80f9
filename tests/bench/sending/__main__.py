"""Reads a plan, plays it, prints the report."""

from __future__ import annotations

import json
import sys

from tests.bench.sending.plan import Plan
from tests.bench.sending.playing import Play

if __name__ == "__main__":
    print(Play(Plan.of(json.load(sys.stdin))).run().as_json())
