"""Two ways to share the same accounts out, side by side: which units and accounts differ, and what goes from whom to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metes.designing.given import BOOK_SUMS
from metes.designing.state import DesignState
from metes.partition.fairness import evenness

Keys = npt.NDArray[np.object_]
COLUMNS = ("account", "id", "name", "city", "region", "territory", "potential", "revenue_12m", "pipeline")
_MONEY = ("potential", "revenue_12m", "pipeline")


@dataclass(frozen=True, eq=False)
class Difference:
    """What differs between two ways: `rows` are the accounts' rows that do; `pairs` sum them by key before and after."""

    rows: npt.NDArray[np.int64]
    pairs: tuple[tuple[str, str, int, int, int, int], ...]


def keys_of_accounts(state: DesignState | None, unit_of_account: npt.NDArray[np.int32] | None, today: Keys) -> Keys:
    """The key of each account's territory under a design, empty for none: today's where the account is in no unit of it."""
    if state is None or unit_of_account is None:
        return today
    keys = np.array([*(t.key for t in state.territories), ""], object)
    inside = unit_of_account >= 0
    found = today.copy()
    found[inside] = keys[state.live.territory_of_unit[unit_of_account[inside]]]
    return found


def difference_of(before: Keys, after: Keys, accounts: pa.Table) -> Difference:
    """The accounts whose territory differs, and their sums by where they are before and after."""
    rows = np.flatnonzero(before != after)
    names, codes = np.unique(np.concatenate([before[rows], after[rows]]).astype(str), return_inverse=True)
    width = max(len(names), 1)
    both, at = np.unique(codes[: len(rows)] * width + codes[len(rows) :], return_inverse=True)
    sums = [np.bincount(at, minlength=len(both))]
    for name in _MONEY:
        values = accounts[name].fill_null(0).to_numpy()[rows]
        sums.append(np.bincount(at, values, len(both)))
    pairs = tuple(
        (str(names[code // width]), str(names[code % width]), *(int(column[i]) for column in sums))
        for i, code in enumerate(both.tolist())
    )
    return Difference(rows, pairs)  # type: ignore[arg-type]


def units_that_differ(a: DesignState, b: DesignState | None) -> list[int] | None:
    """Numbers of the units whose territory differs between two designs, or from today; None where the units are not the same."""
    if b is None:
        return np.flatnonzero(a.given.holder != a.live.territory_of_unit).tolist()
    if a.given.ids != b.given.ids:
        return None
    first, second = (np.array([*(t.key for t in s.territories), ""], object)[s.live.territory_of_unit] for s in (a, b))
    return np.flatnonzero(first != second).tolist()


def seats_of(rows: Sequence[Mapping[str, Any]], measure_names: Sequence[str]) -> dict[str, Any]:
    """Fairness by seat: what each has against the mean, and ranges with the indices of Gini, Jain and max over min.

    `quota` stays empty until quotas are set.
    """
    columns: dict[str, list[float]] = {name: [row["loads"][m] for row in rows] for m, name in enumerate(measure_names)}
    for name in (*BOOK_SUMS, "travel", "disruption"):
        columns.setdefault(name, [row[name] for row in rows])
    measures = {}
    for name, values in columns.items():
        found = evenness(np.maximum(np.array(values), 0.0)) if values else None
        if found is not None:
            flat = {key: getattr(found, key) for key in found.__slots__}
            measures[name] = {key: value if np.isfinite(value) else None for key, value in flat.items()}
    seats = [
        {
            "key": row["key"],
            "name": row["name"],
            "seat": row["seat"],
            "person": row["person"],
            "quota": None,
            **{name: values[at] for name, values in columns.items()},
            "to_mean": {name: values[at] / mean if (mean := float(np.mean(values))) else None for name, values in columns.items()},
        }
        for at, row in enumerate(rows)
    ]
    return {"seats": seats, "measures": measures}
