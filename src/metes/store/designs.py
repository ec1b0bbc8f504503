"""Designs in the store: what was asked, what each works with, and every operation on it, undone ones too until another takes their place."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.base.findings import Finding
from metes.base.ids import canonical_json
from metes.store.design_tables import design_contents, design_operations, designs

DRAWN, DESIGNED, REMOVED = "drawn", "designed", "removed"
_FASTEST = 1


@dataclass(frozen=True, slots=True)
class DesignRow:
    """A design as the store has it; `position` operations are in force, later ones are undone."""

    id: int
    name: str
    plan_revision: int | None
    spec: Mapping[str, Any]
    state: str
    given_hash: str
    start_hash: str
    position: int
    version: int
    operations: int
    summary: Mapping[str, Any]
    findings: tuple[Finding, ...]
    job_id: int | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, findings flattened."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {**values, "findings": [finding.as_dict() for finding in self.findings]}


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One gesture on a design."""

    number: int
    kind: str
    payload: Mapping[str, Any]
    done_by: str
    done_at: datetime


def put_content(connection: Connection, content: bytes) -> str:
    """Keep bytes under their digest, compressed, where they are not there yet; the digest."""
    key = hashlib.sha256(content).hexdigest()
    if connection.execute(sa.select(design_contents.c.hash).where(design_contents.c.hash == key)).first() is None:
        text = base64.b64encode(zlib.compress(content, _FASTEST)).decode("ascii")
        connection.execute(sa.insert(design_contents).values(hash=key, content=text))
    return key


def read_content(connection: Connection, key: str) -> bytes:
    """The bytes of a digest; NotFound where the store lacks them."""
    text = connection.execute(sa.select(design_contents.c.content).where(design_contents.c.hash == key)).scalar()
    if text is None:
        raise NotFound(f"expected the arrays {key[:12]} of a design in the store, found none; restore the database from a backup")
    return zlib.decompress(base64.b64decode(text))


def add_design(
    connection: Connection,
    *,
    name: str,
    plan_revision: int | None,
    spec: Mapping[str, Any],
    given_hash: str,
    start_hash: str,
    summary: Mapping[str, Any],
    findings: Iterable[Finding],
    principal: str,
    now: datetime,
    state: str = DRAWN,
) -> int:
    """Add a design; its number."""
    values = dict(
        name=name, plan_revision=plan_revision, spec=canonical_json(spec), state=state, given_hash=given_hash, start_hash=start_hash,
        position=0, version=1, summary=canonical_json(summary), findings=json.dumps([finding.as_dict() for finding in findings]), job_id=None, created_at=now,
        created_by=principal, updated_at=now, updated_by=principal,
    )  # fmt: skip
    return int(connection.execute(sa.insert(designs).values(**values).returning(designs.c.id)).scalar_one())


def design(connection: Connection, design_id: int) -> DesignRow:
    """One design; NotFound where there is none, Conflict where it was removed."""
    row = connection.execute(_with_counts().where(designs.c.id == design_id)).first()
    if row is None:
        raise NotFound(f"there is no design {design_id}; 'metes design list' lists those there are")
    if row.state == REMOVED:
        raise Conflict(
            f"design {design_id} was removed by {row.updated_by}; 'metes design remove {design_id} --undo' brings it back"
        )
    return _design(row)


def all_designs(connection: Connection, *, with_removed: bool = False) -> tuple[DesignRow, ...]:
    """All designs, newest first."""
    query = _with_counts().order_by(designs.c.id.desc())
    return tuple(map(_design, connection.execute(query if with_removed else query.where(designs.c.state != REMOVED))))


def operations(connection: Connection, design_id: int, *, first: int = 1, last: int | None = None) -> tuple[OperationRow, ...]:
    """Operations of a design by number, from `first` to `last`."""
    t = design_operations.c
    query = sa.select(design_operations).where(t.design_id == design_id, t.number >= first).order_by(t.number)
    if last is not None:
        query = query.where(t.number <= last)
    return tuple(OperationRow(r.number, r.kind, json.loads(r.payload), r.done_by, r.done_at) for r in connection.execute(query))


def append_operation(
    connection: Connection, design_id: int, number: int, kind: str, payload: Mapping[str, Any], principal: str, now: datetime
) -> None:
    """Add an operation in the place of those undone."""
    t = design_operations.c
    connection.execute(sa.delete(design_operations).where(t.design_id == design_id, t.number >= number))
    values = dict(design_id=design_id, number=number, kind=kind, payload=json.dumps(dict(payload)), done_by=principal, done_at=now)
    connection.execute(sa.insert(design_operations).values(**values))


def change_design(
    connection: Connection, design_id: int, *, expected_version: int, principal: str, now: datetime, **values: Any
) -> int:
    """Change columns of a design that nobody changed meanwhile; its new version. Conflict says who did."""
    for name in ("summary", "spec"):
        if name in values:
            values[name] = canonical_json(values[name])
    values |= {"version": expected_version + 1, "updated_at": now, "updated_by": principal}
    same = (designs.c.id == design_id, designs.c.version == expected_version)
    if connection.execute(sa.update(designs).where(*same).values(**values)).rowcount != 1:
        row = connection.execute(sa.select(designs).where(designs.c.id == design_id)).first()
        if row is None:
            raise NotFound(f"there is no design {design_id}; 'metes design list' lists those there are")
        raise Conflict(
            f"{row.updated_by} changed design {design_id} meanwhile (version {row.version}, you have {expected_version}); "
            "look at it again, then repeat your change"
        )
    return expected_version + 1


def copy_design(connection: Connection, row: DesignRow, name: str, principal: str, now: datetime) -> int:
    """A design of its own that stands where another stands, with the same operations to undo; its number."""
    made = add_design(
        connection,
        name=name,
        plan_revision=row.plan_revision,
        spec={**row.spec, "name": name},
        given_hash=row.given_hash,
        start_hash=row.start_hash,
        summary=row.summary,
        findings=row.findings,
        principal=principal,
        now=now,
        state=row.state,
    )
    t = design_operations.c
    columns = [t.number, t.kind, t.payload, t.done_by, t.done_at]
    mine = sa.select(sa.literal(made), *columns).where(t.design_id == row.id, t.number <= row.position)
    connection.execute(sa.insert(design_operations).from_select(["design_id", *(c.name for c in columns)], mine))
    connection.execute(sa.update(designs).where(designs.c.id == made).values(position=row.position))
    return made


def set_state(connection: Connection, design_id: int, state: str, principal: str, now: datetime) -> None:
    """Remove a design or bring it back; a design that was brought back is as far as its operations are."""
    if state != REMOVED:
        t = design_operations.c
        solves = sa.select(t.number).where(t.design_id == design_id, t.kind == "solve", t.number <= designs.c.position)
        state = DESIGNED if connection.execute(solves.join(designs, designs.c.id == design_id)).first() else DRAWN
    values = dict(state=state, version=designs.c.version + 1, updated_at=now, updated_by=principal)
    if connection.execute(sa.update(designs).where(designs.c.id == design_id).values(**values)).rowcount != 1:
        raise NotFound(f"there is no design {design_id}; 'metes design list' lists those there are")


def set_job(connection: Connection, design_id: int, job_id: int) -> None:
    """Note the job that works a design out."""
    connection.execute(sa.update(designs).where(designs.c.id == design_id).values(job_id=job_id))


def _with_counts() -> sa.Select[Any]:
    t = design_operations.c
    count = sa.select(sa.func.count()).where(t.design_id == designs.c.id).scalar_subquery()
    return sa.select(designs, count.label("operations"))


def _design(row: sa.Row[Any]) -> DesignRow:
    return DesignRow(
        row.id, row.name, row.plan_revision, json.loads(row.spec), row.state, row.given_hash, row.start_hash, row.position, row.version,
        row.operations, json.loads(row.summary), tuple(map(Finding.of, json.loads(row.findings))), row.job_id, row.created_at, row.created_by,
        row.updated_at, row.updated_by,
    )  # fmt: skip
