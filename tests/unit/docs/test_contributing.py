"""CONTRIBUTING.md lists the targets of the Makefile, all of them."""

from __future__ import annotations

import re

from tests.unit.docs.documents import code_span, table_rows, text_of

TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)


def test_every_make_target_is_listed_and_no_other() -> None:
    rows = table_rows(text_of("CONTRIBUTING.md"), first="target")
    listed = [code_span(row["target"]).removeprefix("make ") for row in rows]
    assert sorted(listed) == sorted(TARGET.findall(text_of("Makefile")))
