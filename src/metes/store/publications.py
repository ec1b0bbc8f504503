"""Publications with what is known of them: why, what they replaced and promised, whom they told, and whether they were cancelled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.store import counters
from metes.store.ledger_clock import recorded_now
from metes.store.plan_life_tables import plan_cancellations, plan_changes, plan_publication_notes, publication_messages
from metes.store.tables import people, plan_publications, plan_revisions, runs


@dataclass(frozen=True, slots=True)
class Publication:
    """One publication; `kind` is publish, revert or correction, `promised` what the preview said, None where none could be made."""

    id: int
    revision_id: int
    title: str
    effective_on: date
    publisher: str
    recorded_at: datetime
    kind: str
    rationale: str
    root: str
    before_root: str | None
    reverts: int | None
    promised: Mapping[str, Any] | None
    cancelled_by: str | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What a publication told one person, with sums in minor units."""

    id: int
    publication_id: int
    person_id: int
    person: str
    gained: Mapping[str, int]
    lost: Mapping[str, int]
    text: str
    created_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None


def add_note(
    connection: Connection,
    publication_id: int,
    *,
    kind: str,
    rationale: str,
    before_root: str | None,
    promised: Mapping[str, Any] | None,
    reverts: int | None = None,
) -> None:
    """Keep what is known of a publication, in the transaction that makes it."""
    row = dict(
        publication_id=publication_id, kind=kind, rationale=rationale, before_root=before_root, reverts=reverts,
        promised=json.dumps(promised),
    )  # fmt: skip
    connection.execute(sa.insert(plan_publication_notes).values(**row))


def cancel(connection: Connection, publication_id: int, by: str, reason: str, now: datetime) -> None:
    """End what we know of a publication: as of now it will not be. Conflict where it has ended already."""
    t = plan_publications.c
    standing = sa.update(plan_publications).where(t.id == publication_id, t.recorded_until.is_(None))
    ended = connection.execute(standing.values(recorded_until=recorded_now(connection, now)))
    if ended.rowcount != 1:
        raise Conflict(f"publication {publication_id} was cancelled already")
    connection.execute(sa.insert(plan_cancellations).values(publication_id=publication_id, author=by, at=now, reason=reason))
    counters.bump(connection, counters.PLAN)


def all_publications(connection: Connection) -> tuple[Publication, ...]:
    """Every publication, cancelled ones among them, the last recorded first."""
    p, r, n, c = plan_publications.c, plan_revisions.c, plan_publication_notes.c, plan_cancellations.c
    query = (
        sa.select(
            p.id, p.revision_id, r.title, p.effective_on, p.publisher, p.recorded_at, n.kind, n.rationale,
            r.root_hash.label("root"), n.before_root, n.reverts, n.promised, c.author.label("cancelled_by"),
            c.at.label("cancelled_at"), c.reason.label("cancel_reason"),
        )
        .join(plan_revisions, r.id == p.revision_id)
        .outerjoin(plan_publication_notes, n.publication_id == p.id)
        .outerjoin(plan_cancellations, c.publication_id == p.id)
        .order_by(p.id.desc())
    )  # fmt: skip
    return tuple(_publication(row) for row in connection.execute(query).mappings())


def publication(connection: Connection, publication_id: int) -> Publication:
    """One publication; NotFound where there is none."""
    found = next((p for p in all_publications(connection) if p.id == publication_id), None)
    if found is None:
        raise NotFound(f"there is no publication {publication_id}; 'metes plan publications' shows those there are")
    return found


def _publication(row: Mapping[Any, Any]) -> Publication:
    """Publications of earlier versions have no notes."""
    values = {
        **row,
        "kind": row["kind"] or "publish",
        "rationale": row["rationale"] or "",
        "cancel_reason": row["cancel_reason"] or "",
    }
    values["promised"] = json.loads(row["promised"]) if row["promised"] else None
    return Publication(**values)


def add_messages(connection: Connection, rows: Iterable[Mapping[str, Any]], publication_id: int, now: datetime) -> None:
    """Keep what a publication tells each person: rows with person_id, gained, lost and text."""
    values = [
        {
            "publication_id": publication_id,
            "person_id": row["person_id"],
            "gained": json.dumps(row["gained"]),
            "lost": json.dumps(row["lost"]),
            "text": row["text"],
            "created_at": now,
        }
        for row in rows
    ]
    if values:
        connection.execute(sa.insert(publication_messages), values)


def messages(connection: Connection, *, publication_id: int | None = None, person_id: int | None = None) -> tuple[Message, ...]:
    """The messages of a publication (None: of all) to a person (None: to all), the newest publication first, by name."""
    t = publication_messages.c
    query = (
        sa.select(publication_messages, people.c.name.label("person"))
        .join(people, people.c.id == t.person_id)
        .order_by(t.publication_id.desc(), people.c.name, t.id)
    )
    if publication_id is not None:
        query = query.where(t.publication_id == publication_id)
    if person_id is not None:
        query = query.where(t.person_id == person_id)
    return tuple(
        Message(**{**row, "gained": json.loads(row["gained"]), "lost": json.loads(row["lost"])})
        for row in connection.execute(query).mappings()
    )


def acknowledge(connection: Connection, publication_id: int, person_id: int, by: str, now: datetime) -> None:
    """Note that a person has read what a publication told them; the first time counts. NotFound where it told them nothing."""
    t = publication_messages.c
    mine = sa.and_(t.publication_id == publication_id, t.person_id == person_id)
    if connection.execute(sa.select(t.id).where(mine)).first() is None:
        raise NotFound(f"publication {publication_id} had nothing to tell this person")
    connection.execute(
        sa.update(publication_messages).where(mine, t.acknowledged_at.is_(None)).values(acknowledged_by=by, acknowledged_at=now)
    )


def moved_by(connection: Connection, revision_id: int) -> int | None:
    """How many accounts the first run of a revision moved; None before it."""
    query = sa.select(runs.c.counts).where(runs.c.revision_id == revision_id).order_by(runs.c.id).limit(1)
    counts = connection.execute(query).scalar()
    return None if counts is None else int(json.loads(counts)["moved"])


def reverted_by(connection: Connection, revision_id: int) -> int | None:
    """The number of the publication that a scenario takes back; None for one that takes none back."""
    c, p, r = plan_changes.c, plan_publications.c, plan_revisions.c
    query = (
        sa.select(p.id)
        .join(plan_revisions, r.id == p.revision_id)
        .join(plan_changes, c.other_root == r.root_hash)
        .where(c.revision_id == revision_id, c.kind == "revert")
        .order_by(p.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()
