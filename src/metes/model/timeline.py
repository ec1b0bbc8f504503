"""Facts along true time: what stands after a new fact is laid over those there are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date

from metes.base.dates import END_OF_TIME


@dataclass(frozen=True, slots=True)
class Stretch:
    """A value held from `start` up to, not including, `end` (None: open); `id` is 0 for a stretch that is not recorded yet."""

    value: Hashable
    start: date
    end: date | None = None
    id: int = 0

    def __post_init__(self) -> None:
        if self.end is not None and self.start >= self.end:
            raise ValueError(f"a stretch needs start < end, got {self.start} and {self.end}")


@dataclass(frozen=True, slots=True)
class Overlaid:
    """Which recorded stretches end in recorded time, and which are recorded in their place."""

    closing: tuple[int, ...]
    opening: tuple[Stretch, ...]


def lay_over(recorded: Sequence[Stretch], new: Sequence[Stretch]) -> Overlaid:
    """Lay new stretches over the recorded ones of one subject (an account): where both speak of a day, the new one counts.

    Recorded stretches that the new ones do not touch, or repeat exactly, stay. Those touched are closed and their rest is
    opened again, but for one that a new stretch restates: the same value from the same day on, with another end. New stretches
    must not overlap one another. O(recorded x new), both are a handful per subject.
    """
    repeated = {(s.value, s.start, s.end) for s in recorded} & {(s.value, s.start, s.end) for s in new}
    laid = [s for s in new if (s.value, s.start, s.end) not in repeated]
    restated = {(s.value, s.start) for s in laid}
    closing: list[int] = []
    opening: list[Stretch] = []
    for old in recorded:
        if (old.value, old.start, old.end) in repeated or not any(_overlap(old, s) for s in laid):
            continue
        closing.append(old.id)
        if (old.value, old.start) not in restated:
            opening.extend(left_over(old, laid))
    return Overlaid(tuple(closing), tuple(sorted([*opening, *laid], key=lambda s: s.start)))


def left_over(old: Stretch, laid: Sequence[Stretch]) -> list[Stretch]:
    """The parts of a stretch on whose days none of the others speaks, in order."""
    rest: list[Stretch] = []
    start: date | None = old.start
    for new in sorted(laid, key=lambda s: s.start):
        if start is None or not _overlap(old, new):
            continue
        if start < new.start:
            rest.append(Stretch(old.value, start, new.start))
        start = None if new.end is None else max(start, new.end)
    if start is not None and start < (old.end or END_OF_TIME):
        rest.append(Stretch(old.value, start, old.end))
    return rest


def _overlap(one: Stretch, other: Stretch) -> bool:
    return one.start < (other.end or END_OF_TIME) and other.start < (one.end or END_OF_TIME)
