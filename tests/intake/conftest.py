"""The built-in zone sets, each made once."""

from __future__ import annotations

import pytest

from metes.intake.zone_sets import us_counties, us_zips, world_countries
from metes.model.zones import ZoneSet


@pytest.fixture(scope="session")
def counties() -> ZoneSet:
    """The counties of the United States."""
    return us_counties()


@pytest.fixture(scope="session")
def zips() -> ZoneSet:
    """Its ZIP codes."""
    return us_zips()


@pytest.fixture(scope="session")
def countries() -> ZoneSet:
    """The countries of the world."""
    return world_countries()
