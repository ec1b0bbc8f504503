"""Assigns accounts batch by batch, each batch by itself: what one process does with a file, and each executor with its part of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.errors import InputError
from metes.model.catalogue import Field
from metes.model.plan import Plan
from metes.model.terms import OfFamily, Orders, Term, term_of, terms_of
from metes.rules.assign import assign_table
from metes.rules.compile import CompiledRules
from metes.rules.term_columns import TermColumns, inputs_of
from metes.rules.typed import lacks, typed_columns

HOLDINGS = pa.schema(
    [
        ("account", pa.string()),
        ("territory", pa.string()),
        ("role", pa.string()),
        ("share", pa.float64()),
        ("via", pa.string()),
        ("rule", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class FilePaths:
    """Parquet files, folders or patterns that an assignment reads, and where it writes; orders and products where rules ask for them."""

    accounts: str
    out: str
    orders: str | None = None
    products: str | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """What an assignment of files came to: accounts read, accounts with a primary territory, and primary holdings by their cause."""

    accounts: int
    held: int
    by_via: Mapping[str, int]

    @property
    def unassigned(self) -> int:
        """Accounts that no primary territory holds."""
        return self.accounts - self.held


@dataclass(frozen=True)
class BatchAssigner:
    """A compiled plan for one day; can be sent to other processes."""

    plan: Plan
    compiled: CompiledRules
    fields: Mapping[str, Field]
    currency: str
    day: date

    @cached_property
    def orders(self) -> tuple[Orders, ...]:
        """The measures of purchase history that a file must be given, also those asked of families."""
        inner = (term_of(t.field) if isinstance(t, OfFamily) else t for t in self._terms)
        return tuple(dict.fromkeys(term for term in inner if isinstance(term, Orders)))

    @cached_property
    def of_families(self) -> tuple[str, ...]:
        """The columns that are asked of the topmost account of a family."""
        wanted = (_inputs(term.field) for term in self._terms if isinstance(term, OfFamily))
        return tuple(dict.fromkeys(name for names in wanted for name in names))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the accounts themselves that are needed, `id` first."""
        own = [name for used in self.compiled.used_fields for name in _inputs(used) if not _is_prepared(name)]
        parent = ["parent"] if self.of_families else []
        below = [name for name in self.of_families if not _is_prepared(name)]
        return tuple(dict.fromkeys(["id", *own, *below, *parent]))

    def require(self, names: Collection[str]) -> None:
        """InputError, with a finding each, for columns that rules need and the accounts lack."""
        lacking = [name for name in self.columns if name not in names]
        findings = [lacks(name) for name in lacking]
        if findings:
            raise InputError(f"the accounts lack {len(lacking)} columns that rules ask for: {', '.join(lacking)}", findings)

    @property
    def _terms(self) -> tuple[Term, ...]:
        return terms_of(self.compiled.used_fields)

    def assign(self, batch: pa.Table, *, threads: int = 1) -> pa.Table:
        """Who holds the accounts of a batch: columns of HOLDINGS, one row per account and territory, in the order of the batch.

        The batch has the `columns`, and those prepared for purchase history and families. O(rows + matches).
        """
        ids = typed_columns(batch, ["id"], self.fields, self.currency)["id"].combine_chunks()
        if ids.null_count:
            raise InputError("an account has no id; give every row of the accounts one")
        numbers = pa.array(np.arange(len(ids), dtype=np.int64))
        table = self._evaluator_table(batch).append_column("account", numbers)
        held = assign_table(table, self.compiled, self.plan, self.day, self._pinned(ids), threads=threads)
        keys = pa.array([territory.key for territory in self.plan.territories], pa.string())
        rules = pa.array([rule.key for rule in self.compiled.rules], pa.string())
        rule = pc.if_else(pc.less(held["rule"], 0), pa.scalar(None, pa.int32()), held["rule"])
        return pa.table(
            {
                "account": ids.cast(pa.string()).take(held["account"]),
                "territory": keys.take(held["territory"]),
                "role": held["role"].cast(pa.string()),
                "share": held["share"],
                "via": held["via"].cast(pa.string()),
                "rule": rules.take(rule),
            },
            schema=HOLDINGS,
        )

    def _evaluator_table(self, batch: pa.Table) -> pa.Table:
        own = [name for name in self.compiled.used_fields if term_of(name) is None]
        columns = dict(typed_columns(batch, own, self.fields, self.currency))
        for term in self._terms:
            columns[term.name] = self._term_column(term, batch)
        return pa.table(columns)

    def _term_column(self, term: Term, batch: pa.Table) -> pa.Array | pa.ChunkedArray:
        """A term's column, from the batch's own columns or as it was prepared."""
        if isinstance(term, Orders):
            return batch[term.name].cast(pa.int64())
        if isinstance(term, OfFamily):
            tops = pa.table({name: batch[OfFamily(name).name] for name in _inputs(term.field)})
            inner = term_of(term.field)
            if inner is None:
                return typed_columns(tops, [term.field], self.fields, self.currency)[term.field]
            return self._term_column(inner, tops)
        inputs = [name for name in _inputs(term.name) if name in batch.column_names]
        table = pa.table(typed_columns(batch, inputs, self.fields, self.currency)) if inputs else batch
        return TermColumns(table).column(term, self.plan, self.day)

    def _pinned(self, ids: pa.Array) -> Mapping[str, int]:
        """The places in the batch of the accounts that pins name."""
        named = sorted({pin.account for pin in self.plan.pins})
        found = pc.index_in(pa.array(named, pa.string()), value_set=ids.cast(pa.string())) if named else pa.array([], pa.int32())
        return {key: place for key, place in zip(named, found.to_pylist(), strict=True) if place is not None}


def _inputs(name: str) -> tuple[str, ...]:
    """The columns that a field or term is made of: itself, unless it is a term that is worked out from an account's own columns."""
    match term_of(name):
        case None | Orders():
            return (name,)
        case OfFamily(field):
            return tuple(OfFamily(inner).name for inner in _inputs(field))
        case term:
            return inputs_of(term)


def _is_prepared(name: str) -> bool:
    """Whether a column is made from other tables, or other rows, before batches are cut."""
    return isinstance(term_of(name), Orders | OfFamily)
