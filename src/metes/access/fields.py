"""Fields that not everybody sees who sees the record: what is personal, and what decides about pay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from metes.model.plan import Plan
from metes.model.scope import Scope

# Of contacts and people, with the capability `contacts`.
CONTACT_FIELDS = ("email", "phone")


def without_contacts(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A contact or person without the ways to reach them."""
    return {name: None if name in CONTACT_FIELDS else value for name, value in row.items()}


def without_pay(plan: Plan, seen: Scope, own: Iterable[str]) -> Plan:
    """A plan whose seats say nothing of hours and ramp, but for those where that is seen and one's own."""
    mine = frozenset(own)
    seats = tuple(
        seat if seen.has(seat.territory) or seat.key in mine else replace(seat, capacity_hours=None, ramp_share=1.0)
        for seat in plan.seats
    )
    return plan if seats == plan.seats else replace(plan, seats=seats)
