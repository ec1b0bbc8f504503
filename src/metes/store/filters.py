"""A condition as a DuckDB expression with bound parameters, for filtering the Book's accounts.

User text reaches the database as parameters alone; names of fields and terms are checked against the catalogue before they are quoted.
A term is a column of its name beside those of the accounts.
Truth is that of `metes.rules.predicate.holds`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import repeat
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from metes.base.errors import InputError
from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Contains, Equals, Everything, In, InList, Missing, Not, Or, Prefix, Range, Value
from metes.model.plan import NamedList
from metes.rules.checks import blocking_errors
from metes.rules.folding import folded
from metes.rules.minor_units import in_minor_units
from metes.store.book_scope import EVERYTHING_ASKED, Asked

if TYPE_CHECKING:
    import duckdb

Parameters = list[Any]


# The columns beside those of the accounts, in their order: of terms, or of a condition that was worked out before.
_BESIDE = "beside"
HOLDS = ":holds"
# Arrow is scanned by one thread per batch.
_BATCH_ROWS = 122_880


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is filtered by: an expression with its parameters, and the columns it asks for beside the accounts', by name.

    `identity` tells these columns from others of the same names. Where `numbers` are given they say of which account each value
    is; else the columns stand in the order of the accounts. `territories` are those of the scope that is asked for, and `seen` is where its
    accounts are found; the scope's condition stands first in the text.
    """

    text: str
    parameters: Parameters
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    identity: tuple[Hashable, ...] = ()
    numbers: pa.Array | None = None
    territories: frozenset[str] | None = None
    seen: Asked = EVERYTHING_ASKED

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What decides the answer: two filters of the same key take the same accounts."""
        return (self.territories, self.text, repr(self.parameters), self.identity)

    @property
    def bound(self) -> Parameters:
        """All parameters of the text, in order."""
        return [*self.seen.parameters, *self.parameters]

    @property
    def source(self) -> str:
        """Where the expression's columns are found: the accounts, which stand in the order of their numbers, and what is beside them."""
        accounts = self.seen.table
        if not self.columns:
            return accounts
        return (
            f"{accounts} POSITIONAL JOIN {_BESIDE}" if self.numbers is None else f"{accounts} LEFT JOIN {_BESIDE} USING (account)"
        )

    def on(self, cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        """A cursor that knows the columns."""
        if self.columns:
            columns = {**self.columns, **({} if self.numbers is None else {"account": self.numbers})}
            cursor.register(_BESIDE, pa.Table.from_batches(pa.table(columns).to_batches(_BATCH_ROWS)))
        return self.seen.on(cursor)


def worked_out(holds: pa.Array) -> tuple[str, dict[str, pa.Array]]:
    """The expression for a condition whose truth is known for each account, and the column it asks for."""
    return f"{_BESIDE}.{quote(HOLDS)}", {HOLDS: holds}


class FilterWriter:
    """Writes conditions over a catalogue of fields; money is compared in minor units of the reporting currency."""

    def __init__(
        self, fields: Mapping[str, Field], lists: Mapping[str, NamedList], currency: str, areas: Collection[str] | None = None
    ) -> None:
        self._fields = fields
        self._lists = lists
        self._currency = currency
        self._areas = areas

    def write(self, condition: Condition) -> tuple[str, Parameters]:
        """The expression and its parameters, in order.

        InputError for a field, list or area that is not there, or a value of another type.
        """
        errors = blocking_errors(condition, self._fields, self._lists, areas=self._areas)
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
                others = [part for part in parts if not isinstance(part, Prefix)]
                texts = [self._write(part, parameters) for part in others]
                prefixes = [part for part in parts if isinstance(part, Prefix)]
                return "(" + " OR ".join([*texts, *self._prefixes(prefixes, parameters)]) + ")"
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

    def _prefixes(self, parts: Sequence[Prefix], parameters: Parameters) -> Iterator[str]:
        """Prefixes of one field and one length are looked up together, as values of the field's beginning."""
        alike: dict[tuple[str, int], list[str]] = {}
        for part in parts:
            alike.setdefault((part.field, len(part.prefix)), []).append(part.prefix)
        for (name, length), wanted in alike.items():
            if len(wanted) == 1:
                yield self._write(Prefix(name, wanted[0]), parameters)
            else:
                parameters.append(wanted)
                yield f"(left({self._column(name)}, {length}) IN (SELECT unnest(?)))"

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
