"""Terms as rows of the rule editor's form: areas, distances, postal ranges, seasons and orders, of the account or of its family."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from metes.base.units import KM_PER_MILE
from metes.model.catalogue import FieldType
from metes.model.condition import Range
from metes.model.postal import postal_ends
from metes.model.terms import Distance, InArea, Month, OfFamily, Orders, OrdersMeasure, PostalOrder, Term, term_of
from metes.web.rule_node import FAMILY, Node, TooComplex, operators_of, term_kind

# The terms that a row offers, with their labels.
TERMS: Final = (
    ("term:area", "Area"),
    ("term:distance", "Distance to a point"),
    ("term:postal", "Range of postal areas"),
    ("term:month", "Month"),
    ("term:orders:count", "Number of orders"),
    ("term:orders:sum", "Amount of orders"),
    ("term:orders:recency", "Days since the last order"),
)
MORE: Final = ("point", "unit", "of", "which", "months")

_MEASURES = {OrdersMeasure.COUNT: "count", OrdersMeasure.SUM: "sum", OrdersMeasure.RECENCY: "days since last"}
_POINT = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*[,; ]\s*([+-]?\d+(?:\.\d+)?)\s*")


# --- from a condition ----------------------------------------------------------------------------------------------------


def postal_row(literal: Range, *, is_negated: bool) -> Node | None:
    """The row of a range of postal areas; None for another range."""
    family, term = _of_family(literal.field)
    ends = postal_ends(literal) if isinstance(term, PostalOrder) else None
    return Node("literal", f"{family}term:postal", "not from" if is_negated else "from", *ends) if ends else None


def term_row(row: Node, unit: str) -> Node:
    """A row that names a term by its canonical name, as the form shows it; `unit` is km or mi. The row itself for a plain field."""
    family, term = _of_family(row.field)
    if term is None:
        return row
    name = f"{family}{_row_field(term)}"
    is_offered = any(key == row.operator for key, _ in operators_of(name))
    if not is_offered or (isinstance(term, InArea) and row.value != "true"):
        raise TooComplex("It compares a term in a way that rows do not offer.")
    row = replace(row, field=name)
    match term:
        case InArea(area):
            return replace(row, value=area)
        case Distance():
            return _distance_row(row, term, unit)
        case Orders(_, months, product, of_family):
            of = "product" if product is not None else "family" if of_family is not None else ""
            return replace(row, more={"of": of, "which": product or of_family or "", "months": str(months or "")})
        case _:
            return row


def _row_field(term: Term) -> str:
    """What a term is called in the list of fields."""
    match term:
        case InArea():
            return "term:area"
        case Distance():
            return "term:distance"
        case Month():
            return "term:month"
        case Orders(measure):
            return f"term:orders:{measure.value}"
        case _:
            return "term:postal"


def _of_family(name: str) -> tuple[str, Term | None]:
    """What stands before a term, and the term; None for a plain field, also one of the family."""
    term = term_of(name)
    if not isinstance(term, OfFamily):
        return "", term
    inner = term_of(term.field)
    if isinstance(inner, OfFamily):
        raise TooComplex("It asks for the family of a family.")
    return (FAMILY, inner) if inner is not None else ("", None)


def _distance_row(row: Node, term: Distance, unit: str) -> Node:
    """Kilometres in the unit of the workspace where they read well in it, else as they are."""
    point = ", ".join(format(Decimal(repr(degrees)), "f").removesuffix(".0") for degrees in (term.latitude, term.longitude))
    values = [row.value, row.high]
    in_miles = [_miles(value) for value in values]
    if unit == "mi" and None not in in_miles:
        values = [value or "" for value in in_miles]
    else:
        unit = "km"
    return replace(row, value=values[0], high=values[1], more={"point": point, "unit": unit})


def _miles(km: str) -> str | None:
    """Kilometres in miles of at most three decimals; None where these would be another distance."""
    if not km:
        return ""
    miles = round(Decimal(km) / KM_PER_MILE, 3)
    text = format(miles, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if round(miles * KM_PER_MILE, 9) == Decimal(km) else None


# --- from a form ---------------------------------------------------------------------------------------------------------


def completed(row: Node, form: Mapping[str, Any], path: str) -> Node:
    """A row with what its term takes besides, from the form's fields of this path."""
    kind = term_kind(row.field)
    if not kind:
        return row
    offered = [key for key, _ in operators_of(row.field)]
    was_another = str(form.get(f"term:{path}", kind)) != kind
    row.operator = offered[0] if was_another or row.operator not in offered else row.operator
    row.more = {name: str(form.get(f"{name}:{path}", "")).strip() for name in MORE if f"{name}:{path}" in form}
    if kind == "month" and f"order:{path}" in form:
        ticked = [str(month) for month in range(1, 13) if f"month-{month}:{path}" in form]
        # As they stood in the rule: ticking nothing anew changes nothing.
        stood = [month for month in re.findall(r"\d+", str(form[f"order:{path}"])) if month in ticked]
        row.value = ", ".join(dict.fromkeys([*stood, *ticked]))
    return row


# --- to text -------------------------------------------------------------------------------------------------------------


def whole_text(row: Node) -> str | None:
    """The comparison of a term that has a form of its own, as rule text; None for all others."""
    family = row.field.startswith(FAMILY)
    negation = "not " if row.operator in ("!=", "not from") else ""
    match term_kind(row.field):
        case "area":
            return f"{'family ' if family else ''}{negation}in area {quoted(row.value)}"
        case "postal":
            return f"{FAMILY if family else ''}postal_code {negation}from {quoted(row.value)} to {quoted(row.high)}"
    return None


def subject_text(row: Node) -> str | None:
    """The term of a row as rule text, to be compared; None for a plain field."""
    family = FAMILY if row.field.startswith(FAMILY) else ""
    match term_kind(row.field):
        case "month":
            return f"{family}month"
        case "distance":
            point = _POINT.fullmatch(row.more.get("point", ""))
            return f"{family}distance to ({f'{point[1]}, {point[2]}' if point else quoted(row.more.get('point', ''))})"
        case "orders":
            return f"{family}orders {_orders_text(row)}"
    return None


def _orders_text(row: Node) -> str:
    measure = OrdersMeasure(row.field.rpartition(":")[2])
    of, which, months = (row.more.get(name, "") for name in ("of", "which", "months"))
    text = _MEASURES[measure]
    if of in ("product", "family"):
        text += f" of {'family ' if of == 'family' else ''}{quoted(which)}"
    if months:
        text += f" in last {months if months.isdecimal() else quoted(months)} months"
    return text


def type_of(row: Node) -> FieldType | None:
    """What a row's term is compared with; None for a plain field."""
    return {"month": FieldType.INTEGER, "distance": FieldType.DECIMAL, "orders": FieldType.DECIMAL}.get(term_kind(row.field))


def unit_of(row: Node) -> str:
    """The unit behind a row's numbers, a blank before it; empty where they have none."""
    unit = row.more.get("unit", "") if term_kind(row.field) == "distance" else ""
    return f" {unit}" if unit in ("km", "mi") else ""


def quoted(text: str) -> str:
    """Text as it stands in a rule."""
    return "'" + text.replace("'", "''") + "'"
