"""Whether a problem is sound: shapes, values, and constraints that clash before any search."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from metes.base.errors import InputError
from metes.base.findings import Finding, Severity
from metes.partition.problem import Problem


def refuse_unsound(problem: Problem) -> None:
    """InputError with all findings where the problem cannot be solved as it stands."""
    findings = tuple(unsound(problem))
    if findings:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise InputError(f"there is nothing to design: {findings[0].message}. {findings[0].remedy}{more}", findings)


def unsound(problem: Problem) -> Iterator[Finding]:
    """What makes a problem impossible to work on, a finding each."""
    n, k = problem.units, problem.territories
    if n == 0:
        yield _error("design-no-units", "there is no unit", "choose accounts or zones that have a place and a measure")
        return
    if k < 1 or k > n:
        yield _error("design-territories", f"{k:,} territories were asked for of {n:,} units", f"ask for 1 to {n:,}")
        return
    yield from _unsound_numbers(problem)
    if problem.locked is not None and (problem.locked >= k).any():
        unit = int(np.flatnonzero(problem.locked >= k)[0])
        yield _error("design-lock", f"unit {unit} is locked to territory {problem.locked[unit]}, there are {k}", "unlock it")
    yield from _forbidden(problem)


def _unsound_numbers(problem: Problem) -> Iterator[Finding]:
    names = problem.measure_names or tuple(f"measure {q + 1}" for q in range(problem.measures.shape[1]))
    for values, what, remedy in (
        (problem.places, "place", "give latitude and longitude"),
        (problem.travel[:, None], "travel weight", "give a number of 0 or more"),
        *((problem.measures[:, q : q + 1], name, "give a number of 0 or more") for q, name in enumerate(names)),
    ):
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            text = f"{len(bad):,} units have no {what}, the first is unit {bad[0]}"
            yield _error("design-not-a-number", text, f"{remedy}, or leave the units out")
        elif what != "place" and (values < 0).any():
            first = int(np.flatnonzero((values < 0).any(axis=1))[0])
            yield _error("design-negative", f"the {what} of unit {first} is {values[first, 0]:g}", remedy)
    if np.isfinite(problem.measures).all() and problem.measures.sum() <= 0:
        text = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} 0 for every unit"
        yield _error("design-nothing-to-balance", text, "balance on a measure that units have")
    if not (problem.lowest <= problem.highest).all():
        j, q = np.argwhere(~(problem.lowest <= problem.highest))[0]
        text = f"territory {j} must hold at least {problem.lowest[j, q]:g} and at most {problem.highest[j, q]:g} of {names[q]}"
        yield _error("design-limits", text, "let the least be no more than the most")


def _forbidden(problem: Problem) -> Iterator[Finding]:
    """Units that may go nowhere, and locks to a territory that is forbidden."""
    preferences = problem.preferences
    if preferences is None:
        return
    closed = preferences.saving == -np.inf
    rows = preferences.unit_of_entry[closed]
    if not len(rows):
        return
    pairs = np.unique(np.stack([rows, preferences.territory[closed]], axis=1), axis=0)
    count = np.bincount(pairs[:, 0], minlength=problem.units)
    nowhere = np.flatnonzero(count >= problem.territories)
    if len(nowhere):
        text = f"{len(nowhere):,} units may go to no territory, the first is unit {nowhere[0]}"
        yield _error("design-forbidden-everywhere", text, "allow it one territory, or leave it out")
    if problem.locked is not None:
        clash = pairs[problem.locked[pairs[:, 0]] == pairs[:, 1]]
        if len(clash):
            text = f"unit {clash[0, 0]} is locked to territory {clash[0, 1]}, which it may not go to"
            yield _error("design-lock-forbidden", text, "unlock it, or allow it there")


def _error(code: str, message: str, remedy: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, remedy=remedy)
