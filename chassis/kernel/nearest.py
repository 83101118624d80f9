"""Which of many points on the earth are nearest, in order, without looking at all of them.

Points are grouped with their neighbours; a group has a centre and a reach, and so a least distance
from anywhere. Groups are opened in the order of that, until what lies in those that are open is
certainly nearer than all that lies in the others. Distances are those over the sphere, computed
for whole groups at once. The only place that knows numpy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from chassis.kernel.geo import MEAN_RADIUS_METRES, Position

GROUP_POINTS = 128
"""A group has at most so many points."""

GROUPS_OPENED_FIRST = 4

LOOSE_POINTS_MIN = 256
LOOSE_SHARE = 8
"""Points that came or moved are looked at one and all, until they are so many and more than one in
LOOSE_SHARE; then all points are grouped anew."""

CAPACITY_FIRST = 64

CHORD_ERROR = 1e-15
"""How far, in radii, a chord can be from the truth: what double precision rounds away."""

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Nearby:
    """Some points, the nearest first, and how near those that come later can be at the least."""

    rows: Rows
    metres: Floats
    beyond_metres: float


@dataclass(frozen=True, slots=True)
class _Groups:
    """Points in the order of their groups; group i has those from starts[i] up to starts[i + 1]."""

    rows: Rows
    vectors: Floats
    starts: Rows
    centres: Floats
    reaches: Floats


class Points:
    """Points by row number, 0, 1, 2 and so on in the order in which they were added."""

    def __init__(self) -> None:
        self._count = 0
        self._vectors: Floats = np.empty((CAPACITY_FIRST, 3))
        self._is_loose = np.zeros(CAPACITY_FIRST, dtype=np.bool_)
        self._loose: list[int] = []
        self._groups: _Groups | None = None

    def __len__(self) -> int:
        return self._count

    def add(self, position: Position) -> int:
        """Adds a point and answers its row."""
        row = self._count
        if row == len(self._vectors):
            self._vectors = np.concatenate([self._vectors, np.empty_like(self._vectors)])
            self._is_loose = np.concatenate([self._is_loose, np.zeros_like(self._is_loose)])
        self._count += 1
        self._put(row, position)
        return row

    def move(self, row: int, position: Position) -> None:
        """Puts a point elsewhere."""
        self._put(row, position)

    def nearest(self, position: Position) -> Iterator[Nearby]:
        """All points, the nearest first, some at a time.

        What comes later is at least as far as was said, and no point comes twice. Points must not
        be added or moved meanwhile.
        """
        groups = self._grouped()
        here = np.array(_vector(position))
        rows: Rows = np.array(self._loose, dtype=np.int64)
        chords = _lengths(self._vectors[rows] - here)
        least = np.maximum(_lengths(groups.centres - here) - groups.reaches, 0.0)
        order = np.argsort(least)
        opened, opening = 0, GROUPS_OPENED_FIRST
        while True:
            fresh = order[opened : opened + opening]
            if len(fresh):
                fresh_rows, fresh_chords = self._opened(groups, fresh, here)
                rows = np.concatenate([rows, fresh_rows])
                chords = np.concatenate([chords, fresh_chords])
            opened, opening = opened + opening, opening * 2
            is_last = opened >= len(order)
            beyond = np.inf if is_last else float(least[order[opened]])
            is_near = chords < beyond
            near_rows, near_chords = rows[is_near], chords[is_near]
            by_chord = np.argsort(near_chords)
            yield Nearby(
                near_rows[by_chord], _arcs(near_chords[by_chord]), float(_arcs(np.array(beyond)))
            )
            if is_last:
                return
            rows, chords = rows[~is_near], chords[~is_near]

    def _put(self, row: int, position: Position) -> None:
        self._vectors[row] = _vector(position)
        if not self._is_loose[row]:
            self._is_loose[row] = True
            self._loose.append(row)

    def _opened(self, groups: _Groups, opened: Rows, here: Floats) -> tuple[Rows, Floats]:
        """The rows in some groups, and how far each is."""
        slices = [slice(groups.starts[each], groups.starts[each + 1]) for each in opened]
        rows = np.concatenate([groups.rows[each] for each in slices])
        chords = _lengths(np.concatenate([groups.vectors[each] for each in slices]) - here)
        if self._loose:
            is_settled = ~self._is_loose[rows]
            return rows[is_settled], chords[is_settled]
        return rows, chords

    def _grouped(self) -> _Groups:
        loose = len(self._loose)
        if self._groups is None or loose > max(LOOSE_POINTS_MIN, self._count // LOOSE_SHARE):
            self._groups = _groups_of(self._vectors[: self._count])
            self._is_loose[:] = False
            self._loose = []
        return self._groups


def _groups_of(vectors: Floats) -> _Groups:
    parts = list(_parts(vectors, np.arange(len(vectors)))) if len(vectors) else []
    rows = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    centres = np.array([vectors[part].mean(axis=0) for part in parts]).reshape(-1, 3)
    reaches = [
        _lengths(vectors[part] - centre).max() for part, centre in zip(parts, centres, strict=True)
    ]
    return _Groups(
        rows=rows,
        vectors=vectors[rows],
        starts=np.cumsum([0, *(len(part) for part in parts)]),
        centres=centres,
        reaches=np.array(reaches) + CHORD_ERROR,
    )


def _parts(vectors: Floats, rows: Rows) -> Iterator[Rows]:
    """Halves the points across their widest extent, again and again."""
    if len(rows) <= GROUP_POINTS:
        yield rows
        return
    own = vectors[rows]
    across = own[:, np.argmax(own.max(axis=0) - own.min(axis=0))]
    middle = len(rows) // 2
    halved = rows[np.argpartition(across, middle)]
    yield from _parts(vectors, halved[:middle])
    yield from _parts(vectors, halved[middle:])


def _vector(position: Position) -> tuple[float, float, float]:
    """The point on a sphere of radius 1."""
    latitude = math.radians(position.latitude_degrees)
    longitude = math.radians(position.longitude_degrees)
    across = math.cos(latitude)
    return across * math.cos(longitude), across * math.sin(longitude), math.sin(latitude)


def _lengths(vectors: Floats) -> Floats:
    lengths: Floats = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return lengths


def _arcs(chords: Floats) -> Floats:
    """Metres over the sphere of the earth for chords of the sphere of radius 1."""
    arcs: Floats = 2 * MEAN_RADIUS_METRES * np.arcsin(np.minimum(chords / 2, 1.0))
    return np.where(np.isinf(chords), np.inf, arcs)
