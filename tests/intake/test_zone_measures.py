"""Measures of a table beside those that zones have."""

from __future__ import annotations

from pathlib import Path

import pytest

from metes.intake.files import read_source
from metes.intake.geojson_zones import ZonesRead
from metes.intake.zone_measures import with_measures
from tests.model.test_zones import two_zones

ZONES = two_zones(ids=("08013", "08031"), codes="us-counties")


@pytest.fixture
def read(tmp_path: Path) -> object:
    """Reads the lines of a table."""

    def reader(*lines: str, measures: tuple[str, ...] = ("firms",)) -> ZonesRead:
        path = tmp_path / "firms.csv"
        path.write_text("\n".join(lines) + "\n")
        return with_measures(ZONES, read_source(path), "fips", measures)

    return reader


def test_measures_stand_beside_those_there_are(read: object) -> None:
    result = read("fips,firms,staff", "08031,5,1.5", "08013,7,2", measures=("firms", "staff"))  # type: ignore[operator]
    assert result.findings == ()
    assert {name: values.tolist() for name, values in result.zones.measures.items()} == {
        "population": [700_000, 100_000],
        "firms": [7, 5],
        "staff": [2, 1.5],
    }
    assert (result.zones.source, result.zones.codes) == ("; firms.csv", "us-counties")


def test_lost_zeros_are_found_and_whatever_does_not_fit_is_told(read: object) -> None:
    result = read("fips,firms", "8031,5", "8031,6", "99999,1", "8031,-1", "8031,many")  # type: ignore[operator]
    assert result.zones.measures["firms"].tolist() == [0, 11]
    assert [(finding.code, finding.message) for finding in result.findings] == [
        ("zone-unknown", "rows name no zone of the set and are left out: 99999"),
        ("zone-duplicate", "rows of the same id are added: 08031"),
        ("zone-measure", "zones without a row count as 0: 08013"),
        ("zone-measure", "'firms' counts as 0 where it is missing, negative or no number: 08031, 08031"),
    ]


def test_a_column_that_is_not_there_is_an_error(read: object) -> None:
    result = read("fps,firms", "08031,5", measures=("firm",))  # type: ignore[operator]
    assert result.zones is None
    assert [finding.remedy for finding in result.findings] == ["Did you mean 'fps'?", "Did you mean 'firms'?"]
