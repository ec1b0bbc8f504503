"""What a GeoJSON file has for properties, and what each may be."""

from __future__ import annotations

import gzip

import pytest

from metes.base.errors import InputError
from metes.intake.zone_properties import file_seen
from tests.app.test_zones import box, geojson

AREAS = geojson(
    box(0, "01", NAME_EN="One", people=3, STATE="US-CO", height="high"),
    box(1, "02", NAME_EN="Two", people=4.5, STATE="US-CO", height=2),
)


def test_id_name_region_and_measures_are_guessed() -> None:
    seen = file_seen(AREAS)
    assert (seen.features, seen.id, seen.name, seen.region, seen.measures) == (2, "code", "NAME_EN", "STATE", ("people",))
    assert [(p.name, p.filled, p.values, p.is_measure) for p in seen.properties] == [
        ("code", 2, 2, False),
        ("NAME_EN", 2, 2, False),
        ("people", 2, 2, True),
        ("STATE", 2, 1, False),
        ("height", 2, 2, False),
    ]


def test_a_packed_file_is_read_alike() -> None:
    assert file_seen(gzip.compress(AREAS)) == file_seen(AREAS)


def test_what_is_not_the_same_for_two_zones_alone_is_an_id() -> None:
    assert file_seen(geojson(box(0, "a", label="x"), box(1, "a", label="y"))).id == "label"
    assert file_seen(geojson(box(0, "a"), box(1, "a"))).id == ""


def test_truth_and_negative_numbers_are_no_measures() -> None:
    seen = file_seen(
        geojson(box(0, "a", is_open=True, change=-1, empty=None, many=1), box(1, "b", is_open=False, change=1, empty="", many=2))
    )
    assert seen.measures == ("many",)
    assert {p.name: p.filled for p in seen.properties}["empty"] == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x1f\x8bbroken", b'{"type": "FeatureCollection", "features": []}'])
def test_what_is_no_geojson_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="give a GeoJSON file"):
        file_seen(content)
