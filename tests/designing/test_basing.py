"""Bases chosen among a design's units."""

from __future__ import annotations

import pytest

from metes.base.errors import InputError
from metes.designing.basing import bases_for
from tests.designing.test_running import small


def test_each_territory_gets_a_base_that_serves_no_more_than_its_target_and_some_slack() -> None:
    _, given = small()
    found = bases_for(given, slack_share=0.0, seconds=5.0, seed=0)
    assert found["measure"] == "accounts"
    assert [base["load"] for base in found["bases"]] == [6.0, 6.0]
    assert sum(base["units"] for base in found["bases"]) == found["units"] == 4
    assert {base["unit"] for base in found["bases"]} <= set(given.ids)


def test_fewer_units_with_something_than_territories_are_refused() -> None:
    _, given = small(territories=4)
    given.measures.flags.writeable = True
    given.measures[1:] = 0
    with pytest.raises(InputError, match="1 units have some accounts, and 4 bases were asked for"):
        bases_for(given, slack_share=0.0, seconds=5.0, seed=0)
