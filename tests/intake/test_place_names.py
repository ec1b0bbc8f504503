"""Places by name, as people write them."""

from __future__ import annotations

import pytest

from metes.intake.place_names import place_named


@pytest.mark.parametrize(
    ("text", "latitude", "longitude", "precision"),
    [
        ("Denver, CO", 39.7, -105.0, "city"),
        (" denver , Colorado", 39.7, -105.0, "city"),
        ("Denver, US-CO", 39.7, -105.0, "city"),
        ("Paris, TX", 33.7, -95.6, "city"),
        ("Toronto, CA", 43.7, -79.4, "city"),
        ("Lyon, France", 45.7, 4.8, "city"),
        ("London, Ontario, Canada", 43.0, -81.2, "city"),
        ("80202", 39.8, -105.0, "postal"),
        ("80202-1234", 39.8, -105.0, "postal"),
        ("US-CO", 39.5, -105.2, "region"),
        ("Colorado", 39.5, -105.2, "region"),
        ("Georgia, US", 33.4, -83.9, "region"),
        ("Portugal", 39.5, -9.2, "country"),
    ],
)
def test_a_place_is_found_by_city_code_region_or_country(text: str, latitude: float, longitude: float, precision: str) -> None:
    found = place_named(text)
    assert found is not None
    assert (found.latitude, found.longitude) == (pytest.approx(latitude, abs=0.9), pytest.approx(longitude, abs=0.9))
    assert found.precision == precision


@pytest.mark.parametrize("text", ["", ",", "Atlantis, CO", "Denver, Atlantis", "Paris", "00000", "a, b, c, d", "US-ZZ", "39.7"])
def test_what_is_no_place_or_may_be_several_is_none(text: str) -> None:
    assert place_named(text) is None
