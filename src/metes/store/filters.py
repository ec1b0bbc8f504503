"""A condition as a DuckDB expression with bound parameters, for filtering the Book's accounts.

User text reaches the database as parameters alone; field names are checked against the catalogue before they are quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from metes.base.errors import InputError
from metes.base.money import to_minor
from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Contains, Equals, Everything, In, InList, Missing, Not, Or, Prefix, Range, Value
from metes.model.plan import NamedList

Parameters = list[Any]


class FilterWriter:
    """Writes conditions over a catalogue of fields; money is compared in minor units of the reporting currency."""

    def __init__(self, fields: Mapping[str, Field], lists: Mapping[str, NamedList], currency: str) -> None:
        self._fields = fields
        self._lists = lists
        self._currency = currency

    def write(self, condition: Condition) -> tuple[str, Parameters]:
        """The expression and its parameters, in order. InputError for a field or list that is not there."""
        parameters: Parameters = []
        return self._write(condition, parameters), parameters

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
                parameters.append(self._value(field, value))
                return f"({self._column(field)} = ?)"
            case In(field, values):
                parameters.append([self._value(field, value) for value in values])
                return f"({self._column(field)} IN (SELECT unnest(?)))"
            case InList(field, name):
                parameters.append(self._list(field, name))
                return f"({self._column(field)} IN (SELECT unnest(?)))"
            case Prefix(field, prefix):
                parameters.append(prefix)
                return f"starts_with({self._column(field)}, ?)"
            case Contains(field, text):
                parameters.append(text)
                return f"contains({self._column(field)}, ?)"
            case Range():
                return self._range(condition, parameters)

    def _range(self, condition: Range, parameters: Parameters) -> str:
        column = self._column(condition.field)
        ends = []
        if condition.low is not None:
            parameters.append(self._value(condition.field, condition.low))
            ends.append(f"{column} {'>=' if condition.includes_low else '>'} ?")
        if condition.high is not None:
            parameters.append(self._value(condition.field, condition.high))
            ends.append(f"{column} {'<=' if condition.includes_high else '<'} ?")
        return "(" + " AND ".join(ends) + ")"

    def _column(self, name: str) -> str:
        if name not in self._fields:
            raise InputError(f"there is no field '{name}'; fields are {', '.join(sorted(self._fields))}")
        return quote(name)

    def _list(self, field: str, name: str) -> list[Any]:
        if name not in self._lists:
            raise InputError(
                f"there is no named list '{name}' in the plan; its lists are {', '.join(sorted(self._lists)) or 'none'}"
            )
        return [self._value(field, value) for value in self._lists[name].values]

    def _value(self, field: str, value: Value) -> Any:
        kind = self._fields[field].type if field in self._fields else FieldType.TEXT
        if kind is FieldType.MONEY and not isinstance(value, bool | date):
            return to_minor(value, self._currency)
        if kind is FieldType.DECIMAL and not isinstance(value, date):
            return float(value)
        return value


def quote(name: str) -> str:
    """A column's name quoted for DuckDB."""
    return '"' + name.replace('"', '""') + '"'
