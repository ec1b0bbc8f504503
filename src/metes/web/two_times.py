"""The history of one account in two times: what held when, and what was recorded late or corrected, as spans to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from metes.base.dates import END_OF_TIME
from metes.web.drawing import Span
from metes.web.marks import Marks

LONGEST_YEARS = 10
_Days = tuple[date, date]


class Fact(Protocol):
    """A fact of the ledger about who holds an account."""

    @property
    def territory(self) -> str:
        """The key of the territory."""

    @property
    def role(self) -> str:
        """What the territory is to the account."""

    @property
    def true_from(self) -> date:
        """The first day."""

    @property
    def true_until(self) -> date | None:
        """The day after the last; None is open."""

    @property
    def recorded_at(self) -> datetime:
        """When it was recorded."""

    @property
    def recorded_until(self) -> datetime | None:
        """When it was superseded; None stands."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """The two lanes of a timeline, and the days it shows."""

    held: tuple[Span, ...]
    recorded: tuple[Span, ...]
    start: date
    end: date


def lanes(
    history: Sequence[Fact], marks: Marks, today: date, day_of: Callable[[datetime], date], write: Callable[[date], str]
) -> Lanes:
    """The primary facts as lanes. The second lane shows the days that were only known afterwards, and what was said of them before.

    `day_of` gives the day of an instant in the workspace's time zone, `write` a day as text.
    """
    primary = [fact for fact in history if fact.role == "primary"]
    standing = [fact for fact in primary if fact.recorded_until is None]
    held = tuple(
        _span(marks, fact, (fact.true_from, fact.true_until or END_OF_TIME), f"recorded {write(day_of(fact.recorded_at))}")
        for fact in standing
    )
    corrected: list[tuple[_Days, Span]] = []
    for fact in primary:
        if fact.recorded_until is None:
            continue
        known_until = day_of(fact.recorded_until)
        said = (fact.true_from, min(fact.true_until or END_OF_TIME, known_until))
        same = [(f.true_from, f.true_until or END_OF_TIME) for f in standing if f.territory == fact.territory]
        for days in without(said, same):
            label = f"{marks.name(fact.territory)}, corrected {write(known_until)}"
            corrected.append((days, Span(label, days[0], days[1], recorded=f"recorded {write(day_of(fact.recorded_at))}")))
    late: list[Span] = []
    for fact in standing:
        known_from = day_of(fact.recorded_at)
        days = (fact.true_from, min(fact.true_until or END_OF_TIME, known_from))
        late += [Span(f"recorded {write(known_from)}", *left) for left in without(days, [taken for taken, _ in corrected])]
    recorded = sorted([*(span for _, span in corrected), *late], key=lambda s: s.start or date.min)
    return Lanes(held, tuple(recorded), *_shown(primary, today))


def without(days: _Days, taken: Iterable[_Days]) -> list[_Days]:
    """The parts of [start, end) that none of the taken intervals covers."""
    left = [days] if days[0] < days[1] else []
    for start, end in taken:
        parts = ((a, min(b, start)) for a, b in left)
        rest = ((max(a, end), b) for a, b in left)
        left = [(a, b) for a, b in (*parts, *rest) if a < b]
    return sorted(left)


def _span(marks: Marks, fact: Fact, days: _Days, recorded: str) -> Span:
    mark = marks.of(fact.territory) or {"name": fact.territory, "colour": None, "href": ""}
    end = None if days[1] == END_OF_TIME else days[1]
    return Span(mark["name"], days[0], end, mark["colour"], mark["href"], recorded)


def _shown(facts: Sequence[Fact], today: date) -> _Days:
    """From the first fact, at most ten years back, to a little after today or the last change to come."""
    first = min((fact.true_from for fact in facts), default=today)
    start = max(min(first, _later(today, -365)), _later(today, -365 * LONGEST_YEARS))
    last = max([today, *(fact.true_from for fact in facts)])
    return start, _later(last, max(30, (last - start).days // 12))


def _later(day: date, days: int) -> date:
    """The day so many days later, or before; the first or last there is where that would be beyond them."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))
