"""Who users are at the company's sign-in, and the sign-ins that have begun there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.store.identity_tables import group_members, groups, identities, person_links, provider_sign_ins
from metes.store.roles import KEPT, SIGN_IN
from metes.store.tables import people, users


@dataclass(frozen=True, slots=True)
class Identity:
    """A user is this subject of this provider."""

    user_id: int
    user: str
    issuer: str
    subject: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: what must come back with its answer, and where its browser wants to go."""

    nonce: str
    verifier: str
    target: str


def begin(connection: Connection, digest: str, begun: Begun, expires_at: datetime, now: datetime) -> None:
    """Keep a sign-in that has begun; those whose time is over are dropped."""
    connection.execute(sa.delete(provider_sign_ins).where(provider_sign_ins.c.expires_at <= now))
    row = dict(digest=digest, nonce=begun.nonce, verifier=begun.verifier, target=begun.target, expires_at=expires_at)
    connection.execute(sa.insert(provider_sign_ins).values(**row))


def take(connection: Connection, digest: str, now: datetime) -> Begun | None:
    """The sign-in of a digest, which counts no second time; None where there is none, or its time is over."""
    t = provider_sign_ins.c
    taken = sa.delete(provider_sign_ins).where(t.digest == digest).returning(t.nonce, t.verifier, t.target, t.expires_at)
    row = connection.execute(taken).first()
    return None if row is None or row.expires_at <= now else Begun(row.nonce, row.verifier, row.target)


def find_identity(connection: Connection, issuer: str, subject: str) -> int | None:
    """The number of the user who is this subject."""
    t = identities.c
    return connection.execute(sa.select(t.user_id).where(t.issuer == issuer, t.subject == subject)).scalar()


def add_identity(connection: Connection, user_id: int, issuer: str, subject: str, now: datetime) -> None:
    """Say that a user is a subject; Conflict where somebody is already, or the user is another there."""
    t = identities.c
    if find_identity(connection, issuer, subject) is not None:
        raise Conflict("somebody is this subject already; 'metes sso list' shows who")
    if connection.execute(sa.select(t.user_id).where(t.issuer == issuer, t.user_id == user_id)).first():
        raise Conflict("this user is another subject of this provider already; 'metes sso unlink NAME' ends that")
    row = dict(issuer=issuer, subject=subject, user_id=user_id, created_at=now, seen_at=now)
    connection.execute(sa.insert(identities).values(**row))


def note_seen(connection: Connection, issuer: str, subject: str, now: datetime) -> None:
    """Remember when somebody last came from the provider."""
    t = identities.c
    connection.execute(sa.update(identities).where(t.issuer == issuer, t.subject == subject).values(seen_at=now))


def remove_identities(connection: Connection, user_id: int) -> int:
    """End what a user is at providers; how many ended. NotFound where it was nobody."""
    count = int(connection.execute(sa.delete(identities).where(identities.c.user_id == user_id)).rowcount)
    if not count:
        raise NotFound("this user is nobody at a provider; 'metes sso list' shows who is")
    return count


def all_identities(connection: Connection) -> tuple[Identity, ...]:
    """Who is whom, by the users' names."""
    t = identities.c
    query = sa.select(t.user_id, users.c.name.label("user"), t.issuer, t.subject, t.created_at, t.seen_at)
    query = query.join(users, users.c.id == t.user_id).order_by(users.c.name, t.issuer, t.subject)
    return tuple(Identity(**row) for row in connection.execute(query).mappings())


def users_of_email(connection: Connection, email: str, issuer: str) -> tuple[int, ...]:
    """The numbers of the users with an e-mail address, in whatever case, who are nobody yet at a provider."""
    linked = sa.select(identities.c.user_id).where(identities.c.issuer == issuer)
    query = sa.select(users.c.id).where(sa.func.lower(users.c.email) == sa.func.lower(email), users.c.id.not_in(linked))
    return tuple(connection.execute(query.order_by(users.c.id)).scalars())


def is_shut_out(connection: Connection, email: str) -> bool:
    """Whether a user with an e-mail address, in whatever case, was shut out."""
    t = users.c
    query = sa.select(t.id).where(sa.func.lower(t.email) == sa.func.lower(email), t.disabled_at.is_not(None))
    return connection.execute(query.limit(1)).first() is not None


def people_of_email(connection: Connection, email: str, day: date) -> tuple[int, ...]:
    """The numbers of the people on the roster with an e-mail address who are nobody's on a day or later."""
    t = person_links.c
    linked = sa.select(t.person_id).where(sa.or_(t.true_until.is_(None), t.true_until > day))
    query = sa.select(people.c.id).where(
        sa.func.lower(people.c.email) == sa.func.lower(email), people.c.closed_on.is_(None), people.c.id.not_in(linked)
    )
    return tuple(connection.execute(query.order_by(people.c.id)).scalars())


def has_mapped_group(connection: Connection, names: Collection[str]) -> bool:
    """Whether one of these groups of the company's sign-in is a group here."""
    query = sa.select(groups.c.id).where(groups.c.external_name.in_(sorted(names)))
    return bool(names) and connection.execute(query.limit(1)).first() is not None


def has_other_groups(connection: Connection, user_id: int, names: Collection[str]) -> bool:
    """Whether a user has groups to join or to leave, when the company's sign-in says that these are theirs."""
    t = group_members.c
    held = {row.group_id: row.source for row in connection.execute(sa.select(t.group_id, t.source).where(t.user_id == user_id))}
    mapped = {row.id: row.external_name for row in connection.execute(sa.select(groups).where(groups.c.external_name.is_not(None)))}
    joins = any(name in names and number not in held for number, name in mapped.items())
    leaves = any(source == SIGN_IN and mapped.get(number) not in names for number, source in held.items())
    # Whether a group that was kept can be left by now, or is named again, is looked at each time.
    return joins or leaves or KEPT in held.values()
