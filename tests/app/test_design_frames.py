"""`metes.design` on tables and frames: no database, the same answer for each kind, every problem told."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import metes
from metes.base.errors import InputError


def stores(count: int = 24) -> dict[str, list[Any]]:
    """Stores in two clusters, Denver and Phoenix; the first cluster is west's today."""
    rng = np.random.default_rng(3)
    is_west = np.arange(count) < count // 2
    return {
        "id": [f"S{i}" for i in range(count)],
        "latitude": (np.where(is_west, 39.7, 33.4) + rng.normal(size=count) / 10).tolist(),
        "longitude": (np.where(is_west, -105.0, -112.0) + rng.normal(size=count) / 10).tolist(),
        "customers": rng.integers(5, 9, count).astype(float).tolist(),
        "today": ["west" if west else None for west in is_west.tolist()],
        "lost": [100.0] * count,
    }


def test_a_table_and_frames_get_the_same_territories() -> None:
    asked = dict(measures={"customers": 0.2}, today="today", handover="lost", contiguous=True)
    table, found = metes.design(pa.table(stores()), 2, **asked)
    assert table.column_names == ["unit", "territory"]
    assert table["territory"].to_pylist() == ["west"] * 12 + ["new-1"] * 12
    assert found.keeps_limits
    assert found.pieces.tolist() == [1, 1]
    frames = [pd.DataFrame(stores())]
    if find_spec("polars"):
        frames.append(import_module("polars").DataFrame(stores()))
    for frame in frames:
        assert metes.design(frame, 2, **asked)[0].equals(table)


def test_locks_hold_and_neighbours_are_those_given() -> None:
    rows = stores()
    rows["must"] = ["north"] + [None] * 23
    line = [[i, i + 1] for i in range(23)]
    table, found = metes.design(pa.table(rows), 2, measures=["customers"], locked="must", neighbours=line)
    assert table["territory"][0].as_py() == "north"
    assert found.pieces.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"measures": ["happiness"]}, "design-measure"),
        ({"measures": []}, "design-measure"),
        ({"measures": {"customers": -1}}, "design-limits"),
        ({"territories": 99}, "design-too-many"),
        ({"territories": 0}, "design-too-many"),
        ({"today": "id"}, "design-territories"),
        ({"measures": ["id"]}, "design-not-a-number"),
    ],
)
def test_what_cannot_be_used_is_told(more: dict[str, Any], code: str) -> None:
    asked = {"territories": 2, "measures": ["customers"], **more}
    with pytest.raises(InputError) as caught:
        metes.design(pa.table(stores()), asked.pop("territories"), **asked)
    assert code in {finding.code for finding in caught.value.findings}


def test_places_that_are_missing_and_neighbours_that_are_no_rows_are_refused() -> None:
    rows = stores()
    rows["latitude"][3] = None
    with pytest.raises(InputError):
        metes.design(pa.table(rows), 2, measures=["customers"])
    with pytest.raises(InputError, match="outside 0 to 23"):
        metes.design(pa.table(stores()), 2, measures=["customers"], neighbours=[[0, 99]])
