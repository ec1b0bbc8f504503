"""Cuts a field into cells that some tests tell apart: listed values, intervals between ends, a missing value."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from metes.rules.field_test import Contradiction, FieldTest, Interval
from metes.rules.prove_domain import Domain, after_prefix

Run = tuple[int, int]


def meet(one: FieldTest, other: FieldTest) -> FieldTest:
    """The test that passes what both pass; raises Contradiction where that is seen to be nothing."""
    if one.among is not None and other.among is not None:
        among: frozenset[Any] | None = one.among & other.among
    else:
        among = one.among if one.among is not None else other.among
    longer, shorter = (one.prefix, other.prefix) if len(one.prefix) >= len(other.prefix) else (other.prefix, one.prefix)
    if not longer.startswith(shorter):
        raise Contradiction(f"no text starts with both {longer!r} and {shorter!r}")
    lows = [low for low in (one.low, other.low) if low is not None]
    highs = [high for high in (one.high, other.high) if high is not None]
    return replace(
        one,
        is_missing=one.is_missing or other.is_missing,
        is_present=one.is_present or other.is_present,
        among=among,
        low=max(lows) if lows else None,
        high=min(highs) if highs else None,
        prefix=longer,
        contains=_joined(one.contains, other.contains),
        not_among=one.not_among | other.not_among,
        not_between=_joined(one.not_between, other.not_between),
        not_prefix=_joined(one.not_prefix, other.not_prefix),
        not_contains=_joined(one.not_contains, other.not_contains),
    ).settled()


def implies(one: FieldTest, other: FieldTest) -> bool:
    """Whether all that passes one test is seen to pass the other; a False says nothing."""
    if one.is_missing or other.is_missing:
        return one.is_missing and not other.is_present
    if other.is_present and not one.is_present:
        return False
    if one.among is not None:
        return (other.among is not None and one.among <= other.among) or all(map(other.holds, one.among))
    if other.among is not None:
        return False
    low, high = span(one)
    if (other.low is not None and (low is None or low < other.low)) or (
        other.high is not None and (high is None or high > other.high)
    ):
        return False
    known = (one.prefix, *one.contains)
    return (
        one.prefix.startswith(other.prefix)
        and all(any(text in k for k in known) for text in other.contains)
        and all(value in one.not_among or not one.holds(value) for value in other.not_among)
        and all(gone in one.not_between or _are_apart((low, high), gone) for gone in other.not_between)
        and all(
            gone in one.not_prefix or _are_apart((low, high), (gone, after_prefix(gone))) if gone else not one.is_present
            for gone in other.not_prefix
        )
        and set(other.not_contains) <= set(one.not_contains)
    )


def span(test: FieldTest) -> Interval:
    """The interval [low, high) outside of which a test without a list passes nothing; None leaves a side open."""
    low, high = test.low, test.high
    if test.prefix:
        end = after_prefix(test.prefix)
        low = test.prefix if low is None else max(low, test.prefix)
        high = end if high is None else high if end is None else min(high, end)
    return low, high


def _are_apart(one: Interval, other: Interval) -> bool:
    """Whether two intervals share no value."""
    below = one[1] is not None and other[0] is not None and one[1] <= other[0]
    return below or (one[0] is not None and other[1] is not None and other[1] <= one[0])


def _joined(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys((*one, *other))) if one and other else one or other


@dataclass(frozen=True, slots=True)
class Cell:
    """Values that no test tells apart but by what text they contain: the listed `values`, else all others of [low, high).

    `value` is one of them; None is the missing value.
    """

    value: Any
    values: tuple[Any, ...] = ()
    low: Any = None
    high: Any = None

    @property
    def is_open(self) -> bool:
        """Whether it is an interval, whose values may contain any text."""
        return self.value is not None and not self.values


class FieldCells:
    """The cells of one field, the missing value first, and for each test the runs of cells that pass it.

    What a test asks of text contained is left out of its runs, for intervals cannot tell; listed values stand apart by it. Time
    grows with the values listed, n log n.
    """

    def __init__(self, domain: Domain, tests: Sequence[FieldTest], within: FieldTest | None = None) -> None:
        self.domain = domain
        self.tests = tests
        self.within = within
        self._all = (*tests, within) if within is not None else tuple(tests)
        self.texts = tuple(dict.fromkeys(text for test in self._all for text in (*test.contains, *test.not_contains)))
        self._cuts = sorted({end for interval in self._intervals() for end in interval if end is not None})
        self.listed = self._listed()
        self.cells: list[Cell] = []
        self._cell_of_value: dict[Any, int] = {}
        self._first_of_region: list[int] = []
        self._lay_out()

    def _intervals(self) -> Iterator[Interval]:
        """Every interval that some test, or the domain, tells apart."""
        yield self.domain.low, self.domain.high
        for test in self._all:
            yield test.low, test.high
            yield from test.not_between
            yield from ((prefix, after_prefix(prefix)) for prefix in (test.prefix, *test.not_prefix) if prefix)

    def _listed(self) -> frozenset[Any]:
        """The single values that stand apart."""
        if self.domain.choices:
            return frozenset(self.domain.choices)
        if self.within is not None and self.within.among is not None:
            return self.within.among
        named: set[Any] = set()
        for test in self._all:
            named |= test.not_among if test.among is None else test.among
        return frozenset(named)

    def _lay_out(self) -> None:
        """The cells in the order of the field's values: of each interval first what is listed in it, then the rest."""
        groups: dict[tuple[Any, ...], list[Any]] = {}
        tests_of = self._tests_of_listed()
        allowed = [v for v in self.listed if self.domain.holds(v) and (self.within is None or self.within.holds(v))]
        for value in sorted(allowed):
            texts = tuple(text in value for text in self.texts)
            groups.setdefault((bisect_right(self._cuts, value), tests_of.get(value, ()), texts), []).append(value)
        by_region: dict[int, list[list[Any]]] = {}
        for (region, *_), values in groups.items():
            by_region.setdefault(region, []).append(values)
        has_missing = self.domain.holds(None) and (self.within is None or self.within.holds(None))
        self.has_missing = has_missing
        if has_missing:
            self.cells.append(Cell(None))
        for region in range(len(self._cuts) + 1):
            self._first_of_region.append(len(self.cells))
            for values in by_region.get(region, ()):
                self._cell_of_value.update(dict.fromkeys(values, len(self.cells)))
                self.cells.append(Cell(self._shown(values), tuple(values)))
            self._add_rest(region)
        self._first_of_region.append(len(self.cells))

    def _shown(self, values: Sequence[Any]) -> Any:
        """The value that people recognise, else the first that is not empty."""
        return next((v for v in self.domain.prefer if v in values), None) or next((v for v in values if v != ""), values[0])

    def _add_rest(self, region: int) -> None:
        """The cell of what no list names in an interval, where there is any."""
        if self.domain.choices or (self.within is not None and (self.within.among is not None or self.within.is_missing)):
            return
        low = self._cuts[region - 1] if region else None
        high = self._cuts[region] if region < len(self._cuts) else None
        if not self._is_in_domain(low, high) or (self.within is not None and not self._passes_within(region)):
            return
        value = self.domain.free(low, high, self.listed, len(self.listed))
        if value is not None:
            self.cells.append(Cell(value, (), low, high))

    def _is_in_domain(self, low: Any, high: Any) -> bool:
        floor, ceiling = self.domain.low, self.domain.high
        return not (
            (floor is not None and (low is None or low < floor)) or (ceiling is not None and (high is None or high > ceiling))
        )

    def _passes_within(self, region: int) -> bool:
        return any(first <= region <= last for first, last in self._regions(self.within)) if self.within is not None else True

    def _tests_of_listed(self) -> dict[Any, tuple[int, ...]]:
        """For each listed value the tests that name it."""
        out: dict[Any, list[int]] = {}
        for number, test in enumerate(self._all):
            named = test.not_among if test.among is None else test.among
            for value in named if len(named) <= len(self.listed) else self.listed & named:
                out.setdefault(value, []).append(number)
        return {value: tuple(numbers) for value, numbers in out.items()}

    def _regions(self, test: FieldTest) -> list[Run]:
        """The runs of intervals that pass a test without a list."""
        prefix_end = after_prefix(test.prefix) if test.prefix else None
        runs = _cut_out([(0, len(self._cuts))], self._outside((test.low, test.high)))
        if test.prefix:
            runs = _cut_out(runs, self._outside((test.prefix, prefix_end)))
        for interval in test.not_between:
            runs = _cut_out(runs, [self._span(interval)])
        for prefix in test.not_prefix:
            runs = _cut_out(runs, [self._span((prefix or None, after_prefix(prefix)))])
        return runs

    def _span(self, interval: Interval) -> Run:
        """The intervals between cuts that an interval, whose ends are cuts, is made of."""
        low, high = interval
        first = 0 if low is None else bisect_left(self._cuts, low) + 1
        return first, len(self._cuts) if high is None else bisect_left(self._cuts, high)

    def _outside(self, interval: Interval) -> list[Run]:
        first, last = self._span(interval)
        return [(0, first - 1), (last + 1, len(self._cuts))]

    def cell_of(self, value: Any) -> int | None:
        """The cell in which a value stands; None where it cannot stand in the field."""
        if value is None:
            return 0 if self.has_missing else None
        if value in self._cell_of_value:
            return self._cell_of_value[value]
        if value in self.listed:
            return None
        region = bisect_right(self._cuts, value)
        rest = self._first_of_region[region + 1] - 1
        return rest if rest >= self._first_of_region[region] and self.cells[rest].is_open else None

    def passing(self, test: FieldTest) -> list[Run]:
        """The runs of cells that pass a test, but for what it asks of text contained; ends included."""
        if test.is_missing:
            return [(0, 0)] if self.has_missing else []
        if test.among is not None:
            named = test.among if len(test.among) <= len(self._cell_of_value) else self._cell_of_value.keys() & test.among
            return _runs({self._cell_of_value[v] for v in named if v in self._cell_of_value})
        starts = self._first_of_region
        runs = [(starts[first], starts[last + 1] - 1) for first, last in self._regions(test) if first <= last]
        if self.has_missing and not test.is_present:
            runs = [(0, 0), *runs]
        left_out = _runs({self._cell_of_value[v] for v in test.not_among if v in self._cell_of_value})
        return _merged(_cut_out(runs, left_out))

    def complement(self, runs: Iterable[Run]) -> list[Run]:
        """The runs of all other cells; `runs` are sorted and apart."""
        out: list[Run] = []
        start = 0
        for first, last in runs:
            if start < first:
                out.append((start, first - 1))
            start = last + 1
        return [*out, (start, len(self.cells) - 1)] if start < len(self.cells) else out


def _runs(numbers: Iterable[int]) -> list[Run]:
    """Some numbers as runs."""
    return _merged([(n, n) for n in sorted(numbers)])


def _merged(runs: Iterable[Run]) -> list[Run]:
    """Sorted runs, those that touch made one and empty ones left out."""
    out: list[Run] = []
    for first, last in runs:
        if first > last:
            continue
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(last, out[-1][1]))
        else:
            out.append((first, last))
    return out


def _cut_out(runs: Sequence[Run], gone: Iterable[Run]) -> list[Run]:
    """Sorted runs without those of others."""
    for first, last in gone:
        if first > last:
            continue
        kept: list[Run] = []
        for start, end in runs:
            if last < start or end < first:
                kept.append((start, end))
                continue
            kept += [(start, first - 1)] * (start < first) + [(last + 1, end)] * (last < end)
        runs = kept
    return list(runs)
