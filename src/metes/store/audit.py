"""The audit trail: entries chained by hash, so that a changed, removed or inserted one shows.

The chain holds ids, counts and settings. Whatever names a person stands beside it, where it can be erased, and in the chain its salted
digest.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.ids import canonical_json
from metes.model.scope import Principal
from metes.store.audit_tables import audit_addresses, audit_values
from metes.store.columns import to_micros
from metes.store.tables import audit, users

BEGINNING = "0" * 64
VERSION = 2
# Who is no user: these stand in the chain by their names, the first of them even where a user is called so.
ALWAYS_SYSTEM = frozenset({"local", "schedule", "sign-in"})
SYSTEM = ALWAYS_SYSTEM | {"doctor", "demo", "upgrade", "worker"}
SOMEBODY = "somebody"
# What an entry's hash covers, beside its number, its instant and the hash before it; the order is that of the hashed text.
TEXTS = ("principal", "via", "address", "request", "action", "subject", "detail", "before", "after", "personal")
_WRITER_LOCK = 0x4D657465734175  # 'MetesAu': PostgreSQL's advisory lock of those who append


def add_entry(
    connection: Connection,
    principal: Principal,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
) -> int:
    """Append an entry, in the transaction of what it tells of; its number.

    `detail`, `before` and `after` hold ids, counts and settings, nothing that names a person. Values that do go into `personal`, by
    their places such as 'before.email' (`change` makes all three). A small transaction beside exclusive writers appends before it
    changes a row: who appends waits for all others who do, and must not hold what they wait for.
    """
    _queue(connection)
    last = connection.execute(sa.select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)).first()
    number, previous = (last.id + 1, last.hash) if last else (1, BEGINNING)
    who, name = _who(connection, principal)
    kept = {"who": name} if name else {}
    kept |= {place: _text(value) for place, value in (personal or {}).items() if value is not None}
    entry = {
        "principal": who,
        "via": principal.via,
        "address": _address(connection, principal.address, now),
        "request": principal.request,
        "action": action,
        "subject": subject,
        "detail": canonical_json(detail),
        "before": canonical_json(before) if before else "",
        "after": canonical_json(after) if after else "",
        "personal": _keep_values(connection, number, kept),
    }
    digest = entry_hash(number, to_micros(now), previous, entry)
    row = {"id": number, "at": now, **entry, "version": VERSION, "previous_hash": previous, "hash": digest}
    connection.execute(sa.insert(audit).values(row))
    return number


def change(before: Mapping[str, Any], after: Mapping[str, Any], personal: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """What differs between two states, as `add_entry` takes it: `before`, `after`, and apart the fields that are `personal`."""
    differing = [n for n in dict.fromkeys((*before, *after)) if before.get(n) != after.get(n)]
    plain = [name for name in differing if name not in personal]
    sides = (("before", before), ("after", after))
    told: dict[str, dict[str, Any]] = {side: {n: values[n] for n in plain if n in values} for side, values in sides}
    told["personal"] = {
        f"{side}.{name}": values[name]
        for side, values in sides
        for name in differing
        if name in personal and values.get(name) is not None
    }
    return told


def entry_hash(number: int, at: int, previous: str, entry: Mapping[str, str]) -> str:
    """The SHA-256 of an entry of version 2: its number, instant, the hash before it, and its texts with their lengths before them.

    The lengths keep two entries from having one text; a database can put the same text together (`metes.store.audit_verifying`).
    """
    texts = [entry[name] for name in TEXTS]
    lengths = ",".join(str(len(text)) for text in texts)
    return hashlib.sha256(f"{VERSION},{number},{at},{previous}\n{lengths}\n{''.join(texts)}".encode()).hexdigest()


def first_entry_hash(at: int, principal: str, action: str, subject: str, detail: str, previous: str) -> str:
    """The hash of an entry of version 1: SHA-256 of its canonical JSON, put together by hand, which takes a third of the time."""
    quoted = encode_basestring
    text = (
        f'{{"action":{quoted(action)},"at":{at},"detail":{quoted(detail)},"previous_hash":{quoted(previous)},'
        f'"principal":{quoted(principal)},"subject":{quoted(subject)}}}'
    )
    return hashlib.sha256(text.encode()).hexdigest()


def value_digest(salt: str, value: str) -> str:
    """The digest that stands in the chain for a value that can be erased."""
    return hashlib.sha256(f"{salt}\n{value}".encode()).hexdigest()


def _queue(connection: Connection) -> None:
    """Wait for others who append: on SQLite they all queue as writers, on PostgreSQL also those that write beside one another.

    Two that both read the same last entry would not get through either: they would take the same number.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITER_LOCK})


def _who(connection: Connection, principal: Principal) -> tuple[str, str]:
    """How a principal stands in the chain, and their name where only that is known."""
    if principal.user_id is not None:
        return f"user {principal.user_id}", ""
    if principal.name in ALWAYS_SYSTEM:
        return principal.name, ""
    # What a worker does in somebody's name knows the name alone.
    number = connection.execute(sa.select(users.c.id).where(users.c.name == principal.name)).scalar()
    if number is not None:
        return f"user {number}", ""
    return (principal.name, "") if principal.name in SYSTEM else (SOMEBODY, principal.name)


def _address(connection: Connection, address: str, now: datetime) -> str:
    """The digest of an address, the same for all entries of a day."""
    if not address:
        return ""
    day = now.date()
    of_day = sa.select(audit_addresses.c.digest).where(audit_addresses.c.address == address, audit_addresses.c.day == day)
    known = connection.execute(of_day).scalar()
    if known is not None:
        return str(known)
    salt = secrets.token_hex(16)
    digest = value_digest(salt, address)
    connection.execute(sa.insert(audit_addresses).values(digest=digest, address=address, day=day, salt=salt))
    return digest


def _keep_values(connection: Connection, number: int, values: Mapping[str, str]) -> str:
    """Put values that can be erased beside the chain; the JSON of their digests."""
    if not values:
        return ""
    rows = [{"entry": number, "place": p, "value": v, "salt": secrets.token_hex(16)} for p, v in values.items()]
    connection.execute(sa.insert(audit_values), rows)
    return canonical_json({row["place"]: value_digest(str(row["salt"]), str(row["value"])) for row in rows})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)
