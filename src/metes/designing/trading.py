"""Designs none of which is better in balance, travel and hand-overs at once, told in figures."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from metes.base.progress import Progress
from metes.designing.given import Given
from metes.designing.packing import packed_numbers
from metes.designing.spec import DesignSpec
from metes.partition.frontier import frontier
from metes.partition.groups import contract
from metes.partition.live import NOBODY, Live
from metes.partition.problem import Ints


def frontier_of(spec: DesignSpec, given: Given, locked: Ints, progress: Progress) -> list[dict[str, Any]]:
    """The points of a design's frontier, the most balanced first: what each trades for what, its figures, and who has which unit."""
    current = given.holder.copy()
    current[current < 0] = -1
    problem = replace(given.problem, locked=locked, current=current if (current >= 0).any() else None)
    whole = contract(problem, given.groups)
    out = []
    for point in frontier(whole.problem, seed=spec.seed, progress=progress):
        territory = whole.expand(point.design.territory_of_unit)
        live = Live(given.problem, territory)
        held = (given.holder != NOBODY) & (given.holder != territory)
        out.append(
            {
                "handover_weight": point.handover_weight,
                "band_width": point.band_width,
                "worst_share": point.deviation_share,
                "travel": float(live.travel.sum()),
                "disruption_minor": float(given.stakes.sum() - live.saved.sum()),
                "changed_accounts": int(given.book[held, 0].sum()),
                "is_within": not bool(live.over.any()),
                "territory": base64.b64encode(packed_numbers(territory)).decode("ascii"),
            }
        )
    return out
