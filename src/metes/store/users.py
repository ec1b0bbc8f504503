"""Users, their sessions, tokens and saved views. Secrets are kept as digests only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.model.sign_ins import SessionEnd
from metes.store import counters, sign_in_log
from metes.store.links import person_on
from metes.store.tables import saved_views, sessions, sign_ins, tokens, users

SESSION_DAYS = 14
LOCKOUT_TRIES, LOCKOUT_MINUTES = 10, 15


@dataclass(frozen=True, slots=True)
class User:
    """Someone who can sign in."""

    id: int
    name: str
    created_at: datetime
    disabled_at: datetime | None
    preferences: Mapping[str, Any]
    # The person of the roster whom the user is today.
    person_id: int | None = None
    email: str | None = None
    password_changed_at: datetime | None = None
    must_change_password: bool = False
    has_password: bool = True


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: its user, the token that its forms carry, and whose pages it looks at (None: the user's own).

    `awaits_factor` says that the second factor is still to come; `proved_at` is when its user last proved who they are.
    """

    user: User
    csrf: str
    number: int = 0
    address: str = ""
    agent: str = ""
    method: str = "password"
    created_at: datetime | None = None
    seen_at: datetime | None = None
    expires_at: datetime | None = None
    awaits_factor: bool = False
    proved_at: datetime | None = None
    as_user: User | None = None


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
    role: str | None = None
    territory: str = ""


def name_taken(connection: Connection, name: str) -> str | None:
    """The name of the user who has a name, or one that differs in case alone, as far as the database knows case; None where nobody has."""
    same = sa.func.lower(users.c.name) == sa.func.lower(name)
    return connection.execute(sa.select(users.c.name).where(same)).scalar()


def add_user(
    connection: Connection, name: str, password_hash: str, now: datetime, *, email: str | None = None, must_change: bool = False
) -> int:
    """A new user's id, without a role; `password_hash` is empty for who signs in elsewhere. Conflict where the name is taken, in whatever case."""
    taken = name_taken(connection, name)
    if taken is not None:
        raise Conflict(f"there is a user '{taken}' already; choose another name, or 'metes user password {taken}'")
    row = dict(
        name=name,
        password_hash=password_hash,
        created_at=now,
        preferences="{}",
        email=email,
        password_changed_at=now if password_hash else None,
        must_change_password=must_change,
    )
    number = int(connection.execute(sa.insert(users).values(**row).returning(users.c.id)).scalar_one())
    counters.bump(connection, counters.ACCESS)
    return number


def all_users(connection: Connection, day: date | None = None) -> tuple[User, ...]:
    """Every user, by name, with the person each is on a day (None: with no person)."""
    return tuple(_user(row) for row in connection.execute(_users(day).order_by(users.c.name)))


def find_user(connection: Connection, name: str, day: date | None = None) -> tuple[User, str] | None:
    """The user of a name with the hash of the password."""
    row = connection.execute(_users(day).where(users.c.name == name)).first()
    return None if row is None else (_user(row), row.password_hash)


def user_by_number(connection: Connection, user_id: int, day: date | None = None) -> User | None:
    """The user of a number."""
    row = connection.execute(_users(day).where(users.c.id == user_id)).first()
    return None if row is None else _user(row)


def users_by_number(connection: Connection, numbers: Sequence[int], day: date | None = None) -> tuple[User, ...]:
    """The users of some numbers, by name."""
    query = _users(day).where(users.c.id.in_(list(numbers))).order_by(users.c.name)
    return tuple(_user(row) for row in connection.execute(query))


def require_user(connection: Connection, name: str, day: date | None = None) -> User:
    """The user of a name; NotFound where there is none."""
    found = find_user(connection, name, day)
    if found is None:
        raise NotFound(f"there is no user '{name[:100]}'; 'metes user list' shows those there are")
    return found[0]


def set_password(connection: Connection, name: str, password_hash: str, now: datetime, *, must_change: bool = False) -> int:
    """Give a user another password and end all sessions; the user's id."""
    number = require_user(connection, name).id
    values = dict(password_hash=password_hash, password_changed_at=now, must_change_password=must_change)
    connection.execute(sa.update(users).where(users.c.id == number).values(**values))
    _close(connection, sessions.c.user_id == number, SessionEnd.ENDED, now)
    return number


def set_email(connection: Connection, name: str, email: str | None) -> int:
    """Say where a link to a new password goes; the user's id."""
    number = require_user(connection, name).id
    connection.execute(sa.update(users).where(users.c.id == number).values(email=email))
    return number


def set_disabled(connection: Connection, name: str, at: datetime | None) -> int:
    """Shut a user out (and end all sessions), or let them in again; the user's id."""
    number = require_user(connection, name).id
    connection.execute(sa.update(users).where(users.c.id == number).values(disabled_at=at))
    if at is not None:  # whoever is let in again has none
        _close(connection, sessions.c.user_id == number, SessionEnd.ENDED, at)
    counters.bump(connection, counters.ACCESS)
    return number


def set_preferences(connection: Connection, user_id: int, preferences: Mapping[str, Any]) -> None:
    """Keep what a user likes: theme, columns."""
    connection.execute(sa.update(users).where(users.c.id == user_id).values(preferences=json.dumps(dict(preferences))))


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


def add_session(
    connection: Connection,
    user_id: int,
    digest: str,
    csrf: str,
    now: datetime,
    *,
    address: str = "",
    agent: str = "",
    method: str = "password",
    awaits_factor: bool = False,
    number: int,
) -> None:
    """Begin a session; those that have run out are dropped. `number` is one by which it can be ended, and tells nothing of it."""
    _close(connection, sessions.c.expires_at < now, SessionEnd.RAN_OUT, now)
    row = dict(
        digest=digest, user_id=user_id, csrf=csrf, created_at=now, seen_at=now, expires_at=now + timedelta(days=SESSION_DAYS),
        number=number, address=address[:100], agent=agent[:300], method=method, awaits_factor=awaits_factor, proved_at=now,
    )  # fmt: skip
    connection.execute(sa.insert(sessions).values(**row))
    sign_in_log.note_begin(connection, digest)


def find_session(connection: Connection, digest: str, now: datetime, day: date | None = None) -> Session | None:
    """The session of a digest, where it has not run out and its user is not shut out."""
    t = sessions.c
    query = _users(day).add_columns(*_SESSION_COLUMNS).join(sessions, t.user_id == users.c.id)
    row = connection.execute(query.where(t.digest == digest, t.expires_at > now, users.c.disabled_at.is_(None))).first()
    if row is None:
        return None
    as_user = None if row.as_user_id is None else user_by_number(connection, row.as_user_id, day)
    return _session(row, as_user)


def sessions_of(connection: Connection, user_id: int, now: datetime) -> tuple[Session, ...]:
    """The sessions of a user that have not run out, the one seen last first."""
    t = sessions.c
    query = _users(None).add_columns(*_SESSION_COLUMNS).join(sessions, t.user_id == users.c.id)
    rows = connection.execute(query.where(t.user_id == user_id, t.expires_at > now).order_by(t.seen_at.desc(), t.number))
    return tuple(_session(row, None) for row in rows)


def end_session(connection: Connection, digest: str, now: datetime) -> None:
    """Sign out."""
    _close(connection, sessions.c.digest == digest, SessionEnd.SIGNED_OUT, now)


def end_sessions(connection: Connection, user_id: int, now: datetime, *, number: int | None = None, but: str | None = None) -> int:
    """End a user's sessions: the one of a number, or all but the one of a digest; how many ended."""
    t = sessions.c
    which = t.user_id == user_id
    if number is not None:
        which = sa.and_(which, t.number == number)
    if but is not None:
        which = sa.and_(which, t.digest != but)
    return _close(connection, which, SessionEnd.ENDED, now)


def _close(connection: Connection, which: sa.ColumnElement[bool], how: SessionEnd, now: datetime) -> int:
    """Let some sessions go; how many. That they were stays in the log of sign-ins."""
    sign_in_log.note_end(connection, which, how, now)
    return int(connection.execute(sa.delete(sessions).where(which)).rowcount)


def set_session(connection: Connection, digest: str, **values: Any) -> None:
    """Change what is known of a session: `awaits_factor`, `proved_at`, `seen_at`, `as_user_id`."""
    connection.execute(sa.update(sessions).where(sessions.c.digest == digest).values(**values))


def add_token(
    connection: Connection,
    user_id: int,
    name: str,
    digest: str,
    expires_at: datetime | None,
    now: datetime,
    *,
    role: str | None = None,
    territory: str = "",
) -> int:
    """Keep a new token's digest; its id."""
    row = dict(user_id=user_id, name=name, digest=digest, created_at=now, expires_at=expires_at, role=role, territory=territory)
    return int(connection.execute(sa.insert(tokens).values(**row).returning(tokens.c.id)).scalar_one())


def find_token(connection: Connection, digest: str, now: datetime) -> tuple[Token, User] | None:
    """The token of a digest with its user, where it is neither revoked nor run out and the user is not shut out."""
    t = tokens.c
    row = connection.execute(
        _users(None).add_columns(*_TOKEN_COLUMNS).join(tokens, t.user_id == users.c.id).where(
            t.digest == digest, t.revoked_at.is_(None), sa.or_(t.expires_at.is_(None), t.expires_at > now), users.c.disabled_at.is_(None)
        )
    ).first()  # fmt: skip
    return None if row is None else (_token(row), _user(row))


def note_token_use(connection: Connection, token_id: int, now: datetime) -> None:
    """Remember when a token was last used."""
    connection.execute(sa.update(tokens).where(tokens.c.id == token_id).values(used_at=now))


def all_tokens(connection: Connection, user_id: int | None = None) -> tuple[Token, ...]:
    """Every token, or those of a user, newest first, without secrets."""
    query = _users(None).add_columns(*_TOKEN_COLUMNS).join(tokens, tokens.c.user_id == users.c.id).order_by(tokens.c.id.desc())
    if user_id is not None:
        query = query.where(tokens.c.user_id == user_id)
    return tuple(_token(row) for row in connection.execute(query))


def revoke_token(connection: Connection, token_id: int, now: datetime) -> None:
    """Make a token useless."""
    result = connection.execute(
        sa.update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    if result.rowcount != 1:
        raise NotFound(f"there is no token {token_id} in use; 'metes token list' shows those there are")
    counters.bump(connection, counters.ACCESS)


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


_SESSION_COLUMNS = (
    sessions.c.csrf, sessions.c.number, sessions.c.address, sessions.c.agent, sessions.c.method, sessions.c.awaits_factor,
    sessions.c.created_at.label("begun_at"), sessions.c.seen_at, sessions.c.expires_at, sessions.c.proved_at, sessions.c.as_user_id,
)  # fmt: skip
_TOKEN_COLUMNS = (
    tokens.c.id.label("token_id"), tokens.c.name.label("token_name"), tokens.c.created_at.label("made_at"), tokens.c.expires_at,
    tokens.c.used_at, tokens.c.revoked_at, tokens.c.role, tokens.c.territory,
)  # fmt: skip


def _users(day: date | None) -> sa.Select[Any]:
    person: sa.ColumnElement[Any] = sa.null() if day is None else person_on(day)
    return sa.select(users, person.label("person_id"))


def _user(row: sa.Row[Any]) -> User:
    return User(
        row.id, row.name, row.created_at, row.disabled_at, json.loads(row.preferences), row.person_id, row.email,
        row.password_changed_at, row.must_change_password, bool(row.password_hash),
    )  # fmt: skip


def _session(row: sa.Row[Any], as_user: User | None) -> Session:
    return Session(
        _user(row), row.csrf, row.number, row.address, row.agent, row.method, row.begun_at, row.seen_at, row.expires_at,
        row.awaits_factor, row.proved_at, as_user,
    )  # fmt: skip


def _token(row: sa.Row[Any]) -> Token:
    return Token(
        row.token_id, row.name, row.token_name, row.made_at, row.expires_at, row.used_at, row.revoked_at, row.role, row.territory
    )
