"""How a term is written in a rule: `distance to (39.75, -104.99)`, `orders count of 'GTX' in last 6 months`, `in area 'rockies'`."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final

from metes.model.terms import Distance, InArea, OfFamily, Orders, OrdersMeasure, PostalOrder, Term, term_of

MEASURE_WORDS: Final = {OrdersMeasure.COUNT: "count", OrdersMeasure.SUM: "sum", OrdersMeasure.RECENCY: "days since last"}


@lru_cache(maxsize=4096)
def innermost(name: str) -> Term | None:
    """The term of a canonical name, within any number of families; None for a plain field."""
    term = term_of(name)
    while isinstance(term, OfFamily):
        term = term_of(term.field)
    return term


@lru_cache(maxsize=4096)
def term_text(name: str) -> str | None:
    """A term as one writes it; None where the name is that of a plain field, or is written as one."""
    match term_of(name):
        case InArea(area):
            return f"in area {quoted(area)}"
        case Distance(latitude, longitude):
            return f"distance to ({_degrees(latitude)}, {_degrees(longitude)})"
        case Orders() as orders:
            return _orders_text(orders)
        case OfFamily(inner):
            text = term_text(inner)
            if text is None:
                return None
            # The topmost account's membership reads `family in area 'rockies'`.
            return f"family {text}" if text.startswith("in area ") else f"family.{text}"
        case _:
            return None


def _degrees(value: float) -> str:
    """A coordinate without an exponent, that reads back to the same number."""
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def _orders_text(orders: Orders) -> str:
    text = f"orders {MEASURE_WORDS[orders.measure]}"
    if orders.product is not None:
        text += f" of {quoted(orders.product)}"
    if orders.family is not None:
        text += f" of family {quoted(orders.family)}"
    if orders.months is not None:
        text += f" in last {orders.months} month{'s' if orders.months > 1 else ''}"
    return text


def postal_field(name: str) -> str:
    """The field whose codes a postal order compares, as one writes it: `postal_code`, `family.postal_code`."""
    return name.removesuffix(PostalOrder().name) + "postal_code"


def quoted(text: str) -> str:
    """Text in single quotes, a quote inside doubled."""
    return "'" + text.replace("'", "''") + "'"
