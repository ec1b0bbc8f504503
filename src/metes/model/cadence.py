"""When something happens again and again: nightly, weekly or monthly at a local time, whatever the clocks do in spring and autumn."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from metes.base.errors import InputError

NIGHTLY, WEEKLY, MONTHLY = "nightly", "weekly", "monthly"
EVERY = (NIGHTLY, WEEKLY, MONTHLY)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# A year has every month, and the longest month every day.
_DAYS_LOOKED_AT = 63


@dataclass(frozen=True, slots=True)
class Cadence:
    """`at` is local time; `on` is the weekday (0 is Monday) of a weekly cadence or the day of the month of a monthly one.

    A month that is too short has its turn on its last day.
    """

    every: str
    at: time
    on: int = 0

    def __post_init__(self) -> None:
        allowed = {NIGHTLY: range(1), WEEKLY: range(7), MONTHLY: range(1, 32)}.get(self.every)
        if allowed is None or self.on not in allowed or self.at.tzinfo is not None or self.at.second or self.at.microsecond:
            raise InputError(
                f"expected nightly, weekly or monthly at a time such as 02:00, got {self.every} {self.on} at {self.at}"
            )

    def falls_on(self, day: date) -> bool:
        """Whether a day has a turn."""
        if self.every == WEEKLY:
            return day.weekday() == self.on
        return self.every == NIGHTLY or day.day == min(self.on, monthrange(day.year, day.month)[1])

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first turn after an instant, in UTC: one on each of its days.

        A local time that the clocks jump over has its turn as much later as they jump; one that comes twice has it the first time.
        """
        first = moment.astimezone(zone).date()
        for days in range(_DAYS_LOOKED_AT):
            day = first + timedelta(days=days)
            turn = datetime.combine(day, self.at, zone).astimezone(UTC)
            if self.falls_on(day) and turn > moment:
                return turn
        raise AssertionError("every cadence has a turn within two months")

    def __str__(self) -> str:
        """As it is written and stored: `weekly monday 02:00`."""
        on = {NIGHTLY: "", WEEKLY: f" {WEEKDAYS[self.on % 7]}", MONTHLY: f" {self.on}"}[self.every]
        return f"{self.every}{on} {self.at:%H:%M}"


def parse_cadence(text: str) -> Cadence:
    """The cadence that `nightly 02:00`, `weekly monday 02:00` or `monthly 1 02:00` means; InputError says what is expected."""
    try:
        every, *on, at = text.lower().split()
        clock = time.fromisoformat(at)
        if every == WEEKLY and len(on) == 1:
            return Cadence(WEEKLY, clock, WEEKDAYS.index(on[0]))
        if every == MONTHLY and len(on) == 1:
            return Cadence(MONTHLY, clock, int(on[0]))
        if every == NIGHTLY and not on:
            return Cadence(NIGHTLY, clock)
    except (ValueError, InputError):
        pass
    raise InputError(f"expected 'nightly 02:00', 'weekly monday 02:00' or 'monthly 1 02:00', got {text[:80]!r}")


def is_astray(next_at: datetime, cadence: Cadence, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a turn that is to come lies further off than any turn could: somebody set the clock far back since it was worked out."""
    return next_at > cadence.next_after(cadence.next_after(now, zone), zone)
