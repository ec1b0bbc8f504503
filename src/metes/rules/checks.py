"""Checks a condition, also one that never was text, against the field catalogue and the plan's lists."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from metes.base.findings import Finding, Place, Severity
from metes.model.catalogue import Field, FieldType
from metes.model.condition import (
    MAX_DEPTH,
    MAX_VALUES,
    Condition,
    Contains,
    Equals,
    In,
    InList,
    Literal,
    Missing,
    Prefix,
    Range,
    Value,
    depth,
    literals,
)
from metes.model.plan import NamedList
from metes.model.terms import InArea
from metes.rules.field_test import Contradiction
from metes.rules.minor_units import scaled
from metes.rules.normal import Raw, disjuncts, merged
from metes.rules.printer import to_text
from metes.rules.term_text import innermost
from metes.rules.values import MAX_DECIMALS, expected_value, field_suggestion, fits, named, suggestion

_SELECTIVE: Final = (Equals, In, InList, Prefix, Contains, Range)
_SHOWN = 120


def check_condition(
    condition: Condition,
    fields: Mapping[str, Field],
    lists: Mapping[str, NamedList],
    place: Place = Place(),
    areas: Collection[str] | None = None,
) -> list[Finding]:
    """Everything wrong or doubtful about a condition; areas are looked at where the plan's are given by key.

    Errors: `rule-too-deep`, `rule-unknown-field`, `rule-wrong-type`, `rule-unknown-list`, `rule-unknown-area`, `rule-empty-range`,
    `rule-too-long`. Warnings: `rule-code-case`, `rule-never-holds`, `rule-contradiction`, `rule-costly`. What costs work to see is
    looked for only where there is no error.
    """
    if depth(condition) > MAX_DEPTH:
        return [_too_deep(place)]
    found: list[Finding] = []
    for literal in literals(condition):
        errors = list(_type_errors(literal, fields, lists, place, areas))
        found += errors or _check_values(literal, fields[literal.field], lists, place)
    if not any(finding.severity is Severity.ERROR for finding in found):
        found += _analyse(condition, fields, lists, place)
    return list(dict.fromkeys(found))


def _type_errors(
    literal: Literal,
    fields: Mapping[str, Field],
    lists: Mapping[str, NamedList],
    place: Place,
    areas: Collection[str] | None,
) -> Iterator[Finding]:
    field = fields.get(literal.field)
    if field is None:
        message = f"there is no field {literal.field!r}"
        yield _error("rule-unknown-field", message, place, literal.field, field_suggestion(literal.field, fields))
        return
    term = innermost(literal.field) if areas is not None else None
    if isinstance(term, InArea) and areas is not None and term.area not in areas:
        yield _error("rule-unknown-area", f"the plan has no area {term.area!r}", place, term.area, suggestion(term.area, areas))
    match literal:
        case InList(_, name):
            if not field.type.is_text:
                message = f"a list holds codes or text, and {named(field.name)} holds {field.type.value} values"
                yield _error("rule-wrong-type", message, place, name, f"Compare it with {expected_value(field)}.")
            if name not in lists:
                yield _error("rule-unknown-list", f"the plan has no list {name!r}", place, name, suggestion(name, lists))
            return
        case Prefix() | Contains() if not field.type.is_text:
            message = f"{named(field.name)} holds {field.type.value} values, which have no text to look into"
            yield _error("rule-wrong-type", message, place, _short(literal), f"Compare it with {expected_value(field)}.")
            return
        case Range() if field.type is FieldType.BOOLEAN:
            remedy = f"Compare {named(field.name)} with true or false."
            yield _error("rule-wrong-type", "true and false have no order", place, _short(literal), remedy)
    wrong = _misfits(_values(literal), field)
    if wrong:
        message = f"{named(field.name)} is compared with {expected_value(field)}, got {wrong[0]!r}"
        if len(wrong) > 1:
            message += f" and {len(wrong) - 1:,} more"
        yield _error("rule-wrong-type", message, place, _short(literal), f"Compare it with {expected_value(field)}.")


def _misfits(values: tuple[Value, ...], field: Field) -> list[Value]:
    """The values that the field cannot be compared with."""
    if field.type.is_text and set(map(type, values)) <= {str}:
        return []
    return [value for value in values if not fits(value, field)]


def _check_values(literal: Literal, field: Field, lists: Mapping[str, NamedList], place: Place) -> Iterator[Finding]:
    """What may be wrong with values of the right type."""
    if isinstance(literal, In) and len(literal.values) > MAX_VALUES:
        message = f"a list may hold {MAX_VALUES:,} values, this one has {len(literal.values):,}"
        yield _error("rule-too-long", message, place, field.name, "Split it, or use named lists.")
    if field.type is FieldType.CODE:
        codes = lists[literal.list].values if isinstance(literal, InList) else tuple(map(str, _values(literal)))
        joined = "\0".join(codes)
        if joined != joined.upper():
            lower = [code for code in codes if code != code.upper()]
            yield _case_warning(field, lower[0], len(lower), place)
    if isinstance(literal, Range) and literal.low is not None and literal.high is not None and literal.low > literal.high:  # type: ignore[operator]
        remedy = "Exchange the two ends."
        yield _error("rule-empty-range", "the low end of the range is above its high end", place, _short(literal), remedy)


def _case_warning(field: Field, example: str, count: int, place: Place) -> Finding:
    message = f"{named(field.name)} holds upper-case codes; {count:,} of those asked for can never be found, such as {example!r}"
    return Finding("rule-code-case", Severity.WARNING, message, place, example, "Write them in upper case.")


def _values(literal: Literal) -> tuple[Value, ...]:
    match literal:
        case Equals(_, value):
            return (value,)
        case In(_, values):
            return values
        case Prefix(_, text) | Contains(_, text):
            return (text,)
        case Range(_, low, high):
            return tuple(end for end in (low, high) if end is not None)
        case InList() | Missing():
            return ()


def _analyse(condition: Condition, fields: Mapping[str, Field], lists: Mapping[str, NamedList], place: Place) -> Iterator[Finding]:
    """What can be seen about a sound condition by merging the literals of each conjunction, field by field."""
    sets: dict[str, frozenset[str]] = {}

    def values_of_list(name: str) -> frozenset[str]:
        if name not in sets:
            sets[name] = frozenset(lists[name].values)
        return sets[name]

    raws = disjuncts(condition)
    reasons: list[tuple[Raw, str]] = []
    for raw in raws:
        # Whose smallest coin is not known here: amounts are counted as finely as a rule can write them.
        exact = tuple((scaled(literal, fields, MAX_DECIMALS), positive) for literal, positive in raw.literals)
        try:
            merged(Raw(exact), fields, values_of_list)  # type: ignore[arg-type]
        except Contradiction as reason:
            reasons.append((raw, str(reason)))
    if len(reasons) == len(raws):
        why = reasons[0][1] if reasons else "it is NOT everything"
        message = f"the rule can never hold: {why}"
        yield Finding(
            "rule-never-holds", Severity.WARNING, message, place, _short(condition), "Take one of the two comparisons out."
        )
    else:
        for raw, why in reasons:
            message = f"a part of the rule can never hold: {why}"
            yield Finding("rule-contradiction", Severity.WARNING, message, place, _short(raw.as_condition()), "Take this part out.")
        yield from _check_cost(raws, place)


def _check_cost(raws: tuple[Raw, ...], place: Place) -> Iterator[Finding]:
    """Warn of conjunctions that must be tried on every account, because no literal narrows them."""
    for raw in raws:
        if (raw.literals or raw.rest) and not any(
            positive and isinstance(literal, _SELECTIVE) for literal, positive in raw.literals
        ):
            message = "no comparison narrows this part of the rule, so it is tried on every account"
            remedy = "Add a comparison such as country = 'US', a list, a range or 'starts with'."
            yield Finding("rule-costly", Severity.WARNING, message, place, _short(raw.as_condition()), remedy)


def _error(code: str, message: str, place: Place, value: str, remedy: str) -> Finding:
    return Finding(code, Severity.ERROR, message, place, value[:_SHOWN], remedy)


def _short(condition: Condition) -> str:
    """The condition's text, cut to what a line can show."""
    text = to_text(condition)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def blocking_errors(
    condition: Condition,
    fields: Mapping[str, Field],
    lists: Mapping[str, NamedList],
    place: Place = Place(),
    areas: Collection[str] | None = None,
) -> list[Finding]:
    """The errors without whose repair a condition has no truth: unknown fields, lists and areas, wrong types, too many levels."""
    if depth(condition) > MAX_DEPTH:
        return [_too_deep(place)]
    return [finding for literal in literals(condition) for finding in _type_errors(literal, fields, lists, place, areas)]


def _too_deep(place: Place) -> Finding:
    message = f"the rule nests more than {MAX_DEPTH} levels of AND, OR and NOT"
    return Finding("rule-too-deep", Severity.ERROR, message, place, remedy="Split the rule.")
