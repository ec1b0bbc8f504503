"""All that one conjunction asks of one field, merged from its literals by intersecting sets and intervals."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from metes.model.catalogue import FieldType
from metes.model.condition import Contains, Equals, In, InList, Literal, Missing, Prefix, Range

Interval = tuple[Any, Any]
_WHOLE = (FieldType.INTEGER, FieldType.MONEY)
_FEW = 64


class Contradiction(Exception):
    """No value, and not a missing one either, can pass; `str` says why."""


@dataclass(frozen=True, slots=True)
class FieldTest:
    """What a conjunction asks of a field. Intervals are [low, high), None leaves a side open. `among` absorbs all other positive tests."""

    field: str
    type: FieldType
    is_missing: bool = False
    is_present: bool = False
    among: frozenset[Any] | None = None
    low: Any = None
    high: Any = None
    prefix: str = ""
    contains: tuple[str, ...] = ()
    not_among: frozenset[Any] = frozenset()
    not_between: tuple[Interval, ...] = ()
    not_prefix: tuple[str, ...] = ()
    not_contains: tuple[str, ...] = ()

    def holds(self, value: Any) -> bool:
        """Whether a value, or None for a missing one, passes."""
        if value is None:
            return not self.is_present
        return not self.is_missing and (self.among is None or value in self.among) and self._passes_rest(value)

    def _passes_rest(self, value: Any) -> bool:
        """Whether a value passes everything but `among`."""
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value < self.high)
            and (not self.prefix or value.startswith(self.prefix))
            and all(text in value for text in self.contains)
            and value not in self.not_among
            and not any(inside(value, interval) for interval in self.not_between)
            and not any(value.startswith(prefix) for prefix in self.not_prefix)
            and not any(text in value for text in self.not_contains)
        )

    def settled(self) -> FieldTest:
        """The test in its shortest form; raises Contradiction where nothing can pass."""
        if self.is_missing:
            if self.is_present:
                raise Contradiction("a value is asked for and must be missing")
            return FieldTest(self.field, self.type, is_missing=True)
        if self.type is FieldType.BOOLEAN and self.not_among:
            return self._settled_boolean()
        if self.among is not None:
            return self._settled_among(self.among)
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise Contradiction("the ranges share no value")
        self._check_prefix()
        if any(_covers(interval, self) for interval in self.not_between if self.is_present):
            raise Contradiction("a range is asked for and left out")
        return self

    def _settled_among(self, among: frozenset[Any]) -> FieldTest:
        """The values that pass all else, and nothing else."""
        kept = frozenset(v for v in self._between_ends(among) if self._passes_rest(v)) if self._asks_more else among
        if not kept:
            raise Contradiction("no value passes all that is asked")
        return self if kept is among and self.is_present else FieldTest(self.field, self.type, is_present=True, among=kept)

    def _between_ends(self, among: frozenset[Any]) -> Iterable[Any]:
        """The values of a long list from the lower end on, up to the higher one or as far as the prefix goes; of a short one all."""
        if len(among) <= _FEW or (self.low is None and self.high is None and not self.prefix):
            return among
        ordered = _ascending(among)
        low = max(self.low, self.prefix) if self.prefix and self.low is not None else self.prefix or self.low
        start = 0 if low is None else bisect_left(ordered, low)
        end = len(ordered) if self.high is None else bisect_left(ordered, self.high)
        if self.prefix:
            end = min(end, bisect_right(ordered, self.prefix, key=lambda value: value[: len(self.prefix)]))
        return ordered[start:end]

    @property
    def _asks_more(self) -> bool:
        """Whether anything but `among` and presence is asked."""
        return (
            self.low is not None
            or self.high is not None
            or bool(self.prefix or self.contains or self.not_among or self.not_between or self.not_prefix or self.not_contains)
        )

    def _settled_boolean(self) -> FieldTest:
        """Truth values ruled out, as those that are left: of two values, what is not the one is the other, or missing."""
        left = (self.among or frozenset([True, False])) - self.not_among
        if self.is_present or self.among is not None:
            return replace(self, among=left, not_among=frozenset()).settled()
        return self if left else FieldTest(self.field, self.type, is_missing=True)

    def _check_prefix(self) -> None:
        """Raise where the prefix meets a range or a NOT that leaves nothing of it."""
        prefix = self.prefix
        if not (prefix or self.not_prefix or self.not_contains):
            return
        below = self.high is not None and prefix and self.high <= prefix
        above = self.low is not None and prefix and self.low > prefix and not self.low.startswith(prefix)
        refused = any(prefix.startswith(p) for p in self.not_prefix if self.is_present)
        known = (prefix, *self.contains)
        if below or above or refused or any(text in k for text in self.not_contains for k in known if self.is_present):
            raise Contradiction("a text is asked for and left out")


@lru_cache(maxsize=256)
def _ascending(values: frozenset[Any]) -> Sequence[Any]:
    """Values in order; those of long lists are asked for again and again."""
    return sorted(values)


def inside(value: Any, interval: Interval) -> bool:
    """Whether a value lies in [low, high)."""
    low, high = interval
    return (low is None or value >= low) and (high is None or value < high)


def _covers(outer: Interval, test: FieldTest) -> bool:
    low, high = outer
    covers_low = low is None or (test.low is not None and low <= test.low)
    return covers_low and (high is None or (test.high is not None and test.high <= high))


def narrowed(test: FieldTest, literal: Literal, positive: bool, values_of_list: Callable[[str], frozenset[str]]) -> FieldTest:
    """The test with one more literal, plain or under a NOT; raises Contradiction where the two exclude each other at once."""
    match literal:
        case Prefix(_, "") | Contains(_, "") if not positive:
            return replace(test, is_missing=True)  # every value has the empty text
        case Missing():
            return replace(test, is_missing=True) if positive else replace(test, is_present=True)
        case Equals(_, value):
            return _with_values(test, frozenset(stored([value], test.type)), positive)
        case In(_, values):
            return _with_values(test, frozenset(stored(list(values), test.type)), positive)
        case InList(_, name):
            return _with_values(test, values_of_list(name), positive)
        case Prefix(_, prefix):
            return _with_prefix(test, prefix) if positive else replace(test, not_prefix=(*test.not_prefix, prefix))
        case Contains(_, text):
            return _with_text(test, text) if positive else replace(test, not_contains=(*test.not_contains, text))
        case Range():
            return _with_range(test, interval_of(literal, test.type), positive)


def _with_values(test: FieldTest, values: frozenset[Any], positive: bool) -> FieldTest:
    if not positive:
        return replace(test, not_among=test.not_among | values)
    among = values if test.among is None else test.among & values
    if not among:
        raise Contradiction("no value is in all the lists asked for")
    if not (test.is_present or test.is_missing or test._asks_more):  # nothing asked so far: `replace` would take four times as long
        return FieldTest(test.field, test.type, is_present=True, among=among)
    return replace(test, is_present=True, among=among)


def _with_prefix(test: FieldTest, prefix: str) -> FieldTest:
    longer, shorter = (prefix, test.prefix) if len(prefix) >= len(test.prefix) else (test.prefix, prefix)
    if not longer.startswith(shorter):
        raise Contradiction(f"no text starts with both {test.prefix!r} and {prefix!r}")
    return replace(test, is_present=True, prefix=longer)


def _with_text(test: FieldTest, text: str) -> FieldTest:
    return replace(test, is_present=True, contains=(*test.contains, text) if text else test.contains)


def _with_range(test: FieldTest, interval: Interval, positive: bool) -> FieldTest:
    if not positive:
        if interval == (None, None):
            return replace(test, is_missing=True)
        return replace(test, not_between=(*test.not_between, interval))
    low, high = interval
    if not (test.is_present or test.is_missing or test._asks_more):
        return FieldTest(test.field, test.type, is_present=True, low=low, high=high)
    if test.low is not None and (low is None or test.low > low):
        low = test.low
    if test.high is not None and (high is None or test.high < high):
        high = test.high
    return replace(test, is_present=True, low=low, high=high)


def stored(values: list[Any], type: FieldType) -> list[Any]:
    """Values of a rule as the accounts table holds them; those that no stored value can equal are left out."""
    if type in _WHOLE:
        return [int(v) for v in values if v == int(v)]
    return [float(v) for v in values] if type is FieldType.DECIMAL else values


def interval_of(literal: Range, type: FieldType) -> Interval:
    """A range as [low, high) over the values as the accounts table holds them."""
    low, high = literal.low, literal.high
    if low is not None:
        low = _reached(low, type) if literal.includes_low else _passed(low, type)
        if low is None:
            return date.max, date.max  # no day lies behind the last: an empty interval
    if high is not None:
        high = _passed(high, type) if literal.includes_high else _reached(high, type)
    return low, high


def _reached(end: Any, type: FieldType) -> Any:
    """The first stored value at or above an end."""
    if type in _WHOLE:
        return math.ceil(end)
    return float(end) if type is FieldType.DECIMAL else end


def _passed(end: Any, type: FieldType) -> Any:
    """The first stored value above an end; None where there is none."""
    if isinstance(end, str):
        return end + "\0"
    if isinstance(end, date):
        return end + timedelta(days=1) if end < date.max else None
    if type is FieldType.DECIMAL:
        return math.nextafter(float(end), math.inf)
    return math.floor(Decimal(end)) + 1
