"""Tokens known by their digests, thousands a second: kept in memory for as long as nobody's access has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from metes.store import counters, users
from metes.store.engine import Store
from metes.store.users import Token, User

TOKENS_KEPT = 10_000
_QUERY = f"SELECT value FROM counters WHERE name = '{counters.ACCESS}'"


@dataclass(slots=True)
class KnownToken:
    """A token that holds, with its user, as it was when access had been changed so many times."""

    token: Token
    user: User
    access: int
    used_at: datetime | None

    def is_use_news(self, now: datetime, noted: timedelta) -> bool:
        """Whether its use is worth writing down again; asked, it is taken for written down."""
        if self.used_at is not None and now - self.used_at < noted:
            return False
        self.used_at = now
        return True


class TokenShelf:
    """Tokens by digest. Before each answer the database says whether anybody's access has changed: what is revoked is so at once."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, KnownToken] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, store: Store, digest: str, now: datetime) -> KnownToken | None:
        """The token of a digest where it holds: not revoked, not run out, its user not shut out."""
        access = _access(store)
        known = self._known.get(digest)
        if known is None or known.access != access:
            known = self._read(store, digest, now)
        if known is None or (known.token.expires_at is not None and known.token.expires_at <= now):
            return None
        return known

    def _read(self, store: Store, digest: str, now: datetime) -> KnownToken | None:
        with store.read() as connection:
            found = users.find_token(connection, digest, now)
            access = counters.value(connection, counters.ACCESS)
        with self._lock:
            before = self._known.pop(digest, None)
            if found is None:
                return None
            used = found[0].used_at if before is None else before.used_at
            known = self._known[digest] = KnownToken(*found, access, used)
            while len(self._known) > TOKENS_KEPT:
                self._known.popitem(last=False)
        return known


def _access(store: Store) -> int:
    """How many times anybody's access has been changed: one query past SQLAlchemy, whose transactions take ten times as long."""
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(_QUERY)
        row = cursor.fetchone()
        cursor.close()
        return int(row[0]) if row else 0
    finally:
        connection.close()
