"""Finds, among many boxes, those that may share an account with one: by columns of values and ranks, not pair by pair."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from metes.rules.field_test import FieldTest
from metes.rules.prove_boxes import Box, Tests
from metes.rules.prove_cells import span

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_HIGHEST: Final = np.iinfo(np.int64).max


class OverlapIndex:
    """The boxes that meet a box, one field after another; what texts contain and what is left out under a NOT is not looked at.

    So some of those found share nothing, and none that shares something is missed. Asking takes time in proportion to the boxes that
    have a test of a field that is asked for.
    """

    def __init__(self, boxes: Sequence[Box]) -> None:
        self.boxes = boxes
        tests: dict[str, list[tuple[int, FieldTest]]] = {}
        for place, box in enumerate(boxes):
            for name, test in box.tests.items():
                tests.setdefault(name, []).append((place, test))
        self._fields: Mapping[str, _FieldIndex] = {name: _FieldIndex(found) for name, found in tests.items()}
        # How many tests of each box an account without any value fails.
        self._failing_nothing: NDArray[np.int32] = np.zeros(len(boxes), np.int32)
        for index in self._fields.values():
            self._failing_nothing[index.places] += ~index.takes(None)

    def meeting(self, tests: Tests) -> list[Box]:
        """The boxes that may share an account with one of these tests."""
        mask = np.ones(len(self.boxes), bool)
        for name, test in tests.items():
            index = self._fields.get(name)
            if index is not None:
                mask[index.places[~index.meets(test)]] = False
        return [self.boxes[place] for place in np.flatnonzero(mask).tolist()]

    def at(self, record: Mapping[str, Any]) -> list[Box]:
        """The boxes that may take a record."""
        failed = self._failing_nothing.copy()
        for name, value in record.items():
            index = self._fields.get(name)
            if index is not None and value is not None:
                failed[index.places] += index.takes(None).astype(np.int32) - index.takes(value)
        return [self.boxes[place] for place in np.flatnonzero(failed == 0).tolist()]


class _FieldIndex:
    """The tests of one field as arrays. Ranks are even for values that some test names and odd between them."""

    def __init__(self, tests: Sequence[tuple[int, FieldTest]]) -> None:
        self.places: Ints = np.array([place for place, _ in tests], np.int64)
        self._takes_missing: Bools = np.array([not test.is_present for _, test in tests], bool)
        self._takes_present: Bools = np.array([not test.is_missing for _, test in tests], bool)
        self._is_list: Bools = np.array([test.among is not None for _, test in tests], bool)
        ends: set[Any] = set()
        for _, test in tests:
            ends.update(test.among if test.among is not None else (end for end in span(test) if end is not None))
        self._keys = sorted(ends)
        rank = {key: 2 * i for i, key in enumerate(self._keys)}
        spans = [span(test) for _, test in tests]
        self._low: Ints = np.array([-1 if low is None else rank[low] for low, _ in spans], np.int64)
        self._high: Ints = np.array([_HIGHEST if high is None else rank[high] for _, high in spans], np.int64)
        sizes = [len(test.among or ()) for _, test in tests]
        ranks = np.fromiter((rank[value] for _, test in tests for value in test.among or ()), np.int64, sum(sizes))
        order = np.argsort(ranks, kind="stable")
        self._member_rank: Ints = ranks[order]
        self._member_row: Ints = np.repeat(np.arange(len(tests)), sizes)[order]

    def meets(self, test: FieldTest) -> Bools:
        """Which tests may share a value, or the missing one, with a test."""
        shares = self._shares_value(test) & self._takes_present if not test.is_missing else np.zeros(self.places.size, bool)
        return shares if test.is_present else shares | self._takes_missing

    def takes(self, value: Any) -> Bools:
        """Which tests may pass a value, or the missing one."""
        if value is None:
            return self._takes_missing
        rank = self._rank(value)
        out = (self._low <= rank) & (rank < self._high) & ~self._is_list & self._takes_present
        start, end = np.searchsorted(self._member_rank, [rank, rank + 1], side="left")
        out[self._member_row[start:end]] = True
        return out

    def _shares_value(self, test: FieldTest) -> Bools:
        out = np.zeros(self.places.size, bool)
        if test.among is not None:
            ranks: Ints = np.array(sorted(map(self._rank, test.among)), np.int64)
            first = np.searchsorted(self._member_rank, ranks, side="left")
            last = np.searchsorted(self._member_rank, ranks, side="right")
            for start, end in zip(first.tolist(), last.tolist(), strict=True):
                out[self._member_row[start:end]] = True
            in_span = np.searchsorted(ranks, self._high, side="left") > np.searchsorted(ranks, self._low, side="left")
            return out | (in_span & ~self._is_list)
        low, high = span(test)
        low_rank = -1 if low is None else self._rank(low)
        high_rank = _HIGHEST if high is None else self._rank(high)
        start, end = np.searchsorted(self._member_rank, [low_rank, high_rank], side="left")
        out[self._member_row[start:end]] = True
        # An odd rank stands for all values between two that are named, so ends may only be taken apart where they are named.
        overlaps = (self._low < high_rank) & (low_rank < self._high)
        return out | (overlaps & ~self._is_list)

    def _rank(self, value: Any) -> int:
        at = bisect_left(self._keys, value)
        return 2 * at if at < len(self._keys) and self._keys[at] == value else 2 * at - 1
