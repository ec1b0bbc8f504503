"""What values a field of each type may be compared with, and what they look like to people."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from metes.base.units import KM_PER_MILE
from metes.model.catalogue import Field, FieldType
from metes.model.condition import Value
from metes.model.terms import Distance, Month
from metes.rules.printer import describe
from metes.rules.term_text import innermost

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
    """What a field or term is compared with, in words."""
    if _is_month(field):
        return "a month from 1 to 12"
    return "a number of km or mi" if is_distance(field) else _EXPECTED[field.type]


def named(name: str) -> str:
    """A field in quotes, or a term as one writes it, for a message."""
    return repr(name) if innermost(name) is None else describe(name)


def is_distance(field: Field | None) -> bool:
    """Whether a field is a distance in kilometres, of the account or of its family."""
    return field is not None and field.type is FieldType.DECIMAL and isinstance(innermost(field.name), Distance)


def _is_month(field: Field) -> bool:
    return field.type is FieldType.INTEGER and isinstance(innermost(field.name), Month)


def kilometres(number: int | Decimal, unit: str) -> int | Decimal:
    """A distance in `km`, `mi` or (empty) km as kilometres, to nine decimals; a whole number as int."""
    if unit != "mi":
        return number
    km = round(Decimal(number) * KM_PER_MILE, MAX_DECIMALS)
    return int(km) if km == int(km) else km.normalize()


def fits(value: Value, field: Field) -> bool:
    """Whether a field of this type can be compared with the value."""
    if isinstance(value, bool):
        return field.type is FieldType.BOOLEAN
    if isinstance(value, str):
        return field.type.is_text
    if isinstance(value, date):
        return field.type is FieldType.DATE
    if field.type is FieldType.INTEGER:
        return is_in_bounds(value) and value == int(value) and (1 <= value <= 12 or not _is_month(field))
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


# How a term is written, by the word that one may begin it with.
_TERMS = {
    "area": "Write: in area 'rockies'.",
    "distance": "Write: distance to (39.75, -104.99) <= 50 km.",
    "orders": "Write: orders count of 'GTX-PRO' in last 6 months >= 3.",
}


def field_suggestion(name: str, fields: Mapping[str, Field]) -> str:
    """A remedy for a field that is not there, also for one of the family."""
    if name.lower() in _TERMS:
        return _TERMS[name.lower()]
    of_family = name.removeprefix("family.")
    if of_family != name:
        return suggestion(name, [f"family.{field}" for field in fields])
    return suggestion(name, [*fields, Month().name])


def suggestion(name: str, known: Iterable[str]) -> str:
    """A remedy that names what was probably meant, or what there is."""
    names = sorted(known)
    by_lower = {n.lower(): n for n in names}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {by_lower[close[0]]!r}?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"Known are: {shown}." if names else "There is none yet."
