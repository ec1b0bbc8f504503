"""Who holds what today, what a hand-over would lose, and which pairs of unit and territory save some of it or are forbidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metes.base.findings import Finding, Place, Severity
from metes.designing.given import DesignTerritory
from metes.designing.spec import DesignSpec
from metes.designing.territories import Begun
from metes.designing.units import Units
from metes.model.plan import Plan
from metes.partition.problem import Floats, Ints, Preferences

_MOST_LIKE_PAIRS = 20_000_000


def today_of(units: Units) -> tuple[tuple[str, ...], Ints]:
    """The territories that hold units today, and the one holding most of each unit's revenue, then potential, then accounts; -1: none."""
    order = np.lexsort((-units.held_by, units.held[:, 0], units.held[:, 1], units.held[:, 2], units.held_unit))
    today = np.full(len(units), -1, np.int32)
    today[units.held_unit[order]] = units.held_by[order]  # the last of a unit counts, which has most
    return units.holders, today


def current_of(
    units: Units, territories: Sequence[DesignTerritory], today_keys: Sequence[str], today: Ints, begun: Begun | None
) -> Ints:
    """The territory of the design that each unit is in at the beginning, (n,), -1 for none: today's, or that of the design begun with."""
    number = {t.key: at for at, t in enumerate(territories)}
    if begun is not None:
        return np.array([number.get(begun.territory_of.get(one, ""), -1) for one in units.ids], np.int32)
    return np.array([*(number.get(key, -1) for key in today_keys), -1], np.int32)[today]


def stakes_of(spec: DesignSpec, units: Units) -> Floats:
    """What is expected to be lost where all of a unit that somebody holds changes hands, (n,), in minor units."""
    return np.asarray(spec.rates.handover_share * np.bincount(units.held_unit, np.maximum(units.held[:, 2], 0.0), len(units)))


def preferences_of(
    spec: DesignSpec,
    units: Units,
    territories: Sequence[DesignTerritory],
    plan: Plan | None,
    findings: list[Finding],
) -> Preferences:
    """What each territory saves of a unit's hand-over, and which pairs are forbidden."""
    parts = [
        _kept(spec, units, territories, plan, findings),
        _forbidden(spec, units, territories, findings),
        _unlicensed(spec, units, territories, findings),
    ]
    unit, territory, saving = (np.concatenate([part[column] for part in parts]) for column in range(3))
    k = max(len(territories), 1)
    codes, at = np.unique(unit.astype(np.int64) * k + territory, return_inverse=True)
    total = np.zeros(len(codes))
    np.add.at(total, at, saving)  # -inf stays -inf
    indptr = np.zeros(len(units) + 1, np.int64)
    np.cumsum(np.bincount(codes // k, minlength=len(units)), out=indptr[1:])
    return Preferences(indptr, (codes % k).astype(np.int32), total)


Entries = tuple[Ints, Ints, Floats]
_NONE: Entries = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))


def _kept(
    spec: DesignSpec, units: Units, territories: Sequence[DesignTerritory], plan: Plan | None, findings: list[Finding]
) -> Entries:
    """What is not lost where a unit stays with its holder, and the part of it that somebody alike saves."""
    number = {t.key: at for at, t in enumerate(territories)}
    own = np.array([*(number.get(key, -1) for key in units.holders), -1], np.int32)[units.held_by]
    lost = spec.rates.handover_share * np.maximum(units.held[:, 2], 0.0)
    if spec.rates.handover_share and not lost.any():
        message = f"no account that somebody holds has {spec.rates.revenue}, so that hand-overs cost nothing"
        remedy = "Import orders of the last year, or name another field with the yearly revenue in rates."
        findings.append(Finding("design-no-revenue", Severity.NOTE, message, Place(subject="design rates revenue"), remedy=remedy))
    stays = (own >= 0) & (lost > 0)
    entries = (units.held_unit[stays], own[stays], lost[stays])
    if not spec.rates.likeness_share:
        return entries
    more = _alike(spec, units, territories, plan, own, lost, findings)
    return tuple(np.concatenate([a, b]) for a, b in zip(entries, more, strict=True))  # type: ignore[return-value]


def _alike(
    spec: DesignSpec,
    units: Units,
    territories: Sequence[DesignTerritory],
    plan: Plan | None,
    own: Ints,
    lost: Floats,
    findings: list[Finding],
) -> Entries:
    """What a seat of the same role, with a licence of the old one where that has some, saves of a hand-over to it."""
    if plan is None:
        return _NONE
    seats = [next((s for s in plan.seats_by_territory.get(key, ()) if s.owns), None) for key in units.holders]
    alike = np.array(
        [
            [seat is not None and bool(t.seat) and seat.role == t.role and (not seat.licences or bool(set(seat.licences) & set(t.licences))) for t in territories]
            for seat in seats
        ],
        bool,
    ).reshape(len(seats), len(territories))  # fmt: skip
    row, territory = np.nonzero(alike[units.held_by])
    if len(row) > _MOST_LIKE_PAIRS:
        message = f"{len(row):,} pairs of unit and like seat are more than {_MOST_LIKE_PAIRS:,}; likeness is left out"
        findings.append(Finding("design-likeness", Severity.WARNING, message, Place(subject="design rates likeness_share")))
        return _NONE
    keep = (territory != own[row]) & (lost[row] > 0)
    row, territory = row[keep], territory[keep].astype(np.int32)
    return units.held_unit[row], territory, spec.rates.likeness_share * lost[row]


def _forbidden(spec: DesignSpec, units: Units, territories: Sequence[DesignTerritory], findings: list[Finding]) -> Entries:
    """Pairs that are forbidden one by one."""
    unit_of = {one: at for at, one in enumerate(units.ids)}
    territory_of = {name: at for at, t in enumerate(territories) for name in (t.seat, t.key) if name}
    known = []
    for unit, territory in spec.forbidden:
        if unit in unit_of and territory in territory_of:
            known.append((unit_of[unit], territory_of[territory]))
        else:
            what = f"unit '{unit}'" if unit not in unit_of else f"territory or seat '{territory}'"
            message = f"the {what} of a forbidden pair is none of this design"
            place = Place(subject=f"design forbidden {unit} {territory}")
            findings.append(
                Finding("design-forbidden", Severity.WARNING, message, place, remedy="Correct it, or leave the pair out.")
            )
    pairs = np.array(known, np.int32).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], np.full(len(pairs), -np.inf)


def _unlicensed(spec: DesignSpec, units: Units, territories: Sequence[DesignTerritory], findings: list[Finding]) -> Entries:
    """Units of regions that need a licence, with every territory whose seat lacks it."""
    out = [_NONE]
    regions = np.array(units.regions, object)
    for region, named in spec.licences:
        licence = named.strip().lower()
        lacking = np.array([at for at, t in enumerate(territories) if licence not in t.licences], np.int32)
        inside = np.flatnonzero(regions == region).astype(np.int32)
        if len(inside) and len(lacking) == len(territories):
            message = f"{region} needs the licence '{licence}', and no seat of this design has it"
            place = Place(subject=f"design licences {region}")
            findings.append(
                Finding("design-licence", Severity.ERROR, message, place, remedy="Give it to a seat, or leave the region out.")
            )
            continue
        pairs = len(inside) * len(lacking)
        out.append((np.repeat(inside, len(lacking)), np.tile(lacking, len(inside)), np.full(pairs, -np.inf)))
    return tuple(np.concatenate([part[column] for part in out]) for column in range(3))  # type: ignore[return-value]
