"""Peers on our sets of designs, each for at most a minute on a set: `python -m benchmarks.design_peers`.

Told of each: seconds, how far the worst load is from its target, inertia against ours, and how many territories are in pieces. A peer that does
not end in its minute is stopped and said to be. HiGHS is asked for the best there is, on a set small enough for it.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.design_sets import Points, balance_problem, points
from benchmarks.designs import inertia, metis_part
from benchmarks.figures import Figure
from metes.partition.borders import pieces_of
from metes.partition.solve import solve

CAP_SECONDS = 60.0
SETS = ((5_000, 50), (50_000, 250))
TINY = (60, 4)
Peer = Callable[[Points, int], np.ndarray]


def metis(made: Points, k: int) -> np.ndarray:
    """PyMetis with weights, tightened until it is inside the band."""
    part = metis_part(made, k)
    if part is None:
        raise ImportError("pymetis")
    return part


def k_means_constrained(made: Points, k: int) -> np.ndarray:
    """k-means-constrained, which balances counts."""
    from k_means_constrained import KMeansConstrained

    n = len(made.weight)
    model = KMeansConstrained(k, size_min=int(0.95 * n / k), size_max=int(1.05 * n / k) + 1, n_init=1, random_state=0)
    return np.asarray(model.fit_predict(made.xy))


def gerrychain(made: Points, k: int) -> np.ndarray:
    """GerryChain's recursive tree partition within 5 %."""
    import networkx
    from gerrychain import Graph
    from gerrychain.partition import recursive_tree_part

    graph = networkx.Graph()
    graph.add_nodes_from((i, {"weight": float(w)}) for i, w in enumerate(made.weight))
    rows = np.repeat(np.arange(made.graph.units), np.diff(made.graph.indptr))
    graph.add_edges_from(zip(rows.tolist(), made.graph.indices.tolist(), strict=True))
    target = float(made.weight.sum()) / k
    part = recursive_tree_part(Graph.from_networkx(graph), range(k), target, "weight", 0.05, rng=1)
    return np.array([part[i] for i in range(len(made.weight))])


def skater(made: Points, k: int) -> np.ndarray:
    """spopt's SKATER on the same neighbours: homogeneous, not balanced."""
    import geopandas
    import libpysal
    from spopt.region import Skater

    frame = geopandas.GeoDataFrame({"x": made.xy[:, 0], "y": made.xy[:, 1]}, geometry=geopandas.points_from_xy(*made.xy.T))
    near = {i: made.graph.indices[made.graph.indptr[i] : made.graph.indptr[i + 1]].tolist() for i in range(made.graph.units)}
    model = Skater(frame, libpysal.weights.W(near, silence_warnings=True), ["x", "y"], n_clusters=k, floor=1)
    model.solve()
    return np.asarray(model.labels_)


def b2b(made: Points, k: int) -> np.ndarray:
    """b2b-territory-optimization, which looks at no place."""
    import pandas as pd
    from b2b_territory_optimization import TerritoryAllocator

    frame = pd.DataFrame({"Account_ID": [str(i) for i in range(len(made.weight))], "weight": made.weight})
    found = TerritoryAllocator("weight").allocate_bucket(frame, k, "all")["Territory_ID"]
    return np.asarray(found.astype("category").cat.codes)


PEERS: dict[str, Peer] = {
    "PyMetis": metis,
    "k-means-constrained": k_means_constrained,
    "gerrychain": gerrychain,
    "spopt SKATER": skater,
    "b2b-territory-optimization": b2b,
}


def main() -> int:
    """Every peer on every set, then the best there is of a tiny one."""
    for n, k in SETS:
        made, problem = points(n), balance_problem(n, k)
        solve(balance_problem(*TINY))
        started = time.perf_counter()
        ours = solve(problem)
        told(f"{n:,} in {k:,}: Metes", time.perf_counter() - started, made, k, ours.territory_of_unit, None)
        own = inertia(made.xy, made.weight, ours.territory_of_unit, k)
        for name, peer in PEERS.items():
            seconds, part = capped(peer, made, k)
            if part is None:
                print(f"  {Figure(f'{n:,} in {k:,}: {name}', seconds, None, 's', 'stopped, or could not')}", flush=True)
            else:
                told(f"{n:,} in {k:,}: {name}", seconds, made, k, part, own)
    exact()
    return 0


def told(name: str, seconds: float, made: Points, k: int, part: np.ndarray, own: float | None) -> None:
    """A line of what came out."""
    loads = np.bincount(part, made.weight, k)
    off = 100 * np.abs(loads / loads.mean() - 1).max()
    piece, _ = pieces_of(part.astype(np.int32), made.graph, made.weight)
    broken = sum(len(set(piece[part == j].tolist())) > 1 for j in range(k))
    worse = "" if own is None else f", inertia {100 * (inertia(made.xy, made.weight, part, k) / own - 1):+.0f} % against ours"
    print(f"  {Figure(name, seconds, None, 's', f'worst load {off:.1f} % off, {broken} in pieces{worse}')}", flush=True)


def capped(peer: Peer, made: Points, k: int) -> tuple[float, np.ndarray | None]:
    """A peer's partition and its seconds; None where it did not end in a minute, is not installed, or could not."""
    started = time.perf_counter()
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(there, peer, made, k))
    process.start()
    there.close()
    part = None
    if here.poll(CAP_SECONDS):
        try:
            part = here.recv()
        except EOFError:
            part = None
    seconds = time.perf_counter() - started
    if process.is_alive():
        process.kill()
    process.join()
    return seconds, part


def _send(pipe: multiprocessing.connection.Connection, peer: Peer, made: Points, k: int) -> None:
    try:
        pipe.send(peer(made, k))
    except Exception as error:
        print(f"  {type(error).__name__}: {error}", file=sys.stderr)
    pipe.close()


def exact() -> None:
    """HiGHS on a transport problem with whole units for our centres: what the bound and our cost are beside the best there is."""
    import highspy

    n, k = TINY
    problem = balance_problem(n, k)
    started = time.perf_counter()
    ours = solve(problem)
    own_seconds = time.perf_counter() - started
    costs = problem.travel[:, None] * ((problem.places[:, None] - ours.centres[None]) ** 2).sum(axis=2)
    started = time.perf_counter()
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("time_limit", CAP_SECONDS)
    chosen = [[model.addBinary() for _ in range(k)] for _ in range(n)]
    for row in chosen:
        model.addConstr(sum(row[1:], row[0]) == 1)
    for j in range(k):
        load = sum(
            (float(problem.measures[i, 0]) * chosen[i][j] for i in range(1, n)), float(problem.measures[0, 0]) * chosen[0][j]
        )
        model.addConstr(load >= float(problem.lowest[j, 0]))
        model.addConstr(load <= float(problem.highest[j, 0]))
    model.minimize(sum((float(costs[i, j]) * chosen[i][j] for i in range(n) for j in range(k)), 0.0 * chosen[0][0]))
    best = model.getInfo().objective_function_value
    note = f"best {best:,.0f}, ours {ours.costs.total:,.0f} in {own_seconds:.2f} s (in one piece each), bound {ours.bound:,.0f}"
    print(f"  {Figure(f'{n} in {k}: HiGHS, exact for our centres', time.perf_counter() - started, None, 's', note)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
