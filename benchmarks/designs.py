"""Designs: balance on clustered points of four sizes, three measures with hand-overs priced, a seat added, census units, the workbench's moves.

Each design of points runs in a process of its own, for its peak memory. METIS is on hand where the peers are installed; published optima of
districts are read from the folder that `METES_DATA` names, and left out, saying so, without it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.design_sets import SIZES, Points, balance_problem, points, priced_problem
from benchmarks.figures import Figure, median, peak_mb

# Units and territories: seconds, gap in percent, megabytes.
GOALS = {5_000: (1.0, 1.0, 250.0), 50_000: (4.0, 1.2, 300.0), 500_000: (15.0, 0.8, 600.0), 1_000_000: (40.0, 1.0, 1_200.0)}
METIS_LOWER = 28.0
# Name, goal in percent over the published optimum.
DISTRICTS = {"tract33": 0.6, "tract05": 0.6, "county40": 1.0, "county19": 1.0, "county05": 1.0}
DISTRICT_SECONDS, DISTRICT_BAND = 2.0, 0.005
EARTH_KM = 6371.0


def figures() -> Iterator[Figure]:
    """All of it; the smallest designs first."""
    yield from compiling()
    for n, k in SIZES:
        yield from balanced(n, k)
    yield from priced()
    yield from seat_added()
    yield from districts()
    yield from moves()


def compiling() -> Iterator[Figure]:
    """What the first design on a new machine waits for."""
    with tempfile.TemporaryDirectory() as empty:
        started = time.perf_counter()
        code = "import metes.partition.solve, metes.partition.live"
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_CACHE_DIR": empty})
        yield Figure("first design on a new machine: kernels compiled", time.perf_counter() - started, 15.0)


def balanced(n: int, k: int) -> Iterator[Figure]:
    """One measure within 5 %, contiguous, centres free."""
    told = child("balance", n, k)
    seconds, gap, megabytes = GOALS[n]
    name = f"{n:,} units in {k:,}"
    yield Figure(f"{name}: time", told["seconds"], seconds, "s", f"median of {told['runs']}")
    yield Figure(f"{name}: over the bound", told["gap"], gap, "%")
    yield Figure(f"{name}: peak memory", told["megabytes"], megabytes, "MB")
    yield Figure(f"{name}: loads outside 5 %, territories in pieces", told["broken"], 0, "")
    if told["metis"] is None:
        yield Figure(f"{name}: METIS is not installed, `make bench-peers` has it", 0, None, "")
    else:
        worse = METIS_LOWER - told["metis"]
        note = f"inertia {told['metis']:.0f} % lower than METIS at the same balance, {METIS_LOWER:.0f} % asked"
        yield Figure(f"{name}: short of METIS goal", max(0.0, worse), 0, "%", note)


def child(kind: str, *sizes: int) -> dict[str, Any]:
    """What a process of its own has to tell."""
    arguments = [sys.executable, "-m", "benchmarks.designs", kind, *map(str, sizes)]
    return dict(json.loads(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.splitlines()[-1]))


def run_balance(n: int, k: int) -> Mapping[str, Any]:
    """In the child: design as often as a median needs, then let METIS try."""
    from metes.partition.solve import solve

    solve(balance_problem(5_000, 50))
    problem = balance_problem(n, k)
    runs = 3 if n <= 500_000 else 1
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        design = solve(problem)
        times.append(time.perf_counter() - started)
    megabytes = peak_mb()
    metis = metis_lower(n, k, design.territory_of_unit)
    broken = int(design.over.any(axis=1).sum() + (design.pieces > 1).sum())
    return {
        "seconds": median(times), "runs": runs, "gap": 100 * design.gap, "megabytes": megabytes, "broken": broken, "metis": metis,
    }  # fmt: skip


def inertia(xy: np.ndarray, weight: np.ndarray, part: np.ndarray, k: int) -> float:
    """Σ w d² about weighted centres."""
    total = np.maximum(np.bincount(part, weight, k), 1e-300)
    centres = np.stack([np.bincount(part, weight * xy[:, a], k) / total for a in range(2)], axis=1)
    return float((weight * ((xy - centres[part]) ** 2).sum(axis=1)).sum())


def metis_lower(n: int, k: int, part: np.ndarray) -> float | None:
    """How much lower our inertia is than that of METIS inside the same band, in percent; None where it is not installed."""
    made = points(n)
    other = metis_part(made, k)
    return None if other is None else 100 * (1 - inertia(made.xy, made.weight, part, k) / inertia(made.xy, made.weight, other, k))


def metis_part(made: Points, k: int) -> np.ndarray | None:
    """METIS with weights, run with a smaller `ufactor` until it is inside the band; None where it is not installed."""
    try:
        import pymetis
    except ImportError:
        return None
    adjacency = pymetis.CSRAdjacency(adj_starts=made.graph.indptr, adjacent=made.graph.indices)
    whole = np.maximum((made.weight * 1000).astype(int), 1)
    for looseness in (50, 40, 30, 20, 10, 5):
        _, found = pymetis.part_graph(k, adjacency=adjacency, vweights=whole, options=pymetis.Options(ufactor=looseness))
        part = np.asarray(found)
        loads = np.bincount(part, made.weight, k)
        if np.abs(loads / loads.mean() - 1).max() <= 0.05:
            break
    return part


def priced() -> Iterator[Figure]:
    """Three measures within 5 %, hand-overs priced, 5 % of the units locked."""
    from metes.partition.solve import solve

    problem = priced_problem(50_000, 250)
    started = time.perf_counter()
    design = solve(problem)
    seconds = time.perf_counter() - started
    stay = 100 * float((design.territory_of_unit == problem.current).mean())
    yield Figure("aim: three measures, hand-overs priced, 5 % locked, 50,000 in 250: time", seconds, 15.0)
    yield Figure("aim: the same: over the bound", 100 * design.gap, 3.0, "%", f"{stay:.0f} % of units stay")
    broken = int(design.over.any(axis=1).sum() + (design.pieces > 1).sum())
    yield Figure("aim: the same: loads outside 5 %, territories in pieces", broken, 0, "")


def seat_added() -> Iterator[Figure]:
    """A seat more on 50,000 units in 250."""
    from metes.partition.again import solve_again
    from metes.partition.solve import solve

    before = solve(balance_problem(50_000, 250))
    problem = balance_problem(50_000, 251)
    times = []
    for _ in range(3):
        started = time.perf_counter()
        after = solve_again(problem, before.territory_of_unit, before.centres, before.prices)
        times.append(time.perf_counter() - started)
    moved = 100 * float((after.territory_of_unit != before.territory_of_unit).mean())
    broken = int(after.over.any(axis=1).sum() + (after.pieces > 1).sum())
    yield Figure("a seat added at 50,000 in 250: time", median(times), 1.0, "s", f"{broken} loads outside or territories in pieces")
    yield Figure("a seat added at 50,000 in 250: units that move", moved, 5.0, "%", f"{100 * after.gap:.2f} % over the bound")


def districts() -> Iterator[Figure]:
    """Census units into districts, ± 0.5 %, contiguous, centre a unit, against published optima."""
    data = os.environ.get("METES_DATA")
    if not data:
        yield Figure("districts skipped: METES_DATA names no data", 0, None, "")
        return
    folder = Path(data) / "data" / "opt"
    with (folder / "best_known.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["instance"].split()[0]: row for row in csv.DictReader(file)}
    for name, goal in DISTRICTS.items():
        yield from district(folder / "districting" / f"{name}.json", int(rows[name]["k"]), float(rows[name]["value"]), goal)


def district(path: Path, k: int, best: float, goal: float) -> Iterator[Figure]:
    """One state's units."""
    from metes.partition.graph import graph_of_pairs
    from metes.partition.problem import Problem, on_earth
    from metes.partition.solve import solve

    told = json.loads(path.read_text(encoding="utf-8"))
    nodes = told["nodes"]
    latitude, longitude = (np.array([node[axis] for node in nodes]) for axis in ("C_Y", "C_X"))
    people = np.array([float(node["TOTPOP"]) for node in nodes])
    pairs = np.array([(i, other["id"]) for i, near in enumerate(told["adjacency"]) for other in near])
    target = people.sum() / k
    limits = [np.full((k, 1), round_(target * (1 + sign * DISTRICT_BAND))) for sign, round_ in ((-1, np.ceil), (1, np.floor))]
    graph = graph_of_pairs(len(nodes), pairs[:, 0], pairs[:, 1])
    problem = Problem(on_earth(latitude, longitude), people, people[:, None], *limits, graph=graph, centres_at_units=True)
    started = time.perf_counter()
    design = solve(problem)
    seconds = time.perf_counter() - started
    cost = sum(best_centre(latitude, longitude, people, design.territory_of_unit == j) for j in range(k)) / 1e6
    broken = int(design.over.any(axis=1).sum() + (design.pieces > 1).sum())
    name = f"{path.stem}: {len(nodes)} units in {k}"
    yield Figure(
        f"{name}: over the published optimum", 100 * (cost / best - 1), goal, "%", f"{broken} districts outside or in pieces"
    )
    yield Figure(f"{name}: time", seconds, DISTRICT_SECONDS)


def best_centre(latitude: np.ndarray, longitude: np.ndarray, people: np.ndarray, inside: np.ndarray) -> float:
    """Σ people km² over great circles to the unit for which that is least."""
    lat, lon = np.radians(latitude[inside]), np.radians(longitude[inside])
    half = np.sin((lat[:, None] - lat) / 2) ** 2 + np.cos(lat)[:, None] * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    return float(((2 * EARTH_KM * np.arcsin(np.sqrt(half))) ** 2 @ people[inside]).min())


def moves() -> Iterator[Figure]:
    """500 units from one territory to its neighbours, as the server works it out."""
    from metes.partition.live import Live
    from metes.partition.solve import solve

    problem = balance_problem(50_000, 250)
    design = solve(problem)
    live = Live(problem, design.territory_of_unit)
    rng = np.random.default_rng(1)
    times = []
    for _ in range(40):
        centre = problem.places[int(rng.integers(problem.units))]
        units = np.argsort(((problem.places - centre) ** 2).sum(axis=1))[:500].astype(np.int32)
        goal = int(live.territory_of_unit[units[-1]])
        started = time.perf_counter()
        live.move(units, goal)
        times.append(1000 * (time.perf_counter() - started))
    yield Figure("a move of 500 units of 50,000, server part", median(times), 20.0, "ms", f"slowest of 40: {max(times):.1f} ms")


if __name__ == "__main__":
    print(json.dumps(run_balance(int(sys.argv[2]), int(sys.argv[3]))))
