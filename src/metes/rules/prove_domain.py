"""What values a field can have at all, and free ones among them: the ground on which proofs stand and examples are made."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, Final

from metes.model.catalogue import Field, FieldType
from metes.model.terms import Distance, InArea, Month, OfFamily, Orders, OrdersMeasure, PostalOrder, Term, term_of
from metes.rules.field_test import Interval, inside

_WHOLE: Final = (FieldType.INTEGER, FieldType.MONEY)
_WORDS: Final = ("Other", "other", "Another", "another", "Example", "example", "Zz", "zz")
_CODES: Final = ("ZZ", "ZZZ", "OTHER", "EXAMPLE", "99", "99999")
_TAILS: Final = ("", "1", "A", "a", "0", "00", "X", "x", " ", "-", "9", "Z", "z", "~")
_WHERE: Final = frozenset({"country", "region", "postal_code", "city", "zone", "latitude", "longitude"})
_FIRST_TRIED: Final = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Domain:
    """All values of a field: those of `choices` where it has some, else those in [low, high); missing unless `is_never_missing`.

    `prefer` are values that people recognise, tried first where an example is made up.
    """

    field: str
    type: FieldType
    low: Any = None
    high: Any = None
    choices: tuple[Any, ...] = ()
    is_never_missing: bool = False
    prefer: tuple[Any, ...] = ()

    def holds(self, value: Any) -> bool:
        """Whether a value, or None for a missing one, can stand in the field."""
        if value is None:
            return not self.is_never_missing
        return value in self.choices if self.choices else inside(value, (self.low, self.high))

    def free(self, low: Any, high: Any, taken: Container[Any], size: int) -> Any:
        """A value in [low, high) that is none of those `taken`, of which there are `size` at most; None where there is none."""
        for value in self.prefer:
            if inside(value, (low, high)) and value not in taken:
                return value
        for value in self._tried(low, high, size):
            if inside(value, (low, high)) and value not in taken:
                return value
        return None

    def _tried(self, low: Any, high: Any, size: int) -> Iterator[Any]:
        """Values to try, the readable ones first; more than `size` of [low, high) where it has as many."""
        match self.type:
            case FieldType.INTEGER | FieldType.MONEY:
                yield from _numbers(low, high, size)
            case FieldType.DECIMAL:
                yield from _decimals(low, high, size)
            case FieldType.DATE:
                yield from _days(low, high, size)
            case FieldType.BOOLEAN:
                yield from (False, True)
            case _:
                yield from _texts(low, high, size, _CODES if self.type is FieldType.CODE else _WORDS)


def domain_of(field: Field, prefer: Iterable[Any] = ()) -> Domain:
    """The domain of a field, as imports make sure of it and as terms are worked out."""
    choices: tuple[Any, ...] = (False, True) if field.type is FieldType.BOOLEAN else field.choices
    low, high = _bounds(field)
    return Domain(field.name, field.type, low, high, choices, _is_never_missing(field), tuple(prefer))


def _bounds(field: Field) -> Interval:
    """The field's bounds as [low, high); amounts are bounded by 0 alone, for their unit is the currency's."""
    low, high = field.low, field.high
    if field.type is FieldType.MONEY:
        return (0 if low == 0 else None), None
    if field.type is FieldType.INTEGER:
        return (None if low is None else math.ceil(low)), (None if high is None else math.floor(high) + 1)
    if field.type is FieldType.DECIMAL:
        return low, (None if high is None else math.nextafter(high, math.inf))
    return None, None


def _is_never_missing(field: Field) -> bool:
    if field.is_required or field.name == "id":
        return True
    term = term_of(field.name)
    while isinstance(term, OfFamily):
        if term.field in ("id", "name"):
            return True
        term = term_of(term.field)
    return isinstance(term, Month) or (isinstance(term, Orders) and term.measure is not OrdersMeasure.RECENCY)


@dataclass(frozen=True, slots=True)
class Kin:
    """The terms of one account among some fields, its own or its family's: those of its place, its histories, its postal order; and the
    plain fields that say where it is."""

    places: tuple[str, ...]
    histories: tuple[str, ...]
    orders_of_postal: tuple[str, ...]
    where: tuple[str, ...]


def kin_of(names: Iterable[str]) -> tuple[Kin, ...]:
    """Fields that hang together, apart for the account itself and for the one on top of its family."""
    by_owner: dict[str, dict[str, str]] = {}
    for name in names:
        inner = name
        while isinstance(term := term_of(inner), OfFamily):
            inner = term.field
        by_owner.setdefault(name[: len(name) - len(inner)], {})[inner] = name
    return tuple(_kin(own) for _, own in sorted(by_owner.items()))


def _kin(own: Mapping[str, str]) -> Kin:
    terms = {name: term_of(inner) for inner, name in own.items()}
    return Kin(
        tuple(name for name, term in terms.items() if isinstance(term, InArea | Distance)),
        tuple(name for name, term in terms.items() if isinstance(term, Orders)),
        tuple(name for name, term in terms.items() if isinstance(term, PostalOrder)),
        tuple(name for inner, name in own.items() if inner in _WHERE),
    )


def is_area(name: str) -> bool:
    """Whether a field says if a place lies in an area."""
    return isinstance(_inner_term(name), InArea)


def is_recency(name: str) -> bool:
    """Whether a field says how long ago the last order was, which without orders is missing."""
    term = _inner_term(name)
    return isinstance(term, Orders) and term.measure is OrdersMeasure.RECENCY


def _inner_term(name: str) -> Term | None:
    """The term behind a name, its family's stripped off."""
    term = term_of(name)
    while isinstance(term, OfFamily):
        term = term_of(term.field)
    return term


def after_prefix(prefix: str) -> str | None:
    """The first text behind all that start with a prefix, by code point; None where there is none."""
    kept = prefix.rstrip(chr(0x10FFFF))
    return kept[:-1] + chr(ord(kept[-1]) + 1) if kept else None


def _numbers(low: int | None, high: int | None, size: int) -> Iterator[int]:
    if low is None:
        start = 0 if high is None else high - 1
        yield from range(start, start - size - 2, -1)
    else:
        yield from range(low, low + size + 2)


def _decimals(low: float | None, high: float | None, size: int) -> Iterator[float]:
    if low is not None and high is not None:
        yield from (float(math.ceil(low)), round((low + high) / 2, 3), low)
    start = 0.0 if low is None and high is None else low if low is not None else math.nextafter(high or 0.0, -math.inf)
    step = math.inf if low is not None else -math.inf
    yield from (float(math.ceil(start)), float(math.floor(start)) - (low is None))
    for _ in range(size + 2):
        yield start
        start = math.nextafter(start, step)


def _days(low: date | None, high: date | None, size: int) -> Iterator[date]:
    yield _FIRST_TRIED
    day = low if low is not None else None if high is None else high
    for i in range(size + 2):
        try:
            yield (day or _FIRST_TRIED) + timedelta(days=i if low is not None else -i)
        except OverflowError:
            return


def _texts(low: str | None, high: str | None, size: int, words: Iterable[str]) -> Iterator[str]:
    """Readable texts first; at last those that follow on `low` at once, of which there are enough unless [low, high) is used up."""
    yield from words
    start = low or ""
    if _is_text(start):
        yield from (text for tail in _TAILS if (text := start + tail))
    stem = "ZZ" if not low else start
    yield from (f"{stem}{i}" for i in range(1, min(size, 1000) + 2) if _is_text(stem))
    for i in count():
        text = start + "\0" * i
        if i > size + 2 or (high is not None and text >= high):
            return
        yield text


def _is_text(text: str) -> bool:
    """Whether it can be written: half a surrogate pair, which the end of a prefix may be, cannot."""
    return not any("\ud800" <= char <= "\udfff" for char in text)
