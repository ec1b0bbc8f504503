"""The zone sets that come with the product, against what is known of the United States and the world."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import shapely

from metes.intake.zone_sets import built_in
from metes.model.zones import BUILT_IN, ZoneSet
from metes.partition.links import component_of, links_of
from metes.partition.placing import zones_at


def named_pairs(zones: ZoneSet) -> set[tuple[str, str]]:
    """Neighbours by id."""
    return {(zones.ids[one], zones.ids[other]) for one, other in zones.pairs.tolist()}


def shapes_of(zones: ZoneSet) -> np.ndarray:
    """The shapes, None where there is none."""
    return np.asarray(shapely.from_wkb(np.array(zones.shapes, np.object_)))


@pytest.fixture(params=["counties", "zips", "countries"])
def every(request: pytest.FixtureRequest) -> ZoneSet:
    """Each built-in set in turn."""
    found: ZoneSet = request.getfixturevalue(request.param)
    return found


def test_every_set_is_in_one_piece_with_its_links_and_broken_without(every: ZoneSet) -> None:
    pieces = int(component_of(len(every), every.pairs).max()) + 1
    assert len(every.links) == pieces - 1
    assert int(component_of(len(every), every.joined_pairs).max()) == 0


def test_points_lie_in_their_zones(counties: ZoneSet, zips: ZoneSet) -> None:
    for zones in (counties, zips):
        shapes = shapes_of(zones)
        has_shape = ~shapely.is_missing(shapes)
        away = shapely.distance(shapes, shapely.points(zones.longitude, zones.latitude))[has_shape]
        # The outline of a state is simplified, and leaves out a few points on the shore.
        assert (away > 0.02).mean() < 0.005


def test_every_set_says_what_it_is_and_whom_to_credit(every: ZoneSet) -> None:
    about = next(about for about in BUILT_IN if about.key == every.key)
    assert (every.name, every.kind, every.source) == (about.name, about.kind, about.source)
    assert "GeoNames" in every.source
    assert list(every.ids) == sorted(every.ids) or every.key != "us-zips"


def test_counties_have_their_people_and_neighbours(counties: ZoneSet) -> None:
    denver = counties.index_of_id["08031"]
    assert counties.names[denver] == "Denver, Colorado"
    assert counties.regions[denver] == "US-CO"
    assert 650_000 < counties.measures["population"][denver] < 800_000
    assert 330e6 < counties.measures["population"].sum() < 340e6
    neighbours = {one if other == "08031" else other for one, other in named_pairs(counties) if "08031" in (one, other)}
    assert neighbours == {"08001", "08005", "08059"}
    assert all(region.startswith("US-") for region in counties.regions)


def test_a_county_made_since_stands_as_a_point_where_its_people_live(counties: ZoneSet) -> None:
    pointed = [one for one, shape in zip(counties.ids, counties.shapes, strict=True) if shape is None]
    assert {"02063", "02066"} <= set(pointed)
    at = counties.index_of_id["02063"]
    assert counties.names[at] == "Chugach Census Area, Alaska"
    assert (counties.latitude[at], counties.longitude[at]) == pytest.approx((60.8, -146.5), abs=1)


def test_islands_are_named_with_their_links(counties: ZoneSet) -> None:
    told = [str(link) for link in links_of(counties)]
    assert "Nantucket, Massachusetts is joined to Dukes, Massachusetts, 51 km" in told
    assert any(text.startswith("Hawaii, Hawaii is joined to Maui, Hawaii") for text in told)
    assert "Maui, Hawaii with 1 more is joined to Marin, California, 3,763 km" in told


@pytest.mark.data
def test_neighbours_of_counties_are_those_of_the_shared_borders(counties: ZoneSet, real_data: Path) -> None:
    path = real_data / "geo" / "us_counties_states" / "derived_county_adjacency_shared_border_2017.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    assert named_pairs(counties) == {(min(row[:2]), max(row[:2])) for row in rows}


def test_zip_codes_have_people_income_and_cells_within_their_state(zips: ZoneSet) -> None:
    assert len(zips) > 33_000
    assert set(zips.measures) == {"population", "households", "income"}
    boulder = zips.index_of_id["80302"]
    assert zips.names[boulder] == "80302 Boulder"
    income = zips.measures["income"][boulder] / zips.measures["households"][boulder]
    assert 40_000 < income < 200_000
    shapes = shapes_of(zips)
    assert shapely.is_missing(shapes).mean() < 0.001
    drawn = shapes[~shapely.is_missing(shapes)]
    assert shapely.is_valid(drawn).all()
    assert shapely.coverage_is_valid(drawn)
    states = np.array(zips.regions)
    wyoming = shapely.union_all(shapes[states == "US-WY"])
    assert wyoming.bounds == pytest.approx((-111.05, 40.99, -104.05, 45.0), abs=0.02)


def test_cells_of_two_states_are_neighbours_across_the_border(zips: ZoneSet) -> None:
    states = np.array(zips.regions)
    crossing = zips.pairs[states[zips.pairs[:, 0]] != states[zips.pairs[:, 1]]]
    assert len(crossing) > 2000
    assert {("US-KS", "US-MO"), ("US-NJ", "US-PA")} <= {tuple(sorted(pair)) for pair in states[crossing].tolist()}


def test_countries_go_by_their_codes(countries: ZoneSet) -> None:
    assert {"US", "DE", "SG", "XK", "TW"} <= set(countries.ids)
    germany = countries.index_of_id["DE"]
    assert countries.names[germany] == "Germany"
    assert 70e6 < countries.measures["population"][germany] < 90e6
    pairs = named_pairs(countries)
    assert {("AT", "DE"), ("CA", "US"), ("MX", "US"), ("CN", "RU")} <= pairs
    assert ("DE", "GB") not in pairs
    assert countries.shapes[countries.index_of_id["SG"]] is None
    shapes = shapes_of(countries)
    parts = shapely.bounds(shapely.get_parts(shapes[countries.index_of_id["RU"]]))
    assert (parts[:, 2] - parts[:, 0]).max() < 160
    # In Berlin, in Denver, in the far east of Russia beyond the date line, in the Pacific.
    found = zones_at(countries, [52.5, 39.7, 66, 0], [13.4, -105, -175, -140])
    assert [countries.ids[at] if at >= 0 else "" for at in found] == ["DE", "US", "RU", ""]


def test_a_set_that_is_not_built_in_is_named_with_those_that_are() -> None:
    with pytest.raises(LookupError, match="there is no built-in set mars; there are us-counties, us-zips, world-countries"):
        built_in("mars")
