"""Countries and regions as ISO 3166; nothing misspelt is guessed."""

from __future__ import annotations

import pyarrow as pa
import pycountry
import pytest

from metes.records.countries import countries, plain_name, regions
from metes.records.distinct import encode


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("US", "US"),
        ("usa", "US"),
        ("United States", "US"),
        ("UK", "GB"),
        ("South Korea", "KR"),
        ("Côte d'Ivoire", "CI"),
        ("NA", "NA"),
        ("DEU", "DE"),
    ],
)
def test_codes_names_and_aliases_are_known(text: str, code: str) -> None:
    assert countries(pa.array([text])).values.to_pylist() == [code]


def test_every_name_that_iso_lists_is_known() -> None:
    everything = list(pycountry.countries)
    assert countries(pa.array([c.name for c in everything])).values.to_pylist() == [
        None if plain_name(c.name) == "congo" else c.alpha_2 for c in everything
    ]


def test_misspelt_and_ambiguous_names_are_warnings_with_suggestions() -> None:
    parsed = countries(pa.array(["Philipines", "Korea", "Atlantis", None]))
    assert parsed.values.to_pylist() == [None] * 4
    ambiguous, unknown = parsed.issues
    assert (ambiguous.code, ambiguous.remedy[1]) == ("ambiguous-country", "say KR (South Korea) or KP (North Korea)")
    assert (unknown.code, unknown.remedy[0]) == ("unknown-country", "did you mean Philippines (PH)?")
    assert unknown.remedy[2].startswith("use an ISO 3166-1 code")


def region_of(text: str | None, country: str | None) -> str | None:
    return regions(encode(pa.array([text], pa.string())), pa.array([country], pa.string()))[0].to_pylist()[0]


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("CO", "US", "US-CO"),
        ("Colorado", "US", "US-CO"),
        ("us-co", "US", "US-CO"),
        ("US-CO", None, "US-CO"),
        ("75", "FR", "FR-75C"),
        ("1", "FR", "FR-01"),
        ("Newfoundland", "CA", "CA-NL"),
        ("Bayern", "DE", "DE-BY"),
        ("ENG", "GB", "GB-ENG"),
        ("FR", "FR", None),
        (None, "US", None),
    ],
)
def test_regions_are_found_within_their_country(text: str | None, country: str | None, code: str | None) -> None:
    assert region_of(text, country) == code


def test_unknown_regions_and_regions_without_country_are_warnings() -> None:
    codes, issues = regions(encode(pa.array(["Colorada", "Ontario", "CO"])), pa.array(["US", None, "US"]))
    assert codes.to_pylist() == [None, None, "US-CO"]
    found = {issue.code: [issue.remedy[i] for i in issue.hits.nonzero()[0]] for _, issue in issues}
    assert found == {
        "unknown-region": ["did you mean US-CO?"],
        "region-without-country": ["add a country column, or say default_country in the mapping file"],
    }
