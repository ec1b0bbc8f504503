"""Users, their sessions, tokens and saved views. Secrets are kept as digests only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.store.tables import saved_views, sessions, sign_ins, tokens, users

SESSION_DAYS = 14
LOCKOUT_TRIES, LOCKOUT_MINUTES = 10, 15


@dataclass(frozen=True, slots=True)
class User:
    """Someone who can sign in."""

    id: int
    name: str
    is_administrator: bool
    created_at: datetime
    disabled_at: datetime | None
    preferences: Mapping[str, Any]
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: its user and the token that its forms carry."""

    user: User
    csrf: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the API, without its secret."""

    id: int
    user: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


def add_user(connection: Connection, name: str, password_hash: str, is_administrator: bool, now: datetime) -> int:
    """A new user's id; Conflict where the name is taken."""
    if connection.execute(sa.select(users.c.id).where(users.c.name == name)).first():
        raise Conflict(f"there is a user '{name}' already; choose another name, or 'metes user password {name}'")
    row = dict(
        name=name,
        password_hash=password_hash,
        is_administrator=is_administrator,
        created_at=now,
        disabled_at=None,
        preferences="{}",
    )
    return int(connection.execute(sa.insert(users).values(**row).returning(users.c.id)).scalar_one())


def all_users(connection: Connection) -> tuple[User, ...]:
    """Every user, by name."""
    return tuple(_user(row) for row in connection.execute(sa.select(users).order_by(users.c.name)))


def find_user(connection: Connection, name: str) -> tuple[User, str] | None:
    """The user of a name with the hash of the password."""
    row = connection.execute(sa.select(users).where(users.c.name == name)).first()
    return None if row is None else (_user(row), row.password_hash)


def set_password(connection: Connection, name: str, password_hash: str) -> int:
    """Give a user another password and end all sessions; the user's id."""
    found = find_user(connection, name)
    if found is None:
        raise NotFound(f"there is no user '{name}'; 'metes user list' shows those there are")
    connection.execute(sa.update(users).where(users.c.id == found[0].id).values(password_hash=password_hash))
    connection.execute(sa.delete(sessions).where(sessions.c.user_id == found[0].id))
    return found[0].id


def set_disabled(connection: Connection, name: str, at: datetime | None) -> int:
    """Shut a user out (and end all sessions), or let them in again; the user's id."""
    found = find_user(connection, name)
    if found is None:
        raise NotFound(f"there is no user '{name}'; 'metes user list' shows those there are")
    connection.execute(sa.update(users).where(users.c.id == found[0].id).values(disabled_at=at))
    connection.execute(sa.delete(sessions).where(sessions.c.user_id == found[0].id))
    return found[0].id


def set_preferences(connection: Connection, user_id: int, preferences: Mapping[str, Any]) -> None:
    """Keep what a user likes: theme, columns."""
    connection.execute(sa.update(users).where(users.c.id == user_id).values(preferences=json.dumps(dict(preferences))))


def link_person(connection: Connection, name: str, person_id: int | None) -> int:
    """Say which person a user is (None: nobody); the user's id. Conflict where another user is that person already."""
    found = find_user(connection, name)
    if found is None:
        raise NotFound(f"there is no user '{name}'; 'metes user list' shows those there are")
    if person_id is not None:
        other = connection.execute(
            sa.select(users.c.name).where(users.c.person_id == person_id, users.c.id != found[0].id)
        ).scalar()
        if other is not None:
            raise Conflict(f"user '{other}' is linked to this person already")
    connection.execute(sa.update(users).where(users.c.id == found[0].id).values(person_id=person_id))
    return found[0].id


def person_of(connection: Connection, user_id: int) -> int | None:
    """The person whom a user is linked to."""
    return connection.execute(sa.select(users.c.person_id).where(users.c.id == user_id)).scalar()


def note_sign_in(connection: Connection, name: str, address: str, succeeded: bool, now: datetime) -> None:
    """Remember one try to sign in; tries older than a day are dropped."""
    connection.execute(sa.delete(sign_ins).where(sign_ins.c.at < now - timedelta(days=1)))
    connection.execute(sa.insert(sign_ins).values(name=name, address=address, at=now, succeeded=succeeded))


def failed_sign_ins(connection: Connection, name: str, address: str, now: datetime) -> int:
    """How many tries in a row failed lately, for this name from this address."""
    since = now - timedelta(minutes=LOCKOUT_MINUTES)
    rows = connection.execute(
        sa.select(sign_ins.c.succeeded)
        .where(sign_ins.c.name == name, sign_ins.c.address == address, sign_ins.c.at >= since)
        .order_by(sign_ins.c.at.desc(), sign_ins.c.id.desc())
        .limit(LOCKOUT_TRIES)
    ).scalars()
    count = 0
    for succeeded in rows:
        if succeeded:
            break
        count += 1
    return count


def add_session(connection: Connection, user_id: int, digest: str, csrf: str, now: datetime) -> None:
    """Begin a session; those that have run out are dropped."""
    connection.execute(sa.delete(sessions).where(sessions.c.expires_at < now))
    row = dict(
        digest=digest, user_id=user_id, csrf=csrf, created_at=now, seen_at=now, expires_at=now + timedelta(days=SESSION_DAYS)
    )
    connection.execute(sa.insert(sessions).values(**row))


def find_session(connection: Connection, digest: str, now: datetime) -> Session | None:
    """The session of a digest, where it has not run out and its user is not shut out."""
    row = connection.execute(
        sa.select(users, sessions.c.csrf)
        .join(users, users.c.id == sessions.c.user_id)
        .where(sessions.c.digest == digest, sessions.c.expires_at > now, users.c.disabled_at.is_(None))
    ).first()
    return None if row is None else Session(_user(row), row.csrf)


def end_session(connection: Connection, digest: str) -> None:
    """Sign out."""
    connection.execute(sa.delete(sessions).where(sessions.c.digest == digest))


def add_token(connection: Connection, user_id: int, name: str, digest: str, expires_at: datetime | None, now: datetime) -> int:
    """Keep a new token's digest; its id."""
    row = dict(user_id=user_id, name=name, digest=digest, created_at=now, expires_at=expires_at)
    return int(connection.execute(sa.insert(tokens).values(**row).returning(tokens.c.id)).scalar_one())


def find_token(connection: Connection, digest: str, now: datetime) -> tuple[int, User] | None:
    """The id and user of a token that is neither revoked nor run out."""
    row = connection.execute(
        sa.select(users, tokens.c.id.label("token_id"))
        .join(users, users.c.id == tokens.c.user_id)
        .where(
            tokens.c.digest == digest,
            tokens.c.revoked_at.is_(None),
            sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now),
            users.c.disabled_at.is_(None),
        )
    ).first()
    return None if row is None else (row.token_id, _user(row))


def note_token_use(connection: Connection, token_id: int, now: datetime) -> None:
    """Remember when a token was last used."""
    connection.execute(sa.update(tokens).where(tokens.c.id == token_id).values(used_at=now))


def all_tokens(connection: Connection) -> tuple[Token, ...]:
    """Every token, newest first, without secrets."""
    rows = connection.execute(
        sa.select(tokens, users.c.name.label("user_name")).join(users, users.c.id == tokens.c.user_id).order_by(tokens.c.id.desc())
    )
    return tuple(
        Token(row.id, row.user_name, row.name, row.created_at, row.expires_at, row.used_at, row.revoked_at) for row in rows
    )


def revoke_token(connection: Connection, token_id: int, now: datetime) -> None:
    """Make a token useless."""
    result = connection.execute(
        sa.update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    if result.rowcount != 1:
        raise NotFound(f"there is no token {token_id} in use; 'metes token list' shows those there are")


def save_view(connection: Connection, user_id: int, page: str, name: str, query: str, now: datetime) -> None:
    """Keep a list's address under a name; a view of that name is replaced."""
    t = saved_views.c
    connection.execute(sa.delete(saved_views).where(t.user_id == user_id, t.page == page, t.name == name))
    connection.execute(sa.insert(saved_views).values(user_id=user_id, page=page, name=name, query=query, created_at=now))


def views_of(connection: Connection, user_id: int, page: str) -> Sequence[Any]:
    """A user's saved views of a page, by name: rows with id, name and query."""
    t = saved_views.c
    return connection.execute(sa.select(t.id, t.name, t.query).where(t.user_id == user_id, t.page == page).order_by(t.name)).all()


def delete_view(connection: Connection, user_id: int, view_id: int) -> None:
    """Drop one saved view of a user."""
    connection.execute(sa.delete(saved_views).where(saved_views.c.user_id == user_id, saved_views.c.id == view_id))


def _user(row: sa.Row[Any]) -> User:
    return User(row.id, row.name, row.is_administrator, row.created_at, row.disabled_at, json.loads(row.preferences), row.person_id)
