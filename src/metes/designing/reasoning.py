"""What keeps a design from its bands, in words: what no design could beat, and what would have to give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from metes.base.progress import SILENT, Progress
from metes.designing.given import MONEY_MEASURES, amount_text
from metes.designing.packing import floats_of_text
from metes.designing.running import cost_at
from metes.designing.state import DesignState
from metes.partition.problem import Costs, Design
from metes.partition.reasons import Obstacle, Relaxation, obstacles, relaxations


def reasons_of(state: DesignState, progress: Progress = SILENT) -> dict[str, Any]:
    """`obstacles` that bound balance for every design, worst first, and `relaxations` of which each would help; both empty within bands.

    Relaxations are found by designing anew without each kind of constraint, so they take as long as some designs; groups and walls stand aside.
    """
    if not state.live.over.any():
        return {"obstacles": [], "relaxations": []}
    problem = replace(state.given.problem, locked=state.live.locked, current=None)
    found = [_obstacle(state, one) for one in obstacles(problem) if one.deviation_share > _band(state, one.measure)]
    design = _design(state)
    given = () if design is None else relaxations(problem, design, seed=state.spec.seed, progress=progress)
    return {"obstacles": found, "relaxations": [_relaxation(state, one) for one in given]}


def _band(state: DesignState, measure: int) -> float:
    return state.spec.measures[measure].band or 0.0


def _design(state: DesignState) -> Design | None:
    """The design as it is, as the engine knows designs; None while units are in no territory, or before an answer."""
    answer, live, given = state.answer, state.live, state.given
    if answer is None or live.unassigned:
        return None
    k = len(state.territories)
    centres = floats_of_text(answer.centres).reshape(k, 3)
    cost = cost_at(given.problem, live.territory_of_unit, centres)
    prices = floats_of_text(answer.prices).reshape(k, -1)
    at = live.territory_of_unit.copy()
    return Design(
        at, centres, live.loads.copy(), prices, Costs(cost, 0.0), answer.bound, live.over, np.asarray(live.pieces), answer.seed
    )


def _obstacle(state: DesignState, one: Obstacle) -> dict[str, Any]:
    """What bounds balance, in a sentence."""
    name = state.given.measure_names[one.measure]
    unit = state.given.currency if name in MONEY_MEASURES else ""
    times = one.amount / one.target if one.target else float("inf")
    match one.kind:
        case "unit":
            text = f"{state.given.names[one.place]} alone is {times:.1f} times the target of {name}"
        case "locks":
            text = f"what is locked to {state.territories[one.place].name} has {times:.1f} times its target of {name}"
        case _:
            text = f"parts of the map that no neighbours join hold {amount_text(one.amount, unit)} of {name} and cannot be shared out evenly"
    said = f"No design can be fairer than {one.deviation_share:.0%} off the target, because {text}."
    return {"kind": one.kind, "measure": name, "place": one.place, "deviation_share": one.deviation_share, "text": said}


def _relaxation(state: DesignState, one: Relaxation) -> dict[str, Any]:
    """What would have to give, in a sentence."""
    name = state.given.measure_names[one.measure] if one.measure >= 0 else ""
    told = {
        "locks": f"Lifting the {one.count:,} locks",
        "forbidden": f"Allowing the {one.count:,} forbidden pairs",
        "contiguity": "Letting territories be of several pieces",
        "band": f"A band of {one.band_share:.1%} for {name}",
    }.get(one.kind, one.kind)
    text = f"{told} {'is enough' if one.is_enough else 'helps, and is not enough alone'}."
    return {"kind": one.kind, "measure": name, "band_share": one.band_share, "is_enough": one.is_enough, "text": text}
