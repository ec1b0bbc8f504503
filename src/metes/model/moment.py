"""The two times of a question: the day it is about, and the instant whose knowledge counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from metes.base.dates import as_utc
from metes.base.errors import InputError

_A_DAY = len("2026-03-14")
# A day more must still be a day, in whatever time zone.
_LAST = date(9999, 12, 30)


@dataclass(frozen=True, slots=True)
class Moment:
    """What was true on the day `at`, as known at the instant `known` (None: now)."""

    at: date
    known: datetime | None = None

    def __post_init__(self) -> None:
        if self.known is not None and self.known.tzinfo is None:
            raise ValueError(f"a moment needs an instant with a time zone, got {self.known!r}")


def day_in(text: str) -> date:
    """The day that a text names; InputError says in which form."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"expected a day such as 2026-03-14, got {text!r}") from None
    if day > _LAST:
        raise InputError(f"expected a day before 9999-12-31, got {text!r}")
    return day


def instant_in(text: str, time_zone: str = "UTC") -> datetime:
    """The instant that a text names: a day means its end in the time zone, so that what was recorded on it counts as known.

    An instant without a zone is one of UTC. InputError says in which form.
    """
    cleaned = text.strip()
    if len(cleaned) == _A_DAY:
        begin = datetime.combine(day_in(cleaned) + timedelta(days=1), time(), ZoneInfo(time_zone))
        return begin.astimezone(UTC) - timedelta(microseconds=1)
    try:
        return as_utc(datetime.fromisoformat(cleaned))
    except (ValueError, OverflowError):
        raise InputError(f"expected a day such as 2026-03-14 or an instant such as 2026-03-14T12:00, got {text!r}") from None
