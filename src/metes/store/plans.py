"""Plan revisions in the store: content-hashed nodes, drafts, and publications as dated facts."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import NotFound
from metes.base.ids import canonical_json
from metes.base.memory import uncollected
from metes.store import counters
from metes.store.ledger_clock import recorded_now
from metes.store.tables import accounts, plan_nodes, plan_publications, plan_revisions

_NODES_AT_ONCE = 500
# A revision in these states is a scenario: not published, and open to changes.
OPEN = ("draft", "in review", "approved")


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a plan; `state` is as of the day asked: draft, in review, approved, scheduled, active or superseded.

    `title` is a scenario's name, `base_root` the content it was branched from or last merged with.
    """

    id: int
    plan_key: str
    name: str
    root_hash: str
    parent_id: int | None
    state: str
    note: str
    author: str
    created_at: datetime
    changed_at: datetime
    effective_on: date | None = None
    publisher: str = ""
    title: str = ""
    base_root: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether this is a scenario: not published, and open to changes."""
        return self.state in OPEN

    def is_draft_of(self, origin: Revision) -> bool:
        """Whether changes made to a published revision go here: nobody gave it a name of its own, or proposed it."""
        return self.state == "draft" and not self.title and self.parent_id == origin.id

    @property
    def label(self) -> str:
        """What people call it."""
        return self.title or f"Revision {self.id}"


def put_nodes(connection: Connection, nodes: Mapping[str, dict[str, Any]]) -> int:
    """Store the nodes that are not there yet; how many were new."""
    present: set[str] = set()
    hashes = list(nodes)
    for start in range(0, len(hashes), 500):
        chunk = hashes[start : start + 500]
        present.update(connection.execute(sa.select(plan_nodes.c.hash).where(plan_nodes.c.hash.in_(chunk))).scalars())
    rows = [{"hash": key, "content": canonical_json(node)} for key, node in nodes.items() if key not in present]
    for start in range(0, len(rows), 5000):
        connection.execute(sa.insert(plan_nodes), rows[start : start + 5000])
    return len(rows)


def has_node(connection: Connection, key: str) -> bool:
    """Whether the store has a node with this hash."""
    return connection.execute(sa.select(plan_nodes.c.hash).where(plan_nodes.c.hash == key)).first() is not None


def node_reader(connection: Connection, known: Container[str] = ()) -> Callable[[str], dict[str, Any]]:
    """A function that reads one node by its hash; NotFound where the store lacks it.

    Whoever reads a node reads all below it: these come with it, level by level, but for those `known` already.
    """
    at_hand: dict[str, dict[str, Any]] = {}

    def read(key: str) -> dict[str, Any]:
        if key not in at_hand:
            at_hand.update(_subtree(connection, key, known))
        return at_hand[key]

    return read


@uncollected()
def _subtree(connection: Connection, root: str, known: Container[str]) -> dict[str, dict[str, Any]]:
    """The contents of a node and of all below it that are not known, by their hashes."""
    found: dict[str, dict[str, Any]] = {}
    level = [root]
    while level:
        below: dict[str, None] = {}
        for start in range(0, len(level), _NODES_AT_ONCE):
            chunk = level[start : start + _NODES_AT_ONCE]
            rows = connection.execute(sa.select(plan_nodes.c.hash, plan_nodes.c.content).where(plan_nodes.c.hash.in_(chunk)))
            for key, content in rows:
                node = found[key] = json.loads(content)
                below.update(dict.fromkeys(_children(node)))
        if lacking := next((key for key in level if key not in found), None):
            raise NotFound(f"expected the plan node {lacking[:12]} in the store, found none; restore the database from a backup")
        level = [key for key in below if key not in found and key not in known]
    return found


def _children(node: dict[str, Any]) -> Iterator[str]:
    """The hashes of the nodes right below one."""
    yield from node.get("children", ())
    if node["is"] == "plan":
        yield node["types"]
        yield from node["territories"]
        yield from node["lists"]
        yield from node["pins"].values()
        yield from node.get("areas", ())


def add_draft(
    connection: Connection,
    *,
    plan_key: str,
    name: str,
    root_hash: str,
    parent_id: int | None,
    note: str,
    author: str,
    now: datetime,
    title: str = "",
    base_root: str | None = None,
) -> int:
    """A new draft revision; its id."""
    counters.bump(connection, counters.PLAN)
    values = dict(
        plan_key=plan_key, name=name, root_hash=root_hash, parent_id=parent_id, state="draft", note=note, author=author,
        created_at=now, changed_at=now, title=title, base_root=base_root,
    )  # fmt: skip
    return int(connection.execute(sa.insert(plan_revisions).values(**values).returning(plan_revisions.c.id)).scalar_one())


def change_draft(
    connection: Connection, revision_id: int, *, root_hash: str, name: str, note: str, now: datetime, base_root: str | None = None
) -> None:
    """Give a scenario new content, and a new base where one is named. NotFound where the revision is none (any more).

    What was approved is in review again: decisions hold for the parts that stay as they were.
    """
    counters.bump(connection, counters.PLAN)
    t = plan_revisions
    values: dict[str, Any] = {"root_hash": root_hash, "name": name, "note": note, "changed_at": now}
    values["state"] = sa.case((t.c.state == "approved", "in review"), else_=t.c.state)
    if base_root is not None:
        values["base_root"] = base_root
    result = connection.execute(sa.update(t).where(t.c.id == revision_id, t.c.state.in_(OPEN)).values(**values))
    if result.rowcount != 1:
        raise NotFound(f"expected revision {revision_id} to be a draft; published plans never change, change a new draft")


def set_title(connection: Connection, revision_id: int, title: str, now: datetime) -> None:
    """Give a scenario another name. NotFound where the revision is none (any more)."""
    t = plan_revisions
    _require_one(
        connection.execute(sa.update(t).where(t.c.id == revision_id, t.c.state.in_(OPEN)).values(title=title, changed_at=now)),
        revision_id,
    )
    counters.bump(connection, counters.PLAN)


def set_state(connection: Connection, revision_id: int, state: str, now: datetime) -> None:
    """Take a scenario to another state: draft, in review or approved. NotFound where the revision is none (any more)."""
    t = plan_revisions
    _require_one(
        connection.execute(sa.update(t).where(t.c.id == revision_id, t.c.state.in_(OPEN)).values(state=state, changed_at=now)),
        revision_id,
    )
    counters.bump(connection, counters.PLAN)


def reopen(connection: Connection, revision_id: int, now: datetime) -> None:
    """Make a scenario of a revision whose publication was cancelled before its day."""
    t = plan_revisions
    _require_one(
        connection.execute(
            sa.update(t).where(t.c.id == revision_id, t.c.state == "published").values(state="draft", changed_at=now)
        ),
        revision_id,
    )
    counters.bump(connection, counters.PLAN)


def _require_one(result: sa.CursorResult[Any], revision_id: int) -> None:
    if result.rowcount != 1:
        raise NotFound(f"expected revision {revision_id} to be open to changes; 'metes plan list' shows those that are")


def discard_draft(connection: Connection, revision_id: int, now: datetime) -> None:
    """Put a draft away: it stays readable, but is no longer offered."""
    t = plan_revisions
    _require_one(
        connection.execute(
            sa.update(t).where(t.c.id == revision_id, t.c.state.in_(OPEN)).values(state="discarded", changed_at=now)
        ),
        revision_id,
    )
    counters.bump(connection, counters.PLAN)


def publish(connection: Connection, revision_id: int, effective_on: date, publisher: str, now: datetime) -> int:
    """Record that a revision is the plan from a day on; the publication's id."""
    counters.bump(connection, counters.PLAN)
    connection.execute(
        sa.update(plan_revisions).where(plan_revisions.c.id == revision_id).values(state="published", changed_at=now)
    )
    recorded_at = recorded_now(connection, now)
    values = dict(revision_id=revision_id, effective_on=effective_on, publisher=publisher, recorded_at=recorded_at)
    return int(connection.execute(sa.insert(plan_publications).values(**values).returning(plan_publications.c.id)).scalar_one())


def publications(connection: Connection, *, known: datetime | None = None) -> Sequence[sa.Row[Any]]:
    """Publications as known on a moment (None: now), in the order in which they count: by day, then by recording."""
    t = plan_publications.c
    query = sa.select(plan_publications).order_by(t.effective_on, t.id)
    if known is None:
        return connection.execute(query.where(t.recorded_until.is_(None))).all()
    return connection.execute(
        query.where(t.recorded_at <= known, sa.or_(t.recorded_until.is_(None), t.recorded_until > known))
    ).all()


def last_published(connection: Connection, day: date) -> Revision | None:
    """The revision that the next publication would follow: the active one, or the last that is scheduled; None before the first."""
    found = publications(connection)
    return revision(connection, found[-1].revision_id, day) if found else None


def active_revision(connection: Connection, day: date, *, known: datetime | None = None) -> Revision | None:
    """The revision that is the plan on a day: the last publication that has begun; None before the first."""
    begun = [p for p in publications(connection, known=known) if p.effective_on <= day]
    return revision(connection, begun[-1].revision_id, day, known=known) if begun else None


def revisions(connection: Connection, day: date) -> tuple[Revision, ...]:
    """All revisions but discarded ones, newest first, each with its state on that day."""
    found = publications(connection)
    active = [p.revision_id for p in found if p.effective_on <= day]
    rows = connection.execute(
        sa.select(plan_revisions).where(plan_revisions.c.state != "discarded").order_by(plan_revisions.c.id.desc())
    )
    return tuple(_revision(row, found, active[-1] if active else None, day) for row in rows)


def revision(connection: Connection, revision_id: int, day: date, *, known: datetime | None = None) -> Revision:
    """One revision with its state on that day, as known on a moment (None: now); NotFound where there is none."""
    row = connection.execute(sa.select(plan_revisions).where(plan_revisions.c.id == revision_id)).first()
    if row is None:
        raise NotFound(f"there is no plan revision {revision_id}; 'metes plan list' shows those there are")
    found = publications(connection, known=known)
    active = [p.revision_id for p in found if p.effective_on <= day]
    return _revision(row, found, active[-1] if active else None, day)


def _revision(row: sa.Row[Any], found: Sequence[sa.Row[Any]], active: int | None, day: date) -> Revision:
    mine = [p for p in found if p.revision_id == row.id]
    state = row.state
    if mine:
        state = "active" if row.id == active else "scheduled" if mine[-1].effective_on > day else "superseded"
    return Revision(
        row.id, row.plan_key, row.name, row.root_hash, row.parent_id, state, row.note, row.author, row.created_at, row.changed_at,
        mine[-1].effective_on if mine else None, mine[-1].publisher if mine else "", row.title, row.base_root,
    )  # fmt: skip


def known_accounts(connection: Connection, keys: Sequence[str]) -> frozenset[str] | None:
    """Which of the keys are accounts; None while there is no account at all."""
    if connection.execute(sa.select(accounts.c.id).limit(1)).first() is None:
        return None
    found: set[str] = set()
    for start in range(0, len(keys), 500):
        found.update(connection.execute(sa.select(accounts.c.key).where(accounts.c.key.in_(keys[start : start + 500]))).scalars())
    return frozenset(found)
