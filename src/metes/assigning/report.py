"""What a run of the rules came to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    """Which accounts a run evaluated: none, those that a change may touch, those that were named, or all."""

    NONE = "none"
    INCREMENTAL = "incremental"
    NAMED = "named"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class TerritoryChange:
    """What one territory wins and loses: numbers of accounts and their potential in minor units."""

    territory: str
    won: int = 0
    lost: int = 0
    won_potential: int = 0
    lost_potential: int = 0


@dataclass(frozen=True, slots=True)
class AssignReport:
    """What an assignment came to; `reason` says why it evaluated as many accounts as it did.

    `is_up_to_date`: nothing had changed since the last run, so nothing was evaluated. `accounts`, `unassigned`, `by_via` (primary
    holdings by what they came from) and `unchanged` (facts) are about all accounts in every mode.
    """

    run: int | None
    revision: int
    plan: str
    day: date
    accounts: int
    unassigned: int
    moved: int
    opened: int
    closed: int
    unchanged: int
    territories: tuple[TerritoryChange, ...] = ()
    by_via: Mapping[str, int] = field(default_factory=dict)
    is_up_to_date: bool = False
    is_preview: bool = False
    mode: Mode = Mode.FULL
    reason: str = ""
    evaluated: int = 0

    @property
    def held(self) -> int:
        """The accounts that some primary territory holds."""
        return self.accounts - self.unassigned

    def within(self, territories: Collection[str]) -> AssignReport:
        """What of it may be told to whoever sees some territories: what these won and lost, and nothing of all accounts."""
        told = tuple(change for change in self.territories if change.territory in territories)
        moved = max(sum(change.won for change in told), sum(change.lost for change in told))
        return replace(
            self,
            accounts=0,
            unassigned=0,
            moved=moved,
            opened=0,
            closed=0,
            unchanged=0,
            territories=told,
            by_via={},
            reason="",
            evaluated=0,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = {name: getattr(self, name) for name in _NAMES}
        changes = [{name: getattr(change, name) for name in _CHANGE_NAMES} for change in self.territories]
        return {**values, "day": self.day.isoformat(), "mode": self.mode.value, "by_via": dict(self.by_via), "territories": changes}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> AssignReport:
        """The report whose plain values these are."""
        changes = tuple(TerritoryChange(**change) for change in values["territories"])
        return cls(**{**values, "day": date.fromisoformat(values["day"]), "mode": Mode(values["mode"]), "territories": changes})


_NAMES = tuple(f.name for f in fields(AssignReport))
_CHANGE_NAMES = tuple(f.name for f in fields(TerritoryChange))
