"""A hash index over compiled rules: which rules hold for one account or lead, without a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metes.model.condition import And, Condition, Everything, Not, Or
from metes.rules.compile import CompiledRules
from metes.rules.field_test import FieldTest
from metes.rules.keys import KeyColumn, KeyColumns

_Entry = tuple[int, tuple[FieldTest, ...]]


class RuleIndex:
    """The rules of a plan in memory, found by the same keys as `evaluate` joins by.

    Building takes time and memory in proportion to the compiled tables; asking takes a look-up per signature and a few tests per
    candidate. Safe to share between threads: asking changes nothing.
    """

    def __init__(self, compiled: CompiledRules) -> None:
        self.compiled = compiled
        self._entries: list[tuple[KeyColumns, dict[tuple[int | None, ...], list[_Entry]]]] = []
        self._columns: set[KeyColumn] = set()
        for signature in compiled.signatures:
            self._columns.update(signature.keys)
            keys = [signature.table[f"k{j}"].to_pylist() for j in range(len(signature.keys))]
            found: dict[tuple[int | None, ...], list[_Entry]] = {}
            for row, conjunction in enumerate(signature.table["conjunction"].to_pylist()):
                found.setdefault(tuple(column[row] for column in keys), []).append(self._entry(conjunction, signature.keys))
            self._entries.append((signature.keys, found))

    def _entry(self, conjunction: int, keys: KeyColumns) -> _Entry:
        """The rule of a conjunction, and the tests that its key leaves open."""
        tests = self.compiled.conjunctions[conjunction].tests
        open_tests = tuple(t for t in tests if not (t.among is not None and KeyColumn("atom", t.field) in keys))
        return self.compiled.rule_of_conjunction[conjunction], open_tests

    def matches(self, record: Mapping[str, Any]) -> list[int]:
        """The numbers of the rules that hold for a record (as `predicate` describes it), ascending."""
        code = {column: self.compiled.codes.code(column, record.get(column.field)) for column in self._columns}
        held: set[int] = set()
        for keys, entries in self._entries:
            for rule, tests in entries.get(tuple(code[column] for column in keys), ()):
                if rule not in held and all(test.holds(record.get(test.field)) for test in tests):
                    held.add(rule)
        trees = [number for number, tree in self.compiled.trees if self._tree_holds(tree, held)]
        return sorted([*(rule for rule in held if rule < len(self.compiled.rules)), *trees])

    def _tree_holds(self, node: Condition, held: set[int]) -> bool:
        """Whether a tree holds, by the numbers of its literals that do."""
        match node:
            case Everything():
                return True
            case And(parts):
                return all(self._tree_holds(part, held) for part in parts)
            case Or(parts):
                return any(self._tree_holds(part, held) for part in parts)
            case Not(part):
                return not self._tree_holds(part, held)
            case _:
                return self.compiled.number_of_literal[node] in held
