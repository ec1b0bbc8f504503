"""How values and parts of a plan are told in sentences."""

from __future__ import annotations

from typing import Any, Final

from metes.base.dates import Period
from metes.model import condition as conditions
from metes.model.plan import Area, Seat
from metes.plan.areas import kilometres
from metes.plan.polygons import polygons_of, square_kilometres
from metes.rules.syntax import to_text

_SHOWN_CHARACTERS: Final = 200


def quoted(part: Any) -> str:
    """A part's key, with its name where it has one."""
    return f"{part.key} ({part.name})" if part.name else str(part.key)


def words_of(field: str) -> str:
    """A field's name in words."""
    return field.removeprefix("is_").replace("_", " ")


def shown(value: Any) -> str:
    """A value as people read it; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, conditions.Condition):
        return to_text(value)
    if isinstance(value, Period):
        return _days(value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value)


def _days(period: Period) -> str:
    start = f"from {period.start}" if period.start else ""
    end = f"until before {period.end}" if period.end else ""
    return f"{start} {end}".strip() or "always"


def or_nothing(text: str) -> str:
    """A value in quotes, its first line only; 'nothing' for an empty one."""
    if not text:
        return "nothing"
    first = text.split("\n", 1)[0][:_SHOWN_CHARACTERS]
    return f"'{first}'" if first == text else f"'{first}...'"


def base_shown(seat: Seat) -> str:
    """Latitude and longitude of a home base as text; empty where there is none."""
    degrees = (seat.base_latitude, seat.base_longitude)
    return "" if degrees == (None, None) else ", ".join("?" if value is None else str(value) for value in degrees)


def size_of(area: Area) -> str:
    """How large an area is, for people."""
    return kilometres(square_kilometres(polygons_of(area.geometry)))
