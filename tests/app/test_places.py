"""Places found by degrees, by an account, or by a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import InputError


@pytest.fixture
def places(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """Two accounts, one of them without a place; the first has an id that is a postal code too."""
    (tmp_path / "accounts.csv").write_text("id,name,latitude,longitude\n80202,Aspen Glass,47.6,-122.3\nA2,Birch Tools,,\n")
    sqlite_workspace.import_("accounts", [tmp_path / "accounts.csv"])
    return sqlite_workspace


@pytest.mark.parametrize(
    ("text", "place", "found_by"),
    [
        ("39.74, -104.99", (39.74, -104.99), "degrees"),
        ("( -33.9 ; 18.4 )", (-33.9, 18.4), "degrees"),
        ("80202", (47.6, -122.3), "account"),
        ("80203", (39.7, -105.0), "postal"),
        ("Denver, CO", (39.75, -104.97), "city"),
    ],
)
def test_a_place_is_what_a_text_means(places: Workspace, text: str, place: tuple[float, float], found_by: str) -> None:
    found = places.place_find(text)
    assert (found.latitude, found.longitude) == pytest.approx(place, abs=0.1)
    assert found.found_by == found_by


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Nowhere at all", "no place is called"),
        ("", "no place is called"),
        ("A2", "has no place"),
        ("95, 200", "no place is called"),
    ],
)
def test_what_means_no_place_is_said(places: Workspace, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        places.place_find(text)
