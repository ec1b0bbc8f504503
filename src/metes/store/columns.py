"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    if moment.tzinfo is None:
        raise ValueError(f"expected an instant with a time zone, got {moment!r}")
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The UTC instant of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def anywhere(word: str) -> str:
    """The pattern of LIKE, with a backslash as its escape, that finds a word wherever it stands in a text."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC instant, kept as microseconds since 1970 so that both databases order and compare it alike."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """To microseconds."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        """From microseconds."""
        return None if value is None else from_micros(int(value))
