"""Sets for designs: units clustered like cities, with weights and neighbours, made once and kept in the benchmarks' folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.figures import FOLDER
from metes.partition.graph import Graph
from metes.partition.problem import Preferences, Problem, equal_limits, on_plane

SEED, SIDE_KM = 20240607, 1000.0
SIZES = ((5_000, 50), (50_000, 250), (500_000, 500), (1_000_000, 1_000))
BAND = 0.05


@dataclass(frozen=True, eq=False)
class Points:
    """Places (n, 2) in km, weights (n,) and neighbours as compressed rows."""

    xy: np.ndarray
    weight: np.ndarray
    graph: Graph


def points(n: int) -> Points:
    """The set of n units."""
    path = FOLDER / f"points-{n}.npz"
    if not path.exists():
        _make(n, path)
    with np.load(path) as kept:
        return Points(kept["xy"], kept["weight"], Graph(kept["indptr"], kept["indices"]))


def _make(n: int, path: Path) -> None:
    """Zipf(0.9) sizes over 0.6 n^0.55 cities, Gaussian clouds, 15 % countryside, lognormal(0, 1) weights, Delaunay neighbours."""
    from scipy.spatial import Delaunay

    rng = np.random.default_rng(SEED)
    cities = max(20, int(0.6 * n**0.55))
    city = rng.uniform(0, SIDE_KM, (cities, 2))
    share = 1 / np.arange(1, cities + 1) ** 0.9
    share /= share.sum()
    rural = int(0.15 * n)
    home = rng.choice(cities, n - rural, p=share)
    width = 4 + 45 * np.sqrt(share / share.max())
    urban = city[home] + rng.normal(size=(n - rural, 2)) * width[home, None] * 0.6
    xy = np.clip(np.vstack([urban, rng.uniform(0, SIDE_KM, (rural, 2))]), 0, SIDE_KM)
    xy += rng.normal(scale=1e-3, size=xy.shape)
    weight = rng.lognormal(0, 1, n)
    order = rng.permutation(n)
    xy, weight = xy[order], weight[order]
    indptr, indices = Delaunay(xy).vertex_neighbor_vertices
    path.parent.mkdir(exist_ok=True)
    np.savez(path, xy=xy, weight=weight, indptr=indptr.astype(np.int64), indices=indices.astype(np.int32))


def balance_problem(n: int, k: int) -> Problem:
    """One measure within 5 %, territories in one piece, centres free."""
    made = points(n)
    amounts = made.weight[:, None]
    return Problem(on_plane(made.xy), made.weight, amounts, *equal_limits(amounts, k, BAND), graph=made.graph)


def priced_problem(n: int, k: int) -> Problem:
    """Three measures within 5 %, hand-overs priced, 5 % of units locked, against what a design gave on last year's first measure.

    All hand-overs together are worth one and a half times the travel of that design.
    """
    from metes.partition.solve import solve

    made = points(n)
    rng = np.random.default_rng(SEED + 1)
    amounts = np.stack([made.weight, rng.lognormal(0, 1, n), rng.lognormal(0, 0.5, n)], axis=1)
    places = on_plane(made.xy)
    before = (made.weight * rng.lognormal(0, 0.3, n))[:, None]
    today = solve(Problem(places, before[:, 0], before, *equal_limits(before, k, 0.1), graph=made.graph))
    travel = (amounts / amounts.mean(axis=0)).mean(axis=1)
    owner = today.territory_of_unit
    cost = float((travel * ((places - today.centres[owner]) ** 2).sum(axis=1)).sum())
    revenue = amounts[:, 0] * amounts[:, 2]
    saving = 0.15 * revenue * (1.5 * cost / (0.15 * revenue.sum()))
    locked = np.where(rng.random(n) < 0.05, owner, -1).astype(np.int32)
    problem = Problem(places, travel, amounts, *equal_limits(amounts, k, BAND), graph=made.graph)
    return replace(problem, preferences=Preferences(np.arange(n + 1, dtype=np.int64), owner, saving), current=owner, locked=locked)
