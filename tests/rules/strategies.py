"""Generated fields, values, records and conditions for the property tests of the rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from metes.model.catalogue import Field, FieldType
from metes.model.condition import (
    EVERYTHING,
    And,
    Condition,
    Contains,
    Equals,
    In,
    InList,
    Missing,
    Not,
    Or,
    Prefix,
    Range,
)
from metes.model.plan import NamedList

FIELDS = {
    f.name: f
    for f in (
        Field("id", FieldType.CODE),
        Field("name", FieldType.TEXT),
        Field("code", FieldType.CODE),
        Field("employees", FieldType.INTEGER),
        Field("score", FieldType.DECIMAL),
        Field("revenue", FieldType.MONEY),
        Field("since", FieldType.DATE),
        Field("is_partner", FieldType.BOOLEAN),
        Field("in", FieldType.TEXT),
    )
}
CURRENCY = "USD"

_TEXTS = ["", "a", "ab", "abc", "b", "B", "it's", "''", "é", "日本", "a b", "%", "_", "\U0001f600", '"', "ABC"]
_CODES = ["", "A", "AB", "ABC", "B", "80", "802", "80202", "80300", "É", "O'X"]
_MONEY = [Decimal("10.5"), Decimal("0.01"), Decimal("10.005"), Decimal("-3")]
VALUES: dict[FieldType, list[Any]] = {
    FieldType.TEXT: _TEXTS,
    FieldType.CODE: _CODES,
    FieldType.INTEGER: [-5, -1, 0, 1, 2, 9, 10, 11, 1000],
    FieldType.DECIMAL: [-1, 0, 1, 2, 10, Decimal("0.1"), Decimal("0.3"), Decimal("-2.75"), Decimal("10.000000001")],
    FieldType.MONEY: [0, 1, 2, 10, 11, *_MONEY],
    FieldType.DATE: [date(1, 1, 1), date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(9999, 12, 31)],
    FieldType.BOOLEAN: [True, False],
}
LISTS = {
    "small": NamedList("small", ("A", "80202", "abc", "")),
    "other": NamedList("other", ("A", "B", "ab", "it's")),
    "long": NamedList("long", ("80202", "AB", *(f"Z{i:04d}" for i in range(400)))),
}


def field_values(field: Field) -> st.SearchStrategy[Any]:
    """A value that a rule may compare the field with."""
    return st.sampled_from(VALUES[field.type])


@st.composite
def literals(draw: st.DrawFn, fields: dict[str, Field] = FIELDS) -> Condition:
    """One comparison that the field's type allows."""
    field = draw(st.sampled_from(sorted(fields.values(), key=lambda f: f.name)))
    value = field_values(field)
    kinds = ["equals", "in", "missing"]
    if field.type is not FieldType.BOOLEAN:
        kinds += ["low", "high", "range", "range"]
    if field.type.is_text:
        kinds += ["prefix", "contains", "list", "long-in"]
    match draw(st.sampled_from(kinds)):
        case "equals":
            return Equals(field.name, draw(value))
        case "in":
            return In(field.name, tuple(draw(st.lists(value, min_size=1, max_size=5, unique=True))))
        case "missing":
            return Missing(field.name)
        case "low":
            return Range(field.name, low=draw(value), includes_low=draw(st.booleans()))
        case "high":
            return Range(field.name, high=draw(value), includes_high=draw(st.booleans()))
        case "range":
            return Range(field.name, draw(value), draw(value), draw(st.booleans()), draw(st.booleans()))
        case "prefix":
            return Prefix(field.name, draw(value))
        case "contains":
            return Contains(field.name, draw(value))
        case "list":
            return InList(field.name, draw(st.sampled_from(sorted(LISTS))))
        case _:
            some = draw(st.lists(value, min_size=1, max_size=4, unique=True))
            return In(field.name, tuple(dict.fromkeys([*some, *(f"L{i}" for i in range(300))])))


def conditions(max_leaves: int = 8, fields: dict[str, Field] = FIELDS) -> st.SearchStrategy[Condition]:
    """A condition of several levels."""

    def extended(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, min_size=2, max_size=4).map(tuple)
        return st.one_of(parts.map(And), parts.map(And), parts.map(Or), inner.map(Not))

    return st.recursive(st.one_of(literals(fields), literals(fields), st.just(EVERYTHING)), extended, max_leaves=max_leaves)


def stored_values(field: Field) -> st.SearchStrategy[Any]:
    """A value of the field as the accounts table holds it."""
    values: list[Any] = list(VALUES[field.type])
    if field.type is FieldType.DECIMAL:
        values = [float(v) for v in values]
    elif field.type is FieldType.MONEY:
        values = [-300, 0, 1, 2, 100, 200, 1000, 1001, 1049, 1050, 1100]
    elif field.type is FieldType.TEXT:
        values += ["abc\0", "A", "80202", "Ab"]
    elif field.type is FieldType.CODE:
        values += ["Z0007", "L12", "9"]
    return st.sampled_from(values)


def records() -> st.SearchStrategy[dict[str, Any]]:
    """An account with any of its fields missing."""
    return st.fixed_dictionaries({name: st.none() | stored_values(field) for name, field in FIELDS.items()})
