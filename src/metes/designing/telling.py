"""A design in plain values: its figures, a row for each territory, and a sentence for each gesture."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from metes.designing.advising import advice_of, today_of
from metes.designing.given import BOOK_SUMS, MONEY_MEASURES, Given
from metes.designing.packing import floats_of_text, numbers_of_text, packed_numbers
from metes.designing.spec import parent_name, summary
from metes.designing.state import MOVE, DesignState, Operation
from metes.partition.fairness import evenness
from metes.partition.live import NOBODY, Change

# A bound that is a smaller part of the cost says nothing.
_LEAST_BOUND = 1e-3
_TITLES = {"revenue_12m": "Revenue, 12 months", "workload": "Workload", "units": "Units"}


def measures_of(state: DesignState) -> list[dict[str, Any]]:
    """The measures with title, unit and band; money is in minor units of the currency."""
    given, asked = state.given, {measure.name: measure for measure in state.spec.measures}
    return [
        {
            "key": name,
            "title": _TITLES.get(name, name.replace("_", " ").capitalize()),
            "unit": given.currency if name in MONEY_MEASURES else "hours" if name == "workload" else "",
            "band": asked[name].band,
            "weight": asked[name].weight,
            "total": float(given.measures[:, m].sum()),
        }
        for m, name in enumerate(given.measure_names)
    ]


def rows_of(state: DesignState, people: Mapping[str, str], territories: Iterable[int] | None = None) -> list[dict[str, Any]]:
    """A row for each territory, or for some: what it holds against what it may, money in minor units, over 0 where it is within."""
    live, given = state.live, state.given
    k = len(state.territories)
    held = live.territory_of_unit >= 0
    at = live.territory_of_unit[held]
    stakes = np.bincount(at, given.stakes[held], k)
    book = np.stack([np.bincount(at, given.book[held, column], k) for column in range(len(BOOK_SUMS))], axis=1)
    over = live.over
    chosen = range(k) if territories is None else territories
    return [
        {
            "index": j,
            "key": (t := state.territories[j]).key,
            "name": t.name,
            "colour": t.colour,
            "is_new": t.is_new,
            "seat": t.seat,
            "role": t.role,
            "person": people.get(t.seat, ""),
            "base": None if t.latitude is None or t.longitude is None else [t.latitude, t.longitude],
            "units": int(live.count[j]),
            "loads": live.loads[j].tolist(),
            "targets": given.targets[j].tolist(),
            "lowest": given.lowest[j].tolist(),
            "highest": given.highest[j].tolist(),
            "over": over[j].tolist(),
            "travel": float(live.travel[j]),
            "disruption": float(stakes[j] - live.saved[j]),
            "moved": int(live.moved[j]),
            "parent": parent_name(state.parents[j]) if state.parents else "",
            "pieces": int(live.pieces[j]),
            **{name: float(book[j, column]) for column, name in enumerate(BOOK_SUMS)},
        }
        for j in chosen
    ]


def parents_of(state: DesignState) -> list[dict[str, Any]]:
    """The parents that the territories stand under, with what they hold together; empty where none were asked for."""
    live, given, above = state.live, state.given, np.array(state.parents, np.int64)
    return [
        {
            "name": parent_name(parent),
            "territories": [state.territories[j].key for j in np.flatnonzero(above == parent)],
            "units": int(live.count[above == parent].sum()),
            "loads": live.loads[above == parent].sum(axis=0).tolist(),
            "targets": given.targets[above == parent].sum(axis=0).tolist(),
        }
        for parent in range(int(above.max(initial=-1)) + 1)
    ]


def figures_of(state: DesignState) -> dict[str, Any]:
    """What a design comes to in all: money in minor units, shares 0 to 1."""
    live, given = state.live, state.given
    held = live.territory_of_unit != NOBODY
    changed = held & (given.holder != NOBODY) & (given.holder != live.territory_of_unit)
    whole = given.book.sum(axis=0)
    moved = given.book[changed].sum(axis=0)
    disruption = float(given.stakes[held].sum() - live.saved.sum())
    travel = float(live.travel.sum())
    answer = state.answer
    return {
        "travel": travel,
        "disruption_minor": disruption,
        "cost": travel + disruption,
        "bound": None if answer is None else _finite(answer.bound),
        "gap": gap_of(state),
        "changed_units": int(changed.sum()),
        "changed_accounts": int(moved[0]),
        "changed_share": float(moved[0] / whole[0]) if whole[0] else float(changed.mean()),
        "changed_revenue": float(moved[2]),
        "balance": balance_of(state),
        "is_within": not live.over.any() and live.unassigned == 0,
        "broken": int((live.pieces > 1).sum()) if given.is_contiguous else 0,
        "unassigned": live.unassigned,
        "forbidden": len(live.breaks_preference()),
        "accounts": int(whole[0]),
        "accounts_off_map": int(given.off_map[0]) if given.off_map else 0,
        "is_stopped": answer is not None and answer.is_stopped,
        "is_moved_since": state.is_moved_since,
        "notes": [] if answer is None else list(answer.notes),
    }


def gap_of(state: DesignState) -> float | None:
    """How far the cost is above what no design with the last answer's centres and limits can beat.

    None before an answer, and outside the limits or in pieces, where a cost may well be below what designs that keep to both must cost.
    """
    answer = state.answer
    is_broken = state.given.is_contiguous and bool((state.live.pieces > 1).any())
    if answer is None or is_broken or state.live.unassigned or state.live.over.any() or not math.isfinite(answer.bound):
        return None
    centres = floats_of_text(answer.centres).reshape(-1, 3)
    cost = state.live.travel_at(centres) + state.most_saved - float(state.live.saved.sum())
    return cost / answer.bound - 1 if answer.bound > _LEAST_BOUND * cost else None


def balance_of(state: DesignState) -> list[dict[str, Any]]:
    """For each measure how far the worst territory is from its target, as a share of it, and the indices of inequality."""
    out = []
    for m, name in enumerate(state.given.measure_names):
        loads, targets = state.live.loads[:, m], state.given.targets[:, m]
        found = evenness(loads, targets)
        off = np.abs(loads - targets) / np.where(targets > 0, targets, 1.0)
        worst = int(np.argmax(off))
        out.append(
            {
                "measure": name,
                "worst_share": _finite(float(off[worst])),
                "worst": worst,
                "over": int((state.live.over[:, m] > 0).sum()),
                "gini": found.gini,
                "jain": found.jain,
                "max_min": _finite(found.max_min),
            }
        )
    return out


def document_of(state: DesignState, head: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    """All that a workbench shows but the units: `head` are the design's own values."""
    return {
        **head,
        "version": state.version,
        "spec": dict(summary(state.spec)),
        "currency": state.given.currency,
        "units": {"count": len(state.given), "zone_set": state.given.zone_set, "is_accounts": not state.given.zone_set},
        "measures": measures_of(state),
        "today": today_of(state),
        "advice": advice_of(state),
        "territories": rows_of(state, people),
        "parents": parents_of(state),
        "figures": figures_of(state),
        **steps_of(state),
    }


def summary_of(state: DesignState, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a design's figures that a list shows."""
    kept = (
        "travel",
        "disruption_minor",
        "cost",
        "gap",
        "changed_accounts",
        "changed_share",
        "is_within",
        "broken",
        "unassigned",
        "accounts",
    )
    worst = {one["measure"]: one["worst_share"] for one in figures["balance"]}
    return {
        "units": len(state.given),
        "territories": len(state.territories),
        "zone_set": state.given.zone_set,
        "currency": state.given.currency,
        "worst_share": worst,
        **{name: figures[name] for name in kept},
    }


def said_of_operation(state: DesignState, operation: Operation) -> str:
    """What an operation is, in a few words."""
    payload = operation.payload
    match operation.kind:
        case "solve":
            return "the working out of the whole design"
        case "rename" | "recolour":
            return f"the new {'name' if operation.kind == 'rename' else 'colour'} of {state.territories[payload['territory']].key}"
        case _:
            count = len(numbers_of_text(payload["units"]))
            what = {"move": "the move", "lock": "the lock", "unlock": "the unlocking"}[operation.kind]
            return f"{what} of {count:,} {_many(count, 'unit')}"


def steps_of(state: DesignState) -> dict[str, Any]:
    """Whether there is something to undo or redo, and how much."""
    return {
        "can_undo": state.position > 0,
        "can_redo": state.position < state.operations,
        "position": state.position,
        "operations": state.operations,
    }


def answer_of(
    state: DesignState,
    operation: Operation,
    change: Change | None,
    people: Mapping[str, str],
    text: str,
    figures: Mapping[str, Any],
) -> dict[str, Any]:
    """What a gesture answers: the units that changed (little-endian int32, base64), touched rows, figures, and a sentence.

    A move touches the rows of its territories; all else may change names and colours of any.
    """
    units = np.zeros(0, np.int32) if change is None else change.units
    after = units if change is None else change.after
    rows = [row.territory for row in change.rows] if change is not None and operation.kind == MOVE else None
    return {
        "version": state.version,
        "moved": len(units),
        "units": base64.b64encode(packed_numbers(units)).decode("ascii"),
        "after": base64.b64encode(packed_numbers(after)).decode("ascii"),
        "zone_set": state.given.zone_set,
        "measures": measures_of(state),
        "rows": rows_of(state, people, rows),
        "figures": dict(figures),
        "today": today_of(state),
        "advice": advice_of(state),
        "text": text,
        **steps_of(state),
    }


def said_of_move(state: DesignState, change: Change, territory: int, asked: int) -> str:
    """What became of a move, in a sentence or two."""
    name = "no territory" if territory == NOBODY else state.territories[territory].name
    moved = len(change.units)
    if not moved:
        return f"Nothing moved: the {_many(asked, 'unit')} chosen {'is' if asked == 1 else 'are'} in {name} already, or locked."
    said = f"{moved:,} {_many(moved, 'unit')} moved to {name}."
    if moved < asked:
        said += f" {asked - moved:,} stayed: they are there already, or locked."
    return said + _said_of_rows(state, change)


def _said_of_rows(state: DesignState, change: Change) -> str:
    """Which of the touched territories are now beyond a band or in pieces."""
    over = state.live.over
    parts = []
    for row in change.rows:
        name = state.territories[row.territory].name
        for m in np.flatnonzero(over[row.territory]):
            target, load = state.given.targets[row.territory, m], row.loads[m]
            share = f" ({load / target - 1:+.0%})" if target else ""
            parts.append(f"{name} is {'above' if load > target else 'below'} its band of {state.given.measure_names[m]}{share}")
        if row.pieces > 1:
            parts.append(f"{name} is in {row.pieces} pieces")
    more = f" and {len(parts) - 3} more" if len(parts) > 3 else ""
    return f" {'; '.join(parts[:3])}{more}." if parts else ""


def arrays_of(state: DesignState) -> dict[str, Any]:
    """Who has which unit, today's holder and the locks, (n,) each: little-endian int32, base64."""
    arrays = {
        "territory": state.live.territory_of_unit,
        "today": state.given.holder,
        "locked": state.live.locked,
        "group": state.given.groups,
    }
    return {"version": state.version, **{name: base64.b64encode(packed_numbers(a)).decode("ascii") for name, a in arrays.items()}}


def units_document(given: Given) -> dict[str, Any]:
    """The units, which never change in a design: ids, names, regions, places (degrees), and measures, (n,) each."""
    return {
        "zone_set": given.zone_set,
        "ids": list(given.ids),
        "names": list(given.names),
        "regions": list(given.regions),
        "latitude": _rounded(given.latitude, 5),
        "longitude": _rounded(given.longitude, 5),
        "measures": {name: _rounded(given.measures[:, m], 3) for m, name in enumerate(given.measure_names)},
        "accounts": given.book[:, 0].astype(int).tolist(),
    }


def _rounded(values: npt.NDArray[np.float64], digits: int) -> Sequence[float]:
    found: list[float] = np.round(values, digits).tolist()
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _many(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
