"""Reminds those who may approve a scenario and have not, as its review comes to its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Connection

from metes.store import notices
from metes.store.notices import News

DAYS_BEFORE = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """A review that waits for people: what they may decide, by user."""

    review: int
    label: str
    link: str
    due_on: date
    asked_on: date
    parts_of_user: dict[int, tuple[str, ...]]


def remind(connection: Connection, waiting: Sequence[Waiting], today: date, now: datetime) -> int:
    """Tell everybody who is waited for, once before the day, once on it and once on each day after it; how many were told."""
    news = [
        News("reminder", f"{item.label} {_when(item.due_on, today)}", _text(item, parts), item.link, [user], (), key)
        for item in waiting
        if (key := turn_of(item, today)) is not None
        for user, parts in sorted(item.parts_of_user.items())
    ]
    return notices.add_all(connection, news, now).notices


def turn_of(item: Waiting, today: date) -> str | None:
    """The reminder whose turn it is, None before the first: the one before the day comes late where no worker ran in time."""
    left = (item.due_on - today).days
    if left > DAYS_BEFORE or item.asked_on == today:
        return None
    return f"review {item.review} " + ("before" if left > 0 else f"on {today}")


def _when(due_on: date, today: date) -> str:
    left = (due_on - today).days
    if left == 0:
        return "is to be reviewed today"
    if left > 0:
        return "is to be reviewed by tomorrow" if left == 1 else f"is to be reviewed within {left} days"
    return "should have been reviewed yesterday" if left == -1 else f"should have been reviewed {-left} days ago"


def _text(item: Waiting, parts: tuple[str, ...]) -> str:
    what = ", ".join(parts[:5]) + (f" and {len(parts) - 5} more" if len(parts) > 5 else "")
    return f"Your decision is wanted by {item.due_on}: {what}. Approve, or say what should change."
