"""Folds comparisons of one field with values, beside each other in the tree, into one list: 20,000 of them cost what one list costs."""

from __future__ import annotations

from collections.abc import Iterable

from metes.model.condition import And, Condition, Equals, In, Not, Or, Value


def folded(condition: Condition) -> Condition:
    """A condition of the same truth: equalities under an OR, and inequalities under an AND, are one list per field.

    An AND in an AND and an OR in an OR are one. Lists stand where the first of their comparisons stood. Linear in the condition's
    size.
    """
    match condition:
        case Not(part):
            return Not(folded(part))
        case And(parts):
            found = _joined(_flat(map(folded, parts), And), is_or=False)
            return found[0] if len(found) == 1 else And(tuple(found))
        case Or(parts):
            found = _joined(_flat(map(folded, parts), Or), is_or=True)
            return found[0] if len(found) == 1 else Or(tuple(found))
        case _:
            return condition


def _flat(parts: Iterable[Condition], kind: type[And] | type[Or]) -> list[Condition]:
    """The parts, those of an inner AND or OR of the same kind in its place."""
    out: list[Condition] = []
    for part in parts:
        if isinstance(part, kind):
            out.extend(part.parts)
        else:
            out.append(part)
    return out


def _joined(parts: Iterable[Condition], *, is_or: bool) -> list[Condition]:
    """Parts of an OR, or of an AND, those that compare one field with values, or rule values out, made one list."""
    values: dict[str, dict[Value, None]] = {}
    out: list[Condition | str] = []  # a field's name keeps the place of its list
    for part in parts:
        literal = part if is_or else part.part if isinstance(part, Not) else None
        match literal:
            case Equals(field, value):
                own: tuple[Value, ...] = (value,)
            case In(field, own):
                pass
            case _:
                out.append(part)
                continue
        if field not in values:
            values[field] = {}
            out.append(field)
        values[field].update(dict.fromkeys(own))
    return [_listed(part, tuple(values[part]), is_or=is_or) if isinstance(part, str) else part for part in out]


def _listed(field: str, values: tuple[Value, ...], *, is_or: bool) -> Condition:
    literal = Equals(field, values[0]) if len(values) == 1 else In(field, values)
    return literal if is_or else Not(literal)
