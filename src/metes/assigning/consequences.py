"""What a plan would change, account by account: who moves from where to where, with what, and whose accounts they are before and after."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metes.base.private import private_folder
from metes.base.progress import Progress
from metes.model.plan import Plan
from metes.model.query import MovesQuery
from metes.model.scope import Scope
from metes.rules.assign import assign_table
from metes.rules.compile import CompiledRules
from metes.store.book import Book

MEASURES = ("potential", "revenue_12m", "pipeline")
_DETAILS = ("account", "id", "name", "city", "region", "zone", *MEASURES, "latitude", "longitude")
_ABOUT = b"metes"
_KEPT = 8
# Name and key of each person who owns what a territory holds, by its key.
Owners: TypeAlias = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Accounts that go from one territory to another (empty: none), with what they add up to, in minor units.

    Where the two are one, it is the owners who change and not the territory.
    """

    before: str
    after: str
    accounts: int
    potential: int
    revenue_12m: int
    pipeline: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What accounts come to: how many, and their sums in minor units."""

    accounts: int = 0
    potential: int = 0
    revenue_12m: int = 0
    pipeline: int = 0

    def __add__(self, other: Pair | Standing) -> Standing:
        sums = (getattr(self, name) + getattr(other, name) for name in ("accounts", *MEASURES))
        return Standing(*sums)

    def __sub__(self, other: Standing) -> Standing:
        return Standing(*(getattr(self, name) - getattr(other, name) for name in ("accounts", *MEASURES)))


@dataclass(frozen=True, slots=True)
class Helping:
    """How many accounts an overlay or shared territory wins and loses, beside the primary one."""

    territory: str
    won: int
    lost: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What a territory or a person wins and loses; `key` is empty for no territory."""

    key: str
    name: str
    won: Standing
    lost: Standing

    @property
    def net(self) -> Standing:
        """What is won less what is lost."""
        return self.won - self.lost


@dataclass(frozen=True, slots=True)
class Standings:
    """What a territory holds before and after; `key` is empty for what none holds."""

    key: str
    before: Standing
    after: Standing


@dataclass(frozen=True)
class Consequences:
    """The outcome of a preview. `accounts` are all there are, `moved` those that change territory, `gaps` those nobody would hold.

    `standings` are of comparisons of two plans alone: all that each territory which holds something holds, in the order of keys.
    """

    revision: int
    plan: str
    day: date
    accounts: int
    moved: int
    gaps: int
    gaps_before: int
    pairs: tuple[Pair, ...]
    owners_before: Owners
    owners_after: Owners
    helping: tuple[Helping, ...] = ()
    path: Path | None = None
    standings: tuple[Standings, ...] = ()

    @property
    def total(self) -> Standing:
        """What the accounts that change territory add up to."""
        moved = (pair for pair in self.pairs if pair.before != pair.after)
        return reduce(Standing.__add__, moved, Standing())

    def territories(self, names: Mapping[str, str]) -> tuple[Balance, ...]:
        """What each territory wins and loses, those with most accounts first; `names` are by key."""
        won: dict[str, Standing] = defaultdict(Standing)
        lost: dict[str, Standing] = defaultdict(Standing)
        for pair in self.pairs:
            if pair.before != pair.after:
                lost[pair.before] += pair
                won[pair.after] += pair
        return _balances(won, lost, names)

    def owners_of(self, pair: Pair) -> tuple[dict[str, str], dict[str, str]]:
        """Who owns the accounts of a pair before and after: names by key."""
        return dict(self.owners_before.get(pair.before, ())), dict(self.owners_after.get(pair.after, ()))

    def people(self) -> tuple[Balance, ...]:
        """What each person who owns territories wins and loses, those with most accounts first."""
        won: dict[str, Standing] = defaultdict(Standing)
        lost: dict[str, Standing] = defaultdict(Standing)
        names: dict[str, str] = {}
        for pair in self.pairs:
            before, after = self.owners_of(pair)
            names.update(before)
            names.update(after)
            for key in before.keys() - after.keys():
                lost[key] += pair
            for key in after.keys() - before.keys():
                won[key] += pair
        return _balances(won, lost, names)

    def in_short(self) -> dict[str, Any]:
        """What it comes to in all, as plain values for JSON."""
        values = {f: getattr(self, f) for f in ("revision", "plan", "accounts", "moved", "gaps", "gaps_before")}
        return {**values, "day": self.day.isoformat(), "total": asdict(self.total)}

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON; territories by key, without names."""
        return {
            **self.in_short(),
            "territories": [asdict(balance) for balance in self.territories({})],
            "people": [asdict(balance) for balance in self.people()],
            "pairs": [asdict(pair) for pair in self.pairs],
            "helping": [asdict(item) for item in self.helping],
            "standings": [asdict(item) for item in self.standings],
        }


def _balances(won: Mapping[str, Standing], lost: Mapping[str, Standing], names: Mapping[str, str]) -> tuple[Balance, ...]:
    keys = sorted(won.keys() | lost.keys())
    found = [Balance(key, names.get(key, key), won.get(key, Standing()), lost.get(key, Standing())) for key in keys]
    return tuple(sorted(found, key=lambda b: -(b.won.accounts + b.lost.accounts)))


def work_out(
    book: Book,
    plan: Plan,
    compiled: CompiledRules,
    *,
    revision: int,
    day: date,
    owners_before: Owners,
    owners_after: Owners,
    scope: Scope,
    progress: Progress,
) -> tuple[Consequences, pa.Table]:
    """What a plan would change against the Book's ownership, and the accounts that change territory.

    These stand in a table with their details, `before` and `after` (keys, null for none) and `via`; those of most potential first.
    Of an account that several territories would hold, the first by key counts.
    """
    everyone = book.details(("account", "territory", *MEASURES), scope)
    progress.report("compiling the rules")
    resolved = evaluated(book, plan, compiled, day, progress)
    progress.report("comparing with today")
    keys = [territory.key for territory in plan.territories]
    accounts = np.asarray(everyone["account"].to_numpy())
    after, via = primaries(resolved, accounts, keys)
    before = coded(everyone["territory"], keys)
    changed = {key for key in keys if dict(owners_before.get(key, ())) != dict(owners_after.get(key, ()))}
    consequences = Consequences(
        revision=revision,
        plan=plan.name or plan.key,
        day=day,
        accounts=accounts.size,
        moved=int((after != before.code).sum()),
        gaps=int((after < 0).sum()),
        gaps_before=int((before.code < 0).sum()),
        pairs=pairs_of(before, after, measures_of(everyone), changed),
        owners_before=owners_before,
        owners_after=owners_after,
        helping=helping_of(book.helping(scope), resolved, keys),
    )
    return consequences, moves_of(book, scope, before, after, via)


def evaluated(book: Book, plan: Plan, compiled: CompiledRules, day: date, progress: Progress) -> pa.Table:
    """Who holds which account under a plan: the table of `assign_table`."""
    pinned = book.numbers_of(sorted({pin.account for pin in plan.pins}))
    table = book.rule_table(compiled.used_fields, plan, day)
    return assign_table(table, compiled, plan, day, pinned, progress=progress)


def measures_of(everyone: pa.Table) -> dict[str, NDArray[Any]]:
    """The measures of all accounts, nothing counted as none."""
    return {name: np.asarray(everyone[name].fill_null(0).to_numpy()) for name in MEASURES}


@dataclass(frozen=True, slots=True)
class Codes:
    """Territories as numbers into `keys`, -1 for none: the plan's first, then those that accounts are in and the plan has not."""

    code: NDArray[np.int64]
    keys: tuple[str, ...]


def coded(column: pa.ChunkedArray, keys: Sequence[str]) -> Codes:
    """A column of territories as numbers into `keys`; those it does not have come behind them."""
    encoded = column.combine_chunks().dictionary_encode()
    known = {key: number for number, key in enumerate(keys)}
    named = [known.setdefault(key, len(known)) for key in encoded.dictionary.to_pylist()]
    number = np.array([*named, -1], np.int64)
    return Codes(number[encoded.indices.fill_null(len(named)).to_numpy()], tuple(known))


def primaries(resolved: pa.Table, accounts: NDArray[np.int64], keys: Sequence[str]) -> tuple[NDArray[np.int64], pa.Array]:
    """The primary territory of each account, -1 for none, and what put it there."""
    primary = resolved.filter(pc.equal(resolved["role"], "primary"))
    rank = np.argsort(np.argsort(np.array(keys, dtype=object)))
    account, territory = (np.asarray(primary[name].to_numpy()) for name in ("account", "territory"))
    order = np.lexsort((rank[territory] if len(keys) else territory, account))
    found, first = np.unique(account[order], return_index=True)
    row = order[first]
    out = np.full(accounts.size, -1, np.int64)
    at = np.searchsorted(accounts, found)
    out[at] = territory[row]
    where = np.full(accounts.size, -1, np.int64)
    where[at] = row
    via = primary["via"].cast(pa.string()).combine_chunks().take(pa.array(where, mask=where < 0))
    return out, via


def pairs_of(
    before: Codes, after: NDArray[np.int64], measures: Mapping[str, NDArray[Any]], changed: Container[str]
) -> tuple[Pair, ...]:
    """The accounts that change territory, or whose owners change, summed up by where they go from and to.

    `after` are numbers into the keys of `before`, `changed` the territories with other owners.
    """
    is_told = (after != before.code) | np.isin(after, [number for number, key in enumerate(before.keys) if key in changed])
    width = len(before.keys) + 1
    both, place = np.unique((before.code[is_told] + 1) * width + after[is_told] + 1, return_inverse=True)
    sums = {name: summed(values[is_told], place, both.size) for name, values in measures.items()}
    named = ("", *before.keys)
    counts = np.bincount(place, minlength=both.size)
    return tuple(
        Pair(named[both[i] // width], named[both[i] % width], int(counts[i]), *(int(sums[name][i]) for name in MEASURES))
        for i in range(both.size)
    )


def summed(values: NDArray[Any], place: NDArray[np.intp], size: int) -> NDArray[np.int64]:
    """Values summed by place, exactly."""
    sums = np.zeros(size, np.int64)
    np.add.at(sums, place, values)
    return sums


def helping_of(before: pa.Table, resolved: pa.Table, keys: Sequence[str]) -> tuple[Helping, ...]:
    """What overlay and shared territories win and lose; `before` has account and territory of what they hold now."""
    helping = resolved.filter(pc.not_equal(resolved["role"], "primary"))
    known = coded(before["territory"], keys)
    width = len(known.keys)
    held = np.asarray(before["account"].to_numpy(), np.int64) * width + known.code
    wanted = np.asarray(helping["account"].to_numpy(), np.int64) * width + helping["territory"].to_numpy()
    sides = (np.setdiff1d(wanted, held), np.setdiff1d(held, wanted))
    won, lost = (np.bincount(side % width, minlength=width) if width else np.zeros(0, np.int64) for side in sides)
    return tuple(Helping(known.keys[i], int(won[i]), int(lost[i])) for i in np.flatnonzero(won + lost))


def moves_of(book: Book, scope: Scope, before: Codes, after: NDArray[np.int64], via: pa.Array) -> pa.Table:
    """The accounts that change territory with their details, those of most potential first."""
    keys = pa.array(before.keys, pa.string())
    rows = np.flatnonzero(after != before.code)
    details = book.details(_DETAILS, scope).take(pa.array(rows))
    for name, code in (("before", before.code[rows]), ("after", after[rows])):
        details = details.append_column(name, keys.take(pa.array(code, mask=code < 0)))
    details = details.append_column("via", via.take(pa.array(rows)))
    order = pc.sort_indices(details, [("potential", "descending"), ("account", "ascending")])
    return details.take(order)


# --- kept as a file, so that pages go through it without working it out again ---------------------------------------------------


def write(consequences: Consequences, moves: pa.Table, path: Path) -> None:
    """Keep a preview as one file, under its name when it is whole; the oldest beyond eight in the folder go."""
    about = {
        **{name: value for name, value in consequences.in_short().items() if name != "total"},
        "pairs": [list(asdict(pair).values()) for pair in consequences.pairs],
        "helping": [list(asdict(item).values()) for item in consequences.helping],
        "standings": [[s.key, list(asdict(s.before).values()), list(asdict(s.after).values())] for s in consequences.standings],
        "owners_before": {key: list(owners) for key, owners in consequences.owners_before.items()},
        "owners_after": {key: list(owners) for key, owners in consequences.owners_after.items()},
    }
    private_folder(path.parent)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        schema = moves.schema.with_metadata({_ABOUT: json.dumps(about).encode()})
        with pa.OSFile(str(partial), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            writer.write_table(moves.combine_chunks().cast(schema), max_chunksize=max(moves.num_rows, 1))
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    for old in sorted(path.parent.glob("preview-*.arrow"), key=lambda p: p.stat().st_mtime, reverse=True)[_KEPT:]:
        old.unlink(missing_ok=True)


def read(path: Path) -> tuple[Consequences, pa.Table]:
    """A preview that was kept, and its accounts, mapped into memory."""
    with pa.memory_map(str(path)) as source:
        moves = pa.ipc.open_file(source).read_all()
    about = json.loads(moves.schema.metadata[_ABOUT])
    owners = ({k: [tuple(o) for o in v] for k, v in about.pop(name).items()} for name in ("owners_before", "owners_after"))
    before, after = owners
    pairs = tuple(Pair(*values) for values in about.pop("pairs"))
    helping = tuple(Helping(*values) for values in about.pop("helping"))
    held = tuple(Standings(key, Standing(*one), Standing(*other)) for key, one, other in about.pop("standings", ()))
    day = date.fromisoformat(about.pop("day"))
    found = Consequences(
        **about, day=day, pairs=pairs, owners_before=before, owners_after=after, helping=helping, path=path, standings=held
    )
    return found, moves.replace_schema_metadata(None)


def chosen(moves: pa.Table, query: MovesQuery) -> pa.Table:
    """The moved accounts that a query asks for, in their order. O(rows)."""
    if query.search.strip():
        text = query.search.strip()
        found = pc.or_(*(pc.match_substring(moves[name], text, ignore_case=True) for name in ("name", "id")))
        moves = moves.filter(found)
    for name, key in (("before", query.before), ("after", query.after)):
        if key is not None:
            moves = moves.filter(pc.is_null(moves[name]) if not key else pc.equal(moves[name], key))
    return moves


def by_zone(moves: pa.Table) -> list[tuple[str, str, float, int]]:
    """Each zone with moved accounts: the territory that most of them join (empty: none), their share of the moved, and how many move."""
    placed = moves.filter(pc.is_valid(moves["zone"]))
    counted = placed.group_by(["zone", "after"]).aggregate([("account", "count")])
    totals: dict[str, int] = defaultdict(int)
    best: dict[str, tuple[int, str]] = {}
    for zone, after, count in zip(*(counted[c].to_pylist() for c in ("zone", "after", "account_count")), strict=True):
        totals[zone] += count
        if zone not in best or (count, after or "") > best[zone]:
            best[zone] = (count, after or "")
    return [(zone, best[zone][1], best[zone][0] / totals[zone], totals[zone]) for zone in sorted(totals)]
