"""A zone set refuses what does not fit together, and cannot be changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from metes.model.zones import ZoneKind, ZoneSet


def two_zones(**given: Any) -> ZoneSet:
    """Denver and Boulder, neighbours."""
    values: dict[str, Any] = dict(
        key="front",
        name="Front Range",
        kind=ZoneKind.POINTS,
        ids=("a", "b"),
        names=("Denver", "Boulder"),
        regions=("US-CO", "US-CO"),
        latitude=[39.74, 40.01],
        longitude=[-104.99, -105.27],
        measures={"population": [700_000, 100_000]},
        pairs=[[0, 1]],
        links=[],
        shapes=(None, None),
    )
    return ZoneSet(**{**values, **given})


def test_arrays_are_read_only_copies() -> None:
    given = np.array([1.0, 2.0])
    zones = two_zones(measures={"m": given})
    given[0] = 9
    assert zones.measures["m"].tolist() == [1, 2]
    for array in (zones.latitude, zones.measures["m"], zones.pairs, zones.links, zones.joined_pairs):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ids": ("a", "a")}, "1 are repeated"),
        ({"names": ("Denver",)}, "names has 1 entries for 2 zones"),
        ({"latitude": [39.74, 91]}, "latitude must be finite numbers with -90 <= value <= 90"),
        ({"longitude": [np.nan, 1]}, "longitude must be finite"),
        ({"measures": {"m": [1, -1]}}, "measure m must be finite numbers with 0 <= value"),
        ({"measures": {"m": [1, np.inf]}}, "measure m must be finite"),
        ({"measures": {"m": [1]}}, r"must have the shape \(2,\)"),
        ({"pairs": [[1, 0]]}, "lower number first"),
        ({"links": [[1, 1]]}, "no zone beside itself"),
        ({"pairs": [[0, 2]]}, "0 <= number < 2"),
        ({"shapes": ()}, "shapes has 0 entries"),
        ({"kind": "lines"}, "not a valid ZoneKind"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        two_zones(**given)


def test_a_link_is_as_long_as_the_way_over_ground() -> None:
    linked = two_zones(pairs=[], links=[[0, 1]])
    assert linked.link_km == pytest.approx([38.4], abs=0.1)
    assert linked.joined_pairs.tolist() == [[0, 1]]


def test_the_digest_tells_contents_apart_and_not_names() -> None:
    zones = two_zones()
    assert zones.digest == two_zones(key="other", name="Other").digest
    changed = [
        replace(zones, ids=("a", "c")),
        replace(zones, pairs=[], links=[[0, 1]]),
        replace(zones, measures={"people": zones.measures["population"]}),
        replace(zones, shapes=(b"x", None)),
        replace(zones, shapes=(None, b"x")),
    ]
    assert len({zones.digest, *(other.digest for other in changed)}) == 6


def test_a_set_of_no_zones_is_one() -> None:
    empty = two_zones(ids=(), names=(), regions=(), latitude=[], longitude=[], measures={}, pairs=[], shapes=())
    assert len(empty) == 0
    assert not empty.has_shapes
    assert empty.link_km.shape == (0,)
