"""When the same plan and the same data make something else of an account: pins begin and end, and some terms go with the day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from metes.model.plan import Plan
from metes.model.terms import Month, OfFamily, Orders, Term, depends_on_day, term_of

# The one field that is a sum over the last twelve months.
REVENUE = "revenue_12m"


def turns_between(name: str, before: date, after: date) -> bool:
    """Whether a field or a term may have other values on one day than on another, even where no data change."""
    if not _goes_with_day(name) or before == after:
        return False
    return not _is_month(name) or before.month != after.month


def field_under(name: str) -> str:
    """The field or term that a name asks for, of the account itself or of the topmost one above it."""
    term = term_of(name)
    inner = _innermost(term) if term is not None else name
    return inner if isinstance(inner, str) else inner.name


def asks_orders(name: str) -> bool:
    """Whether a field or a term is worked out from orders."""
    term = term_of(name)
    inner = _innermost(term) if term is not None else name
    return inner == REVENUE or isinstance(inner, Orders)


def asks_revenue(name: str) -> bool:
    """Whether a field or a term is the revenue of the last twelve months, which a Book has as of its own day alone."""
    return field_under(name) == REVENUE


def asks_kin(name: str) -> bool:
    """Whether a field or a term depends on the accounts above the account."""
    return name in ("parent", "family") or isinstance(term_of(name), OfFamily)


def next_turn(plan: Plan, names: Iterable[str], today: date) -> date | None:
    """The first day after today on which a pin or an exclusion begins or ends, or a field that the rules ask for goes with the day."""
    days = [day for pin in plan.pins for day in (pin.period.start, pin.period.end) if day is not None]
    tomorrow = today + timedelta(days=1)
    days += [_next_month(today) if _is_month(name) else tomorrow for name in names if _goes_with_day(name)]
    return min((day for day in days if day > today), default=None)


def _goes_with_day(name: str) -> bool:
    term = term_of(name)
    return name == REVENUE if term is None else depends_on_day(term) or _innermost(term) == REVENUE


def _is_month(name: str) -> bool:
    term = term_of(name)
    return term is not None and isinstance(_innermost(term), Month)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _innermost(term: Term) -> Term | str:
    """What a term of the family asks of the topmost account: a term, or the name of a field."""
    while isinstance(term, OfFamily):
        inner = term_of(term.field)
        if inner is None:
            return term.field
        term = inner
    return term
