"""Makes up accounts that rules take, and says which rules take some accounts."""

from __future__ import annotations

import random
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metes.model.catalogue import Field, FieldType
from metes.model.terms import term_of
from metes.rules.compile import ARROW_TYPES, CompiledRules
from metes.rules.field_test import FieldTest
from metes.rules.prove_boxes import Box, Tests, met
from metes.rules.prove_cells import span
from metes.rules.prove_domain import Domain, domain_of, is_area, is_recency, kin_of
from metes.rules.prove_formula import All, Found, Some, formula_holds
from metes.rules.prove_overlap import OverlapIndex
from metes.rules.prove_search import country_of, search

Ints: TypeAlias = NDArray[np.int64]
Record: TypeAlias = Mapping[str, Any]

SEED: Final = 20_240_229
FEW: Final = 2_000
# Farther from any point than anywhere on the sphere that a rule asks for.
FAR_KM: Final = 20_000.0
_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class Accounts:
    """Makes accounts up for one plan's rules: a record has the fields that have a value.

    `prefer` are known values by field, tried first where a field may hold anything.
    """

    def __init__(self, compiled: CompiledRules, taken_ids: Iterable[str], prefer: Mapping[str, Sequence[Any]]) -> None:
        self.compiled = compiled
        self.names = tuple(sorted({*compiled.used_fields, "id"}))
        self._taken_ids = frozenset(taken_ids)
        self._prefer = {"id": ("EXAMPLE",), **prefer}
        self._domains: dict[str, Domain] = {}
        self._random = random.Random(SEED)  # noqa: S311 - examples, not secrets
        self._kin = kin_of(self.names)
        self._places = {name: kin.places for kin in self._kin for name in kin.places}

    def domain_of(self, name: str) -> Domain:
        """The domain of a field."""
        if name not in self._domains:
            field: Field = self.compiled.fields[name]
            self._domains[name] = domain_of(field, self._prefer.get(name, ()))
        return self._domains[name]

    @cached_property
    def nothing_known(self) -> Record:
        """An account of which nothing is known: all that may be missing is, and it has no orders."""
        return {name: self._others[name] for name in self.names if not self.domain_of(name).holds(None)}

    @cached_property
    def anything_else(self) -> Record:
        """An account whose texts are what no rule names; numbers and days are missing."""
        texts = [n for n in self.names if self.compiled.fields[n].type.is_text and term_of(n) is None]
        record = {**self.nothing_known, **{name: self._others[name] for name in texts}}
        _put_region_in_country(record, asked=())
        return record

    @cached_property
    def _others(self) -> Mapping[str, Any]:
        """A value of each field that no rule names, where there is one."""
        named: dict[str, set[Any]] = {name: set() for name in self.names}
        named.setdefault("id", set()).update(self._taken_ids)
        for conjunction in self.compiled.conjunctions:
            for test in conjunction.tests:
                named[test.field] |= test.not_among if test.among is None else test.among
        out: dict[str, Any] = {}
        for name in self.names:
            domain = self.domain_of(name)
            free = domain.choices[0] if domain.choices else domain.free(domain.low, domain.high, named[name], len(named[name]))
            out[name] = free if free is not None else next(iter(sorted(named[name])), None)
        return out

    def of_box(self, box: Box, rest: Record, is_random: bool) -> Record | None:
        """An account of a box, with `rest` for what the box does not ask for; None where none is seen at once."""
        tests = self._one_way(box, is_random)
        if tests is None:
            return None
        record = dict(rest)
        for name, test in tests.items():
            value = self._value(test, rest.get(name), is_random)
            if not test.holds(value) or not self.domain_of(name).holds(value):
                return None
            if value is None:
                record.pop(name, None)
            else:
                record[name] = value
        self._complete_place(record, tests)
        return record if _put_region_in_country(record, asked=tests) else None

    def _one_way(self, box: Box, is_random: bool) -> Tests | None:
        """The tests of a box with those of one way to pass each part of its rest; None where none is seen at once."""
        tests: Tests | None = box.tests
        for part in box.rest:
            ways = [way for way in part.parts if isinstance(way, All)] if isinstance(part, Some) else []
            if is_random:
                self._random.shuffle(ways)
            tried = (met(tests or {}, tests_of(way)) for way in ways)
            tests = next((found for found in tried if found is not None), None)
            if tests is None:
                return None
        return tests

    def _complete_place(self, record: dict[str, Any], asked: Iterable[str]) -> None:
        """Terms of a place are missing together: those that nothing asks for lie outside and far off where another is there."""
        for name in asked:
            if name in self._places and name in record:
                for other in self._places[name]:
                    record.setdefault(other, False if is_area(other) else FAR_KM)

    def _value(self, test: FieldTest, usual: Any, is_random: bool) -> Any:
        if test.holds(usual):
            return usual
        if test.is_missing:
            return None
        if test.among is not None:
            values = sorted(test.among) if len(test.among) <= FEW else [min(test.among)]
            return self._random.choice(values) if is_random else values[0]
        domain = self.domain_of(test.field)
        if is_random and test.holds(value := self._random_value(test)):
            return value
        low, high = span(test)
        value = domain.free(low if low is not None else domain.low, high, test.not_among, len(test.not_among))
        for tried in (value, test.prefix + " ".join(test.contains)) if test.type.is_text else (value,):
            if test.holds(tried):
                return tried
        answer = search(test, self.domain_of)
        return answer.values[test.field] if isinstance(answer, Found) else None

    def _random_value(self, test: FieldTest) -> Any:
        """Some value of the test's interval, where it has two ends or a prefix."""
        low, high = span(test)
        if test.type.is_text:
            return test.prefix + "".join(self._random.choices(_LETTERS, k=2)) if test.prefix else None
        if low is None or high is None:
            return None
        if test.type is FieldType.DATE:
            return low + timedelta(days=self._random.randrange((high - low).days))
        if test.type is FieldType.DECIMAL:
            return self._random.uniform(low, high)
        return self._random.randrange(low, high) if test.type is not FieldType.BOOLEAN else None

    def completed(self, values: Record) -> Record:
        """An account of some values, nothing else being known."""
        known = {name: value for name, value in values.items() if value is not None}
        record = {**self.nothing_known, **known}
        self._complete_place(record, known)
        return record

    def is_doubtful(self, record: Record) -> bool:
        """Whether nothing here knows if such an account can be: terms of one kind that may exclude each other."""
        for kin in self._kin:
            has_place = any(name in record for name in kin.places)
            if has_place and (len(kin.places) > 1 or any(name in record for name in kin.where)):
                return True
            if len(kin.histories) > 1 and any(
                record.get(name) not in (None, 0) or (is_recency(name) and name in record) for name in kin.histories
            ):
                return True
            if kin.where and any(name in record for name in kin.orders_of_postal):
                return True
        return False


def _put_region_in_country(record: dict[str, Any], asked: Container[str]) -> bool:
    """Change the region, or the country, where nothing asks for it, so that one lies in the other; whether it does."""
    region, country = record.get("region"), record.get("country")
    if region is None or country is None or country_of(region) in ("", country):
        return True
    if "region" not in asked:
        del record["region"]
    elif "country" not in asked:
        record["country"] = country_of(region)
    return "region" not in asked or "country" not in asked


def rules_that_hold(records: Sequence[Record], index: OverlapIndex, compiled: CompiledRules) -> tuple[Ints, Ints]:
    """The pairs of records and rules that hold, sorted; enough of them to see all whose territory's parents take the record too."""
    if not records:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if len(records) <= FEW:
        pairs = sorted(
            {(i, box.rule) for i, record in enumerate(records) for box in boxes_that_hold(record, index) if box.rule >= 0}
        )
        found = np.array(pairs, np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]
    from metes.rules.evaluate import evaluate_table
    from metes.rules.within import within_parents

    # Under a deep tree rules are broad by themselves: without the parents' a record would meet thousands.
    matches = evaluate_table(_table(records, compiled), within_parents(compiled))
    return matches["account"].to_numpy(), matches["rule"].to_numpy().astype(np.int64)


def _table(records: Sequence[Record], compiled: CompiledRules) -> pa.Table:
    """The records as the evaluator takes them; fields that none of them has stay empty columns."""
    columns: dict[str, list[Any]] = {}
    for row, record in enumerate(records):
        for name, value in record.items():
            if name not in columns:
                columns[name] = [None] * len(records)
            columns[name][row] = value
    made: dict[str, Any] = {"account": pa.array(range(len(records)), pa.int64())}
    for name in compiled.used_fields:
        type = ARROW_TYPES[compiled.fields[name].type]
        made[name] = pa.array(columns[name], type) if name in columns else pa.nulls(len(records), type)
    return pa.table(made)


def tests_of(formula: All) -> Tests:
    """The tests of a conjunction that has one per field."""
    return {part.field: part for part in formula.parts if isinstance(part, FieldTest)}


def boxes_that_hold(record: Record, index: OverlapIndex) -> list[Box]:
    """The boxes that take a record, exclusions left out."""
    return [box for box in index.at(record) if formula_holds(box.formula, record)]
