"""Where seats would best live: bases chosen among a design's units, each serving what its capacity allows."""

from __future__ import annotations

from typing import Any

import numpy as np

from metes.base.errors import InputError
from metes.base.progress import SILENT, Progress
from metes.designing.given import Given
from metes.partition.medians import choose_bases

# So many units at most, those with most of the first measure; the others hardly move a base.
MOST_UNITS = 5_000


def bases_for(given: Given, *, slack_share: float, seconds: float, seed: int, progress: Progress = SILENT) -> dict[str, Any]:
    """Bases among the units, one for each territory of the design, so that the kilometres between units and bases are least.

    A base serves at most its territory's target of the first measure, and `slack_share` more. Units without any of that measure are left
    out; of more than `MOST_UNITS` those with most are looked at. InputError where that leaves fewer units than territories.
    """
    amounts = given.measures[:, 0]
    chosen = np.sort(np.argsort(-amounts, kind="stable")[:MOST_UNITS])
    chosen = chosen[amounts[chosen] > 0]
    k = len(given.territories)
    if len(chosen) < k:
        raise InputError(f"{len(chosen):,} units have some {given.measure_names[0]}, and {k:,} bases were asked for; ask for fewer")
    share = float(amounts[chosen].sum() / amounts.sum())
    capacity = np.maximum(given.targets[:, 0] * share * (1 + slack_share), amounts[chosen].max())
    found = choose_bases(
        given.latitude[chosen], given.longitude[chosen], amounts[chosen], capacity, seed=seed, seconds=seconds, progress=progress
    )
    served = np.bincount(found.territory_of_unit, minlength=k)
    bases: list[dict[str, Any]] = []
    for j in range(k):
        unit = int(chosen[found.medians[j]])
        bases.append(
            {
                "unit": given.ids[unit],
                "name": given.names[unit],
                "region": given.regions[unit],
                "latitude": float(given.latitude[unit]),
                "longitude": float(given.longitude[unit]),
                "units": int(served[j]),
                "load": float(found.loads[j]),
            }
        )
    bases.sort(key=lambda base: (-base["load"], base["unit"]))
    return {
        "measure": given.measure_names[0],
        "bases": bases,
        "units": len(chosen),
        "kilometres": found.cost,
        "gap": found.gap,
        "is_stopped": found.is_stopped,
    }
