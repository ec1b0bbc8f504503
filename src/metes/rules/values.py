"""What values a field of each type may be compared with, and what they look like to people."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from metes.model.catalogue import Field, FieldType
from metes.model.condition import Value

# Larger numbers would not fit 64 bits as minor units, and finer ones are lost in a double.
LARGEST_NUMBER = 10**15
MAX_DECIMALS = 9

_NUMBER = re.compile(r"[+-]?\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_EXPECTED = {
    FieldType.TEXT: "text in single quotes",
    FieldType.CODE: "a code in single quotes",
    FieldType.INTEGER: "a whole number",
    FieldType.DECIMAL: "a number",
    FieldType.MONEY: "an amount in the reporting currency",
    FieldType.DATE: "a day such as '2024-03-14'",
    FieldType.BOOLEAN: "true or false",
}


def expected_value(field: Field) -> str:
    """What a field is compared with, in words."""
    return _EXPECTED[field.type]


def fits(value: Value, field: Field) -> bool:
    """Whether a field of this type can be compared with the value."""
    if isinstance(value, bool):
        return field.type is FieldType.BOOLEAN
    if isinstance(value, str):
        return field.type.is_text
    if isinstance(value, date):
        return field.type is FieldType.DATE
    if field.type is FieldType.INTEGER:
        return value == int(value) if is_in_bounds(value) else False
    return field.type.is_number and is_in_bounds(value)


def is_in_bounds(value: int | Decimal) -> bool:
    """Whether a number is finite, below 10^15 and has at most nine decimals."""
    number = Decimal(value)
    if not number.is_finite() or abs(number) >= LARGEST_NUMBER:
        return False
    return number.is_zero() or number == round(number, MAX_DECIMALS)


def parse_number(text: str) -> int | Decimal | None:
    """A number as it stands in a rule: whole ones as int, others as Decimal; None where the text is no number or out of bounds."""
    if _NUMBER.fullmatch(text) is None:
        return None
    number = Decimal(text.replace("_", ""))
    if not is_in_bounds(number):
        return None
    return int(number) if number == int(number) else number


def parse_day(text: str) -> date | None:
    """A day written as 2024-03-14; None for anything else."""
    if _DAY.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def suggestion(name: str, known: Iterable[str]) -> str:
    """A remedy that names what was probably meant, or what there is."""
    names = sorted(known)
    by_lower = {n.lower(): n for n in names}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {by_lower[close[0]]!r}?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"Known are: {shown}." if names else "There is none yet."
