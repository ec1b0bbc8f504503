"""Who may propose, review, approve and publish which part of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.store.plan_life_tables import plan_rights
from metes.store.tables import users

RIGHTS = ("propose", "review", "approve", "publish")


@dataclass(frozen=True, slots=True)
class Right:
    """What one user may do at and below a territory (empty: the whole plan)."""

    id: int
    user_id: int
    user: str
    territory: str
    right: str
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True)
class Rights:
    """All rights in force."""

    rows: tuple[Right, ...]

    def places(self, right: str) -> frozenset[str]:
        """The territories on which somebody has been given a right."""
        return frozenset(row.territory for row in self.rows if row.right == right)

    def holders(self, right: str, path: Iterable[str]) -> Mapping[int, str] | None:
        """The users who may do it at a territory, by number; None where nobody has been given the right there, so that everybody may.

        `path` is the territory and those above it; the whole plan stands above all.
        """
        places = {*path, ""}
        found = {row.user_id: row.user for row in self.rows if row.right == right and row.territory in places}
        return found or None


def rights(connection: Connection) -> Rights:
    """All rights in force, by user and place; those of users who are shut out do not count."""
    t = plan_rights.c
    query = (
        sa.select(t.id, t.user_id, users.c.name.label("user"), t.territory, t.right, t.granted_by, t.granted_at)
        .join(users, users.c.id == t.user_id)
        .where(t.revoked_at.is_(None), users.c.disabled_at.is_(None))
        .order_by(users.c.name, t.territory, t.right, t.id)
    )
    return Rights(tuple(Right(**row) for row in connection.execute(query).mappings()))


def grant(connection: Connection, user_id: int, right: str, territory: str, by: str, now: datetime) -> int:
    """Give a right; its number. Conflict where the user has it there already."""
    t = plan_rights.c
    same = sa.and_(t.user_id == user_id, t.right == right, t.territory == territory, t.revoked_at.is_(None))
    if connection.execute(sa.select(t.id).where(same)).first():
        raise Conflict(f"this user may {right} there already")
    row = dict(user_id=user_id, right=right, territory=territory, granted_by=by, granted_at=now)
    return int(connection.execute(sa.insert(plan_rights).values(**row).returning(t.id)).scalar_one())


def revoke(connection: Connection, right_id: int, by: str, now: datetime) -> None:
    """Take a right back. NotFound where there is none of this number in force."""
    t = plan_rights.c
    result = connection.execute(
        sa.update(plan_rights).where(t.id == right_id, t.revoked_at.is_(None)).values(revoked_by=by, revoked_at=now)
    )
    if result.rowcount != 1:
        raise NotFound(f"there is no right {right_id} in force; 'metes rights list' shows those there are")
