"""The slow, obvious truth: whether a condition holds for one record, literal by literal.

A record maps field names to values as the accounts table holds them: text and codes as str, integers and money (minor units of
the reporting currency) as int, decimals as float, days as date, truth values as bool; None or an absent name is missing.
Money in the condition is in minor units too (`minor_units.in_minor_units`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metes.model.condition import (
    And,
    Condition,
    Everything,
    Not,
    Or,
)
from metes.rules.operators import Lists, passes

Record = Mapping[str, Any]


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
        case _:
            return passes(condition, record.get(condition.field), lists)


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
