"""A condition as a DuckDB expression with bound parameters, for filtering the Book's accounts.

User text reaches the database as parameters alone; field names are checked against the catalogue before they are quoted.
Truth is that of `metes.rules.predicate.holds`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import repeat
from typing import Any

from metes.base.errors import InputError
from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Contains, Equals, Everything, In, InList, Missing, Not, Or, Prefix, Range, Value
from metes.model.plan import NamedList
from metes.rules.checks import blocking_errors
from metes.rules.folding import folded
from metes.rules.minor_units import in_minor_units

Parameters = list[Any]


class FilterWriter:
    """Writes conditions over a catalogue of fields; money is compared in minor units of the reporting currency."""

    def __init__(self, fields: Mapping[str, Field], lists: Mapping[str, NamedList], currency: str) -> None:
        self._fields = fields
        self._lists = lists
        self._currency = currency

    def write(self, condition: Condition) -> tuple[str, Parameters]:
        """The expression and its parameters, in order. InputError for a field or list that is not there, or a value of another type."""
        errors = blocking_errors(condition, self._fields, self._lists)
        if errors:
            raise InputError("; ".join(f"{e.message}. {e.remedy}" for e in errors), errors)
        parameters: Parameters = []
        # Folded: 20,000 values one by one would be an expression of so many levels.
        return self._write(folded(in_minor_units(condition, self._fields, self._currency)), parameters), parameters

    def _write(self, condition: Condition, parameters: Parameters) -> str:
        match condition:
            case Everything():
                return "TRUE"
            case And(parts):
                return "(" + " AND ".join(self._write(part, parameters) for part in parts) + ")"
            case Or(parts):
                return "(" + " OR ".join(self._write(part, parameters) for part in parts) + ")"
            case Not(part):
                return f"NOT coalesce({self._write(part, parameters)}, FALSE)"
            case Missing(field):
                return f"({self._column(field)} IS NULL)"
            case Equals(field, value):
                return self._in(field, [value], parameters)
            case In(field, values):
                return self._in(field, values, parameters)
            case InList(field, name):
                return self._in(field, self._lists[name].values, parameters)
            case Prefix(field, prefix):
                parameters.append(prefix)
                return f"starts_with({self._column(field)}, ?)"
            case Contains(field, text):
                parameters.append(text)
                return f"contains({self._column(field)}, ?)"
            case Range():
                return self._range(condition, parameters)

    def _in(self, field: str, values: Sequence[Value], parameters: Parameters) -> str:
        wanted = [value for value in map(self._exact, repeat(field), values) if value is not None]
        if not wanted:
            return "FALSE"
        parameters.append(wanted if len(wanted) > 1 else wanted[0])
        return f"({self._column(field)} IN (SELECT unnest(?)))" if len(wanted) > 1 else f"({self._column(field)} = ?)"

    def _range(self, condition: Range, parameters: Parameters) -> str:
        column, ends = self._column(condition.field), []
        if condition.low is not None:
            low, includes_low = self._end(condition.field, condition.low, condition.includes_low, ROUND_FLOOR)
            parameters.append(low)
            ends.append(f"{column} {'>=' if includes_low else '>'} ?")
        if condition.high is not None:
            high, includes_high = self._end(condition.field, condition.high, condition.includes_high, ROUND_CEILING)
            parameters.append(high)
            ends.append(f"{column} {'<=' if includes_high else '<'} ?")
        return "(" + " AND ".join(ends) + ")"

    def _column(self, name: str) -> str:
        return quote(self._fields[name].name)

    def _exact(self, field: str, value: Value) -> Any:
        """The value as the column holds it; None for a fraction that a column of whole numbers cannot hold."""
        if isinstance(value, bool | str | date):
            return value
        if self._fields[field].type is FieldType.DECIMAL:
            return float(value)
        return int(value) if value == int(value) else None

    def _end(self, field: str, value: Value, is_included: bool, rounding: str) -> tuple[Any, bool]:
        """An end of a range; a fraction between whole numbers becomes the next whole number outside, left out."""
        exact = self._exact(field, value)
        if exact is not None:
            return exact, is_included
        return int(Decimal(value).to_integral_value(rounding)), False  # type: ignore[arg-type]


def quote(name: str) -> str:
    """A column's name quoted for DuckDB."""
    return '"' + name.replace('"', '""') + '"'
