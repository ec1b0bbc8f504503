"""Two ways to share the same units out, unit by unit and territory by territory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from metes.designing.given import Given
from metes.designing.state import DesignState
from metes.partition.problem import Ints

Mark = tuple[str, int | None]


@dataclass(frozen=True, eq=False)
class Sides:
    """The units of a design with where they are before and after, (n,) each, as numbers in `keys`; -1 for no territory.

    `marks` are name and colour by key; `digest` is that of what the design works with. Against today (`is_today`) units that nobody
    holds yet do not count as different.
    """

    given: Given
    keys: tuple[str, ...]
    marks: Mapping[str, Mark]
    before: Ints
    after: Ints
    digest: str
    is_today: bool

    @property
    def differ(self) -> Ints:
        """The numbers of the units that differ."""
        is_other = self.before != self.after
        return np.flatnonzero(is_other & (self.before >= 0) if self.is_today else is_other).astype(np.int32)

    def matching(self, search: str = "", before: str = "", after: str = "") -> Ints:
        """The units that differ and match: every word in name, id or region, and the keys of the territories where named."""
        found = self.differ
        for key, at in ((before, self.before), (after, self.after)):
            if key:
                found = found[at[found] == (self.keys.index(key) if key in self.keys else -1 if key == "none" else -2)]
        words = search.lower().split()
        if not words:
            return found
        g = self.given
        texts = (f"{g.names[i]} {g.ids[i]} {g.regions[i]}".lower() for i in found.tolist())
        is_match = np.fromiter((all(word in text for word in words) for text in texts), bool, len(found))
        return np.asarray(found[is_match])

    def row(self, unit: int) -> dict[str, Any]:
        """A unit in plain values, money in minor units."""
        g = self.given
        accounts, potential, revenue, pipeline = (int(value) for value in g.book[unit])
        return {
            "id": g.ids[unit],
            "name": g.names[unit],
            "region": g.regions[unit],
            "before": self.keys[self.before[unit]] if self.before[unit] >= 0 else "",
            "after": self.keys[self.after[unit]] if self.after[unit] >= 0 else "",
            "accounts": accounts,
            "potential": potential,
            "revenue": revenue,
            "pipeline": pipeline,
        }

    def territories(self) -> list[dict[str, Any]]:
        """Each territory before and after: units, accounts and the design's measures, by key, those that hold anything."""
        k, g = len(self.keys), self.given
        tables = []
        for at in (self.before, self.after):
            held = at >= 0
            columns = [np.ones(len(g)), g.book[:, 0], *g.measures.T]
            tables.append(np.stack([np.bincount(at[held], column[held], k) for column in columns], axis=1))
        before, after = tables
        return [
            {
                "key": key,
                "units": (int(before[j, 0]), int(after[j, 0])),
                "accounts": (int(before[j, 1]), int(after[j, 1])),
                "loads": [(float(before[j, 2 + m]), float(after[j, 2 + m])) for m in range(len(g.measure_names))],
            }
            for j, key in enumerate(self.keys)
            if before[j, 0] or after[j, 0]
        ]


def sides_of(state: DesignState, other: DesignState | None, today: Mapping[str, Mark], digest: str) -> Sides:
    """A design against another, or against the holders of today; `today` are name and colour of the plan's territories by key."""
    given = state.given
    own: dict[str, Mark] = {t.key: (t.name, t.colour) for t in state.territories}
    theirs = (
        {key: today.get(key, (key, None)) for key in given.today_keys}
        if other is None
        else {t.key: (t.name, t.colour) for t in other.territories}
    )
    keys = tuple(dict.fromkeys((*own, *theirs)))
    number = {key: at for at, key in enumerate(keys)}
    after = np.array([*(number[t.key] for t in state.territories), -1], np.int32)[state.live.territory_of_unit]
    if other is None:
        before = np.array([*(number[key] for key in given.today_keys), -1], np.int32)[given.today]
    else:
        theirs_of = np.array([*(number[t.key] for t in other.territories), -1], np.int32)[other.live.territory_of_unit]
        same = other.given.ids == given.ids
        unit = np.arange(len(given)) if same else np.array([other.given.unit_of_id.get(one, -1) for one in given.ids])
        before = np.where(unit >= 0, theirs_of[unit], -1).astype(np.int32)
    return Sides(given, keys, {**theirs, **own}, before, after, digest, other is None)
