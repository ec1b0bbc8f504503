"""The typed tree of a rule's condition: the stored truth, of which text and form are two editors.

Logic is two-valued: a literal about a missing value is false, and `Not` flips it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

MAX_DEPTH = 100
MAX_VALUES = 100_000

Value = str | int | Decimal | bool | date


@dataclass(frozen=True, slots=True)
class Everything:
    """Holds for every account."""


@dataclass(frozen=True, slots=True)
class And:
    """Holds when every part holds; needs at least one part."""

    parts: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("an 'and' needs at least 1 part, got 0")


@dataclass(frozen=True, slots=True)
class Or:
    """Holds when some part holds; needs at least one part."""

    parts: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("an 'or' needs at least 1 part, got 0")


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when its part does not."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Equals:
    """Field = value."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class In:
    """Field is one of the values; the values are distinct and at least one."""

    field: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError(f"'{self.field} in (...)' needs at least 1 value, got 0")


@dataclass(frozen=True, slots=True)
class InList:
    """Field is one of the values of a named list of the plan."""

    field: str
    list: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """Text field starts with the prefix."""

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Contains:
    """Text field contains the text."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Range:
    """Field between two ends, by number, by date, or for text by code point; None leaves a side open."""

    field: str
    low: Value | None = None
    high: Value | None = None
    includes_low: bool = True
    includes_high: bool = True

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError(f"a range on '{self.field}' needs a low or a high end, got neither")


@dataclass(frozen=True, slots=True)
class Missing:
    """Field has no value."""

    field: str


Literal = Equals | In | InList | Prefix | Contains | Range | Missing
Condition = Everything | And | Or | Not | Literal

EVERYTHING = Everything()


def literals(condition: Condition) -> Iterator[Literal]:
    """Every literal of a condition, left to right, without recursion."""
    stack: list[Condition] = [condition]
    while stack:
        node = stack.pop()
        if isinstance(node, And | Or):
            stack.extend(reversed(node.parts))
        elif isinstance(node, Not):
            stack.append(node.part)
        elif not isinstance(node, Everything):
            yield node


def depth(condition: Condition) -> int:
    """How many levels of AND, OR and NOT stand above the deepest literal."""
    deepest, stack = 0, [(condition, 0)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        if isinstance(node, And | Or):
            stack.extend((part, level + 1) for part in node.parts)
        elif isinstance(node, Not):
            stack.append((node.part, level + 1))
    return deepest


def to_json(condition: Condition) -> list[Any]:
    """The condition as nested lists for storage; `from_json` reads it back equal."""
    match condition:
        case Everything():
            return ["everything"]
        case And(parts):
            return ["and", *map(to_json, parts)]
        case Or(parts):
            return ["or", *map(to_json, parts)]
        case Not(part):
            return ["not", to_json(part)]
        case Equals(field, value):
            return ["=", field, _value_to_json(value)]
        case In(field, values):
            return ["in", field, *map(_value_to_json, values)]
        case InList(field, name):
            return ["in-list", field, name]
        case Prefix(field, prefix):
            return ["prefix", field, prefix]
        case Contains(field, text):
            return ["contains", field, text]
        case Range(field, low, high, includes_low, includes_high):
            ends = [None if end is None else _value_to_json(end) for end in (low, high)]
            return ["range", field, *ends, includes_low, includes_high]
        case Missing(field):
            return ["missing", field]


def from_json(data: Any, level: int = 0) -> Condition:
    """The condition of nested lists as `to_json` wrote them; ValueError where the form is another or too deep."""
    if level > MAX_DEPTH:
        raise ValueError(f"a condition may nest {MAX_DEPTH} levels, this one has more; split the rule")
    match data:
        case ["everything"]:
            return EVERYTHING
        case ["and", *parts]:
            return And(tuple(from_json(part, level + 1) for part in parts))
        case ["or", *parts]:
            return Or(tuple(from_json(part, level + 1) for part in parts))
        case ["not", part]:
            return Not(from_json(part, level + 1))
        case ["=", str(field), value]:
            return Equals(field, _value_from_json(value))
        case ["in", str(field), *values]:
            return In(field, tuple(map(_value_from_json, values)))
        case ["in-list", str(field), str(name)]:
            return InList(field, name)
        case ["prefix", str(field), str(prefix)]:
            return Prefix(field, prefix)
        case ["contains", str(field), str(text)]:
            return Contains(field, text)
        case ["range", str(field), low, high, bool(includes_low), bool(includes_high)]:
            ends = [None if end is None else _value_from_json(end) for end in (low, high)]
            return Range(field, ends[0], ends[1], includes_low, includes_high)
        case ["missing", str(field)]:
            return Missing(field)
        case _:
            raise ValueError(f"expected a condition such as ['=', 'country', 'US'], got {str(data)[:80]}")


def _value_to_json(value: Value) -> Any:
    if isinstance(value, Decimal):
        # Equal values are written alike, so that a plan which went through text keeps its hashes.
        return int(value) if value == value.to_integral_value() else {"decimal": format(value.normalize(), "f")}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


def _value_from_json(value: Any) -> Value:
    match value:
        case {"decimal": str(text)}:
            return Decimal(text)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case str() | bool() | int():
            return value
        case _:
            raise ValueError(f"expected a text, number, date or truth value, got {str(value)[:40]}")
