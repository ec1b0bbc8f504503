"""Second factors, enciphered, and the digests of the codes that take their place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store.identity_tables import recovery_codes, second_factors


@dataclass(frozen=True, slots=True)
class Factor:
    """A user's second factor: its enciphered secret, since when it counts (None: not yet), and the step of time used last."""

    sealed: str
    confirmed_at: datetime | None
    last_step: int


def factor_of(connection: Connection, user_id: int) -> Factor | None:
    """The second factor of a user, confirmed or not; None where there is none."""
    t = second_factors.c
    row = connection.execute(sa.select(t.secret, t.confirmed_at, t.last_step).where(t.user_id == user_id)).first()
    return None if row is None else Factor(*row)


def has_factor(connection: Connection, user_id: int) -> bool:
    """Whether a user has a second factor that counts."""
    t = second_factors.c
    query = sa.select(t.user_id).where(t.user_id == user_id, t.confirmed_at.is_not(None))
    return connection.execute(query).first() is not None


def users_with_factor(connection: Connection) -> frozenset[int]:
    """The numbers of all users with a second factor that counts."""
    t = second_factors.c
    return frozenset(connection.execute(sa.select(t.user_id).where(t.confirmed_at.is_not(None))).scalars())


def begin_factor(connection: Connection, user_id: int, sealed: str, now: datetime) -> bool:
    """Keep a secret that does not count yet, in place of one that never did; False where one counts already."""
    t = second_factors.c
    connection.execute(sa.delete(second_factors).where(t.user_id == user_id, t.confirmed_at.is_(None)))
    if factor_of(connection, user_id) is not None:
        return False
    connection.execute(sa.insert(second_factors).values(user_id=user_id, secret=sealed, created_at=now, last_step=0))
    return True


def use_step(connection: Connection, user_id: int, sealed: str, step: int) -> bool:
    """Use up the code of a step, for the secret it was compared with; False where a code of this step or a later one was used."""
    t = second_factors.c
    this = sa.and_(t.user_id == user_id, t.secret == sealed, t.last_step < step)
    return connection.execute(sa.update(second_factors).where(this).values(last_step=step)).rowcount == 1


def confirm_factor(connection: Connection, user_id: int, digests: Iterable[str], now: datetime) -> None:
    """Let a user's secret count from now on, with new recovery codes."""
    connection.execute(sa.update(second_factors).where(second_factors.c.user_id == user_id).values(confirmed_at=now))
    put_recovery_codes(connection, user_id, digests)


def remove_factor(connection: Connection, user_id: int) -> bool:
    """Take a user's second factor away, and the recovery codes; whether one counted."""
    had = has_factor(connection, user_id)
    connection.execute(sa.delete(second_factors).where(second_factors.c.user_id == user_id))
    connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    return had


def put_recovery_codes(connection: Connection, user_id: int, digests: Iterable[str]) -> None:
    """Keep new recovery codes; those before count no more."""
    connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    connection.execute(sa.insert(recovery_codes), [dict(user_id=user_id, digest=digest) for digest in digests])


def use_recovery_code(connection: Connection, user_id: int, digest: str, now: datetime) -> bool:
    """Use up a recovery code; False where the user has none such, or used it before."""
    t = recovery_codes.c
    this = sa.and_(t.user_id == user_id, t.digest == digest, t.used_at.is_(None))
    return connection.execute(sa.update(recovery_codes).where(this).values(used_at=now)).rowcount == 1


def recovery_codes_left(connection: Connection, user_id: int) -> int:
    """How many recovery codes a user has not used yet."""
    t = recovery_codes.c
    query = sa.select(sa.func.count()).select_from(recovery_codes).where(t.user_id == user_id, t.used_at.is_(None))
    return int(connection.execute(query).scalar_one())
