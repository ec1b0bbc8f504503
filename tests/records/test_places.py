"""Coordinates that files bring."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from metes.records.places import Boxes, check_coordinates

# Colorado is a box within the US; Fiji lies on both sides of the antimeridian.
BOXES = Boxes(
    pa.array(["US", "FJ", "US-CO"]),
    np.array([[19.0, -176.0, 71.0, -67.0], [-20.0, 177.0, -12.0, -178.0], [37.0, -109.0, 41.0, -102.0]]),
)


def verdict(lat: float | None, lon: float | None, country: str | None = "US", region: str | None = None) -> str:
    latitude, _, issues = check_coordinates(
        pa.array([lat], pa.float64()),
        pa.array([lon], pa.float64()),
        pa.array([country], pa.string()),
        pa.array([region], pa.string()),
        BOXES,
    )
    assert (latitude[0].as_py() is None) == (bool(issues) or lat is None)
    return issues[0].code if issues else "kept"


def test_coordinates_are_kept_or_taken_out_with_the_reason() -> None:
    assert verdict(40.0, -105.0) == "kept"
    assert verdict(None, None) == "kept"
    assert verdict(40.0, None) == "half-coordinates"
    assert verdict(0.0, 0.0) == "zero-coordinates"
    assert verdict(-105.0, 40.0) == "swapped-coordinates"
    assert verdict(-80.0, 40.0) == "swapped-coordinates"
    assert verdict(500.0, 40.0) == "coordinates-out-of-range"
    assert verdict(48.0, 11.0) == "coordinates-outside-country"
    assert verdict(33.0, -84.0, region="US-CO") == "coordinates-outside-region"
    assert verdict(39.0, -104.0, region="US-CO") == "kept"


def test_a_box_may_cross_the_antimeridian() -> None:
    assert verdict(-18.0, 178.0, "FJ") == "kept"
    assert verdict(-18.0, -179.5, "FJ") == "kept"
    assert verdict(-18.0, 0.0, "FJ") == "coordinates-outside-country"


def test_a_country_without_a_box_or_name_holds_every_point() -> None:
    assert verdict(48.0, 11.0, "DE") == "kept"
    assert verdict(48.0, 11.0, None) == "kept"
    assert verdict(120.0, 11.0, None) == "swapped-coordinates"
