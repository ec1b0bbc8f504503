"""Capacitated medians: as good as trying everything, within every capacity, the same for the same seed, never below their bound."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metes.base.errors import Cancelled, InputError
from metes.partition.medians import Medians, choose_bases, solve_medians, solve_medians_by_distance
from metes.partition.problem import on_earth

Floats = np.ndarray


def apart(places: Floats) -> Floats:
    return np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=-1))


def least_cost(distances: Floats, demand: Floats, capacity: Floats, weights: Floats) -> float:
    """The optimum, by trying every choice of medians for every parting of the units."""
    n, k = len(demand), len(capacity)
    best = np.inf
    for own in product(range(k), repeat=n):
        owners = np.array(own)
        if (np.bincount(owners, demand, k) > capacity * (1 + 1e-9)).any():
            continue
        # What territory j costs from each unit; then the cheapest k different units, tried in all orders.
        from_unit = np.stack([(weights * (owners == j)) @ distances for j in range(k)])
        if from_unit.min(axis=1).sum() >= best:
            continue
        best = min([best, *(from_unit[np.arange(k), list(units)].sum() for units in _arrangements(n, k))])
    return float(best)


def _arrangements(n: int, k: int) -> list[tuple[int, ...]]:
    return [units for units in product(range(n), repeat=k) if len(set(units)) == k]


def recount(solved: Medians, distances: Floats, weights: Floats) -> float:
    return float(sum(weights[i] * distances[i, solved.medians[j]] for i, j in enumerate(solved.territory_of_unit)))


def town(n: int, seed: int) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    return random.uniform(0, 100, (n, 2)), random.integers(1, 20, n).astype(float)


@settings(max_examples=25)
@given(st.integers(3, 7), st.integers(1, 3), st.integers(0, 10_000), st.booleans())
def test_small_problems_are_solved_as_well_as_by_trying_everything(n: int, k: int, seed: int, are_equal: bool) -> None:
    random = np.random.default_rng(seed)
    places, demand, weights = random.integers(0, 9, (n, 2)).astype(float), random.integers(0, 6, n), random.integers(1, 4, n)
    fair = demand.sum() / k + 3
    capacity = np.full(k, fair) if are_equal else fair * np.linspace(0.8, 1.2, k)
    distances, demand, weights = apart(places), demand.astype(float), weights.astype(float)
    optimum = least_cost(distances, demand, capacity, weights)
    if not np.isfinite(optimum):
        with pytest.raises(InputError):
            solve_medians(places, demand, capacity, k, weights=weights, effort=0.02, seconds=60)
        return
    solved = solve_medians(places, demand, capacity, k, weights=weights, effort=0.05, seconds=60)
    assert solved.cost == pytest.approx(optimum, abs=1e-9)
    assert solved.cost == pytest.approx(recount(solved, distances, weights))
    assert solved.bound is None or solved.bound <= optimum + 1e-9


@settings(max_examples=25)
@given(st.integers(8, 60), st.integers(0, 10_000), st.floats(0.5, 0.93))
def test_no_capacity_is_broken_and_every_figure_can_be_recounted(n: int, seed: int, filled: float) -> None:
    places, demand = town(n, seed)
    k = max(1, n // 7)
    capacity = max(demand.sum() / k / filled, demand.max())
    solved = solve_medians(places, demand, capacity, k, effort=0.03, seconds=60)
    loads = np.bincount(solved.territory_of_unit, demand, k)
    assert (loads <= capacity * (1 + 1e-9)).all()
    np.testing.assert_allclose(solved.loads, loads)
    assert len(set(solved.medians.tolist())) == k
    assert solved.cost == pytest.approx(recount(solved, apart(places), np.ones(n)))
    assert solved.bound is None or 0 <= solved.bound <= solved.cost


def test_the_same_seed_and_effort_give_the_same_answer() -> None:
    places, demand = town(120, 3)
    first, again = (solve_medians(places, demand, 200, 10, seed=5, effort=0.1, seconds=60) for _ in range(2))
    assert first.territory_of_unit.tobytes() == again.territory_of_unit.tobytes()
    assert first.medians.tobytes() == again.medians.tobytes()
    assert (first.cost, first.bound, first.is_stopped) == (again.cost, again.bound, False)


def test_places_and_their_distances_give_the_same_answer() -> None:
    places, demand = town(60, 4)
    near = solve_medians(places, demand, 130, 6, effort=0.1, seconds=60)
    far = solve_medians_by_distance(apart(places), demand, 130, 6, effort=0.1, seconds=60)
    assert near.cost == pytest.approx(far.cost)
    assert near.bound == pytest.approx(far.bound, rel=1e-3)


def test_the_order_of_units_and_where_the_map_begins_change_no_cost() -> None:
    places, demand = town(40, 7)
    order = np.random.default_rng(1).permutation(40)
    turned = places[order] @ np.array([[0.6, -0.8], [0.8, 0.6]]) + [1000, -500]
    one = solve_medians(places, demand, 120, 5, effort=0.3, seconds=60)
    other = solve_medians(turned, demand[order], 120, 5, effort=0.3, seconds=60)
    assert one.cost == pytest.approx(other.cost)


def test_each_of_two_towns_gets_the_seat_with_room_for_it() -> None:
    # Denver with five accounts of 10 hours, Boulder with two; a seat of 60 hours and one of 20.
    latitude, longitude = [39.74] * 5 + [40.01] * 2, [-104.99, -104.98, -104.97, -105.0, -105.01, -105.27, -105.28]
    solved = choose_bases(latitude, longitude, [10.0] * 7, [20.0, 60.0], seconds=60)
    assert solved.territory_of_unit.tolist() == [1] * 5 + [0] * 2
    assert solved.medians[1] == 0
    assert solved.medians[0] in (5, 6)
    away = apart(on_earth(latitude, longitude))
    assert solved.cost == pytest.approx(away[:5, 0].sum() + away[5, 6])


def test_a_median_at_every_unit_costs_nothing() -> None:
    places, demand = town(9, 2)
    solved = solve_medians(places, demand, 20, 9, effort=0.02, seconds=60)
    assert solved.cost == 0
    assert (solved.bound, solved.gap) == (0, 0)


def test_units_at_one_place_are_parted_by_what_they_need() -> None:
    solved = solve_medians(np.zeros((6, 2)), [3, 3, 2, 2, 1, 1], 6, 2, effort=0.02, seconds=60)
    assert solved.loads.tolist() == [6, 6]
    assert solved.cost == 0


def test_a_packing_without_any_room_left_is_found() -> None:
    # 20 pairs that only fit each other: 51 with 49, 52 with 48 and so on, far from one another.
    demand = np.concatenate([50.5 + np.arange(20), 49.5 - np.arange(20)])
    places = np.random.default_rng(0).uniform(0, 100, (40, 2))
    solved = solve_medians(places, demand, 100, 20, effort=0.1, seconds=60)
    np.testing.assert_allclose(solved.loads, 100)


def test_where_the_clock_strikes_the_answer_says_so_and_still_fits() -> None:
    places, demand = town(400, 1)
    solved = solve_medians(places, demand, 130, 40, effort=1000, seconds=0.3)
    assert solved.is_stopped
    assert (solved.loads <= 130).all()


def test_work_is_reported_and_can_be_cancelled() -> None:
    class Impatient:
        seen: list[tuple[str, int, int]] = []

        def report(self, stage: str, done: int = 0, total: int = 0) -> None:
            self.seen.append((stage, done, total))
            if len(self.seen) == 3:
                raise Cancelled("enough")

    places, demand = town(50, 1)
    with pytest.raises(Cancelled):
        solve_medians(places, demand, 200, 4, effort=0.1, seconds=60, progress=Impatient())
    assert Impatient.seen == [("medians", 1, 200), ("medians", 2, 200), ("medians", 3, 200)]


def test_known_instances_come_close_to_their_best_known_values(real_data: Path) -> None:
    for name, best in (("SJC1", 17288.99), ("SJC2", 33270.94)):
        numbers = np.array((real_data / "opt" / "cpmp_sjc" / f"{name}.dat").read_text(encoding="ascii").split(), float)
        x, y, capacity, demand = numbers[2:].reshape(-1, 4).T
        solved = solve_medians(np.stack([x, y], axis=1), demand, capacity[0], int(numbers[1]), effort=1.0, seconds=60)
        assert best * (1 - 1e-6) <= solved.cost <= best * 1.005
        assert solved.bound is not None
        assert best * 0.98 <= solved.bound <= best * (1 + 1e-6)


def test_every_choice_of_medians_costs_at_least_the_bound() -> None:
    # 8 units, 2 medians: each choice of medians with each unit at the nearer one, whatever they hold, is cheaper than with capacities.
    places, demand = town(8, 11)
    solved = solve_medians(places, demand, demand.sum(), 2, effort=0.05, seconds=60)
    away = apart(places)
    optimum = min(away[:, pair].min(axis=1).sum() for pair in map(list, combinations(range(8), 2)))
    assert solved.cost == pytest.approx(optimum)
    assert solved.bound is not None
    assert 0.9 * optimum <= solved.bound <= optimum + 1e-9


def test_many_units_start_evenly_loaded_and_fit() -> None:
    # A dense town in the middle of wide country, nine tenths of all room taken.
    random = np.random.default_rng(2)
    places, demand = random.normal(size=(6000, 2)) * random.exponential(size=(6000, 1)), random.uniform(1, 9, 6000)
    capacity = demand.sum() / 60 / 0.9
    solved = solve_medians(places, demand, capacity, 60, effort=0.2, seconds=60)
    assert (solved.loads <= capacity * (1 + 1e-9)).all()
    assert not solved.is_stopped
