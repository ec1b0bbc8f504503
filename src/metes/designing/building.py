"""Makes what a design works with out of what is asked, the Book, the zones and the plan; every problem is a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.money import exponent
from metes.designing.given import MONEY_MEASURES, DesignTerritory, Given, amount_text
from metes.designing.labelling import coloured_apart
from metes.designing.preferring import current_of, preferences_of, stakes_of, today_of
from metes.designing.spec import NO_WALLS, REGION_WALLS, SCRATCH, DesignSpec
from metes.designing.territories import Begun, hours_of, territories_of
from metes.designing.units import Units, nearest_known
from metes.model.plan import Plan
from metes.partition.links import joining_links
from metes.partition.problem import Floats, Ints, on_earth

# A unit without accounts lies as close as one with so much of an average unit's, or it would be anybody's.
_LEAST_VISITS = 0.1


@dataclass(frozen=True, eq=False)
class Built:
    """What a design works with, and what there is to say of it."""

    given: Given
    findings: tuple[Finding, ...]


def build(
    spec: DesignSpec,
    units: Units,
    plan: Plan | None,
    currency: str,
    findings: list[Finding],
    begun: Begun | None = None,
) -> Built:
    """What a design works with.

    `currency` is the one reported in; `begun` is the design it starts from.

    Raises
    ------
    InputError
        With every finding, where one of them is an error.
    """
    if not len(units):
        message = "there are no units: nothing has a place within what is asked for"
        findings.append(
            _error("design-no-units", "units", message, "Import accounts, or ask for more regions or another territory.")
        )
        raise _refused(findings)
    _refuse_if_any(findings)
    territories = territories_of(spec, units, plan, begun, findings)
    if spec.parents > len(territories):
        message = f"{spec.parents:,} parents were asked for, and there are {len(territories):,} territories to stand under them"
        findings.append(_error("design-parents", "parents", message, "Ask for fewer parents, or for more territories."))
    _refuse_if_any(findings)
    today_keys, today = today_of(units)
    current = current_of(units, territories, today_keys, today, begun)
    if spec.start != SCRATCH:
        territories = coloured_apart(territories, units.pairs, current)
    groups = _groups(spec, units, findings)
    locked = _locks(spec, units, territories, groups, findings)
    preferences = preferences_of(spec, units, territories, plan, findings)
    walls, wall_names = _walls(spec, units, plan, today_keys, today, findings)
    measures = np.stack([units.measure_of[asked.name] for asked in spec.measures], axis=1)
    targets, lowest, highest = _limits(spec, measures, territories, currency, findings)
    _refuse_if_any(findings)
    given = Given(
        currency=currency,
        zone_set="" if spec.is_of_accounts else spec.units,
        ids=units.ids,
        names=units.names,
        regions=units.regions,
        latitude=units.latitude,
        longitude=units.longitude,
        travel=_travel(spec, units, measures, len(territories), 10.0 ** exponent(currency)),
        measure_names=tuple(asked.name for asked in spec.measures),
        weights=np.array([asked.weight for asked in spec.measures]),
        measures=measures,
        targets=targets,
        lowest=lowest,
        highest=highest,
        book=units.book,
        stakes=stakes_of(spec, units),
        preferences=preferences,
        today_keys=today_keys,
        today=today,
        current=current if spec.start != SCRATCH else np.full(len(units), -1, np.int32),
        locked=locked,
        groups=groups,
        walls=walls,
        wall_names=wall_names,
        pairs=_joined_within(units, walls) if spec.is_contiguous and wall_names else units.pairs,
        is_contiguous=spec.is_contiguous,
        territories=territories,
        off_map=units.off_map,
        off_map_ids=units.off_map_ids,
        places=units.places,
    )
    return Built(given, tuple(findings))


def _travel(spec: DesignSpec, units: Units, measures: Floats, k: int, minor_factor: float) -> Floats:
    """Money for a squared kilometre between unit and centre, (n,).

    A visit costs the way there and back. The engine counts squared distances, which keep territories round; their rate is such that
    both come to the same at the distance at which a territory of average size has its units.
    """
    visits = units.book[:, 0].copy()
    if not visits.sum():
        whole = measures[:, 0].sum()
        visits = measures[:, 0] / whole * len(units) if whole else np.ones(len(units))
    visits = np.maximum(visits, _LEAST_VISITS * visits.mean()) * spec.rates.visits_per_year
    places = on_earth(units.latitude, units.longitude)
    centre = np.average(places, axis=0, weights=visits)
    spread = float(np.average(((places - centre) ** 2).sum(axis=1), weights=visits))
    usual_km = max(float(np.sqrt(spread / k)), 1.0)
    return np.asarray(visits * 2 * spec.rates.travel_per_km * minor_factor / usual_km)


def _limits(
    spec: DesignSpec, measures: Floats, territories: Sequence[DesignTerritory], currency: str, findings: list[Finding]
) -> tuple[Floats, Floats, Floats]:
    """Targets, lowest and highest loads, (k, m) each."""
    k, sums = len(territories), measures.sum(axis=0)
    hours = hours_of(territories) if spec.targets == "capacity" else np.ones(k)
    if spec.targets == "capacity" and not any(t.hours for t in territories):
        message = "targets by capacity were asked for, and no seat of the territories has hours"
        findings.append(_error("design-capacity", "targets", message, "Give seats capacity_hours, or ask for equal targets."))
    targets = (hours / hours.sum())[:, None] * sums[None, :]
    lowest, highest = np.zeros_like(targets), np.broadcast_to(sums, targets.shape).copy()
    for m, asked in enumerate(spec.measures):
        if not sums[m]:
            message = f"all units together have no {asked.name}, so that there is nothing to balance"
            findings.append(
                _error("design-empty-measure", f"measure {asked.name}", message, "Balance another measure, or import it.")
            )
        if asked.band is not None:
            lowest[:, m], highest[:, m] = targets[:, m] * (1 - min(asked.band, 1.0)), targets[:, m] * (1 + asked.band)
        factor = 10.0 ** exponent(currency) if asked.name in MONEY_MEASURES else 1.0
        if asked.lowest is not None:
            lowest[:, m] = np.maximum(lowest[:, m], asked.lowest * factor)
        if asked.highest is not None:
            highest[:, m] = np.minimum(highest[:, m], asked.highest * factor)
        unit = currency if asked.name in MONEY_MEASURES else ""
        _check_limits(asked.name, measures[:, m], lowest[:, m], highest[:, m], unit, findings)
    return targets, lowest, highest


def _check_limits(name: str, measure: Floats, lowest: Floats, highest: Floats, unit: str, findings: list[Finding]) -> None:
    """Say where limits exclude each other, cannot take the whole, or one unit alone is beyond them."""
    whole, largest = float(measure.sum()), float(measure.max(initial=0.0))
    subject = f"measure {name}"
    if (lowest > highest).any() or lowest.sum() > whole * (1 + 1e-9) or highest.sum() < whole * (1 - 1e-9):
        message = f"the limits of {name} cannot be met by any design: all units have {amount_text(whole, unit)}, the territories may hold {amount_text(lowest.sum(), unit)} to {amount_text(highest.sum(), unit)}"
        findings.append(_error("design-limits", subject, message, "Widen the limits, or ask for another number of territories."))
    elif largest > highest.max():
        message = (
            f"one unit alone has {amount_text(largest, unit)} of {name}, which is {largest / (whole / len(lowest)):.1f} times an equal share: "
            "no design can be fairer than this"
        )
        remedy = "Ask for fewer territories or a wider band, or let smaller units be assigned."
        findings.append(Finding("design-whale", Severity.WARNING, message, Place(subject=f"design {subject}"), remedy=remedy))


def _groups(spec: DesignSpec, units: Units, findings: list[Finding]) -> Ints:
    """The number of the group that each unit is kept with, (n,), -1 for none; groups that share a unit are one."""
    unit_of = {one: at for at, one in enumerate(units.ids)}
    parent = np.arange(len(units), dtype=np.int64)

    def top(unit: int) -> int:
        while parent[unit] != unit:
            parent[unit] = parent[parent[unit]]
            unit = int(parent[unit])
        return unit

    def join(members: Sequence[int]) -> None:
        for member in members[1:]:
            parent[top(member)] = top(members[0])

    for number, group in enumerate(spec.together):
        unknown = [one for one in group if one not in unit_of]
        if unknown:
            message = f"{len(unknown)} units kept together are none of this design: {', '.join(unknown[:5])}"
            findings.append(
                _warning("design-unknown-unit", f"together {number + 1}", message, "Correct their ids, or leave them out.")
            )
        join([unit_of[one] for one in group if one in unit_of])
    members: dict[str, list[int]] = {}
    for at, family in enumerate(units.families):
        if family:
            members.setdefault(family, []).append(at)
    for family_units in members.values():
        join(family_units)
    tops = np.array([top(unit) for unit in range(len(units))]) if (spec.together or members) else parent
    _, at_group, count = np.unique(tops, return_inverse=True, return_counts=True)
    number_of = np.where(count > 1, np.cumsum(count > 1) - 1, -1)
    return number_of[at_group].astype(np.int32)


def _locks(spec: DesignSpec, units: Units, territories: Sequence[DesignTerritory], groups: Ints, findings: list[Finding]) -> Ints:
    """The territory that each unit must stay in, (n,), -1 where it is free."""
    unit_of = {one: at for at, one in enumerate(units.ids)}
    territory_of = {name: at for at, t in enumerate(territories) for name in (t.seat, t.key) if name}
    locked = np.full(len(units), -1, np.int32)
    for unit, territory in spec.locks:
        if unit not in unit_of:
            message = f"the locked unit '{unit}' is none of this design"
            findings.append(_warning("design-unknown-unit", f"lock of {unit}", message, "Correct its id, or leave the lock out."))
        elif territory not in territory_of:
            message = f"'{unit}' is locked to '{territory}', which is no territory or seat of this design"
            remedy = f"Use one of: {', '.join(sorted(territory_of)[:20])}."
            findings.append(_error("design-unknown-territory", f"lock of {unit}", message, remedy))
        else:
            locked[unit_of[unit]] = territory_of[territory]
    for at in np.flatnonzero((groups >= 0) & (locked >= 0)).tolist():
        others = np.unique(locked[(groups == groups[at]) & (locked >= 0)])
        if len(others) > 1:
            message = f"'{units.ids[at]}' is kept together with a unit that is locked to another territory"
            findings.append(
                _error("design-lock-clash", f"lock of {units.ids[at]}", message, "Lift one of the two locks, or part the group.")
            )
    return locked


def _walls(
    spec: DesignSpec, units: Units, plan: Plan | None, today_keys: Sequence[str], today: Ints, findings: list[Finding]
) -> tuple[Ints, tuple[str, ...]]:
    """The walled part that each unit lies in, (n,), and the names of the parts."""
    if spec.walls == NO_WALLS:
        return np.full(len(units), -1, np.int32), ()
    if spec.walls == REGION_WALLS:
        names, at = np.unique(np.array(units.regions, np.str_), return_inverse=True)
        return at.astype(np.int32), tuple(str(name) for name in names)
    if plan is None or spec.walls not in plan.type_by_key:
        known = [] if plan is None else sorted(plan.type_by_key)
        message = f"walls '{spec.walls}' are neither none nor region nor a type of the plan's territories"
        findings.append(_error("design-walls", "walls", message, f"Use one of: {', '.join(['none', 'region', *known])}."))
        return np.full(len(units), -1, np.int32), ()
    above = [_ancestor(plan, key, spec.walls) for key in today_keys]
    found = sorted({name for name in above if name})
    number = np.array([found.index(name) if name else -1 for name in above] + [-1], np.int32)
    walls = number[today]
    if (walls < 0).any() and (walls >= 0).any():
        walls = walls[nearest_known(units.latitude, units.longitude, walls >= 0)]
    return walls, tuple(found)


def _joined_within(units: Units, walls: Ints) -> Ints:
    """Neighbours, and links that join each walled part in itself: a part whose way leads through another is in one piece all the same."""
    found = [units.pairs]
    place = np.full(len(units), -1, np.int32)
    for part in range(int(walls.max(initial=-1)) + 1):
        own = np.flatnonzero(walls == part)
        place[own] = np.arange(len(own), dtype=np.int32)
        inside = units.pairs[(walls[units.pairs] == part).all(axis=1)]
        links = joining_links(units.latitude[own], units.longitude[own], place[inside])
        found.append(own[links.reshape(-1, 2)].astype(np.int32))
    return np.concatenate(found)


def _ancestor(plan: Plan, key: str, kind: str) -> str:
    """The territory of a type at or above one; empty where there is none."""
    if key not in plan.territory_by_key:
        return ""
    chain = (plan.territory_by_key[key], *plan.ancestors(key))
    return next((t.key for t in chain if t.type == kind), "")


def _refuse_if_any(findings: Sequence[Finding]) -> None:
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise _refused(findings)


def _refused(findings: Sequence[Finding]) -> InputError:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return InputError(f"{errors[0].message}{more}", tuple(findings))


def _error(code: str, where: str, message: str, remedy: str) -> Finding:
    return Finding(code, Severity.ERROR, message, Place(subject=f"design {where}"), remedy=remedy)


def _warning(code: str, where: str, message: str, remedy: str) -> Finding:
    return Finding(code, Severity.WARNING, message, Place(subject=f"design {where}"), remedy=remedy)
