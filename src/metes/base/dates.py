"""Days and instants: days are half-open intervals, instants are UTC and aware."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

END_OF_TIME = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `start` up to, but not including, `end`; None is open on that side."""

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"a period needs start < end, got {self.start} and {self.end}")

    def holds(self, day: date) -> bool:
        """Whether a day lies inside."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)

    def overlaps(self, other: Period) -> bool:
        """Whether two periods share a day."""
        return (self.start or date.min) < (other.end or END_OF_TIME) and (other.start or date.min) < (self.end or END_OF_TIME)


ALWAYS = Period()


def day_after(day: date) -> date:
    """The next day: turns an inclusive last day into a half-open end."""
    return day + timedelta(days=1)


def months_before(day: date, months: int) -> date:
    """The same day of the month so many months before; the month's last day where it has no such day."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def parse_day(text: str) -> date:
    """A day from ISO text (2024-03-14); ValueError otherwise."""
    return date.fromisoformat(text.strip())


def as_utc(moment: datetime) -> datetime:
    """An instant in UTC; a naive one is taken as UTC already, as databases hand it back."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
