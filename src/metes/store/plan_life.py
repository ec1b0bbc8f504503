"""What was done to scenarios: a log that only grows, and where two of them parted."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store.plan_life_tables import plan_changes
from metes.store.tables import plan_revisions


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a revision's content; the kind is branch, import, edit, merge, revert, apply or design."""

    id: int
    revision_id: int
    kind: str
    root_before: str | None
    root_after: str
    other_root: str | None
    note: str
    author: str
    at: datetime


def log_change(
    connection: Connection,
    revision_id: int,
    *,
    kind: str,
    before: str | None,
    after: str,
    note: str,
    author: str,
    now: datetime,
    other_root: str | None = None,
) -> None:
    """Note a change of a revision's content, in the transaction that makes it; `other_root` is what was merged in."""
    row = dict(
        revision_id=revision_id,
        kind=kind,
        root_before=before,
        root_after=after,
        other_root=other_root,
        note=note,
        author=author,
        at=now,
    )
    connection.execute(sa.insert(plan_changes).values(**row))


def changes_of(connection: Connection, revision_ids: Sequence[int]) -> tuple[Change, ...]:
    """The changes of some revisions, oldest first."""
    query = sa.select(plan_changes).where(plan_changes.c.revision_id.in_(list(revision_ids))).order_by(plan_changes.c.id)
    return tuple(Change(**row) for row in connection.execute(query).mappings())


def line_of(connection: Connection, revision_id: int) -> tuple[int, ...]:
    """A revision and those it was branched from, the nearest first."""
    parents = {r.id: r.parent_id for r in connection.execute(sa.select(plan_revisions.c.id, plan_revisions.c.parent_id))}
    line: list[int] = []
    number: int | None = revision_id
    while number is not None and number in parents and number not in line:
        line.append(number)
        number = parents[number]
    return tuple(line)


def common_base(connection: Connection, ours: int, theirs: int) -> str | None:
    """The root of the content from which two revisions went apart: the nearest to `ours` that `theirs` came from; None without one.

    Contents are points of a graph whose edges are the changes: what was merged in counts as an origin too.
    """
    roots = {
        r.id: r.root_hash
        for r in connection.execute(
            sa.select(plan_revisions.c.id, plan_revisions.c.root_hash).where(plan_revisions.c.id.in_([ours, theirs]))
        )
    }
    return common_origin(connection, roots[ours], roots[theirs])


def common_origin(connection: Connection, ours_root: str, theirs_root: str) -> str | None:
    """`common_base` of two contents by their roots."""
    came_from = _origins(connection)
    before_theirs = set(_nearest_first(theirs_root, came_from))
    return next((root for root in _nearest_first(ours_root, came_from) if root in before_theirs), None)


def is_origin(connection: Connection, root: str, of_root: str) -> bool:
    """Whether a content came from another one, or is the same."""
    return root in _nearest_first(of_root, _origins(connection))


def _origins(connection: Connection) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    t = plan_changes.c
    for row in connection.execute(sa.select(t.root_before, t.root_after, t.other_root).order_by(t.id)):
        for origin in (row.root_before, row.other_root):
            if origin is not None and origin != row.root_after:
                found.setdefault(row.root_after, []).append(origin)
    return found


def _nearest_first(root: str, came_from: Mapping[str, Sequence[str]]) -> list[str]:
    seen = {root}
    order: list[str] = []
    waiting = deque([root])
    while waiting:
        here = waiting.popleft()
        order.append(here)
        for origin in came_from.get(here, ()):
            if origin not in seen:
                seen.add(origin)
                waiting.append(origin)
    return order
