"""Designs worked out whole: groups, walls, a start from scratch, a checkpoint, and who may stop what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from metes.base.errors import Cancelled, Interrupted
from metes.designing.building import build
from metes.designing.given import Given, amount_text
from metes.designing.reading import spec_from
from metes.designing.running import cost_at, work_out
from metes.designing.spec import DesignSpec
from metes.designing.state import DesignState
from metes.designing.units import Part, units_of_accounts
from metes.partition.live import Live
from tests.designing.test_building import FIELDS, accounts, built, held

ROWS = [held("west" if i % 2 else "east", 100 + i) for i in range(12)]


def small(**asked: Any) -> tuple[DesignSpec, Given]:
    """Four zones in a row with three accounts each, which today's holders share."""
    given = built(asked, ROWS, [i // 3 for i in range(12)]).given
    measures = [{"measure": "accounts", "band": 1}]
    return spec_from({"name": "x", "units": "row", "territories": 2, "measures": measures, **asked}), given


def out(spec: DesignSpec, given: Given, **more: Any) -> Any:
    """The outcome of a design from where it begins."""
    return work_out(spec, given, given.locked, given.current, **more)


@pytest.mark.parametrize("asked", [{}, {"start": "scratch"}, {"together": [["z0", "z3"]]}, {"walls": "region"}])
def test_a_bound_is_never_above_the_cost_and_the_cost_is_that_of_all_units(asked: dict[str, Any]) -> None:
    spec, given = small(**asked)
    found = out(spec, given)
    live = Live(given.problem, found.territory_of_unit)
    assert found.bound <= found.cost * (1 + 1e-9)
    assert found.cost == pytest.approx(cost_at(given.problem, found.territory_of_unit, found.centres))
    assert found.cost == pytest.approx(
        live.travel_at(found.centres) + DesignState.begin(spec, given, given.current).most_saved - live.saved.sum()
    )
    assert live.unassigned == 0


def test_units_kept_together_and_locks_hold() -> None:
    spec, given = small(together=[["z0", "z3"]], contiguous=False, locks={"z1": "west"})
    at = out(spec, given).territory_of_unit
    assert at[0] == at[3]
    assert given.territories[at[1]].key == "west"


def test_no_territory_crosses_a_wall_and_the_best_possible_balance_is_said() -> None:
    spec, given = small(walls="region")
    found = out(spec, given)
    assert set(found.territory_of_unit[:3]).isdisjoint(found.territory_of_unit[3:])
    assert found.notes == (
        "With these walls no design can be fairer than 50% off the target: US-CO gets 1 territory, and no other number brings its "
        "average closer.",
    )


def row_of_twelve(**asked: Any) -> tuple[DesignSpec, Given]:
    """Twelve accounts in a row, into four territories under two parents."""
    spec = spec_from({"name": "x", "territories": 4, "parents": 2, "measures": [{"measure": "accounts", "band": 0.4}], **asked})
    rows = [held("west" if i < 6 else "east", 100 + i, latitude=39.0, longitude=-105.0 - i / 2) for i in range(12)]
    units = units_of_accounts(spec, accounts(rows), FIELDS, Part(), [])
    return spec, build(spec, units, None, "USD", []).given


@pytest.mark.parametrize("start", ["today", "scratch"])
def test_parents_are_designed_first_and_territories_inside_each(start: str) -> None:
    spec, given = row_of_twelve(start=start)
    found = out(spec, given)
    above = np.array(found.parents)
    assert np.bincount(above).tolist() == [2, 2]
    of_unit = above[found.territory_of_unit]
    # each parent takes one half of the row
    assert np.abs(np.diff(of_unit)).sum() == 1
    assert np.bincount(of_unit).tolist() == [6, 6]
    assert found.bound <= found.cost * (1 + 1e-9)
    again = work_out(spec, given, given.locked, found.territory_of_unit, parents=above)
    assert again.parents == found.parents


def test_a_lost_job_goes_on_behind_the_parents() -> None:
    spec, given = row_of_twelve()
    checkpoint = Kept()
    with pytest.raises(Interrupted):
        out(spec, given, checkpoint=checkpoint, progress=Raises("designing Area 2", Interrupted("stop")))
    assert checkpoint.value is not None
    assert list(checkpoint.value["parts"]) == ["the parents", "Area 1"]
    np.testing.assert_array_equal(out(spec, given, checkpoint=checkpoint).territory_of_unit, out(spec, given).territory_of_unit)


class Kept:
    """A checkpoint in memory."""

    def __init__(self, value: Mapping[str, Any] | None = None) -> None:
        self.value = value

    def load(self) -> Mapping[str, Any] | None:
        """What was kept."""
        return self.value

    def save(self, value: Mapping[str, Any]) -> None:
        """Keep it."""
        self.value = dict(value)


class Raises:
    """A progress that raises at a stage."""

    def __init__(self, stage: str, error: Exception) -> None:
        self.stage, self.error = stage, error

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Raise there."""
        if stage.startswith(self.stage):
            raise self.error


def test_a_worker_that_must_stop_gets_its_exception_and_the_next_one_goes_on_behind_it() -> None:
    spec, given = small(walls="region")
    checkpoint = Kept()
    with pytest.raises(Interrupted):
        out(spec, given, checkpoint=checkpoint, progress=Raises("designing US-UT", Interrupted("stop")))
    assert checkpoint.value is not None
    assert list(checkpoint.value["parts"]) == ["US-CO"]
    np.testing.assert_array_equal(out(spec, given, checkpoint=checkpoint).territory_of_unit, out(spec, given).territory_of_unit)


@pytest.mark.parametrize(("start", "word"), [("today", "cost"), ("scratch", "travel")])
def test_stages_tell_money_of_all_units(start: str, word: str) -> None:
    spec, given = small(together=[["z0", "z3"]], contiguous=False, start=start)
    stages: list[str] = []

    class Listens:
        """Keeps the stages."""

        def report(self, stage: str, done: int = 0, total: int = 0) -> None:
            """Keep it."""
            stages.append(stage)

    found = out(spec, given, progress=Listens())
    told = re.search(rf", {word} ([\d,]+) USD(, \d+\.\d% above the bound)?$", stages[-1])
    assert told
    if start == "today":
        assert told[1] == amount_text(found.cost, "USD").removesuffix(" USD")


def test_who_cancels_gets_a_whole_design_even_between_parts() -> None:
    spec, given = small(walls="region")
    found = out(spec, given, progress=Raises("designing", Cancelled("stop")))
    assert found.is_stopped
    assert (found.territory_of_unit >= 0).all()
