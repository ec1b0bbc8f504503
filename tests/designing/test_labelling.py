"""Names and colours that a working out gives: kept with it, undone with it, and never taken from hands."""

from __future__ import annotations

from typing import Any

import numpy as np

from metes.designing import state as design_state
from metes.designing.state import DesignState, Solved
from tests.designing.test_running import small

SOLVED = Solved(1.0, 1.0, 0, False, ())


def begun(**asked: Any) -> DesignState:
    """Four zones in a row, Zero to Three, that two territories are to share from scratch."""
    spec, given = small(start="scratch", **asked)
    return DesignState.begin(spec, given, given.current)


def labels(state: DesignState) -> list[tuple[str, int | None]]:
    """Name and colour of each territory."""
    return [(t.name, t.colour) for t in state.territories]


def test_a_design_from_scratch_is_numbered_then_named_by_place_and_back_again() -> None:
    state = begun()
    before = labels(state)
    assert [name for name, _ in before] == ["Territory 1", "Territory 2"]
    assert {t.key for t in state.territories} == {"west", "east"}
    answers = {"before": state.live.territory_of_unit.copy(), "after": np.array([0, 0, 1, 1], np.int32)}
    operation, _ = design_state.solve(state, answers["after"], SOLVED, "before", "after")
    after = labels(state)
    assert [name for name, _ in after] == ["One", "Three"]
    assert after[0][1] != after[1][1]
    design_state.revert(state, operation, answers.__getitem__)
    assert labels(state) == before
    design_state.apply(state, operation, answers.__getitem__)
    assert labels(state) == after


def test_a_name_that_hands_gave_stays_when_it_is_worked_out_again() -> None:
    state = begun()
    design_state.solve(state, np.array([0, 0, 1, 1], np.int32), SOLVED, "", "")
    renamed = design_state.rename(state, 0, "Front")
    design_state.solve(state, np.array([1, 1, 1, 0], np.int32), SOLVED, "", "")
    assert state.territories[0].name == "Front"
    assert state.territories[1].name in ("Zero", "One", "Two")
    design_state.revert(state, renamed, lambda _: np.zeros(0, np.int32))
    assert state.territories[0].name == "One"


def test_from_today_territories_keep_names_and_new_ones_are_named_by_place() -> None:
    spec, given = small(territories=3)
    state = DesignState.begin(spec, given, given.current)
    design_state.solve(state, np.array([0, 0, 1, 2], np.int32), SOLVED, "", "")
    assert [t.name for t in state.territories] == ["west", "east", "Three"]
    colours = [t.colour for t in state.territories]
    assert colours[0] != colours[1] != colours[2]


def test_an_answer_that_was_kept_without_labels_is_done_again() -> None:
    state = begun()
    old = design_state.Operation("solve", {"before": "b", "after": "a", "solved": SOLVED.as_dict()})
    design_state.apply(state, old, lambda _: np.array([0, 0, 1, 1], np.int32))
    assert [t.name for t in state.territories] == ["Territory 1", "Territory 2"]
