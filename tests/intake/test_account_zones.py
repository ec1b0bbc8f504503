"""Each account's zone, by code where the set is made of codes, else by its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa

from metes.intake.account_zones import zones_of_accounts
from metes.model.zones import ZoneSet


def accounts(*rows: dict[str, Any]) -> pa.Table:
    """Accounts of these values; what is not given is missing."""
    kinds = {
        "zone": pa.string(),
        "postal_code": pa.string(),
        "country": pa.string(),
        "latitude": pa.float64(),
        "longitude": pa.float64(),
    }
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in kinds.items()})


def ids(zones: ZoneSet, table: pa.Table) -> list[str]:
    """The ids of the accounts' zones, empty for none."""
    return [zones.ids[at] if at >= 0 else "" for at in zones_of_accounts(zones, table).tolist()]


def test_counties_go_by_the_county_found_at_import_else_by_place(counties: ZoneSet) -> None:
    table = accounts(
        {"zone": "08031", "country": "US", "latitude": 0.0, "longitude": 0.0},
        {"country": "US", "latitude": 40.01, "longitude": -105.27},
        {"country": "DE", "latitude": 52.5, "longitude": 13.4},
        {},
    )
    assert ids(counties, table) == ["08031", "08013", "", ""]


def test_zip_codes_go_by_postal_code_else_by_cell_and_only_in_the_united_states(zips: ZoneSet) -> None:
    table = accounts(
        {"postal_code": "80302", "country": "US"},
        {"postal_code": "80302-1234", "country": "US"},
        {"postal_code": "00601", "country": "PR"},
        {"postal_code": "80331", "country": "DE", "latitude": 48.1, "longitude": 11.6},
        {"postal_code": "80306", "country": "US", "latitude": 40.02, "longitude": -105.29},
        {"postal_code": "nonsense", "country": "US"},
        {"country": "US", "latitude": 27.5, "longitude": -90.0},
    )
    found = ids(zips, table)
    assert found[:4] == ["80302", "80302", "00601", ""]
    # A post box in Boulder lies in the cell of one of its ZIP codes; a rig in the Gulf goes to the nearest on the shore.
    assert found[4].startswith("803")
    assert found[5] == ""
    assert found[6].startswith("70")


def test_countries_go_by_country_else_by_place(countries: ZoneSet) -> None:
    table = accounts(
        {"country": "DE", "latitude": 40.0, "longitude": -105.0}, {"latitude": 40.0, "longitude": -105.0}, {"country": "ZZ"}
    )
    assert ids(countries, table) == ["DE", "US", ""]


def test_other_sets_go_by_place_alone(counties: ZoneSet) -> None:
    own = replace(counties, codes="")
    assert ids(own, accounts({"zone": "08031", "latitude": 40.01, "longitude": -105.27}, {"zone": "08031"})) == ["08013", ""]


def test_no_accounts_are_in_no_zones(counties: ZoneSet, zips: ZoneSet) -> None:
    assert zones_of_accounts(counties, accounts()).tolist() == []
    assert zones_of_accounts(zips, accounts()).tolist() == []
