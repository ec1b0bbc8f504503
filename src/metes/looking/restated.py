"""Figures of a past day restated: as they were first known beside what is known now, with what made the difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from metes.looking.tree import TreeNode
from metes.model.query import Sums
from metes.store.ledger_causes import Writer, writer


@dataclass(frozen=True, slots=True)
class Moved:
    """What one cause gave or took: accounts with their potential and revenue in minor units, gained less lost."""

    writer: Writer
    gained: int
    lost: int
    potential: int
    revenue_12m: int


@dataclass(frozen=True, slots=True)
class RestatedRow:
    """A territory with all below it, or a person: sums as known first and as known now, and what made the difference."""

    key: str
    name: str
    depth: int
    then: Sums
    now: Sums
    moved: tuple[Moved, ...] = field(default=())

    @property
    def is_changed(self) -> bool:
        """Whether anything differs, in sums or in which accounts they are of."""
        return self.then != self.now or bool(self.moved)


@dataclass(frozen=True, slots=True)
class Restated:
    """The figures of a day as known at `since` and as known now."""

    at: date
    since: datetime
    rows: tuple[RestatedRow, ...]


def writers_of(connection: Connection, changes: Iterable[Mapping[str, Any]]) -> dict[tuple[Any, ...], Writer]:
    """What each cause of some changes was, by (kind, id, ended)."""
    causes = {(row["kind"], row["id"], row["ended"]) for row in changes}
    return {cause: writer(connection, *cause) for cause in causes}


def moved_of(
    keys: frozenset[str], changes: Sequence[Mapping[str, Any]], writers: Mapping[tuple[Any, ...], Writer]
) -> tuple[Moved, ...]:
    """What each cause gave to or took from some territories together, the most accounts first."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for row in changes:
        if row["territory"] in keys:
            sums = found.setdefault((row["kind"], row["id"], row["ended"]), [0, 0, 0, 0])
            sign = 1 if row["gained"] else -1
            sums[0 if row["gained"] else 1] += row["accounts"]
            sums[2] += sign * row["potential"]
            sums[3] += sign * row["revenue_12m"]
    rows = [Moved(writers[cause], *sums) for cause, sums in found.items()]
    return tuple(sorted(rows, key=lambda m: (-(m.gained + m.lost), m.writer.at, m.writer.id)))


def restated_rows(
    then: Sequence[TreeNode],
    now: Sequence[TreeNode],
    changes: Sequence[Mapping[str, Any]],
    writers: Mapping[tuple[Any, ...], Writer],
) -> tuple[RestatedRow, ...]:
    """Each territory of the tree as known now, with all below it, then those that only the tree as first known has."""
    before = {node.territory.key: node for node in then}
    below = _below(now)
    rows = [
        RestatedRow(
            node.territory.key,
            node.territory.label,
            node.depth,
            before[node.territory.key].whole if node.territory.key in before else Sums(),
            node.whole,
            moved_of(below[node.territory.key], changes, writers),
        )
        for node in now
    ]
    gone = [node for node in then if node.territory.key not in below]
    rows += [RestatedRow(n.territory.key, n.territory.label, n.depth, n.whole, Sums()) for n in gone]
    return tuple(rows)


def _below(tree: Sequence[TreeNode]) -> dict[str, frozenset[str]]:
    """The keys at and below each territory."""
    found: dict[str, set[str]] = {node.territory.key: {node.territory.key} for node in tree}
    for node in reversed(tree):
        if node.territory.parent in found:
            found[node.territory.parent] |= found[node.territory.key]
    return {key: frozenset(keys) for key, keys in found.items()}
