"""What there is to say of a design on the table: how it stands against today, and which territories are beyond their bands, why, and what helps."""

from __future__ import annotations

import math
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from metes.designing.given import ELSEWHERE, Given
from metes.designing.state import DesignState
from metes.partition.live import NOBODY, Live

MOST_SAID: Final = 4
_OTHERS: Final = 0.1
_WIDER: Final = (0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
_today: WeakKeyDictionary[Given, dict[str, Any]] = WeakKeyDictionary()


def today_of(state: DesignState) -> dict[str, Any] | None:
    """What the holders of today come to, to compare with: the worst deviation of each measure, and travel.

    None where nobody holds a unit, and where others than the design's territories hold more than a tenth of them: other territories are
    no measure for these. Counted once for what a design works with, O(n + p).
    """
    given = state.given
    if (given.holder < 0).all() or (given.holder == ELSEWHERE).sum() > _OTHERS * len(given):
        return None
    if given not in _today:
        live = Live(given.problem, np.maximum(given.holder, NOBODY))
        off = np.abs(live.loads - given.targets) / np.where(given.targets > 0, given.targets, 1.0)
        worst = off.max(axis=0)
        balance = [{"measure": name, "worst_share": float(worst[m])} for m, name in enumerate(given.measure_names)]
        _today[given] = {"balance": balance, "travel": float(live.travel.sum())}
    return _today[given]


def advice_of(state: DesignState) -> list[dict[str, Any]]:
    """What stands in the way, worst first: territories beyond a band with what causes it, territories in pieces, units nobody has.

    Each has `kind`, the `territory` it is about (None: none), and values to put it in words with: `measure`, `beyond_share` (how far
    outside the band, a share of the target), `whale` (a unit that alone is `whale_share` of the target), `locked` units, and
    `wider_share`, a band that would do.
    """
    live, given = state.live, state.given
    over = live.over / np.where(given.targets > 0, given.targets, 1.0)
    beyond = sorted(
        (-float(over[j, m]), int(j), given.measure_names[m], int(m)) for j, m in zip(*np.nonzero(over > 0), strict=True)
    )
    told = [_beyond(state, j, m, -share) for share, j, _, m in beyond[:MOST_SAID]]
    if len(beyond) > MOST_SAID:
        told.append({"kind": "more", "territory": None, "count": len({j for _, j, _, _ in beyond[MOST_SAID:]})})
    if given.is_contiguous:
        broken = np.flatnonzero(live.pieces > 1)[:MOST_SAID].tolist()
        names = [state.territories[j].name for j in broken]
        told += [
            {"kind": "pieces", "territory": j, "name": name, "count": int(live.pieces[j])}
            for j, name in zip(broken, names, strict=True)
        ]
    if live.unassigned:
        told.append({"kind": "nobody", "territory": None, "count": live.unassigned})
    return told


def _beyond(state: DesignState, j: int, m: int, beyond: float) -> dict[str, Any]:
    """A territory beyond its band of one measure."""
    live, given = state.live, state.given
    own = np.flatnonzero(live.territory_of_unit == j)
    target, load = float(given.targets[j, m]), float(live.loads[j, m])
    values = given.measures[own, m]
    found: dict[str, Any] = {
        "kind": "above" if load > target else "below",
        "territory": j,
        "key": state.territories[j].key,
        "name": state.territories[j].name,
        "measure": given.measure_names[m],
        "beyond_share": beyond,
        "locked": int((live.locked[own] != NOBODY).sum()),
        "wider_share": _wider(given, live, m),
    }
    if len(own) and load > target and target > 0:
        at = int(own[int(values.argmax())])
        if given.measures[at, m] > given.highest[j, m]:
            found["whale"] = {"unit": at, "name": given.names[at], "share": float(given.measures[at, m] / target)}
    return found


def _wider(given: Given, live: Live, m: int) -> float | None:
    """The smallest round band that every territory keeps as it is; None where it would be no band at all."""
    targets = given.targets[:, m]
    off = np.abs(live.loads[:, m] - targets) / np.where(targets > 0, targets, 1.0)
    worst = float(off.max(initial=0.0))
    return next((share for share in _WIDER if share >= worst), None) if math.isfinite(worst) else None
