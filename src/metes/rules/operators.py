"""Each comparison of the rule language once: its truth for one value, and its Ibis expression for a column of values.

Truth is two-valued: a comparison with a missing value is false. Amounts are in minor units (`minor_units.in_minor_units`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Contains, Equals, Everything, In, InList, Literal, Missing, Not, Or, Prefix, Range
from metes.model.plan import NamedList
from metes.rules.field_test import interval_of, stored
from metes.rules.folding import folded

if TYPE_CHECKING:
    import ibis
    from ibis.expr.types.logical import BooleanValue

Lists = Mapping[str, NamedList]

_MANY = 200  # values are a table from here on: as text of a query they would be parsed one by one


@dataclass(frozen=True, slots=True)
class Operator:
    """A kind of comparison. `passes` takes a literal, a value (None: missing) and the lists; `expression` a column in its place."""

    passes: Callable[[Any, Any, Lists], bool]
    expression: Callable[[Any, Any, FieldType, Lists], Any]


def like(wanted: Any, value: Any) -> Any:
    """A number of a rule as the record's number is: decimals of a rule are rounded to a double where the record holds doubles."""
    return float(wanted) if isinstance(value, float) and isinstance(wanted, Decimal) else wanted


def _equals(literal: Equals, value: Any, _: Lists) -> bool:
    return value is not None and bool(value == like(literal.value, value))


def _equals_expression(literal: Equals, column: Any, type: FieldType, _: Lists) -> Any:
    return _is_one_of([literal.value], column, type)


def _in(literal: In, value: Any, _: Lists) -> bool:
    if isinstance(value, float):
        return any(value == like(wanted, value) for wanted in literal.values)
    return value is not None and value in literal.values


def _in_expression(literal: In, column: Any, type: FieldType, _: Lists) -> Any:
    return _is_one_of(literal.values, column, type)


def _in_list(literal: InList, value: Any, lists: Lists) -> bool:
    return value is not None and value in lists[literal.list].values


def _in_list_expression(literal: InList, column: Any, type: FieldType, lists: Lists) -> Any:
    return _is_one_of(lists[literal.list].values, column, type)


def _is_one_of(values: Sequence[Any], column: Any, type: FieldType) -> Any:
    """Whether the column holds one of the values; those that no column of the type can hold are left out."""
    import ibis
    import pyarrow as pa

    wanted = stored(list(values), type)
    if not wanted:
        return ibis.literal(False)
    if len(wanted) > _MANY:
        return column.isin(ibis.memtable(pa.table({"value": wanted})).value)
    exact = [_exact(value) for value in wanted]
    return column == exact[0] if len(exact) == 1 else column.isin(exact)


def _exact(value: Any) -> Any:
    """A value for an expression; doubles by their shortest text, which engines read exactly, unlike a decimal they divide."""
    import ibis

    return ibis.literal(repr(value)).cast("float64") if isinstance(value, float) else value


def _prefix(literal: Prefix, value: Any, _: Lists) -> bool:
    return value is not None and value.startswith(literal.prefix)


def _prefix_expression(literal: Prefix, column: Any, _type: FieldType, _: Lists) -> Any:
    return column.startswith(literal.prefix)


def _contains(literal: Contains, value: Any, _: Lists) -> bool:
    return value is not None and literal.text in value


def _contains_expression(literal: Contains, column: Any, _type: FieldType, _: Lists) -> Any:
    return column.contains(literal.text)


def _range(literal: Range, value: Any, _: Lists) -> bool:
    low, high = literal.low, literal.high
    if value is None or (
        low is not None and (value < like(low, value) or (value == like(low, value) and not literal.includes_low))
    ):
        return False
    return high is None or bool(value < like(high, value) or (value == like(high, value) and literal.includes_high))


def _range_expression(literal: Range, column: Any, type: FieldType, _: Lists) -> Any:
    ends = []
    if type.is_number:
        low, high = interval_of(literal, type)
        includes_low, includes_high = True, False
    else:
        low, high, includes_low, includes_high = literal.low, literal.high, literal.includes_low, literal.includes_high
    if low is not None:
        ends.append(column >= _exact(low) if includes_low else column > _exact(low))
    if high is not None:
        ends.append(column <= _exact(high) if includes_high else column < _exact(high))
    return ends[0] if len(ends) == 1 else ends[0] & ends[1]


def _missing(_literal: Missing, value: Any, _: Lists) -> bool:
    return value is None


def _missing_expression(_literal: Missing, column: Any, _type: FieldType, _: Lists) -> Any:
    return column.isnull()


OPERATORS: Final[Mapping[type[Literal], Operator]] = {
    Equals: Operator(_equals, _equals_expression),
    In: Operator(_in, _in_expression),
    InList: Operator(_in_list, _in_list_expression),
    Prefix: Operator(_prefix, _prefix_expression),
    Contains: Operator(_contains, _contains_expression),
    Range: Operator(_range, _range_expression),
    Missing: Operator(_missing, _missing_expression),
}


def passes(literal: Literal, value: Any, lists: Lists) -> bool:
    """Whether a comparison holds for a value; None is a missing one."""
    return OPERATORS[type(literal)].passes(literal, value, lists)


def expression(table: ibis.Table, condition: Condition, fields: Mapping[str, Field], lists: Lists) -> BooleanValue:
    """The condition over the rows of a table, true or false for each, never null.

    Parameters
    ----------
    table
        A column per field or term that the condition asks for: text and codes as text, whole numbers and amounts (minor units) as
        int64, numbers as float64 without NaN, days, truth values.
    condition
        Checked (`checks.blocking_errors`), its amounts in minor units.
    """
    truth: BooleanValue = _expression(table, folded(condition), fields, lists)
    return truth


def _expression(table: ibis.Table, condition: Condition, fields: Mapping[str, Field], lists: Lists) -> Any:
    import ibis

    match condition:
        case Everything():
            return ibis.literal(True)
        case And(parts) | Or(parts):
            return _joined([_expression(table, part, fields, lists) for part in parts], is_and=isinstance(condition, And))
        case Not(part):
            return ~_expression(table, part, fields, lists)
        case _:
            column, type_ = table[condition.field], fields[condition.field].type
            return OPERATORS[type(condition)].expression(condition, column, type_, lists).fill_null(False)


def _joined(parts: Sequence[Any], *, is_and: bool) -> Any:
    """The parts joined in halves: joined one by one, 1,000 of them would nest 1,000 levels deep."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    first, second = _joined(parts[:half], is_and=is_and), _joined(parts[half:], is_and=is_and)
    return first & second if is_and else first | second
