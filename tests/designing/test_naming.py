"""Names by place: the region, the place that weighs most near the middle, and parts where two would clash."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from metes.designing.given import Given
from metes.designing.naming import is_numbered, named_by_place
from tests.designing.test_building import built, held


def zones(*rows: tuple[str, str, float, float, float]) -> Given:
    """Zones with name, region, latitude, longitude and load."""
    names, regions, latitude, longitude, load = zip(*rows, strict=True)
    made = built({}, [held(None)], [0]).given
    return replace(
        made,
        ids=tuple(f"z{i}" for i in range(len(rows))),
        names=names,
        regions=regions,
        latitude=np.array(latitude),
        longitude=np.array(longitude),
        measures=np.array(load)[:, None],
    )


def named(given: Given, territory: list[int], *names: str, free: list[bool] | None = None) -> list[str]:
    """The names of territories that were only numbered, unless said otherwise."""
    before = names or tuple(f"Territory {j + 1}" for j in range(max(territory) + 1))
    return named_by_place(given, np.array(territory, np.int32), before, free or [True] * len(before))


#   Denver 90, Boulder 20, Pueblo 40 in Colorado; Provo 30, Moab 5 in Utah; Taos 10 in New Mexico
WEST = (
    ("Denver, Colorado", "US-CO", 39.7, -105.0, 90.0),
    ("Boulder, Colorado", "US-CO", 40.0, -105.3, 20.0),
    ("Pueblo, Colorado", "US-CO", 38.3, -104.6, 40.0),
    ("Utah, Utah", "US-UT", 40.1, -111.7, 30.0),
    ("Grand, Utah", "US-UT", 38.6, -109.5, 5.0),
    ("Taos, New Mexico", "US-NM", 36.5, -105.6, 10.0),
)


def test_a_territory_is_called_by_its_region_where_it_is_most_of_it() -> None:
    assert named(zones(*WEST), [0, 0, 0, 1, 1, 2]) == ["Colorado", "Utah", "New Mexico"]
    assert named(zones(*WEST), [0, 0, 0, 1, 1, 1]) == ["Colorado", "Utah"]
    assert named(zones(*WEST[:5]), [0, 0, 0, 0, 0]) == ["Colorado"]
    even = zones(*(row if row[1] != "US-UT" else (*row[:4], 90.0) for row in WEST))
    assert named(even, [0, 0, 0, 0, 0, 1])[0] == "Utah and Colorado"


def test_a_territory_that_is_no_region_is_called_by_what_weighs_most_near_its_middle() -> None:
    divided = [(*row[:4], 80.0) if row[0].startswith("Pueblo") else row for row in WEST]
    assert named(zones(*divided), [0, 0, 1, 1, 1, 1]) == ["Denver", "Pueblo"]
    # A larger place at the rim weighs less than one in the middle.
    middle = [(f"In {i}, Texas", "US-TX", 31.0 + i / 9, -100.0, 10.0) for i in range(5)]
    rim = zones(("Rim, Texas", "US-TX", 30.0, -95.0, 12.0), *middle, ("Rest, Texas", "US-TX", 33.0, -97.0, 90.0))
    assert named(rim, [0, 0, 0, 0, 0, 0, 1])[0] in {name.partition(",")[0] for name, *_ in middle}


def test_places_of_the_same_name_are_told_apart_by_region_then_by_side() -> None:
    same = zones(
        ("Washington, Oregon", "US-OR", 45.5, -123.0, 10.0),
        ("Lane, Oregon", "US-OR", 44.0, -123.0, 10.0),
        ("Washington, Utah", "US-UT", 37.3, -113.5, 10.0),
        ("Iron, Utah", "US-UT", 37.9, -113.3, 10.0),
    )
    assert named(same, [0, 2, 1, 3])[:2] == ["Washington, Oregon", "Washington, Utah"]
    cities = replace(same, zone_set="", places=("Austin", "Austin", "Austin", "Austin"), regions=("US-TX",) * 4)
    flat = replace(cities, latitude=np.array([30.6, 30.0, 30.3, 30.3]), longitude=np.array([-97.7, -97.7, -97.2, -97.7]))
    assert named(flat, [0, 1, 2, 3]) == ["Austin North", "Austin South", "Austin East", "Austin West"]


def test_a_name_that_hands_gave_stays_and_nobody_else_gets_it() -> None:
    found = named(zones(*WEST), [0, 0, 0, 1, 1, 2], "Front", "Colorado", "Territory 3", free=[True, False, True])
    assert found[1:] == ["Colorado", "New Mexico"]
    assert found[0] not in ("Colorado", "Front")


def test_a_name_stays_while_its_place_has_half_of_what_the_best_one_has() -> None:
    near = zones(
        ("Ada, Idaho", "US-ID", 43.0, -116.0, 11.0), ("Gem, Idaho", "US-ID", 43.0, -116.0, 10.0), ("Rest, Idaho", "US-ID", 47.0, -116.0, 99.0)
    )  # fmt: skip
    assert named(near, [0, 0, 1])[0] == "Ada"
    assert named(near, [0, 0, 1], "Gem", "Territory 2")[0] == "Gem"
    assert named(near, [0, 0, 1], "Gem North", "Territory 2")[0] == "Gem North"
    assert named(near, [0, 0, 1], "Gemini", "Territory 2")[0] == "Ada"


def test_a_territory_without_units_or_places_keeps_its_number() -> None:
    cities = replace(zones(*WEST), zone_set="", places=())
    assert named(cities, [0, 0, 0, 0, 0, 0]) == ["Territory 1"]
    assert named(zones(*WEST), [0, 0, 0, 0, 0, 0], "Territory 1", "Territory 2")[1] == "Territory 2"
    codes = replace(zones(*WEST), ids=tuple(str(80000 + i) for i in range(6)), names=tuple(f"{80000 + i} Here" for i in range(6)))
    assert named(codes, [0, 0, 0, 0, 0, 0]) == ["Here"]


@pytest.mark.parametrize(("name", "said"), [("Territory 12", True), ("New 1", True), ("New York", False), ("Territory", False)])
def test_numbered_names_are_known(name: str, said: bool) -> None:
    assert is_numbered(name) is said


def test_names_do_not_depend_on_the_order_of_units() -> None:
    given, territory = zones(*WEST), [0, 0, 1, 1, 1, 1]
    order: Any = np.random.default_rng(3).permutation(6)
    turned = zones(*(WEST[i] for i in order))
    assert named(turned, [territory[i] for i in order], "Territory 1", "Territory 2") == named(given, territory)
