"""Prints a condition as the text that `parse` reads back equal."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from metes.model.condition import (
    And,
    Condition,
    Contains,
    Equals,
    Everything,
    In,
    InList,
    Missing,
    Not,
    Or,
    Prefix,
    Range,
    Value,
)
from metes.model.postal import postal_ends
from metes.model.terms import Distance, InArea, PostalOrder
from metes.rules.term_text import innermost, postal_field, quoted, term_text

KEYWORDS: Final = frozenset(
    "above and below between contains everything false in is list missing not or starts true with".split()  # noqa: SIM905
)
_PLAIN_NAME = re.compile(r"[^\W\d][\w.]*")


def to_text(condition: Condition) -> str:
    """The condition in the rule language, with as few parentheses as keep its tree."""
    match condition:
        case Everything():
            return "everything"
        case And(parts):
            return " and ".join(_inside(part, And) if len(parts) > 1 else to_text(part) for part in parts)
        case Or(parts):
            return " or ".join(_inside(part, Or) if len(parts) > 1 else to_text(part) for part in parts)
        case Not(part):
            return _negated(part)
        case _:
            return _literal(condition, "")


def _inside(part: Condition, outer: type[And] | type[Or]) -> str:
    """A part of an AND or OR, in parentheses where it binds less tightly than or like the outer one."""
    part = _unwrapped(part)
    needs_parentheses = isinstance(part, Or) or (outer is And and isinstance(part, And))
    return f"({to_text(part)})" if needs_parentheses else to_text(part)


def _unwrapped(part: Condition) -> Condition:
    """The part without an AND or OR of one part around it."""
    while isinstance(part, And | Or) and len(part.parts) == 1:
        part = part.parts[0]
    return part


def _negated(part: Condition) -> str:
    part = _unwrapped(part)
    match part:
        case And() | Or():
            return f"not ({to_text(part)})"
        case Everything() | Not():
            return f"not {to_text(part)}"
        case Equals(field, value) if value is not True or not isinstance(innermost(field), InArea):
            return f"{describe(field)} != {_value(field, value)}"
        case Range(low=low, high=high) if low is None or high is None:
            return f"not {_literal(part, '')}"
        case _:
            return _literal(part, "not ")


def _literal(literal: Condition, negation: str) -> str:
    match literal:
        case Equals(field, value):
            if value is True and isinstance(innermost(field), InArea):
                return describe(field).replace("in area ", f"{negation}in area ", 1)
            return f"{describe(field)} = {_value(field, value)}"
        case In(field, values):
            return f"{describe(field)} {negation}in ({', '.join(_value(field, value) for value in values)})"
        case InList(field, name):
            return f"{describe(field)} {negation}in list {value_text(name)}"
        case Prefix(field, prefix):
            return f"{describe(field)} {negation}starts with {value_text(prefix)}"
        case Contains(field, text):
            return f"{describe(field)} {negation}contains {value_text(text)}"
        case Missing(field):
            return f"{describe(field)} is {negation}missing"
        case Range():
            return _range(literal, negation)
        case _:
            raise TypeError(f"expected a literal, got {type(literal).__name__}")


def _range(literal: Range, negation: str) -> str:
    field, low, high = literal.field, literal.low, literal.high
    if isinstance(innermost(field), PostalOrder):
        ends = postal_ends(literal)
        if ends is not None:
            return f"{postal_field(field)} {negation}from {quoted(ends[0])} to {quoted(ends[1])}"
    if low is not None and high is not None:
        above = "" if literal.includes_low else "above "
        below = "" if literal.includes_high else "below "
        return f"{describe(field)} {negation}between {above}{_value(field, low)} and {below}{_value(field, high)}"
    if low is not None:
        return f"{describe(field)} {'>=' if literal.includes_low else '>'} {_value(field, low)}"
    if high is not None:
        return f"{describe(field)} {'<=' if literal.includes_high else '<'} {_value(field, high)}"
    raise ValueError(f"a range on '{field}' needs a low or a high end, got neither")


@lru_cache(maxsize=4096)
def describe(name: str) -> str:
    """A field or term as one writes it in a rule; a field in double quotes where it would be taken for something else."""
    text = term_text(name)
    if text is not None:
        return text
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def _value(field: str, value: Value) -> str:
    """A value with the unit of its field."""
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return f"{value_text(value)} km" if is_number and isinstance(innermost(field), Distance) else value_text(value)


def value_text(value: Value) -> str:
    """A value as it stands in a rule."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, date):
        return f"'{value.isoformat()}'"
    return quoted(value)
