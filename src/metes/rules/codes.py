"""Makes integers of values, exactly: whatever rules ask of a field becomes a test of one small integer.

A field has up to three columns of codes. *Atom*: values in exactly the same of the sets that rules ask for share one. *Order*: how many
of the ends of ranges and prefixes lie at or below the value, so that a range or prefix is an interval of codes. *Texts*: which of the
texts that rules look for the value contains. Truth values that rules ask to be true, such as areas, are one column together, as if an
account had one text of the names of what is true.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from metes.model.catalogue import FieldType
from metes.rules.field_test import FieldTest
from metes.rules.normal import Conjunction

# The name under which what is true of an account is kept, as if it were a field; no field is named so.
FLAGS = "\0"
MISSING = -1
OTHER = 0
# Above every code.
LARGEST = 2**31 - 2

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class CodeColumn:
    """A column of codes: `kind` is atom, order or texts."""

    kind: str
    field: str


@dataclass(slots=True)
class FieldCodes:
    """The codes of one field.

    Atoms count from 1, 0 is any value that no set has. An order code is the number of `ends` at or below the value. Codes of texts
    are their places in `texts`. A missing value has the code -1. `makers` is where who codes tables keeps what it made of these, by kind.
    """

    atom_of: dict[Any, int] = field(default_factory=dict)
    atoms_of_set: dict[frozenset[Any], tuple[int, ...]] = field(default_factory=dict)
    ends: list[Any] = field(default_factory=list)
    texts: tuple[str, ...] = ()
    number_of_text: dict[str, int] = field(default_factory=dict)
    makers: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def interval(self, low: Any, high: Any) -> Interval:
        """The order codes of values in [low, high), both of which are ends; None leaves a side open."""
        first = 0 if low is None else bisect_left(self.ends, low) + 1
        last = LARGEST if high is None else bisect_left(self.ends, high) + 1
        return first, last

    def order(self, value: Any) -> int:
        """The order code of a value."""
        return MISSING if value is None else bisect_right(self.ends, value)

    def atom(self, value: Any) -> int:
        """The atom of a value."""
        return MISSING if value is None else self.atom_of.get(value, OTHER)

    def held_texts(self, value: str | None) -> list[int]:
        """The codes of the texts that a value contains."""
        return [] if value is None else [code for code, text in enumerate(self.texts) if text in value]


def codes_of(conjunctions: Iterable[Conjunction]) -> dict[str, FieldCodes]:
    """Codes for everything that the conjunctions ask for, by field."""
    asked: dict[str, _Asked] = {}
    for conjunction in conjunctions:
        for test in conjunction.tests:
            is_one = is_flag(test)
            name = FLAGS if is_one else test.field
            own = asked.get(name)
            if own is None:
                own = asked[name] = _Asked()
            if is_one:
                own.texts.add(test.field)
            else:
                own.note(test)
    return {name: asked[name].codes() for name in sorted(asked)}


def is_flag(test: FieldTest) -> bool:
    """Whether a test asks for nothing but that a truth value is true, or that it is not."""
    if test.type is not FieldType.BOOLEAN:
        return False
    return test.among == _TRUE or (test.among is None and test.not_among == _TRUE and not test.is_present)


_TRUE = frozenset([True])


class _Asked:
    """The sets, ends and texts that rules ask for of one field."""

    def __init__(self) -> None:
        self.sets: dict[frozenset[Any], None] = {}
        self.ends: set[Any] = set()
        self.texts: set[str] = set()

    def note(self, test: FieldTest) -> None:
        """Note what one test asks for."""
        if test.among is not None:
            self.sets[test.among] = None
            return
        if test.not_among:
            self.sets[test.not_among] = None
        for low, high in ((test.low, test.high), *test.not_between):
            self._end(low)
            self._end(high)
        for prefix in (test.prefix, *test.not_prefix):
            if prefix:
                low, high = prefix_interval(prefix)
                self._end(low)
                self._end(high)
        self.texts.update(test.contains)
        self.texts.update(text for text in test.not_contains if text)

    def _end(self, end: Any) -> None:
        if end is not None:
            self.ends.add(end)

    def codes(self) -> FieldCodes:
        """Codes for all of it."""
        texts = tuple(sorted(self.texts))
        atom_of, atoms_of_set = _atoms(list(self.sets))
        return FieldCodes(atom_of, atoms_of_set, sorted(self.ends), texts, {text: number for number, text in enumerate(texts)})


def prefix_interval(prefix: str) -> tuple[str, str | None]:
    """The texts that start with a prefix as [low, high) in the order of code points; None where nothing lies above."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return prefix, None
    following = ord(kept[-1]) + 1
    return prefix, kept[:-1] + chr(0xE000 if following == 0xD800 else following)


def _atoms(sets: Sequence[frozenset[Any]]) -> tuple[dict[Any, int], dict[frozenset[Any], tuple[int, ...]]]:
    """The atom of each value, values in exactly the same sets sharing one, and the atoms of each set, ascending.

    Each set in turn splits the classes that it meets. Atoms are numbered by their first values, so that neighbours have near ones.
    """
    class_of: dict[Any, int] = {}
    made = 0
    for values in sets:
        split: dict[int, int] = {}
        for value in values:
            old = class_of.get(value, 0)
            new = split.get(old)
            if new is None:
                made += 1
                new = split[old] = made
            class_of[value] = new
    atom_of_class: dict[int, int] = {}
    atom_of = {value: atom_of_class.setdefault(class_of[value], len(atom_of_class) + 1) for value in sorted(class_of)}
    return atom_of, {values: tuple(sorted({atom_of[value] for value in values})) for values in sets}


def columns_of(codes: Mapping[str, FieldCodes]) -> tuple[CodeColumn, ...]:
    """The columns of codes that are needed; a field of which nothing but its presence is asked has its order codes."""
    out: list[CodeColumn] = []
    for name, own in codes.items():
        kinds = [kind for kind, has in (("atom", own.atom_of), ("order", own.ends), ("texts", own.texts)) if has]
        out += [CodeColumn(kind, name) for kind in kinds or ["order"]]
    return tuple(out)
