"""Rows for any table, made from the types of its columns."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from metes.store.columns import Instant

FIRST_DAY = date(2024, 1, 1)
FIRST_MOMENT = datetime(2024, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
ODD_TEXTS = ["plain", 'it\'s "quoted"', "100 % \\ _", "Ü日本\U0001f600", "two\nlines", "a\tb,c;d"]


def row_of(table: sa.Table, number: int, **given: Any) -> dict[str, Any]:
    """A row that differs from those of other numbers in each column; `given` values stand as they are."""
    return {column.name: given.get(column.name, value_of(column, number)) for column in table.columns}


def value_of(column: sa.Column[Any], number: int) -> Any:
    """A value of the column's type; every third one is missing where it may be."""
    if column.nullable and number % 3 == 0:
        return None
    kind = column.type
    if isinstance(kind, Instant):
        return FIRST_MOMENT + timedelta(days=number, microseconds=number)
    if isinstance(kind, sa.Boolean):
        return number % 2 == 0
    if isinstance(kind, sa.Date):
        return FIRST_DAY + timedelta(days=number)
    if isinstance(kind, sa.Float):
        return number + 0.1
    if isinstance(kind, sa.SmallInteger):
        return number
    if isinstance(kind, sa.Integer):
        return number if column.primary_key else 10**12 + number if isinstance(kind, sa.BigInteger) else 1000 + number
    text = f"{number} {ODD_TEXTS[number % len(ODD_TEXTS)]}"
    return text if isinstance(kind, sa.Text) or kind.length is None else text[: kind.length]  # type: ignore[attr-defined]
