"""Formulas over tests of fields: what an account must pass, and what a search for one can answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from metes.rules.field_test import FieldTest
from metes.rules.prove_cells import meet

Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class All:
    """Holds when every part holds; of no parts always."""

    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """Holds when some part holds; of no parts never."""

    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class No:
    """Holds when its part does not."""

    part: Formula


Formula: TypeAlias = FieldTest | All | Some | No


@dataclass(frozen=True, slots=True)
class Found:
    """An account of which the formula holds, as the fields it says something about; None stands for a missing value."""

    values: Values


@dataclass(frozen=True, slots=True)
class Impossible:
    """No account."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """Not known; `why` says what stood in the way."""

    why: str


Answer: TypeAlias = Found | Impossible | Undecided


@dataclass(frozen=True, slots=True)
class Budget:
    """How much work one question may cost: conflicts and propagations of the solver, which unlike time give the same answer always."""

    conflicts: int = 2_000
    propagations: int = 400_000


def formula_holds(formula: Formula, record: Values) -> bool:
    """Whether a formula holds of a record."""
    match formula:
        case All(parts):
            return all(formula_holds(part, record) for part in parts)
        case Some(parts):
            return any(formula_holds(part, record) for part in parts)
        case No(part):
            return not formula_holds(part, record)
        case _:
            return formula.holds(record.get(formula.field))


def tests_in(formula: Formula) -> Iterator[FieldTest]:
    """Every test of a formula."""
    stack = [formula]
    while stack:
        node = stack.pop()
        if isinstance(node, All | Some):
            stack.extend(node.parts)
        elif isinstance(node, No):
            stack.append(node.part)
        else:
            yield node


def asserted(formula: Formula) -> dict[str, FieldTest]:
    """What a formula asks of each field at once, whatever else holds; Contradiction where that is nothing."""
    out: dict[str, FieldTest] = {}
    stack = [formula]
    while stack:
        node = stack.pop()
        if isinstance(node, All):
            stack.extend(node.parts)
        elif isinstance(node, FieldTest):
            known = out.get(node.field)
            out[node.field] = node.settled() if known is None else meet(known, node)
    return out
