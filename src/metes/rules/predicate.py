"""The slow, obvious truth: whether a condition holds for one record, literal by literal.

A record maps field names to values as the accounts table holds them: text and codes as str, integers and money (minor units of
the reporting currency) as int, decimals as float, days as date, truth values as bool; None or an absent name is missing.
Money in the condition is in minor units too (`minor_units.in_minor_units`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

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
)
from metes.model.plan import NamedList

Record = Mapping[str, Any]
Lists = Mapping[str, NamedList]


def holds(condition: Condition, record: Record, lists: Lists) -> bool:
    """Whether the condition holds for the record; a literal about a missing value is false, and NOT flips it."""
    match condition:
        case Everything():
            return True
        case And(parts):
            return all(holds(part, record, lists) for part in parts)
        case Or(parts):
            return any(holds(part, record, lists) for part in parts)
        case Not(part):
            return not holds(part, record, lists)
        case Missing(field):
            return record.get(field) is None
        case _:
            value = record.get(condition.field)
            return value is not None and _compares(condition, value, lists)


def _compares(literal: Equals | In | InList | Prefix | Contains | Range, value: Any, lists: Lists) -> bool:
    """Whether a literal holds for a value that is there."""
    match literal:
        case Equals(_, wanted):
            return bool(value == like(wanted, value))
        case In(_, values):
            return any(value == like(wanted, value) for wanted in values) if isinstance(value, float) else value in values
        case InList(_, name):
            return value in lists[name].values
        case Prefix(_, prefix):
            return bool(value.startswith(prefix))
        case Contains(_, text):
            return text in value
        case Range(_, low, high, includes_low, includes_high):
            if low is not None and (value < like(low, value) or (value == like(low, value) and not includes_low)):
                return False
            return high is None or bool(value < like(high, value) or (value == like(high, value) and includes_high))


def like(wanted: Any, value: Any) -> Any:
    """A number of a rule as the record's number is: decimals of a rule are rounded to a double where the record holds doubles."""
    return float(wanted) if isinstance(value, float) and isinstance(wanted, Decimal) else wanted


def deciding(condition: Condition, record: Record, lists: Lists) -> tuple[Condition, ...]:
    """The literals, plain or under a NOT, that decide what the condition gives for the record, left to right.

    Where it holds: all that had to hold (of an OR those of its first part that holds). Where it fails: the first that failed (of
    an OR that of the part in which the most literals held). Empty where no literal decides.
    """
    return tuple(_deciding(condition, record, lists, holds(condition, record, lists), True))


def _deciding(node: Condition, record: Record, lists: Lists, wanted: bool, positive: bool) -> list[Condition]:
    match node:
        case Everything():
            return []
        case Not(part):
            return _deciding(part, record, lists, not wanted, not positive)
        case And(parts) | Or(parts):
            if isinstance(node, And) == wanted:
                nested = [_deciding(part, record, lists, wanted, positive) for part in parts]
                if wanted == positive:
                    return [literal for group in nested for literal in group]
                shares = [_held_share(part, record, lists, positive) for part in parts]
                return nested[shares.index(max(shares))]
            return _deciding(next(p for p in parts if holds(p, record, lists) == wanted), record, lists, wanted, positive)
        case _:
            return [node if positive else Not(node)]


def _held_share(part: Condition, record: Record, lists: Lists, positive: bool) -> float:
    """The share of a part's own direct parts that give what was wanted of it."""
    parts = part.parts if isinstance(part, And | Or) else (part,)
    return sum(holds(p, record, lists) == positive for p in parts) / len(parts)
