"""Places found offline, each with its precision."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.intake.atlas import nearest_of, postal_codes
from metes.intake.gazetteer import country_boxes, locate


def place(**fields: object) -> dict[str, object]:
    names = ("country", "region", "city", "postal_code", "latitude", "longitude")
    types = [pa.string()] * 4 + [pa.float64()] * 2
    table = pa.table({n: pa.array([fields.get(n)], t) for n, t in zip(names, types, strict=True)})
    return dict(locate(table).to_pylist()[0])


def near(row: dict[str, object], latitude: float, longitude: float, within: float = 0.3) -> bool:
    return abs(float(str(row["latitude"])) - latitude) < within and abs(float(str(row["longitude"])) - longitude) < within


@pytest.mark.parametrize(
    ("fields", "precision", "where", "zone"),
    [
        ({"country": "US", "latitude": 40.0, "longitude": -105.0, "postal_code": "80301"}, "given", (40.0, -105.0), "08013"),
        ({"country": "US", "latitude": 21.3, "longitude": -157.8}, "given", (21.3, -157.8), "15003"),
        ({"country": "US", "postal_code": "80301"}, "postal", (40.05, -105.2), "08013"),
        ({"country": "US", "postal_code": "80301-1234"}, "postal", (40.05, -105.2), "08013"),
        ({"country": "US", "region": "US-CO", "city": "BOULDER", "postal_code": "99999"}, "city", (40.0, -105.3), "08013"),
        ({"country": "US", "city": "Seattle"}, "city", (47.6, -122.3), "53033"),
        ({"country": "US", "region": "US-CO", "city": "No Such Town"}, "region", (39.5, -105.2), None),
        ({"country": "DE", "region": "DE-BY", "city": "Munich"}, "city", (48.1, 11.6), None),
        ({"country": "DE", "city": "München"}, "city", (48.1, 11.6), None),
        ({"country": "FR", "region": "FR-75C", "city": "Paris"}, "city", (48.9, 2.3), None),
        ({"country": "FR", "region": "FR-13"}, "region", (43.5, 5.8), None),
        ({"country": "JP"}, "country", (35.6, 137.0), None),
    ],
)
def test_a_place_is_found_as_precisely_as_its_fields_allow(
    fields: dict[str, object], precision: str, where: tuple[float, float], zone: str | None
) -> None:
    row = place(**fields)
    assert row["place_precision"] == precision
    assert near(row, *where, within=3.0 if precision == "country" else 0.3)
    assert row["zone"] == zone


def test_a_namesake_elsewhere_is_not_taken_where_the_region_is_known() -> None:
    assert (
        place(country="US", region="US-ME", city="Portland")["latitude"]
        != place(country="US", region="US-OR", city="Portland")["latitude"]
    )


@pytest.mark.parametrize("fields", [{}, {"city": "Boulder"}, {"postal_code": "80301"}])
def test_without_a_country_nothing_is_guessed(fields: dict[str, object]) -> None:
    row = place(**fields)
    assert (row["latitude"], row["place_precision"], row["zone"]) == (None, None, None)


def test_a_postal_code_of_another_country_is_not_looked_up_in_the_us() -> None:
    assert place(country="DE", postal_code="80301")["place_precision"] == "country"


def test_a_table_without_any_place_gets_empty_columns() -> None:
    located = locate(pa.table({"name": ["a"]}))
    assert located.to_pylist() == [{"name": "a", "latitude": None, "longitude": None, "place_precision": None, "zone": None}]


def test_every_row_gets_the_place_it_would_get_alone() -> None:
    rows = [("US", "US-CO", "Boulder", None), ("DE", None, "Bonn", None), ("US", None, None, "10001"), (None, None, None, None)] * 3
    names = ("country", "region", "city", "postal_code")
    table = pa.table({n: pa.array(c, pa.string()) for n, c in zip(names, zip(*rows, strict=True), strict=True)})
    together = locate(table).to_pylist()
    assert together == [place(**dict(zip(names, row, strict=True))) | dict(zip(names, row, strict=True)) for row in rows]


def test_every_postal_code_lies_in_the_box_of_the_states() -> None:
    codes, boxes = postal_codes(), country_boxes()
    mainland = np.array([z[:2] not in ("00", "96") and not z.startswith(("09", "34", "962")) for z in codes.codes.to_pylist()])
    inside = boxes.hold(pa.array(["US"] * len(codes.codes)), codes.latitude, codes.longitude)
    assert inside[mainland].all()


points = st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=20)


@given(points, points)
def test_the_nearest_point_agrees_with_trying_all_of_the_cells_around(
    wanted: list[tuple[float, float]], others: list[tuple[float, float]]
) -> None:
    (lat, lon), (of_lat, of_lon) = (np.array(p).T for p in (wanted, others))
    for i, found in enumerate(nearest_of(lat, lon, of_lat, of_lon)):
        near_cells = (np.abs(np.floor(lat[i] * 2) - np.floor(of_lat * 2)) <= 1) & (
            np.abs(np.floor(lon[i] * 2) - np.floor(of_lon * 2)) <= 1
        )
        distance = (lat[i] - of_lat) ** 2 + ((lon[i] - of_lon) * np.cos(np.radians(lat[i]))) ** 2
        if found < 0:
            assert not near_cells.any()
        else:
            assert near_cells[found]
            assert distance[found] == distance[near_cells].min()
