"""Designs territories: centres and prices, cells of a power diagram, then borders put right; with what no design can beat.

Territories are cells of a power diagram whose prices keep loads within their limits (Aurenhammer, Hoffmann, Aronov 1998), found by Newton steps
on the dual of a transport problem (Kitagawa, Mérigot, Thibert 2019) with a smooth band and prices carried over between centres (ours).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from metes.base.errors import Cancelled
from metes.base.progress import SILENT, Progress
from metes.partition.annealing import anneal
from metes.partition.borders import Borders, GoesOn, borders_of, pieces_of
from metes.partition.cells import Cells, cells_of
from metes.partition.centring import (
    ROUNDS,
    SHARP,
    SHARPER,
    Centred,
    began,
    centred,
    heap_start,
    matched,
    middles,
    nearest_members,
    priced,
    start_by_bisection,
    start_by_chance,
    weighted_middles,
)
from metes.partition.checks import refuse_unsound
from metes.partition.connecting import raised
from metes.partition.prices import bound_at
from metes.partition.problem import Costs, Design, Floats, Ints, Problem, most_saved, no_preferences
from metes.partition.scaling import Scaled, scaled
from metes.partition.whales import set_aside

# So many units times starts are looked at; one start is enough where there are many.
_STARTS, _UNITS_STARTED = 8, 30_000
_SHAKES, _UNITS_SHAKEN = 150, 15_000
_FINE_ROUNDS, _WARM_ROUNDS = 6, 2
# Where units are so few, all starts are carried to their end.
_FINISHED_ALL = 2_000
_FOLLOWED = 8
# Where bands are not met either way, a shape that costs so much less is the better answer.
_ROUNDER = 0.85

# Says in words what a design costs, and the bound where that says something.
Told = Callable[[float, float | None], str]


def told_plainly(cost: float, bound: float | None) -> str:
    """A cost as a number, with how far it is above the bound."""
    return f"cost {cost:,.0f}" + told_gap(cost, bound)


def told_gap(cost: float, bound: float | None) -> str:
    """How far a cost is above a bound; nothing where that says nothing."""
    return "" if bound is None or not 0 < bound <= cost else f", {cost / bound - 1:.1%} above the bound"


@dataclass(frozen=True, eq=False)
class _Finished:
    """A design in the order of the leaves, with its bound."""

    borders: Borders
    centred: Centred
    prices: Floats
    bound: float


def solve(
    problem: Problem,
    *,
    seed: int = 0,
    progress: Progress = SILENT,
    seconds: float | None = None,
    warm: Design | None = None,
    told: Told = told_plainly,
) -> Design:
    """Part the units of a problem into its territories.

    The same problem and seed give the same design, unless `seconds` run out. A cancelled progress or a time limit ends the search with the best so
    far (`is_stopped`). `warm` is a design to begin from: its centres stay where they are, but for a few rounds. Stages reported say what cells
    as they lie, and then the best design, cost and how far that is above the bound, in the words of `told`. InputError, with findings, where the
    problem is unsound. O(n log n) for the tree, then some hundred sweeps that look at borders alone.
    """
    refuse_unsound(problem)
    work = scaled(set_aside(problem))
    clock = _Clock(progress, seconds, told, work)
    cells = cells_of(work.problem)
    finished = []
    for at in _starts(work, cells, seed, clock, warm):
        finished.append(_finish(work.problem, cells, at, clock, is_quick=warm is not None))
        clock.found(min(finished, key=lambda one: one.borders.rank()))
        if clock.is_over:
            break
    best = min(finished, key=lambda one: one.borders.rank())
    if problem.units <= _FINISHED_ALL:
        best = _shaken(work.problem, cells, best, np.random.default_rng(seed), clock)
    territory = cells.in_order_of_units(best.borders.territory_of_unit)
    bound = best.bound - work.overstated(best.centred.centres, best.prices)
    found = _design(problem, territory, best.centred.centres, work.prices(best.prices), bound * work.travel_unit, seed)
    return replace(
        found, is_stopped=clock.is_over, bound=found.bound + _joined(work, cells, best.centred.centres, best.prices, found)
    )


class _Clock:
    """Says how far the search is and what the best so far costs, and whether it should stop."""

    def __init__(self, progress: Progress, seconds: float | None, told: Told, work: Scaled) -> None:
        self._progress = progress
        self._end = None if seconds is None else time.monotonic() + seconds
        self._told, self._work = told, work
        self._most_saved = most_saved(work.problem.preferences)
        self._best = ""
        self.is_over = False

    def report(self, stage: str, done: int, total: int) -> bool:
        """Report, with the best so far, and say whether to go on."""
        try:
            self._progress.report(stage + self._best, done, total)
        except Cancelled:
            self.is_over = True
        if self._end is not None and time.monotonic() > self._end:
            self.is_over = True
        return not self.is_over

    def found(self, best: _Finished) -> None:
        """Remember what the best design so far costs, to tell it with every stage."""
        is_within = not best.borders.beyond_asked().any()
        self._best = self._priced(best.borders.cost(), best.bound if is_within else None)

    def lying(self, problem: Problem, cells: Cells, at: Centred) -> str:
        """How far cells as they lie are from their targets, and what they cost while no design is finished; heaps do not say what they cost."""
        swept = cells.sweep(at.centres, at.prices)
        target = (problem.lowest + problem.highest) / 2
        worst = float((np.abs(swept.loads - target) / np.maximum(target, 1e-300)).max())
        said = f", the worst load {worst:.0%} off its target"
        if self._best or problem is not self._work.problem:
            return said
        bound = bound_at(swept, at.prices, problem.lowest, problem.highest)
        return said + self._priced(swept.value - float((at.prices * swept.loads).sum()), bound)

    def settling(self, borders: Borders, bound: float) -> GoesOn:
        """What borders report to while they are put right."""

        def report(done: int, total: int) -> bool:
            is_within = not borders.beyond_asked().any()
            known = "" if self._best else self._priced(borders.cost(), bound if is_within else None)
            return self.report("putting borders right" + known, done, total)

        return report

    def _priced(self, cost: float, bound: float | None) -> str:
        """A cost in words; it and the bound are travel less savings of the scaled problem."""
        whole, unit = self._most_saved, self._work.travel_unit
        return ", " + self._told((cost + whole) * unit, None if bound is None else (bound + whole) * unit)


def _starts(work: Scaled, cells: Cells, seed: int, clock: _Clock, warm: Design | None) -> Iterator[Centred]:
    """Centres to finish: that of the best of several starts, or each of them where units are few."""
    problem = work.problem
    if warm is not None:
        yield _gone_on(problem, cells, began(problem, cells, warm.centres, work.scaled_prices(warm.prices)), _WARM_ROUNDS, clock)
        return
    heaps = heap_start(problem, cells)
    rng = np.random.default_rng(seed)
    are_fixed = problem.bases is not None and not np.isnan(problem.bases).any()
    count = 1 if are_fixed else min(_STARTS, max(1, _UNITS_STARTED // max(problem.units, 1)))
    found: list[tuple[float, int, Centred]] = []
    for number in range(count):
        if not clock.report("centres", number, count) and found:
            break
        coarse, coarse_cells = heaps or (problem, cells)
        first = _first_centres(problem, coarse, coarse_cells, number, rng)
        at = _gone_on(coarse, coarse_cells, began(coarse, coarse_cells, first), ROUNDS, clock)
        if heaps is not None:
            at = _gone_on(problem, cells, Centred(at.centres, at.prices, at.spread), _FINE_ROUNDS, clock)
        if problem.units <= _FINISHED_ALL:
            yield at
        else:
            found.append((_inertia(cells, at), number, at))
    if found:
        yield min(found, key=lambda one: one[:2])[2]


def _first_centres(problem: Problem, coarse: Problem, coarse_cells: Cells, number: int, rng: np.random.Generator) -> Floats:
    if number == 0 and problem.current is not None and (problem.current >= 0).any():
        return middles(problem, problem.current)
    if number <= 1 and (number == 0 or problem.current is not None):
        return matched(problem, start_by_bisection(coarse))
    return matched(problem, start_by_chance(coarse_cells, problem.territories, rng))


def _gone_on(problem: Problem, cells: Cells, at: Centred, rounds: int, clock: _Clock) -> Centred:
    """Rounds of centring, one stretch after the other, until the clock says stop."""
    stretch, said = 4, "balancing"
    softness = 0.5 if rounds > _FINE_ROUNDS else 0.05
    for done in range(0, rounds, stretch):
        if not clock.report(said, done, rounds):
            break
        at = centred(problem, cells, at, min(stretch, rounds - done), softness * 0.85**done)
        said = "balancing" + clock.lying(problem, cells, at)
    return at


def _inertia(cells: Cells, at: Centred) -> float:
    sums = cells.sweep(at.centres, at.prices).moments
    return float((sums[:, 4] - 2 * (sums[:, 1:4] * at.centres).sum(axis=1) + sums[:, 0] * (at.centres**2).sum(axis=1)).sum())


def _finish(problem: Problem, cells: Cells, at: Centred, clock: _Clock, *, is_quick: bool = False) -> _Finished:
    """The last prices, the cells they give, and their borders put right; where units are few, centres follow once more."""
    prices, bound = _best_priced(problem, cells, at, SHARP if is_quick else SHARPER)
    chosen = cells.sweep(at.centres, prices)
    borders = borders_of(cells, chosen.territory_of_unit, at.centres, problem.lowest, problem.highest, is_thorough=not is_quick)
    borders.adopt(prices)
    borders.fill_empty()
    borders.settle(prices, clock.settling(borders, bound))
    if borders.is_thorough and _is_intricate(problem) and not clock.is_over:
        borders = _annealed(problem, cells, at, prices, borders, clock.settling(borders, bound))
    if problem.measures.shape[1] > 1 and borders.beyond_asked().any():
        borders = _rounder(problem, cells, at, borders)
    if problem.units <= _FINISHED_ALL or problem.centres_at_units:
        _follow(problem, cells, borders)
        at = Centred(borders.centres, prices, at.spread)
        prices, bound = _best_priced(problem, cells, at)
    return _Finished(borders, at, prices, bound)


def _joined(work: Scaled, cells: Cells, centres: Floats, prices: Floats, found: Design) -> float:
    """What being in one piece adds to the bound; nothing where the design is not, and where weights were lifted, to which it would belong."""
    if found.bound <= 0 or (found.pieces > 1).any() or len(work.lifted):
        return 0.0
    return raised(cells, centres, prices, work.problem.lowest) * work.travel_unit


def _is_intricate(problem: Problem) -> bool:
    """Whether cells are likely to lie in pieces: units choose by what they are made of, or whom they know, and are too many to be shaken."""
    return problem.units > _FINISHED_ALL and (problem.measures.shape[1] > 1 or problem.preferences is not None)


def _annealed(problem: Problem, cells: Cells, at: Centred, prices: Floats, settled: Borders, goes_on: GoesOn) -> Borders:
    """Borders found by annealing from the same cells, where they are better."""
    chosen = cells.sweep(at.centres, prices)
    tried = borders_of(cells, chosen.territory_of_unit, at.centres, problem.lowest, problem.highest)
    tried.adopt(prices)
    tried.fill_empty()
    anneal(tried, prices, 1, goes_on)
    return tried if tried.rank() < settled.rank() else settled


def _rounder(problem: Problem, cells: Cells, at: Centred, drawn_out: Borders) -> Borders:
    """Borders that begin from balance of all measures taken together, where bands of each cannot be met and cost a round shape.

    Prices of several measures tell neighbours apart by what they are made of, not by where they lie; where that brings no design within its
    bands, it only draws territories out.
    """
    together = replace(
        problem,
        measures=problem.measures.mean(axis=1, keepdims=True),
        lowest=problem.lowest.mean(axis=1, keepdims=True),
        highest=problem.highest.mean(axis=1, keepdims=True),
    )
    one = cells_of(together)
    start = Centred(at.centres, at.prices.mean(axis=1, keepdims=True) * 0, at.spread)
    centred_anew = centred(together, one, start, _FINE_ROUNDS)
    prices, _ = _best_priced(together, one, replace(centred_anew, centres=at.centres), SHARP)
    chosen = one.sweep(at.centres, prices)
    borders = borders_of(
        cells, chosen.territory_of_unit, at.centres, problem.lowest, problem.highest, is_thorough=drawn_out.is_thorough
    )
    even = np.repeat(prices, problem.measures.shape[1], axis=1) / problem.measures.shape[1]
    borders.adopt(even)
    borders.fill_empty()
    borders.settle(even)
    is_enough = not borders.beyond_asked().any()
    return borders if is_enough or borders.spent() < _ROUNDER * drawn_out.spent() else drawn_out


def _best_priced(problem: Problem, cells: Cells, at: Centred, softnesses: Sequence[float] = SHARPER) -> tuple[Floats, float]:
    """The last prices, or those before where they bound better; with their bound."""
    found = []
    for prices in (priced(problem, cells, at, softnesses).prices, at.prices):
        bound = bound_at(cells.sweep(at.centres, prices), prices, problem.lowest, problem.highest)
        found.append((bound, prices))
    bound, prices = max(found, key=lambda one: one[0])
    return prices, bound


def _shaken(problem: Problem, cells: Cells, best: _Finished, rng: np.random.Generator, clock: _Clock) -> _Finished:
    """Shake centres and prices of the best by chance, put borders right from there, and keep what is better (iterated local search)."""
    borders, spread = best.borders, best.centred.spread
    is_free = problem.is_free
    shakes = min(_SHAKES, _UNITS_SHAKEN // problem.units)
    for turn in range(shakes):
        if not clock.report("improving", turn, shakes):
            break
        force = spread * rng.uniform(0.1, 1.0)
        centres = borders.centres + is_free[:, None] * rng.normal(size=borders.centres.shape) * np.sqrt(force) * 0.5
        prices = best.prices + rng.normal(size=best.prices.shape) * force * 0.5
        chosen = cells.sweep(centres, prices)
        tried = borders_of(cells, chosen.territory_of_unit, centres, problem.lowest, problem.highest)
        tried.adopt(prices)
        tried.fill_empty()
        tried.settle(prices)
        _follow(problem, cells, tried)
        if tried.rank() < borders.rank():
            borders = tried
            bound = bound_at(cells.sweep(borders.centres, best.prices), best.prices, problem.lowest, problem.highest)
            clock.found(replace(best, borders=borders, bound=bound))
    if borders is best.borders:
        return best
    at = Centred(borders.centres, best.prices, spread)
    prices, bound = _best_priced(problem, cells, at)
    return _Finished(borders, at, prices, bound)


def _follow(problem: Problem, cells: Cells, borders: Borders) -> None:
    """Move free centres to where they cost least and put borders right again, while that gets better."""
    is_free = problem.is_free
    for turn in range(_FOLLOWED):
        middle = weighted_middles(cells.places, cells.travel, borders.territory_of_unit, borders.centres)
        if problem.centres_at_units:
            middle = nearest_members(cells.places, borders.territory_of_unit, middle)
        moved = np.where(is_free[:, None], middle, borders.centres)
        before = borders.quality()
        kept = borders.territory_of_unit.copy(), borders.centres
        if turn and np.allclose(moved, borders.centres):
            return
        borders.centres = np.ascontiguousarray(moved)
        borders.save_cost()
        if turn and borders.quality() > before:
            borders.territory_of_unit[:], borders.centres = kept
            borders.recount()
            return


def judged(problem: Problem, design: Design) -> Design:
    """The same partition and centres with the costs, limits and bound of another problem, such as one without held units."""
    work = scaled(problem)
    cells = cells_of(work.problem)
    at = began(work.problem, cells, design.centres, work.scaled_prices(design.prices))
    prices, bound = _best_priced(work.problem, cells, replace(at, centres=design.centres), SHARP[-1:])
    bound -= work.overstated(design.centres, prices)
    told = _design(problem, design.territory_of_unit, design.centres, work.prices(prices), bound * work.travel_unit, design.seed)
    more = _joined(work, cells, design.centres, prices, told)
    return replace(told, is_stopped=design.is_stopped, bound=told.bound + more)


def _design(problem: Problem, territory: Ints, centres: Floats, prices: Floats, bound: float, seed: int) -> Design:
    """What was found, in the order and the units that were asked in; `bound` is one on travel less savings."""
    k = problem.territories
    loads = np.stack([np.bincount(territory, column, k).astype(float) for column in problem.measures.T], axis=1)
    over = np.maximum(np.maximum(loads - problem.highest, problem.lowest - loads), 0.0)
    over[over <= 1e-9 * np.abs(problem.highest)] = 0.0
    travel = float((problem.travel * ((problem.places - centres[territory]) ** 2).sum(axis=1)).sum())
    preferences = problem.preferences or no_preferences(problem.units)
    most = preferences.most_saved
    pieces = np.ones(k, np.int64)
    if problem.graph is not None:
        piece, _ = pieces_of(territory, problem.graph, problem.travel)
        pieces = np.bincount(territory[np.unique(piece, return_index=True)[1]], minlength=k)
    return Design(
        territory_of_unit=territory,
        centres=centres,
        loads=loads,
        prices=prices,
        costs=Costs(travel, most - preferences.saved(territory)),
        bound=max(0.0, bound + most),
        over=over,
        pieces=pieces,
        seed=seed,
    )
