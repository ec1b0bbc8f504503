"""Capacitated medians: published instances against their best known costs, each set within its time.

The instances carry no licence and are not part of Metes: `METES_DATA` names a folder that has them under `data/opt`, with
`best_known.csv` (instance, set, n, k, value) beside; without it nothing is measured, and a figure says so.

    METES_DATA=... python -m benchmarks medians
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure

# Names begin with; goal for the mean gap over best known in percent; seconds for each.
SETS = (("SJC", 0.2, 10.0), ("lin318_ u724_", 0.7, 30.0), ("fnl4461_", 1.5, 120.0))


def read(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Places (n, 2), demands (n,), capacities of one median each (1,), and how many medians, of `n k`, then `x y capacity demand`."""
    numbers = np.array(path.read_text(encoding="ascii").split(), float)
    n, k = int(numbers[0]), int(numbers[1])
    rows = numbers[2 : 2 + 4 * n].reshape(n, 4)
    return rows[:, :2], rows[:, 3], rows[:1, 2], k


def instance(path: Path, best: float, seconds: float) -> tuple[float, Figure, Figure]:
    """The gap of one instance in percent, and it and the seconds as figures."""
    from metes.partition.medians import solve_medians

    places, demand, capacity, k = read(path)
    started = time.perf_counter()
    solved = solve_medians(places, demand, capacity, k, seconds=seconds)
    taken = time.perf_counter() - started
    if np.bincount(solved.territory_of_unit, demand, k).max() > capacity[0]:
        raise RuntimeError(f"{path.name}: a capacity is broken")
    gap = 100 * (solved.cost / best - 1)
    proven = "no bound" if solved.gap is None else f"proven within {100 * solved.gap:.2f} %"
    name = f"{path.stem} ({len(demand)} units, {k} medians)"
    note = f"cost {solved.cost:,.2f}, {proven}{', stopped by the clock' if solved.is_stopped else ''}"
    return gap, Figure(f"{name}: over best known", gap, None, "%", note), Figure(f"{name}: time", taken, seconds)


def figures() -> Iterator[Figure]:
    """Each instance's gap and time, and the mean gap of each set."""
    data = os.environ.get("METES_DATA")
    if not data:
        yield Figure("capacitated medians skipped: METES_DATA names no data", 0, None, "")
        return
    folder = Path(data) / "data" / "opt"
    with (folder / "best_known.csv").open(encoding="utf-8", newline="") as file:
        known = [(row["instance"], folder / row["set"], float(row["value"])) for row in csv.DictReader(file)]
    _compile()
    for names, goal, seconds in SETS:
        gaps = []
        for name, place, best in sorted(known):
            if name.startswith(tuple(names.split())):
                gap, *shown = instance(next(place.glob(f"{name}.*")), best, seconds)
                gaps.append(gap)
                yield from shown
        yield Figure(f"{names}: mean over best known", float(np.mean(gaps)), goal, "%")


def _compile() -> None:
    """Have the kernels ready, which is measured elsewhere."""
    from metes.partition.medians import solve_medians

    solve_medians([[0, 0], [1, 0]], [1, 1], 2, 1, effort=0.001)
