"""Field masks: which fields an update changes."""

from __future__ import annotations

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask

from chassis.kernel.errors import FieldMaskInvalid


def paths_of(mask: FieldMask, *, allowed: Collection[str]) -> frozenset[str]:
    """The paths of a mask; FieldMaskInvalid if it is empty or names what can't be changed."""
    if not mask.paths:
        raise FieldMaskInvalid.at("update_mask", "must name a field", path="")
    for path in mask.paths:
        if path not in allowed:
            raise FieldMaskInvalid.at("update_mask", f"can't update {path}", path=path)
    return frozenset(mask.paths)
