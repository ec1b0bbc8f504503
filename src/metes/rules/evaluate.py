"""Evaluates compiled rules over a table of accounts: one join per signature, emitted by Ibis on the connection handed in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Any

import duckdb
import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metes.base.errors import InputError
from metes.model.condition import And, Condition, Everything, Not, Or
from metes.rules.compile import ARROW_TYPES, CompiledRules, Signature, Slot
from metes.rules.keys import KeyColumn

_BATCH_ROWS = 122_880

_Pairs = tuple[NDArray[np.int64], NDArray[np.int32]]


def evaluate(connection: duckdb.DuckDBPyConnection, table: str, compiled: CompiledRules) -> pa.Table:
    """Every (account, rule) pair that holds, sorted, each once: columns `account` int64 and `rule` int32.

    Parameters
    ----------
    connection
        Where `table` is known; reading alone is done there.
    table
        A table or view with `account` BIGINT, unique and ascending, and a column per field that the rules use: text and codes
        VARCHAR, integers and money (minor units of the reporting currency) BIGINT, decimals DOUBLE without NaN, DATE, BOOLEAN; NULL
        is a missing value.

    Notes
    -----
    Source: ours. Fields become small integers in one pass (a code for what no rule tells apart), each signature is one hash join on
    such integers, and what its key leaves open is tested on the candidates, its parameters being columns of the rules' tables. No
    text of a rule enters a query. Time grows with accounts x signatures + candidates.

    Raises
    ------
    InputError
        Where the table lacks a column that the rules ask for.
    """
    backend = ibis.duckdb.from_connection(connection)
    accounts_table = backend.table(table)
    lacking = sorted({"account", *compiled.used_fields}.difference(accounts_table.columns))
    if lacking:
        raise InputError(
            f"the table {table!r} lacks the columns {', '.join(lacking)}, which rules ask for; add them, null where unknown"
        )
    coded = _Coded(backend, accounts_table, compiled)
    pairs = [coded.candidates(signature) for signature in compiled.signatures]
    accounts = np.concatenate([np.zeros(0, np.int64), *(p[0] for p in pairs)])
    rules = np.concatenate([np.zeros(0, np.int32), *(p[1] for p in pairs)])
    if compiled.trees:
        accounts, rules = _with_trees(compiled, coded.accounts, accounts, rules)
    return _distinct(accounts, rules)


def evaluate_table(accounts: pa.Table, compiled: CompiledRules, *, threads: int = 2) -> pa.Table:
    """Every (account, rule) pair that holds for the accounts of a table, sorted, each once: `account` int64, `rule` int32.

    Parameters
    ----------
    accounts
        `account` int64, unique and ascending, and a column per field of `compiled.used_fields`: text as string or dictionary of
        strings, integers and money (minor units) int64, decimals float64 without NaN, date32, bool; null is a missing value.

    Raises
    ------
    InputError
        Where the table lacks a column that the rules ask for.
    """
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.register("accounts", accounts)
        return evaluate(connection, "accounts", compiled)


def _distinct(accounts: NDArray[np.int64], rules: NDArray[np.int32]) -> pa.Table:
    """The pairs sorted by account and rule, repeats dropped."""
    bits = int(rules.max(initial=0)).bit_length()
    if accounts.size and accounts.min() >= 0 and accounts.max() < 1 << (63 - bits):
        key = np.sort(accounts << bits | rules, kind="stable")  # runs that are sorted already merge fast
        key = key[np.diff(key, prepend=-1) != 0]
        accounts, rules = key >> bits, (key & ((1 << bits) - 1)).astype(np.int32)
    elif accounts.size:
        order = np.lexsort((rules, accounts))
        accounts, rules = accounts[order], rules[order]
        first = (np.diff(accounts, prepend=accounts[0]) != 0) | (np.diff(rules, prepend=-1) != 0)
        accounts, rules = accounts[first], rules[first]
    return pa.table({"account": pa.array(accounts), "rule": pa.array(rules)})


class _Coded:
    """The accounts with the codes of their fields, computed once and kept in Arrow for all joins.

    Columns: account, c0, c1, … the codes of key columns, v0, v1, … the fields themselves.
    """

    def __init__(self, backend: Any, accounts: ibis.Table, compiled: CompiledRules) -> None:
        self.backend = backend
        self.source = accounts
        self.compiled = compiled
        self.columns: dict[KeyColumn, str] = {}
        self.raw: dict[str, str] = {}
        for signature in compiled.signatures:
            self._need(signature)
        self.data = self._read()
        self.table = ibis.memtable(self.data)
        self.sets = ibis.memtable(compiled.set_members)

    @property
    def accounts(self) -> NDArray[np.int64]:
        """All account ids, ascending."""
        return np.asarray(self.data["account"].to_numpy())

    def _need(self, signature: Signature) -> None:
        """Note the columns of codes and of raw values that a signature asks for."""
        for column in signature.keys:
            self.columns.setdefault(column, f"c{len(self.columns)}")
        for slot in signature.slots:
            if slot.uses_atom:
                self.columns.setdefault(KeyColumn("atom", slot.field), f"c{len(self.columns)}")
            else:
                self.raw.setdefault(slot.field, f"v{len(self.raw)}")

    def _read(self) -> pa.Table:
        """All columns, read one query each: a query with all the joins takes three times as long as its columns apart."""
        fields = {name: self.source[field] for field, name in self.raw.items()}
        data = self._ordered(self.source.select("account", **fields))
        for column, name in self.columns.items():
            if column.kind == "bucket":
                values = data[self.raw[column.field]].combine_chunks()
                codes = _buckets(values, self.compiled.codes.bounds[column.field])
            else:
                codes = self._ordered(self._coded(column, name))[name]
            data = data.append_column(name, codes)
        # Arrow tables are scanned by one thread per batch, so large ones are cut.
        return pa.Table.from_batches(data.combine_chunks().to_batches(_BATCH_ROWS), data.schema)

    def _ordered(self, expression: ibis.Table) -> pa.Table:
        """The rows of an expression by account; a join over few accounts may have lost their order."""
        data = self.backend.to_pyarrow(expression)
        accounts = data["account"].to_numpy()
        return data if np.all(accounts[1:] > accounts[:-1]) else data.take(np.argsort(accounts, kind="stable"))

    def _coded(self, column: KeyColumn, name: str) -> ibis.Table:
        """The accounts with the code of one column: a left join with everything that rules ask of it."""
        known = ibis.memtable(self._dictionary(column, name))
        value = self.source[column.field]
        wanted = value.left(column.length) if column.kind == "prefix" else value
        joined = self.source.left_join(known, wanted == known[f"w{name}"])
        return joined.select("account", **{name: known[f"x{name}"]})

    def _dictionary(self, column: KeyColumn, name: str) -> pa.Table:
        """Value and code of everything that rules ask of a column."""
        codes = self.compiled.codes
        known: Mapping[Any, int]
        known = codes.atom_of[column.field] if column.kind == "atom" else codes.prefix_of[column.field, column.length]
        type = ARROW_TYPES[self.compiled.fields[column.field].type]
        return pa.table({f"w{name}": pa.array(list(known), type), f"x{name}": pa.array(list(known.values()), pa.int32())})

    def candidates(self, signature: Signature) -> _Pairs:
        """The pairs of accounts and rules that one signature gives."""
        rules = ibis.memtable(signature.table)
        keys = [self.table[self.columns[column]] == rules[f"k{j}"] for j, column in enumerate(signature.keys)]
        joined = self.table.join(rules, keys) if keys else self.table.cross_join(rules)
        plain = [self._passes(joined, j, slot) for j, slot in enumerate(signature.slots) if slot.kind not in ("within", "without")]
        if plain:
            joined = joined.filter(reduce(and_, plain))
        for j, slot in enumerate(signature.slots):
            if slot.kind in ("within", "without"):
                joined = self._filtered_by_set(joined, j, slot)
        found = self.backend.to_pyarrow(joined.select("account", "rule"))
        return found["account"].to_numpy(), found["rule"].to_numpy()

    def _filtered_by_set(self, joined: ibis.Table, j: int, slot: Slot) -> ibis.Table:
        """The candidates whose atom is (within) or is not (without) in the rule's set."""
        members = self.sets.rename({f"set{j}": "set", f"atom{j}": "atom"})
        atom = self.columns[KeyColumn("atom", slot.field)]
        tried = joined.left_join(members, [joined[f"p{j}"] == members[f"set{j}"], joined[atom] == members[f"atom{j}"]])
        is_member = tried[f"atom{j}"].notnull()
        passes = is_member if slot.kind == "within" else ~is_member
        return tried.filter(tried[f"p{j}"].isnull() | passes).drop(f"set{j}", f"atom{j}")

    def _passes(self, joined: ibis.Table, j: int, slot: Slot) -> Any:
        """Whether a candidate passes a slot; true where its rule has no such test."""
        name = self.columns[KeyColumn("atom", slot.field)] if slot.uses_atom else self.raw[slot.field]
        value, wanted = joined[name], joined[f"p{j}"]
        match slot.kind:
            case "low":
                return _positive(value >= wanted, wanted)
            case "high":
                return _positive(value < wanted, wanted)
            case "equals":
                return _positive(value == wanted, wanted)
            case "prefix":
                return _positive(value.startswith(wanted), wanted)
            case "contains":
                return _positive(value.contains(wanted), wanted)
            case "missing":
                return _positive(value.isnull() == wanted, wanted)
            case "differs":
                return ibis.coalesce(value != wanted, True)
            case "not_prefix":
                return ibis.coalesce(~value.startswith(wanted), True)
            case "not_contains":
                return ibis.coalesce(~value.contains(wanted), True)
            case _:
                high = joined[f"q{j}"]
                is_inside = _positive(value >= wanted, wanted) & _positive(value < high, high)
                return (wanted.isnull() & high.isnull()) | value.isnull() | ~is_inside


def _positive(passes: Any, wanted: Any) -> Any:
    """A test that a missing value fails, and that a rule without parameter passes."""
    return ibis.coalesce(passes, wanted.isnull())


def _buckets(values: pa.Array, bounds: list[Any]) -> pa.Array:
    """How many bounds lie at or below each value; null for a missing one."""
    if pa.types.is_string(values.type):
        distinct = values.dictionary_encode()
        codes = pa.array([bisect_right(bounds, value) for value in distinct.dictionary.to_pylist()], pa.int32())
        return codes.take(distinct.indices)
    ends = pa.array(bounds, values.type)
    if pa.types.is_date(values.type):
        values, ends = values.cast(pa.int32()), ends.cast(pa.int32())
    found = np.searchsorted(ends.to_numpy(), values.fill_null(0).to_numpy(), side="right")
    return pa.array(found.astype(np.int32), mask=values.is_null().to_numpy(zero_copy_only=False))


def _with_trees(
    compiled: CompiledRules, all_accounts: NDArray[np.int64], accounts: NDArray[np.int64], rules: NDArray[np.int32]
) -> _Pairs:
    """The pairs with those of the trees, settled over the truth of their literals, in place of the literals' own."""
    is_rule = rules < len(compiled.rules)
    places = np.searchsorted(all_accounts, accounts[~is_rule])
    numbers = rules[~is_rule]

    def truth(node: Condition) -> NDArray[np.bool_]:
        match node:
            case Everything():
                return np.ones(all_accounts.size, bool)
            case Not(part):
                return ~truth(part)
            case And(parts) | Or(parts):
                out = truth(parts[0])
                for part in parts[1:]:
                    out = out & truth(part) if isinstance(node, And) else out | truth(part)
                return out
            case _:
                out = np.zeros(all_accounts.size, bool)
                out[places[numbers == compiled.number_of_literal[node]]] = True
                return out

    more = [(all_accounts[truth(tree)], number) for number, tree in compiled.trees]
    return (
        np.concatenate([accounts[is_rule], *(found for found, _ in more)]),
        np.concatenate([rules[is_rule], *(np.full(found.size, number, np.int32) for found, number in more)]),
    )
