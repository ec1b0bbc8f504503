"""What a publication says to each person whose accounts it changes, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from metes.base.money import from_minor

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Change:
    """What one person wins and loses: counts and sums in minor units, and the other side of each move with its number of accounts."""

    person_id: int
    gained: Mapping[str, int]
    lost: Mapping[str, int]
    gained_from: Sequence[tuple[str, int]] = ()
    lost_to: Sequence[tuple[str, int]] = ()


def messages_of(changes: Sequence[Change], *, on: date, rationale: str, currency: str) -> list[dict[str, Any]]:
    """A message for each person, as rows with person_id, gained, lost and text."""
    return [
        {"person_id": c.person_id, "gained": dict(c.gained), "lost": dict(c.lost), "text": _text(c, on, rationale, currency)}
        for c in changes
    ]


def _text(change: Change, on: date, rationale: str, currency: str) -> str:
    parts = []
    if change.gained["accounts"]:
        parts.append(f"you gain {_worth(change.gained, currency)}{_sides(' from', change.gained_from)}")
    if change.lost["accounts"]:
        parts.append(f"you lose {_worth(change.lost, currency)}{_sides(' to', change.lost_to)}")
    why = rationale.strip().rstrip(".")
    return f"From {on.day} {on:%B %Y} {', and '.join(parts)}." + (f" Why: {why}." if why else "")


def _worth(sums: Mapping[str, int], currency: str) -> str:
    count = sums["accounts"]
    told = [f"{from_minor(sums['potential'], currency):,.0f} {currency} of potential"]
    if sums["revenue_12m"]:
        told.append(f"{from_minor(sums['revenue_12m'], currency):,.0f} {currency} of revenue in the last twelve months")
    if sums["pipeline"]:
        told.append(f"{from_minor(sums['pipeline'], currency):,.0f} {currency} of pipeline")
    return f"{count:,} account{'s' if count != 1 else ''} worth {' and '.join(told)}"


def _sides(word: str, sides: Sequence[tuple[str, int]]) -> str:
    if not sides:
        return ""
    named = [f"{name} ({count:,})" for name, count in sides[:_NAMED]]
    more = [f"{len(sides) - _NAMED} others"] if len(sides) > _NAMED else []
    return f"{word} {', '.join([*named, *more])}"
