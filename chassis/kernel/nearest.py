"""Which of many points on the earth are nearest, in order, without looking at all of them.

Points are vectors on a sphere of radius 1, grouped with their neighbours. A group lies in a box,
and so has a least distance from anywhere. Groups are opened in the order of that, until what lies
in those that are open is certainly nearer than all that lies in the others. Distances are those
over the sphere, computed for whole groups at once; until they are told, the squares of the chords
do.

Who asks from the same cell of a grid is answered from the points that are nearest to its middle, as
far as they certainly are the nearest.
The only place that knows numpy.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from chassis.kernel.geo import E7_PER_DEGREE, MEAN_RADIUS_METRES, Position

GROUP_POINTS = 256
"""A group has at most so many points."""

GROUPS_OPENED_FIRST = 4

TOLD_FIRST = 32
"""So many points are put in order first, and the others only if more are asked for."""

LOOSE_POINTS_MIN = 256
LOOSE_SHARE = 8
"""Points that came or moved are looked at one and all, until they are so many and more than one in
LOOSE_SHARE; then all points are grouped anew."""

CAPACITY_FIRST = 64

CELL_POINTS = 96
"""So many points are kept for a cell, those that are nearest to its middle."""

CELLS_E7 = (5_000_000, 1_000_000, 100_000)
"""How wide cells are, in ten-millionths of a degree; narrower ones serve where points are dense."""

CELL_REACH_MIN = 2.5
"""A cell's points reach so many times as far as the way from its middle to a corner; if they do
not, the cell is too wide."""

CELLS_MAX = 10_000
"""How many cells are kept, at some 1 kB each."""

_ROUNDING = 1e-9
"""More than what is lost by rounding, as a share of a distance."""

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.int64]
Vector: TypeAlias = tuple[float, float, float]
CellName: TypeAlias = tuple[int, int, int]

_NO_SQUARES: Floats = np.empty(0)


@dataclass(frozen=True, slots=True)
class Nearby:
    """Some points, the nearest first, and how near those that come later can be at the least."""

    rows: Rows
    metres: Floats
    beyond_metres: float


@dataclass(frozen=True, slots=True)
class _Groups:
    """Points in the order of their groups, each with the box from `lows` to `highs` around it."""

    rows: Rows
    vectors: Floats
    slices: Sequence[slice]
    lows: Floats
    highs: Floats

    def squares_from(self, here: Floats) -> Floats:
        """The square of each group's least distance."""
        return _squares(np.maximum(np.maximum(self.lows - here, here - self.highs), 0.0))


@dataclass(frozen=True, slots=True)
class _Cell:
    """The points nearest to its middle. All others are at least `reach` away from that."""

    middle: Vector
    rows: Rows
    reach: float


class Points:
    """Points by row number, 0, 1, 2 and so on in the order in which they were added."""

    def __init__(self) -> None:
        self._count = 0
        self._vectors: Floats = np.empty((CAPACITY_FIRST, 3))
        self._is_loose = np.zeros(CAPACITY_FIRST, dtype=np.bool_)
        self._loose: list[int] = []
        self._groups: _Groups | None = None
        self._cells: dict[CellName, _Cell | None] = {}

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
        vector = _vector(position)
        here = np.array(vector)
        cell = self._cell_around(position)
        if cell is None:
            yield from self._from_groups(here)
            return
        reach = max(0.0, cell.reach - math.dist(vector, cell.middle)) * (1 - _ROUNDING)
        squares = _squares(self._vectors[cell.rows] - here)
        order = squares.argsort()
        order = order[: int(squares[order].searchsorted(reach * reach))]
        told: Rows = cell.rows[order]
        yield from _told_in_order(told, squares[order], reach * reach)
        if reach == math.inf:
            return
        for nearby in self._from_groups(here):
            is_new = np.isin(nearby.rows, told, invert=True)
            yield Nearby(nearby.rows[is_new], nearby.metres[is_new], nearby.beyond_metres)

    def _from_groups(self, here: Floats) -> Iterator[Nearby]:
        groups = self._grouped()
        rows, squares = self._from_loose(here)
        least = groups.squares_from(here)
        opened, opening = 0, GROUPS_OPENED_FIRST
        order = _smallest_first(least, opening + 1)
        while True:
            fresh = order[opened : opened + opening].tolist()
            if fresh:
                fresh_rows, fresh_squares = self._opened(groups, fresh, here)
                rows = np.concatenate((rows, fresh_rows)) if len(rows) else fresh_rows
                squares = (
                    np.concatenate((squares, fresh_squares)) if len(squares) else fresh_squares
                )
            opened, opening = opened + opening, opening * 2
            if opened >= len(least):
                yield from _in_order(rows, squares, math.inf)
                return
            beyond = float(least[order[opened]])
            yield from _in_order(rows, squares, beyond)
            is_far = squares >= beyond
            rows, squares = rows[is_far], squares[is_far]
            order = least.argsort()

    def _cell_around(self, position: Position) -> _Cell | None:
        """The widest cell around a position that is of use there, if any is."""
        for number, width in enumerate(CELLS_E7):
            name = number, position.latitude_e7 // width, position.longitude_e7 // width
            try:
                cell = self._cells[name]
            except KeyError:
                cell = self._cell(name, width)
                if len(self._cells) >= CELLS_MAX:
                    del self._cells[next(iter(self._cells))]
                self._cells[name] = cell
            if cell is not None:
                return cell
        return None

    def _cell(self, name: CellName, width: int) -> _Cell | None:
        """The cell of this name; None if it is too wide."""
        _, north, east = name
        middle = _vector_of_degrees(
            (north + 0.5) * width / E7_PER_DEGREE, (east + 0.5) * width / E7_PER_DEGREE
        )
        found: list[Rows] = []
        for nearby in self._from_groups(np.array(middle)):
            found.append(nearby.rows)
            if sum(map(len, found)) > CELL_POINTS:
                break
        rows = np.concatenate(found)
        reach = math.inf
        if len(rows) > CELL_POINTS:
            reach = math.dist(self._vectors[rows[CELL_POINTS]].tolist(), middle)
        corner = math.radians(width / E7_PER_DEGREE) * math.sqrt(0.5)
        if reach < CELL_REACH_MIN * corner:
            return None
        return _Cell(middle, rows[:CELL_POINTS], reach)

    def _from_loose(self, here: Floats) -> tuple[Rows, Floats]:
        rows: Rows = np.array(self._loose, dtype=np.int64)
        if not self._loose:
            return rows, _NO_SQUARES
        return rows, _squares(self._vectors[rows] - here)

    def _put(self, row: int, position: Position) -> None:
        self._cells.clear()
        self._vectors[row] = _vector(position)
        if not self._is_loose[row]:
            self._is_loose[row] = True
            self._loose.append(row)

    def _opened(self, groups: _Groups, opened: Sequence[int], here: Floats) -> tuple[Rows, Floats]:
        """The rows in some groups, and the square of how far each is."""
        slices = [groups.slices[each] for each in opened]
        rows = np.concatenate([groups.rows[each] for each in slices])
        squares = _squares(np.concatenate([groups.vectors[each] for each in slices]) - here)
        if self._loose:
            is_settled = ~self._is_loose[rows]
            return rows[is_settled], squares[is_settled]
        return rows, squares

    def _grouped(self) -> _Groups:
        loose = len(self._loose)
        if self._groups is None or loose > max(LOOSE_POINTS_MIN, self._count // LOOSE_SHARE):
            self._groups = _groups_of(self._vectors[: self._count])
            self._is_loose[:] = False
            self._loose = []
        return self._groups


def _groups_of(vectors: Floats) -> _Groups:
    parts = list(_parts(vectors, np.arange(len(vectors)))) if len(vectors) else []
    ends = list(itertools.accumulate((len(part) for part in parts), initial=0))
    rows = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    return _Groups(
        rows=rows,
        vectors=vectors[rows],
        slices=[slice(*each) for each in itertools.pairwise(ends)],
        lows=np.array([vectors[part].min(axis=0) for part in parts]).reshape(-1, 3),
        highs=np.array([vectors[part].max(axis=0) for part in parts]).reshape(-1, 3),
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


def _in_order(rows: Rows, squares: Floats, beyond: float) -> Iterator[Nearby]:
    """Those of the points whose squares are below `beyond`, the nearest first."""
    if len(squares) > 2 * TOLD_FIRST:
        first = _smallest_first(squares, TOLD_FIRST)
        reached = float(squares[first[-1]])
        if reached < beyond:
            yield Nearby(rows[first], _arcs(squares[first]), _arc(reached))
            is_left = np.ones(len(rows), dtype=np.bool_)
            is_left[first] = False
            rows, squares = rows[is_left], squares[is_left]
    is_near = squares < beyond
    near_squares = squares[is_near]
    by_distance = near_squares.argsort()
    yield Nearby(rows[is_near][by_distance], _arcs(near_squares[by_distance]), _arc(beyond))


def _told_in_order(rows: Rows, squares: Floats, beyond: float) -> Iterator[Nearby]:
    """Points that are in order already: some first, and the others only if more are asked for."""
    first = slice(0, TOLD_FIRST)
    if len(rows) > TOLD_FIRST:
        reached = float(squares[TOLD_FIRST - 1])
        yield Nearby(rows[first], _arcs(squares[first]), _arc(reached))
        first = slice(TOLD_FIRST, None)
    yield Nearby(rows[first], _arcs(squares[first]), _arc(beyond))


def _smallest_first(squares: Floats, count: int) -> Rows:
    """Where the smallest of them are, so many, in order; all if there are no more."""
    if count >= len(squares):
        return squares.argsort()
    smallest = squares.argpartition(count)[:count]
    ordered: Rows = smallest[squares[smallest].argsort()]
    return ordered


def _vector(position: Position) -> Vector:
    """The point on a sphere of radius 1."""
    return _vector_of_degrees(position.latitude_degrees, position.longitude_degrees)


def _vector_of_degrees(latitude_degrees: float, longitude_degrees: float) -> Vector:
    latitude, longitude = math.radians(latitude_degrees), math.radians(longitude_degrees)
    across = math.cos(latitude)
    return across * math.cos(longitude), across * math.sin(longitude), math.sin(latitude)


def _squares(vectors: Floats) -> Floats:
    squares: Floats = np.einsum("ij,ij->i", vectors, vectors)
    return squares


def _arcs(squares: Floats) -> Floats:
    """Metres over the earth as a sphere, for the squares of chords of the sphere of radius 1."""
    halves = np.sqrt(squares)
    halves *= 0.5
    arcs: Floats = np.arcsin(np.minimum(halves, 1.0))
    arcs *= 2 * MEAN_RADIUS_METRES
    return arcs


def _arc(square: float) -> float:
    """The metres of one; of infinity, infinity."""
    if square == math.inf:
        return math.inf
    return 2 * MEAN_RADIUS_METRES * math.asin(min(math.sqrt(square) / 2, 1.0))
