"""Notices: told to users and people as each of them chose, listed, counted, read; and what users chose."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import NotFound
from metes.model.notices import (
    AT_ONCE,
    CHOSEN_KINDS,
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    NEVER,
    NoticeChoice,
    default_choice,
    is_mail_address,
)
from metes.store.links import day_of, person_on
from metes.store.notice_tables import mails, notice_addresses, notice_choices, notices
from metes.store.tables import people, users

_CHUNK = 5_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell: to users, and to people through the users linked to them, by mail alone where there is none.

    `link` is a page of the app such as `/plan/7`. What has a `once_key` is told to each reader once for ever;
    what is said `in_app_alone` goes by no mail, and is seen whatever was chosen.
    """

    kind: str
    subject: str
    text: str
    link: str
    user_ids: Collection[int] = ()
    person_ids: Collection[int] = ()
    once_key: str | None = None
    in_app_alone: bool = False

    def __post_init__(self) -> None:
        default_choice(self.kind)
        if not self.link.startswith("/") or self.link.startswith("//"):
            raise ValueError(f"expected the address of a page such as /plan/7, got {self.link!r}")


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as its user sees it."""

    id: int
    kind: str
    subject: str
    text: str
    link: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """How many notices were made, how many of them a mail carries or will, and how many readers could be reached in no way."""

    notices: int = 0
    by_mail: int = 0
    unreached: int = 0


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whom a notice goes to; a person without a user has no `user_id`."""

    user_id: int | None
    person_id: int | None
    has_address: bool


def add_notices(
    connection: Connection,
    *,
    kind: str,
    subject: str,
    text: str,
    link: str,
    now: datetime,
    user_ids: Collection[int] = (),
    person_ids: Collection[int] = (),
    once_key: str | None = None,
) -> Told:
    """Tell one thing to users and people, in the transaction of what it tells of; each is told once, however they are named."""
    return add_all(connection, [News(kind, subject, text, link, user_ids, person_ids, once_key)], now)


def add_all(connection: Connection, news: Sequence[News], now: datetime) -> Told:
    """Tell many things at once, such as a publication to each person in other words; the same as one `add_notices` for each."""
    if not news:
        return Told()
    readers = _Readers(connection, news, day_of(connection, now))
    told_once = _told_once(connection, news, readers)
    rows: list[dict[str, Any]] = []
    unreached = 0
    for item in news:
        for reader in readers.of(item):
            once = _once_key(item, reader)
            if once is not None and once in told_once:
                continue
            choice = NoticeChoice(item.kind, True, NEVER) if item.in_app_alone else readers.choice(reader, item.kind)
            by_mail = choice.by_mail if reader.has_address else NEVER
            if not choice.in_app and by_mail == NEVER:
                unreached += not reader.has_address
                continue
            rows.append(_row(item, reader, choice.in_app, by_mail, once, now))
    _insert(connection, rows, now)
    return Told(len(rows), sum(row["by_mail"] != NEVER for row in rows), unreached)


def notices_of(
    connection: Connection,
    user_id: int,
    *,
    kind: str | None = None,
    unread: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> tuple[Notice, ...]:
    """A user's notices, newest first: those of a kind, those not read yet, those before one, where it is asked for."""
    t = notices.c
    query = sa.select(t.id, t.kind, t.subject, t.text, t.link, t.created_at, t.read_at).where(t.user_id == user_id, t.in_app)
    if kind is not None:
        query = query.where(t.kind == kind)
    if unread:
        query = query.where(t.read_at.is_(None))
    if before is not None:
        query = query.where(t.id < before)
    rows = connection.execute(query.order_by(t.id.desc()).limit(limit))
    return tuple(Notice(*row) for row in rows)


def unread_count(connection: Connection, user_id: int) -> int:
    """How many of a user's notices were not read yet."""
    query = sa.select(sa.func.count()).select_from(notices).where(_unread(user_id))
    return int(connection.execute(query).scalar_one())


def mark_read(connection: Connection, user_id: int, notice_id: int, now: datetime) -> Notice:
    """Note that a user read a notice; NotFound where the user has none of this number. The first time counts."""
    t = notices.c
    mine = sa.and_(t.id == notice_id, t.user_id == user_id, t.in_app)
    connection.execute(sa.update(notices).where(mine, t.read_at.is_(None)).values(read_at=now))
    row = connection.execute(sa.select(t.id, t.kind, t.subject, t.text, t.link, t.created_at, t.read_at).where(mine)).first()
    if row is None:
        raise NotFound(f"you have no notice {notice_id}; 'metes notices list' shows those you have")
    return Notice(*row)


def mark_all_read(connection: Connection, user_id: int, now: datetime, *, kind: str | None = None, up_to: int | None = None) -> int:
    """Note that a user read all notices (of a kind, up to one that they saw); how many were new."""
    which = _unread(user_id)
    if kind is not None:
        which = sa.and_(which, notices.c.kind == kind)
    if up_to is not None:
        which = sa.and_(which, notices.c.id <= up_to)
    return int(connection.execute(sa.update(notices).where(which).values(read_at=now)).rowcount)


def choices_of(connection: Connection, user_id: int) -> tuple[NoticeChoice, ...]:
    """How a user is told of each kind, in the order of the kinds."""
    t = notice_choices.c
    rows = connection.execute(sa.select(t.kind, t.in_app, t.by_mail).where(t.user_id == user_id))
    chosen = {row.kind: NoticeChoice(*row) for row in rows}
    return tuple(chosen.get(kind.key) or default_choice(kind.key) for kind in CHOSEN_KINDS)


def set_choice(connection: Connection, user_id: int, choice: NoticeChoice) -> None:
    """Keep how a user wants to be told of a kind from now on; what waits for a digest follows the choice."""
    t = notice_choices.c
    connection.execute(sa.delete(notice_choices).where(t.user_id == user_id, t.kind == choice.kind))
    if choice != default_choice(choice.kind):
        row = dict(user_id=user_id, kind=choice.kind, in_app=choice.in_app, by_mail=choice.by_mail)
        connection.execute(sa.insert(notice_choices).values(**row))
    if choice.by_mail != AT_ONCE:
        n = notices.c
        waits = sa.and_(n.user_id == user_id, n.kind == choice.kind, n.mail_id.is_(None), n.by_mail != NEVER)
        connection.execute(sa.update(notices).where(waits).values(by_mail=choice.by_mail))


def set_address(connection: Connection, user_id: int, address: str | None) -> None:
    """Keep where a user wants mail; None goes back to the address of the person the user is linked to."""
    connection.execute(sa.delete(notice_addresses).where(notice_addresses.c.user_id == user_id))
    if address is not None:
        connection.execute(sa.insert(notice_addresses).values(user_id=user_id, address=address))


def addresses_of(connection: Connection, user_id: int, day: date) -> tuple[str | None, str | None]:
    """Where a user chose to get mail, and where it goes else: to the person the user is linked to, or the user's own address."""
    row = connection.execute(
        sa.select(notice_addresses.c.address, sa.func.coalesce(people.c.email, users.c.email).label("email"))
        .select_from(users)
        .outerjoin(notice_addresses, notice_addresses.c.user_id == users.c.id)
        .outerjoin(people, sa.and_(people.c.id == person_on(day), people.c.closed_on.is_(None)))
        .where(users.c.id == user_id)
    ).first()
    return (None, None) if row is None else (row.address, row.email)


def drop_read_before(connection: Connection, moment: datetime) -> int:
    """Drop notices that are older than an instant and were read, or were for mail alone; how many."""
    t = notices.c
    old = sa.and_(t.created_at < moment, sa.or_(t.read_at.is_not(None), sa.not_(t.in_app)))
    return int(connection.execute(sa.delete(notices).where(old)).rowcount)


class _Readers:
    """Everybody whom some news is for, with what they chose."""

    def __init__(self, connection: Connection, news: Sequence[News], day: date) -> None:
        user_ids = {number for item in news for number in item.user_ids}
        person_ids = {number for item in news for number in item.person_ids}
        self.by_user: dict[int, _Reader] = {}
        self.by_person: dict[int, list[_Reader]] = {}
        for row in _users(connection, user_ids, person_ids, day):
            reader = _Reader(row.id, row.person_id, is_mail_address(row.address or row.email or ""))
            self.by_user[row.id] = reader
            if row.person_id is not None:
                self.by_person.setdefault(row.person_id, []).append(reader)
        for row in _people(connection, person_ids - self.by_person.keys()):
            self.by_person[row.id] = [_Reader(None, row.id, is_mail_address(row.email or ""))]
        self._choices = _choices(connection, self.by_user, {item.kind for item in news})

    def of(self, item: News) -> tuple[_Reader, ...]:
        """Whom an item is for, each once."""
        named = [self.by_user[number] for number in item.user_ids if number in self.by_user]
        linked = [reader for number in item.person_ids for reader in self.by_person.get(number, ())]
        return tuple(dict.fromkeys((*named, *linked)))

    def choice(self, reader: _Reader, kind: str) -> NoticeChoice:
        """How a reader is told of a kind; a person without a user is told at once."""
        if reader.user_id is None:
            return NoticeChoice(kind, False, AT_ONCE)
        return self._choices.get((reader.user_id, kind)) or default_choice(kind)


def _users(connection: Connection, user_ids: set[int], person_ids: set[int], day: date) -> Iterator[Any]:
    """The users of those numbers or linked to those people, who are not shut out, with their addresses."""
    person = person_on(day)
    query = (
        sa.select(users.c.id, person.label("person_id"), notice_addresses.c.address)
        .add_columns(sa.func.coalesce(people.c.email, users.c.email).label("email"))
        .outerjoin(notice_addresses, notice_addresses.c.user_id == users.c.id)
        .outerjoin(people, sa.and_(people.c.id == person, people.c.closed_on.is_(None)))
        .where(users.c.disabled_at.is_(None))
        .order_by(users.c.id)
    )
    for column, numbers in ((users.c.id, user_ids), (person, person_ids)):
        for chunk in _chunks(numbers):
            yield from connection.execute(query.where(column.in_(chunk)))


def _people(connection: Connection, person_ids: set[int]) -> Iterator[Any]:
    """People who are still there, with their addresses."""
    query = sa.select(people.c.id, people.c.email).where(people.c.closed_on.is_(None))
    for chunk in _chunks(person_ids):
        yield from connection.execute(query.where(people.c.id.in_(chunk)))


def _choices(connection: Connection, user_ids: Iterable[int], kinds: Collection[str]) -> Mapping[tuple[int, str], NoticeChoice]:
    t = notice_choices.c
    query = sa.select(t.user_id, t.kind, t.in_app, t.by_mail).where(t.kind.in_(kinds))
    return {
        (row.user_id, row.kind): NoticeChoice(row.kind, row.in_app, row.by_mail)
        for chunk in _chunks(user_ids)
        for row in connection.execute(query.where(t.user_id.in_(chunk)))
    }


def _told_once(connection: Connection, news: Sequence[News], readers: _Readers) -> set[str]:
    """Which of the keys of this news were used before."""
    keys = {key for item in news if item.once_key for reader in readers.of(item) if (key := _once_key(item, reader))}
    t = notices.c
    return {
        key for chunk in _chunks(keys) for key in connection.execute(sa.select(t.once_key).where(t.once_key.in_(chunk))).scalars()
    }


def _once_key(item: News, reader: _Reader) -> str | None:
    if item.once_key is None:
        return None
    return f"{item.once_key} user {reader.user_id}" if reader.user_id is not None else f"{item.once_key} person {reader.person_id}"


def _row(item: News, reader: _Reader, in_app: bool, by_mail: str, once: str | None, now: datetime) -> dict[str, Any]:
    return dict(
        user_id=reader.user_id, person_id=None if reader.user_id is not None else reader.person_id, kind=item.kind, subject=one_line(item.subject),
        text=_CONTROL.sub("", item.text.replace("\r\n", "\n"))[:LONGEST_TEXT], link=item.link, in_app=in_app, by_mail=by_mail,
        created_at=now, once_key=once,
    )  # fmt: skip


def one_line(text: str) -> str:
    """A subject as it is kept: one line, without control characters, cut where it is far too long."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def _insert(connection: Connection, rows: list[dict[str, Any]], now: datetime) -> None:
    """Add notices, and a mail for each that goes at once."""
    at_once = [row for row in rows if row["by_mail"] == AT_ONCE]
    if at_once:
        made = [
            dict(user_id=row["user_id"], person_id=row["person_id"], digest=AT_ONCE, state="waiting", attempts=0,
                 created_at=now, next_at=now)
            for row in at_once
        ]  # fmt: skip
        returning = sa.insert(mails).returning(mails.c.id, sort_by_parameter_order=True)
        for row, mail_id in zip(at_once, connection.execute(returning, made).scalars(), strict=True):
            row["mail_id"] = mail_id
    if rows:
        connection.execute(sa.insert(notices), [{"mail_id": None, **row} for row in rows])


def _unread(user_id: int) -> sa.ColumnElement[bool]:
    t = notices.c
    return sa.and_(t.user_id == user_id, t.read_at.is_(None), t.in_app)


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Sorted parts, each small enough for one statement of either database."""
    rest = iter(sorted(values))
    while part := list(islice(rest, _CHUNK)):
        yield part
