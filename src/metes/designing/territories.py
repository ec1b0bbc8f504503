"""The territories that a design fills: those of its seats, those that hold its units today, those of another design, and new ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from metes.base.findings import Finding, Place, Severity
from metes.designing.colouring import COLOURS
from metes.designing.given import DesignTerritory
from metes.designing.spec import SCRATCH, DesignSpec
from metes.designing.units import Units
from metes.model.plan import Plan, Role, Seat
from metes.partition.problem import Floats

GEOGRAPHIC = "geographic"


@dataclass(frozen=True, eq=False)
class Begun:
    """Another design to start from: its territories, and the key of each unit's territory."""

    territories: tuple[DesignTerritory, ...]
    territory_of: Mapping[str, str]


def territories_of(
    spec: DesignSpec, units: Units, plan: Plan | None, begun: Begun | None, findings: list[Finding]
) -> tuple[DesignTerritory, ...]:
    """The k territories of a design, in a fixed order."""
    seats = _seats(spec, plan, findings)
    first = [_of_seat(seat, plan) for seat in seats]
    if begun is not None:
        first += [t for t in begun.territories if t.key not in {one.key for one in first}]
    holders = [] if seats or begun else _holders(units, plan)
    k = _how_many(spec, units, first or [_of_key(key, plan) for key in holders], findings)
    if seats and k < len(seats):
        message = f"{len(seats)} seats were named for {k} territories"
        findings.append(_error("design-seats", "seats", message, "Ask for as many territories as seats, or name fewer seats."))
    found = first[:k]
    found += [_of_key(key, plan) for key in holders[: k - len(found)]]
    found = _apart(found)
    found = _coloured(found + _new(k - len(found), found, plan))
    if spec.start == SCRATCH:  # what they are called comes from where they will be, but for those of seats that were named
        found = [t if t.seat in spec.seats else replace(t, name=f"Territory {at}") for at, t in enumerate(found, 1)]
    return tuple(found)


def _seats(spec: DesignSpec, plan: Plan | None, findings: list[Finding]) -> list[Seat]:
    """The seats that are named."""
    by_key = {} if plan is None else {seat.key: seat for seat in plan.seats}
    unknown = [key for key in spec.seats if key not in by_key]
    if unknown:
        message = f"the plan has no seat {', '.join(repr(key) for key in unknown[:10])}"
        findings.append(_error("design-seat", "seats", message, "Name seats of the plan, or leave them out."))
    return [by_key[key] for key in spec.seats if key in by_key]


def _holders(units: Units, plan: Plan | None) -> list[str]:
    """Keys of the primary territories that hold the units today, those of most revenue, potential and accounts first."""
    sums = np.stack([np.bincount(units.held_by, units.held[:, m], len(units.holders)) for m in range(4)], axis=1)
    order = sorted(range(len(units.holders)), key=lambda h: (-sums[h, 2], -sums[h, 1], -sums[h, 0], units.holders[h]))
    return [units.holders[h] for h in order if sums[h, 0] and not _is_left_out(units.holders[h], plan)]


def _is_left_out(key: str, plan: Plan | None) -> bool:
    """Whether a territory is not to be filled by a design: the plan's rest, a parent of others, or one that is not geographic."""
    if plan is None:
        return False
    territory = plan.territory_by_key.get(key)
    if territory is None or territory.is_catch_all or plan.children_by_key.get(key):
        return True
    return key in staying(plan)


def staying(plan: Plan) -> frozenset[str]:
    """Territories that keep their accounts whatever is designed: those of other kinds than geographic, the plan's rest apart."""
    apart = {kind.key for kind in plan.types if kind.role is not Role.PRIMARY or kind.kind != GEOGRAPHIC}
    return frozenset(t.key for t in plan.territories if t.type in apart and not t.is_catch_all)


def _how_many(spec: DesignSpec, units: Units, first: Sequence[DesignTerritory], findings: list[Finding]) -> int:
    """The number of territories: what is asked for, or workload by what a seat can do."""
    n = max(len(units), 1)
    if spec.territories is not None:
        if spec.territories > len(units):
            message = f"{spec.territories:,} territories were asked for, and there are {len(units):,} units"
            findings.append(_error("design-too-many", "territories", message, "Ask for fewer territories, or smaller units."))
        return min(spec.territories, n)
    hours = [t.hours for t in first if t.hours]
    if not hours:
        message = "as many territories as capacity asks for need a seat with its hours, and there is none"
        findings.append(
            _error("design-capacity", "territories", message, "Give seats capacity_hours, or say how many territories.")
        )
        return max(len(first), 1)
    workload = float(units.book[:, 0].sum()) * spec.rates.hours_per_account
    missing = workload - sum(hours)
    more = max(math.ceil(missing / float(np.mean(hours))), 0)
    k = len(hours) + more if missing > 0 else max(math.ceil(workload / float(np.mean(hours))), 1)
    message = f"{workload:,.0f} hours of work and {float(np.mean(hours)):,.0f} hours a seat ask for {k:,} territories"
    findings.append(Finding("design-as-capacity", Severity.NOTE, message, Place(subject="design territories")))
    return min(max(k, len(spec.seats)), n)


def _of_seat(seat: Seat, plan: Plan | None) -> DesignTerritory:
    return _with_seat(_of_key(seat.territory, plan), seat)


def _of_key(key: str, plan: Plan | None) -> DesignTerritory:
    """A territory of the plan, with its seat where exactly one owns there."""
    territory = None if plan is None else plan.territory_by_key.get(key)
    if plan is None or territory is None:
        return DesignTerritory(key, key)
    made = DesignTerritory(key, territory.label, territory.colour)
    owning = [seat for seat in plan.seats_by_territory.get(key, ()) if seat.owns]
    return _with_seat(made, owning[0]) if len(owning) == 1 else made


def _with_seat(territory: DesignTerritory, seat: Seat) -> DesignTerritory:
    return replace(
        territory,
        seat=seat.key,
        role=seat.role,
        capacity_hours=seat.capacity_hours,
        ramp_share=seat.ramp_share,
        latitude=seat.base_latitude,
        longitude=seat.base_longitude,
        licences=tuple(seat.licences),
    )


def _apart(territories: Sequence[DesignTerritory]) -> list[DesignTerritory]:
    """Territories with a key each: a second seat on the same one gets a new territory beside it."""
    seen: set[str] = set()
    out = []
    for t in territories:
        if t.key in seen:
            key = free_key(f"{t.key}-2", seen | {one.key for one in territories})
            t = replace(t, key=key, name=f"{t.name} 2", colour=None, is_new=True)
        seen.add(t.key)
        out.append(t)
    return out


def _new(count: int, beside: Sequence[DesignTerritory], plan: Plan | None) -> list[DesignTerritory]:
    """New territories with keys that neither the plan nor the design has."""
    taken = {t.key for t in beside} | (set() if plan is None else set(plan.territory_by_key))
    out = []
    for number in range(1, count + 1):
        key = free_key(f"new-{number}", taken)
        taken.add(key)
        out.append(DesignTerritory(key, f"New {number}" if beside else f"Territory {number}", is_new=True))
    return out


def free_key(key: str, taken: set[str]) -> str:
    """The key, numbered on until nobody has it."""
    made, number = key, 2
    while made in taken:
        made, number = f"{key}-{number}", number + 1
    return made


def _coloured(territories: Sequence[DesignTerritory]) -> list[DesignTerritory]:
    """Territories with a colour each; existing ones keep theirs, made from the key as pages do where the plan names none."""
    made = (at % COLOURS if t.is_new else crc32(t.key.encode()) % COLOURS for at, t in enumerate(territories))
    return [t if t.colour is not None else replace(t, colour=colour) for t, colour in zip(territories, made, strict=True)]


def _error(code: str, where: str, message: str, remedy: str) -> Finding:
    return Finding(code, Severity.ERROR, message, Place(subject=f"design {where}"), remedy=remedy)


def hours_of(territories: Sequence[DesignTerritory]) -> Floats:
    """What each territory's seat can do, (k,); the mean of the others where a territory has no seat, 1 where none has."""
    hours = np.array([np.nan if t.hours is None else t.hours for t in territories])
    known = hours[np.isfinite(hours)]
    return np.where(np.isfinite(hours), hours, known.mean() if len(known) else 1.0)
