"""Whether the audit trail is whole: every entry's hash and link, every value beside it, and the anchors that were kept elsewhere.

Segments of the trail are read side by side, each from the hash of the entry before it. The database puts together the text that an
entry's hash covers (`metes.store.audit.entry_hash`), so that a row is one text and not a dozen values; the hash is taken here.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import MetesError
from metes.model.audit import Anchor, Fault, Verification
from metes.store.audit import BEGINNING, TEXTS, VERSION, first_entry_hash, value_digest
from metes.store.audit_tables import audit_addresses, audit_values
from metes.store.engine import Store
from metes.store.tables import audit

# So many faults are told of; a trail that was written anew has one at every entry.
MOST_FAULTS = 100
# From here on a second process costs less than it saves.
LARGE = 300_000
_FETCHED = 5_000
_LATER = ("via", "address", "request", "before", "after", "personal")


class _Row(NamedTuple):
    """An entry as it is verified: `text` is what its hash covers in version 2, the last five in version 1."""

    id: int
    version: int
    previous_hash: str
    hash: str
    personal: str
    text: bytes | None
    seal: str | None
    sealed_by: int | None
    at: int | None
    principal: str
    action: str
    subject: str
    detail: str

    def computed(self) -> str:
        """The hash that its content has."""
        if self.text is not None:
            return hashlib.sha256(self.text).hexdigest()
        if self.at is None:
            return ""
        return first_entry_hash(self.at, self.principal, self.action, self.subject, self.detail, self.previous_hash)


@dataclass(slots=True)
class _Found:
    """What one segment brought: entries read, faults, and the sealed entries by who sealed them."""

    entries: int = 0
    faults: list[Fault] = field(default_factory=list)
    seals: dict[int, list[tuple[int, str]]] = field(default_factory=dict)

    def add(self, entry: int, kind: str, text: str) -> None:
        """Note a fault by its parts."""
        self.note(Fault(entry, kind, text))

    def note(self, fault: Fault) -> None:
        """Note a fault, of the first so many."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)


def verify(store: Store, anchors: Sequence[Anchor] = (), *, processes: int = 2, large: int = LARGE) -> Verification:
    """Read the whole trail as it stands now and say what is wrong with it; `processes` read a trail of `large` entries and more.

    Memory stays the same however long the trail is. A value or an address that is gone was erased and is no fault.
    """
    with store.read() as connection:
        first, last = connection.execute(sa.select(sa.func.min(audit.c.id), sa.func.max(audit.c.id))).one()
        held = _faults_of_anchors(connection, anchors)
        held += _faults_of_addresses(connection)
        held += _values_of_nobody(connection, first or 0, last or 0)
    if last is None:
        return Verification(0, tuple(held), len(anchors))
    bounds = _bounds(first, last, processes if last - first >= large else 1)
    found = [_segment_here(store, *bounds[0])] if len(bounds) == 1 else _segments_beside(store, bounds)
    with store.read() as connection:
        seals = _faults_of_seals(connection, found)
    faults = sorted([*(f for part in found for f in part.faults), *seals, *held], key=lambda fault: fault.entry)
    return Verification(sum(part.entries for part in found), tuple(faults[:MOST_FAULTS]), len(anchors))


def first_broken(connection: Connection) -> int | None:
    """The number of the first entry at which the chain does not hold; None where it is whole."""
    first, last = connection.execute(sa.select(sa.func.min(audit.c.id), sa.func.max(audit.c.id))).one()
    if last is None:
        return None
    found = _segment(connection, first, last)
    faults = [*found.faults, *_faults_of_seals(connection, [found])]
    return min((fault.entry for fault in faults), default=None)


def anchor(connection: Connection, now: datetime) -> Anchor | None:
    """The end of the trail as it stands; None before the first entry."""
    last = connection.execute(sa.select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)).first()
    if last is None:
        return None
    count = connection.execute(sa.select(sa.func.count()).select_from(audit)).scalar() or 0
    return Anchor(last.id, last.hash, count, now)


def _bounds(first: int, last: int, parts: int) -> list[tuple[int, int]]:
    """The trail from `first` to `last` in parts of about the same length."""
    step = (last - first) // parts + 1
    return [(start, min(start + step - 1, last)) for start in range(first, last + 1, step)]


def _segment_here(store: Store, first: int, last: int) -> _Found:
    with store.read() as connection:
        return _segment(connection, first, last)


def _segments_beside(store: Store, bounds: Sequence[tuple[int, int]]) -> list[_Found]:
    """Each segment in a process of its own; the database's address goes in by a pipe, for it may hold a password."""
    url = store.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "metes.store.audit_verifying"]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in bounds
    ]
    try:
        for process, (first, last) in zip(running, bounds, strict=True):
            if process.stdin is not None:
                process.stdin.write(json.dumps([url, first, last]) + "\n")
                process.stdin.flush()
        return [_answer(process) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


def _answer(process: subprocess.Popen[str]) -> _Found:
    told, errors = process.communicate()
    if process.returncode:
        raise MetesError(f"verifying a part of the audit trail failed: {errors.strip()[-500:]}")
    entries, faults, seals = json.loads(told)
    sealed = {int(by): [(n, seal) for n, seal in pairs] for by, pairs in seals.items()}
    return _Found(entries, [Fault(**fault) for fault in faults], sealed)


def _segment(connection: Connection, first: int, last: int) -> _Found:
    """Verify the entries from `first` to `last` against each other and against the one before them."""
    found = _Found()
    with _unmapped(connection), _values_of(connection, first, last) as values:
        _walk(_rows(connection, first, last), _Chain(found, *_before(connection, first)), values, found)
        values.finish(found)
    return found


@contextmanager
def _unmapped(connection: Connection) -> Iterator[None]:
    """SQLite reads within its own cache and maps no file: a long trail would otherwise fill the memory with what is read once."""
    if connection.dialect.name != "sqlite":
        yield
        return
    mapped = connection.exec_driver_sql("PRAGMA mmap_size").scalar() or 0
    connection.exec_driver_sql("PRAGMA mmap_size=0")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA mmap_size={int(mapped)}")


def _walk(rows: Iterator[tuple[Any, ...]], chain: _Chain, values: _Values, found: _Found) -> None:
    """Take entry by entry. Nearly all of them hold, so that is found out first and without a call of our own."""
    sha256, link = hashlib.sha256, chain.hash
    for row in rows:
        found.entries += 1
        text, digest = row[5], row[3]
        if row[2] == link and text is not None and sha256(text).hexdigest() == digest:
            chain.pass_by(row)
        else:
            chain.take(_Row._make(row))
        link = digest
        if row[4] or values.waiting <= row[0]:
            values.hold_against(row[0], row[4], found)


class _Chain:
    """Walks along the chain; what does not fit is told from the entries beside it."""

    def __init__(self, found: _Found, last: _Link, one_before: _Link | None) -> None:
        self._found = found
        self._last = last
        self._one_before = one_before

    @property
    def hash(self) -> str:
        """The hash that the next entry has to name."""
        return self._last.hash

    def pass_by(self, row: tuple[Any, ...]) -> None:
        """Go on from an entry that holds."""
        self._one_before, self._last = self._last, _Link(row[0], row[3])

    def take(self, row: _Row) -> None:
        """Hold an entry against its own hash and against the entry before it."""
        is_sealed = row.seal is not None and row.sealed_by is not None
        if is_sealed:
            self._found.seals.setdefault(row.sealed_by or 0, []).append((row.id, row.seal or ""))
        if row.computed() != (row.seal if is_sealed else row.hash):
            self._found.add(row.id, "changed", f"entry {row.id} was changed: its content is not what was hashed")
        if row.previous_hash != self._last.hash:
            self._found.add(*self._told(row))
        self._one_before, self._last = self._last, _Link(row.id, row.hash)

    def _told(self, row: _Row) -> tuple[int, str, str]:
        """Why an entry does not follow the one before it."""
        last = self._last
        if self._one_before is not None and row.previous_hash == self._one_before.hash:
            return last.id, "inserted", f"entry {last.id} was inserted: entry {row.id} follows the one before it"
        if row.id > last.id + 1:
            gone = f"entry {last.id + 1}" if row.id == last.id + 2 else f"entries {last.id + 1} to {row.id - 1}"
            return last.id + 1, "removed", f"{gone} went missing before entry {row.id}"
        if last.id == 0:
            return row.id, "removed", f"what came before entry {row.id} went missing"
        return row.id, "moved", f"entry {row.id} does not follow entry {last.id}: one of the two was put in the place of another"


class _Link(NamedTuple):
    """An entry's number and hash; 0 stands for the beginning."""

    id: int
    hash: str


def _before(connection: Connection, first: int) -> tuple[_Link, _Link | None]:
    """The two links before an entry."""
    query = sa.select(audit.c.id, audit.c.hash).where(audit.c.id < first).order_by(audit.c.id.desc()).limit(2)
    links = [_Link(row.id, row.hash) for row in connection.execute(query)] + [_Link(0, BEGINNING)]
    return links[0], links[1] if len(links) > 1 else None


def _rows(connection: Connection, first: int, last: int) -> Iterator[tuple[Any, ...]]:
    """The entries in their order, as `_Row` has them."""
    is_sqlite = connection.dialect.name == "sqlite"
    newline = "char(10)" if is_sqlite else "chr(10)"
    lengths = " || ',' || ".join(f"length({_quoted(name)})" for name in TEXTS)
    texts = " || ".join(_quoted(name) for name in TEXTS)
    text = f"'{VERSION},' || id || ',' || at || ',' || previous_hash || {newline} || {lengths} || {newline} || {texts}"
    encoded = f"CAST({text} AS BLOB)" if is_sqlite else f"convert_to({text}, 'UTF8')"
    # What version 1 did not know must be empty, for its hash says nothing of it.
    is_old = "version = 1 AND " + " || ".join(_quoted(name) for name in _LATER) + " = ''"
    old = ", ".join(f"CASE WHEN {is_old} THEN {_quoted(n)} END" for n in ("at", "principal", "action", "subject", "detail"))
    sql = (
        f"SELECT id, version, previous_hash, hash, personal, CASE WHEN version = {VERSION} THEN {encoded} END, seal, sealed_by, {old} "
        f"FROM audit WHERE id BETWEEN {first:d} AND {last:d} ORDER BY id"
    )
    return _streamed(connection, sql)


def _streamed(connection: Connection, sql: str) -> Generator[tuple[Any, ...], None, None]:
    """The rows of a query as the driver gives them, a few thousand at a time: SQLAlchemy's rows would take longer than the hashing."""
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor() if connection.dialect.name == "sqlite" else driver.cursor(name=f"audit_{abs(hash(sql))}")
    try:
        cursor.execute(sql)
        while rows := cursor.fetchmany(_FETCHED):
            yield from rows
    finally:
        cursor.close()


class _Values:
    """The values beside the chain, read along with it; `waiting` is the entry of the next one."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    @property
    def waiting(self) -> float:
        """The entry that the next value stands beside; without end where there are no more."""
        return float("inf") if self._next is None else self._next[0]

    def hold_against(self, entry: int, personal: str, found: _Found) -> None:
        """Hold the values of an entry against their digests in it."""
        while self.waiting < entry:
            self._is_nobodys(found)
        digests = json.loads(personal) if personal else {}
        while self._next is not None and self._next[0] == entry:
            _, place, value, salt = self._next
            if place not in digests:
                found.add(entry, "value-inserted", f"the value '{place}' beside entry {entry} was inserted")
            elif digests[place] != value_digest(salt, value):
                found.add(entry, "value-changed", f"the value '{place}' beside entry {entry} was changed")
            self._next = next(self._rows, None)

    def finish(self, found: _Found) -> None:
        """Tell of values behind the last entry."""
        while self._next is not None:
            self._is_nobodys(found)

    def _is_nobodys(self, found: _Found) -> None:
        if self._next is not None:
            found.note(_orphan(self._next[0]))
        self._next = next(self._rows, None)


@contextmanager
def _values_of(connection: Connection, first: int, last: int) -> Iterator[_Values]:
    columns = ", ".join(c.name for c in audit_values.c)
    sql = f"SELECT {columns} FROM {audit_values.name} WHERE entry BETWEEN {first:d} AND {last:d} ORDER BY entry, place"
    rows = _streamed(connection, sql)
    try:
        yield _Values(rows)
    finally:
        rows.close()


def _values_of_nobody(connection: Connection, first: int, last: int) -> list[Fault]:
    """Values before the first entry and behind the last."""
    entry = audit_values.c.entry
    outside = sa.select(entry).where((entry < first) | (entry > last)).order_by(entry).limit(MOST_FAULTS)
    return [_orphan(number) for number in connection.execute(outside).scalars()]


def _orphan(entry: int) -> Fault:
    return Fault(entry, "value-inserted", f"a value stands beside entry {entry}, which is not there")


def _faults_of_addresses(connection: Connection) -> list[Fault]:
    """Addresses that are not those whose digests the chain holds, told at the first entry that holds one."""
    table, faults = audit_addresses, []
    for row in connection.execute(sa.select(table.c.digest, table.c.address, table.c.salt)):
        if row.digest != value_digest(row.salt, row.address):
            entry = connection.execute(sa.select(sa.func.min(audit.c.id)).where(audit.c.address == row.digest)).scalar() or 0
            faults.append(Fault(entry, "value-changed", f"the address beside entry {entry} was changed"))
    return faults


def _faults_of_seals(connection: Connection, found: Sequence[_Found]) -> list[Fault]:
    """Sealed entries for which no erasure in the chain vouches."""
    seals: dict[int, list[tuple[int, str]]] = {}
    for part in found:
        for by, pairs in part.seals.items():
            seals.setdefault(by, []).extend(pairs)
    faults = []
    for by, pairs in seals.items():
        detail = connection.execute(sa.select(audit.c.detail).where(audit.c.id == by)).scalar()
        if detail is None or json.loads(detail).get("sealed") != seal_digest(pairs):
            faults.append(Fault(pairs[0][0], "changed", f"entry {pairs[0][0]} was changed: the erasure {by} does not vouch for it"))
    return faults


def seal_digest(pairs: Sequence[tuple[int, str]]) -> str:
    """What the entry of an erasure holds of the entries of version 1 from which it took a name."""
    return hashlib.sha256("\n".join(f"{number}:{seal}" for number, seal in sorted(pairs)).encode()).hexdigest()


def _faults_of_anchors(connection: Connection, anchors: Sequence[Anchor]) -> list[Fault]:
    faults = []
    for kept in anchors:
        row = connection.execute(sa.select(audit.c.hash).where(audit.c.id == kept.entry)).first()
        count = connection.execute(sa.select(sa.func.count()).select_from(audit).where(audit.c.id <= kept.entry)).scalar()
        of = f"the anchor of {kept.at:%Y-%m-%d %H:%M} UTC"
        if row is None:
            faults.append(
                Fault(kept.entry, "cut", f"entry {kept.entry} is gone, which {of} names: the end of the trail was cut off")
            )
        elif row.hash != kept.hash:
            faults.append(
                Fault(kept.entry, "rewritten", f"entry {kept.entry} is another than {of} names: the trail was written anew")
            )
        elif count != kept.count:
            faults.append(Fault(kept.entry, "rewritten", f"{count} entries lead to entry {kept.entry}, {of} counted {kept.count}"))
    return faults


def _quoted(name: str) -> str:
    return f'"{name}"'


def _answer_asked() -> None:
    """Verify the segment that the first line of standard input names, and print what came of it."""
    url, first, last = json.loads(sys.stdin.readline())
    store = Store(url)
    found = _segment_here(store, first, last)
    store.dispose()
    print(json.dumps([found.entries, [asdict(fault) for fault in found.faults], found.seals]))


if __name__ == "__main__":
    _answer_asked()
