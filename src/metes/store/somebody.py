"""Finding somebody of whom personal data are held, and all that is held on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from metes.base.errors import Conflict, InputError, NotFound
from metes.model.privacy import KINDS, MOST_FOUND, Somebody
from metes.store.identity_tables import person_links
from metes.store.personal import REGISTER, Way
from metes.store.tables import contacts, leads, metadata, people, sources, users
from metes.store.words import Words, mentioning

TABLES = {"person": people, "contact": contacts, "lead": leads, "user": users}
# By these columns other rows belong to somebody.
BELONGING = {"person": ("person_id", "manager_id"), "contact": ("contact_id",), "lead": (), "user": ("user_id", "as_user_id")}
# What is held of a person but is nothing to hand out: whoever has it could act in their name.
_SECRETS = frozenset({"password_hash", "secret", "digest", "csrf", "nonce", "verifier", "salt"})
_ERASED = "erased-"


def of_number(connection: Connection, kind: str, number: int) -> Somebody:
    """Somebody by kind and number; NotFound where there is nobody."""
    row = connection.execute(_query(_kind(kind)).where(TABLES[kind].c.id == number)).mappings().first()
    if row is None:
        raise NotFound(f"there is no {kind} with this number")
    return _somebody(kind, row)


def named(connection: Connection, kind: str, who: str) -> Somebody:
    """Somebody by the id of a source (`SOURCE:ID` where several use it), a user's name, or an e-mail address.

    NotFound where there is nobody, Conflict where there are several.
    """
    table = TABLES[_kind(kind)]
    if kind == "user":
        wanted = [table.c.name == who]
    else:
        source, _, rest = who.partition(":")
        wanted = [table.c.external_id == who, (sources.c.name == source) & (table.c.external_id == rest)]
    for condition in (*wanted, table.c.email == who):
        found = [_somebody(kind, row) for row in connection.execute(_query(kind).where(condition).limit(2)).mappings()]
        if len(found) > 1:
            told = ", ".join(f"{one.source}:{one.external_id}" for one in found)
            raise Conflict(f"several of kind {kind} are called so; say one of {told}")
        if found:
            return found[0]
    raise NotFound(f"there is no {kind} of this id, name or address; 'metes privacy find' looks for parts of them")


def search(connection: Connection, text: str) -> tuple[Somebody, ...]:
    """Everybody, of every kind, whose id is a text, or whose name or e-mail address holds it; the first fifty of each kind."""
    wanted = text.strip().lower()
    if not wanted:
        return ()
    found: list[Somebody] = []
    for kind, table in TABLES.items():
        like = [sa.func.lower(table.c[n]).contains(wanted, autoescape=True) for n in ("name", "email")]
        if kind != "user":
            like.append(table.c.external_id == text.strip())
        rows = connection.execute(_query(kind).where(sa.or_(*like)).order_by(table.c.id).limit(MOST_FOUND)).mappings()
        found += [_somebody(kind, row) for row in rows]
    return tuple(found)


def together(connection: Connection, one: Somebody) -> tuple[Somebody, ...]:
    """Somebody with whom they are besides: the user who is linked to a person, or the person to whom a user is linked, last of all."""
    last = sa.select(sa.func.max(person_links.c.id)).group_by(person_links.c.user_id)
    links = sa.select(person_links.c.user_id, person_links.c.person_id).where(person_links.c.id.in_(last))
    if one.kind == "person":
        others = [("user", row.user_id) for row in connection.execute(links.where(person_links.c.person_id == one.number))]
    elif one.kind == "user":
        others = [("person", row.person_id) for row in connection.execute(links.where(person_links.c.user_id == one.number))]
    else:
        others = []
    return (one, *(of_number(connection, kind, number) for kind, number in others))


def held_on(connection: Connection, everybody: Sequence[Somebody]) -> dict[str, Any]:
    """All that is held on somebody: their own rows, rows that belong to them, what they did, and texts that name them."""
    return {
        "somebody": [{"kind": one.kind, "number": one.number} for one in everybody],
        "own": [_row(TABLES[one.kind], row) for one in everybody for row in _own(connection, one)],
        "belonging": _group(found for one in everybody for found in _belonging(connection, one)),
        "done": _done(connection, [one.name for one in everybody if one.kind == "user"]),
        "mentioned": _group(_mentions(connection, everybody)),
    }


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise InputError(f"expected one of {', '.join(KINDS)}, got {kind[:40]!r}; choose one")
    return kind


def _query(kind: str) -> sa.Select[Any]:
    t = TABLES[kind]
    if kind == "user":
        return sa.select(t.c.id, t.c.name, t.c.email)
    phone = [t.c.phone] if "phone" in t.c else []
    named_ = sa.select(t.c.id, t.c.name, t.c.email, *phone, t.c.source_id, t.c.external_id, sources.c.name.label("source"))
    return named_.join(sources, sources.c.id == t.c.source_id)


def _somebody(kind: str, row: RowMapping) -> Somebody:
    external = row.get("external_id", "")
    return Somebody(
        kind,
        row["id"],
        row["name"],
        row["email"] or "",
        row.get("phone") or "",
        row.get("source", ""),
        row.get("source_id", 0),
        external,
        is_erased=(row["name"] if kind == "user" else external).startswith(_ERASED),
    )


def _own(connection: Connection, one: Somebody) -> Iterator[RowMapping]:
    table = TABLES[one.kind]
    yield from connection.execute(sa.select(table).where(table.c.id == one.number)).mappings()


def _belonging(connection: Connection, one: Somebody) -> Iterator[tuple[str, dict[str, Any]]]:
    for table in metadata.sorted_tables:
        for column in BELONGING[one.kind]:
            if column in table.c:
                rows = connection.execute(sa.select(table).where(table.c[column] == one.number)).mappings()
                yield from ((table.name, _row(table, row)) for row in rows)


def _done(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """How many rows name the user as the one who did it, by place."""
    found = {}
    for held in REGISTER:
        if held.way is Way.NAME and names:
            column = metadata.tables[held.table].c[held.column]
            count = connection.execute(sa.select(sa.func.count()).where(column.in_(names))).scalar() or 0
            if count:
                found[f"{held.table}.{held.column}"] = count
    return found


def _mentions(connection: Connection, everybody: Sequence[Somebody]) -> Iterator[tuple[str, dict[str, Any]]]:
    words = Words.of(everybody)
    for held in REGISTER:
        if held.way in (Way.MENTION, Way.HASHED) and held.table != "audit":
            table = metadata.tables[held.table]
            for row in mentioning(connection, table.c[held.column], words):
                yield f"{held.table}.{held.column}", _row(table, row)


def _row(table: sa.Table, row: RowMapping | Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in _SECRETS and value is not None}
    return {"table": table.name, **kept}


def _group(found: Iterator[tuple[str, dict[str, Any]]] | Any) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for place, row in found:
        grouped.setdefault(place, []).append({name: value for name, value in row.items() if name != "table"})
    return grouped
