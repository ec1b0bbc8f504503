"""Links: all pieces in one, at the least length, told in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metes.partition.links import BETWEEN_REGIONS, WITHIN_REGION, component_of, joining_links, links_of
from metes.partition.problem import on_earth
from tests.model.test_zones import two_zones


@given(st.integers(1, 40), st.integers(0, 30), st.integers(0, 1000))
def test_links_join_all_pieces_at_the_least_length(count: int, edges: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    latitude, longitude = random.uniform(-70, 70, count), random.uniform(-180, 180, count)
    pairs = np.sort(random.integers(0, count, (edges, 2)), axis=1)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    links = joining_links(latitude, longitude, pairs)
    pieces = component_of(count, pairs)
    assert len(links) == pieces.max()
    assert component_of(count, np.concatenate([pairs, links])).max() == 0
    assert np.isclose(length(latitude, longitude, links), least_length(latitude, longitude, pieces))


@given(st.integers(2, 25), st.integers(0, 20), st.integers(0, 1000))
def test_the_mainland_goes_first_and_a_chain_of_islands_where_it_is_much_shorter(count: int, edges: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    latitude, longitude = random.uniform(-70, 70, count), random.uniform(-180, 180, count)
    regions = random.choice(["", "US-HI", "US-AK"], count).tolist()
    pairs = np.sort(random.integers(0, count, (edges, 2)), axis=1)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    links = joining_links(latitude, longitude, pairs, regions)
    pieces = component_of(count, pairs)
    assert len(links) == pieces.max()
    assert component_of(count, np.concatenate([pairs, links])).max() == 0
    counts = np.full((count, count), BETWEEN_REGIONS)
    for one in range(count):
        for other in range(count):
            if regions[one] and regions[one] == regions[other]:
                counts[one, other] = WITHIN_REGION
    is_main = pieces == np.bincount(pieces).argmax()
    counts[is_main] = counts[:, is_main] = 1.0
    km = np.linalg.norm(on_earth(latitude, longitude)[:, None] - on_earth(latitude, longitude)[None], axis=2)
    counted = (counts * km)[links[:, 0], links[:, 1]].sum()
    assert np.isclose(counted, least_length(latitude, longitude, pieces, counts))


def test_islands_hang_on_the_mainland_and_not_on_those_of_another_region() -> None:
    # Two mainland zones in California; Kauai and Honolulu; the far Aleutians, which are nearer to Kauai than California is.
    latitude, longitude = [38.0, 38.2, 22.1, 21.3, 52.0], [-122.5, -121.5, -159.5, -157.8, -172.0]
    regions = ["US-CA", "US-CA", "US-HI", "US-HI", "US-AK"]
    near = joining_links(latitude, longitude, np.array([[0, 1]]))
    assert [2, 4] in near.tolist()
    assert joining_links(latitude, longitude, np.array([[0, 1]]), regions).tolist() == [[0, 3], [0, 4], [2, 3]]


def length(latitude: np.ndarray, longitude: np.ndarray, links: np.ndarray) -> float:
    """All links together in km, straight."""
    places = on_earth(latitude, longitude)
    return float(np.linalg.norm(places[links[:, 0]] - places[links[:, 1]], axis=1).sum())


def least_length(latitude: np.ndarray, longitude: np.ndarray, pieces: np.ndarray, counts: np.ndarray | float = 1.0) -> float:
    """The length of the shortest tree over the pieces, found by looking at every pair of zones."""
    places = on_earth(latitude, longitude)
    km = counts * np.linalg.norm(places[:, None] - places[None], axis=2)
    count = int(pieces.max()) + 1
    between = np.full((count, count), np.inf)
    np.minimum.at(between, (pieces[:, None].repeat(len(pieces), 1), pieces[None].repeat(len(pieces), 0)), km)
    todo, total = set(range(1, count)), 0.0
    while todo:
        nearest = min(todo, key=lambda piece: min(between[piece][other] for other in set(range(count)) - todo))
        total += min(between[nearest][other] for other in set(range(count)) - todo)
        todo.remove(nearest)
    return total


def test_the_order_of_zones_changes_no_link() -> None:
    random = np.random.default_rng(5)
    latitude, longitude = random.uniform(20, 60, 200), random.uniform(-120, -70, 200)
    none = np.zeros((0, 2), np.int32)
    order = random.permutation(200)
    before = {frozenset(link) for link in joining_links(latitude, longitude, none).tolist()}
    after = {frozenset(order[link].tolist()) for link in joining_links(latitude[order], longitude[order], none)}
    assert after == before
    assert len(before) == 199


def test_zones_at_one_place_are_joined_by_links_of_no_length() -> None:
    links = joining_links([1, 1, 1, 2], [1, 1, 1, 2], np.zeros((0, 2), np.int32))
    assert links.tolist() == [[0, 1], [0, 3], [1, 2]]


def test_a_link_is_told_from_the_smaller_piece() -> None:
    islands = replace(two_zones(), pairs=[], links=[[0, 1]])
    assert [str(link) for link in links_of(islands)] == ["Denver is joined to Boulder, 38 km"]
    # A pair on the mainland, and an island before it in the order of zones.
    zones = two_zones(
        ids=("n", "b", "d"),
        names=("Nantucket", "Barnstable", ""),
        regions=("", "", ""),
        latitude=[41.28, 41.7, 41.7],
        longitude=[-70.1, -70.3, -70.6],
        measures={},
        pairs=[[1, 2]],
        links=[[0, 1]],
        shapes=(None, None, None),
    )
    assert [str(link) for link in links_of(zones)] == ["Nantucket is joined to Barnstable, 50 km"]
    both = replace(zones, pairs=[[0, 1]], links=[[1, 2]])
    (link,) = links_of(both)
    assert str(link) == "d is joined to Barnstable, 25 km"
