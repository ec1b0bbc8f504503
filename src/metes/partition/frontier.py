"""Designs none of which is better in all: balance, travel and hand-overs traded against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from metes.base.progress import SILENT, Progress
from metes.partition.problem import Design, Floats, Preferences, Problem
from metes.partition.solve import judged, solve

HANDOVER_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0, 16.0)
BAND_WIDTHS = (1.0, 0.5, 2.0)


@dataclass(frozen=True, eq=False)
class FrontierPoint:
    """A design found with savings `handover_weight` times and bands `band_width` times what was asked, judged by what was asked.

    `deviation_share` is the worst load's distance from its target, in parts of the target; the lower the better, like travel and hand-overs.
    """

    handover_weight: float
    band_width: float
    deviation_share: float
    travel: float
    handover: float
    design: Design

    @property
    def measured(self) -> tuple[float, float, float]:
        """What points are compared by."""
        return self.deviation_share, self.travel, self.handover


def frontier(
    problem: Problem,
    *,
    weights: Sequence[float] = HANDOVER_WEIGHTS,
    widths: Sequence[float] = BAND_WIDTHS,
    seed: int = 0,
    progress: Progress = SILENT,
) -> tuple[FrontierPoint, ...]:
    """The designs that no other of those tried beats in balance, travel and hand-overs at once, the most balanced first.

    One design for each pair of a weight and a width; without preferences weights make no difference and one is tried. A progress that is
    cancelled ends it with `Cancelled`.
    """
    tried = [(weight, width) for width in widths for weight in (weights if problem.preferences is not None else (1.0,))]
    points = []
    for number, (weight, width) in enumerate(tried):
        progress.report("frontier", number, len(tried))
        points.append(_point(problem, weight, width, seed))
    return undominated(points)


def _point(problem: Problem, weight: float, width: float, seed: int) -> FrontierPoint:
    middle, half = (problem.highest + problem.lowest) / 2, (problem.highest - problem.lowest) / 2
    asked = replace(
        problem,
        lowest=np.maximum(middle - width * half, 0.0),
        highest=middle + width * half,
        preferences=_weighted(problem.preferences, weight),
    )
    design = judged(problem, solve(asked, seed=seed))
    return FrontierPoint(weight, width, deviation_share(problem, design.loads), design.costs.travel, design.costs.handover, design)


def deviation_share(problem: Problem, loads: Floats) -> float:
    """How far the worst load is from the middle of its limits, in parts of it."""
    middle = (problem.highest + problem.lowest) / 2
    return float((np.abs(loads - middle) / np.maximum(middle, 1e-300)).max())


def undominated(points: Sequence[FrontierPoint]) -> tuple[FrontierPoint, ...]:
    """The points that no other is at least as good as in all and better in one; of equals the first."""
    kept = []
    for number, point in enumerate(points):
        mine = np.array(point.measured)
        for other_number, other in enumerate(points):
            theirs = np.array(other.measured)
            if (theirs <= mine).all() and ((theirs < mine).any() or other_number < number):
                break
        else:
            kept.append(point)
    return tuple(sorted(kept, key=lambda one: one.measured))


def _weighted(preferences: Preferences | None, weight: float) -> Preferences | None:
    if preferences is None:
        return None
    return replace(preferences, saving=np.where(np.isfinite(preferences.saving), preferences.saving * weight, preferences.saving))
