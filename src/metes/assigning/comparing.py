"""Two plans held against each other: both run over the Book, and who would hold what under the one and under the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metes.assigning.consequences import (
    MEASURES,
    Codes,
    Consequences,
    Owners,
    Standing,
    Standings,
    evaluated,
    helping_of,
    measures_of,
    moves_of,
    pairs_of,
    primaries,
    summed,
)
from metes.base.progress import Progress
from metes.model.plan import Plan
from metes.model.scope import Scope
from metes.rules.compile import CompiledRules
from metes.store.book import Book


@dataclass(frozen=True, slots=True)
class Compared:
    """One side of a comparison: a revision's number, its plan, its rules compiled, and who owns its territories."""

    revision: int
    plan: Plan
    compiled: CompiledRules
    owners: Owners


def compare(
    book: Book, before: Compared, after: Compared, *, day: date, scope: Scope, progress: Progress
) -> tuple[Consequences, pa.Table]:
    """What one plan would change against another, both run over the Book on a day, and the accounts that change territory.

    The table of these is that of `consequences.work_out`; `standings` tell what each territory holds under both.
    """
    everyone = book.details(("account", *MEASURES), scope)
    accounts = np.asarray(everyone["account"].to_numpy())
    progress.report("running the rules before")
    resolved_before = evaluated(book, before.plan, before.compiled, day, progress)
    progress.report("running the rules after")
    resolved = evaluated(book, after.plan, after.compiled, day, progress)
    progress.report("comparing")
    keys = [territory.key for territory in after.plan.territories]
    code, via = primaries(resolved, accounts, keys)
    keys_before = [territory.key for territory in before.plan.territories]
    was = _renumbered(primaries(resolved_before, accounts, keys_before)[0], keys_before, keys)
    measures = measures_of(everyone)
    changed = {key for key in keys if dict(before.owners.get(key, ())) != dict(after.owners.get(key, ()))}
    found = Consequences(
        revision=after.revision,
        plan=after.plan.name or after.plan.key,
        day=day,
        accounts=accounts.size,
        moved=int((code != was.code).sum()),
        gaps=int((code < 0).sum()),
        gaps_before=int((was.code < 0).sum()),
        pairs=pairs_of(was, code, measures, changed),
        owners_before=before.owners,
        owners_after=after.owners,
        helping=helping_of(_helped(resolved_before, keys_before), resolved, keys),
        standings=_standings(was, code, measures),
    )
    return found, moves_of(book, scope, was, code, via)


def _renumbered(code: NDArray[np.int64], keys: Sequence[str], others: Sequence[str]) -> Codes:
    """Territories numbered as in another plan, those that it lacks behind its own."""
    known = {key: number for number, key in enumerate(others)}
    number = np.array([*(known.setdefault(key, len(known)) for key in keys), -1], np.int64)
    return Codes(number[code], tuple(known))


def _helped(resolved: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Account and territory, by key, of what overlay and shared territories hold."""
    helping = resolved.filter(pc.not_equal(resolved["role"], "primary"))
    named = pa.array(keys, pa.string()).take(helping["territory"].combine_chunks())
    return pa.table({"account": helping["account"], "territory": pa.chunked_array([named])})


def _standings(before: Codes, after: NDArray[np.int64], measures: Mapping[str, NDArray[Any]]) -> tuple[Standings, ...]:
    """What each territory that holds something holds under both plans; empty for what none holds."""
    size = len(before.keys) + 1
    named = (*before.keys, "")
    one, other = (_totals(codes, measures, size) for codes in (before.code, after))
    held = np.flatnonzero(one[0] + other[0])
    told = (Standings(named[i], *(Standing(*(int(values[i]) for values in side)) for side in (one, other))) for i in held)
    return tuple(sorted(told, key=lambda standings: standings.key))


def _totals(code: NDArray[np.int64], measures: Mapping[str, NDArray[Any]], size: int) -> list[NDArray[np.int64]]:
    """How many accounts each territory holds, and their sums; what none holds stands last."""
    place = np.where(code < 0, size - 1, code)
    return [np.bincount(place, minlength=size), *(summed(measures[name], place, size) for name in MEASURES)]
