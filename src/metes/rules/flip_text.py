"""Says a change of one field in words: `with employees 1000 instead of 240`, `within 50 km of 39.75, -104.99`, `in November`."""

from __future__ import annotations

import calendar
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from metes.base.money import from_minor
from metes.model.catalogue import Field, FieldType
from metes.model.postal import postal_text
from metes.model.terms import Distance, InArea, Month, OfFamily, Orders, OrdersMeasure, PostalOrder, term_of
from metes.rules.flips import Flip
from metes.rules.printer import describe, value_text


def phrase(flip: Flip, fields: Mapping[str, Field], currency: str) -> str:
    """A change as it stands behind "it would go there"; amounts in the reporting currency."""
    return _phrase(flip.field, flip.before, flip.change.value, flip.change.is_other, fields[flip.field], currency)


def _phrase(name: str, before: Any, after: Any, is_other: bool, field: Field, currency: str) -> str:
    match term_of(name):
        case OfFamily(inner):
            return f"{_phrase(inner, before, after, is_other, field, currency)} at the top of its family"
        case Month():
            return f"in {calendar.month_name[after]}"
        case InArea(area):
            return f"{'inside' if after else 'outside'} the area {value_text(area)}"
        case Distance(latitude, longitude):
            return _distance(f"{latitude}, {longitude}", before, after)
        case PostalOrder():
            return _plain("postal_code", _postal(before), _postal(after), False)
        case Orders() as orders:
            return _orders(name, orders, before, after, currency)
        case _:
            values = (before, after)
            if field.type is FieldType.MONEY:
                values = (_amount(before, currency), _amount(after, currency))
            return _plain(name, *values, is_other)


def _plain(name: str, before: Any, after: Any, is_other: bool) -> str:
    """A change of a plain field."""
    was = "" if before is None else f" instead of {_text(before)}"
    if is_other:
        return f"with a value of {describe(name)} that no rule names{was}"
    if after is None:
        return f"without {describe(name)}{was}"
    edge = _edge(after)
    return f"with {describe(name)} {edge or _text(after)}{was}"


def _distance(point: str, before: float | None, after: float) -> str:
    """A change of how far the account's place lies from a point."""
    nearby = _round_end(after)
    is_within = before is None or after < before
    was = f" instead of {before:.1f} km away" if before is not None else ""
    return f"{'within' if is_within else 'more than'} {_text(nearby)} km {'of' if is_within else 'from'} {point}{was}"


def _postal(key: str | None) -> str | None:
    """A postal code by its key of order."""
    return None if key is None else postal_text(key) or key


def _orders(name: str, orders: Orders, before: Any, after: Any, currency: str) -> str:
    """A change of what an account ordered."""
    if orders.measure is OrdersMeasure.SUM:
        return f"with {describe(name)} {_text(_amount(after, currency))} instead of {_text(_amount(before, currency))}"
    if orders.measure is OrdersMeasure.RECENCY or before is None:
        return _plain(name, before, after, False)
    more = after - before
    word = "order" if abs(more) == 1 else "orders"
    return f"with {abs(more):,} {word} {'more' if more > 0 else 'fewer'}: {describe(name)} {after} instead of {before}"


def _amount(minor: Any, currency: str) -> Any:
    return None if minor is None else from_minor(minor, currency)


def _text(value: Any) -> str:
    """A value for people: whole numbers as they are, decimals without needless zeros, days and texts in quotes as rules have them."""
    if isinstance(value, float):
        return value_text(Decimal(repr(value)))
    return value_text(value)


def _edge(value: Any) -> str:
    """`below 0.5` for the double just below 0.5, `above 0.5` for the one just above it; empty for other values."""
    if not isinstance(value, float):
        return ""
    end = _round_end(value)
    return "" if end == value else f"{'below' if value < end else 'above'} {_text(end)}"


def _round_end(value: float) -> float:
    """The number beside which a double lies, where that one is much shorter to write; else the double itself."""
    beside = min((math.nextafter(value, way) for way in (math.inf, -math.inf)), key=lambda v: len(repr(v)))
    return beside if len(repr(beside)) + 4 < len(repr(value)) else value
