"""Two scenarios of one plan, merged by command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

PLAN = """key: fy27
name: FY27
types:
  - key: geo
territories:
  - key: company
    type: geo
    children:
      - key: west
        name: West
        type: geo
        rules:
          - key: states
            when: region in ('US-CA', 'US-OR')
      - key: east
        name: East
        type: geo
        rules:
          - key: states
            when: region = 'US-NY'
      - key: house
        type: geo
        catch_all: true
"""


@pytest.fixture
def company(metes: Command, tmp_path: Path) -> Command:
    """A plan published, and two scenarios that began from it and say different things."""
    (tmp_path / "plan.yaml").write_text(PLAN)
    assert metes("plan", "import", "plan.yaml").code in (0, 1)
    assert metes("plan", "publish", "draft", "--on", "2025-01-01").code == 0
    (tmp_path / "plan.yaml").write_text(PLAN.replace("name: West", "name: Far West").replace("US-NY'", "US-NJ'"))
    assert metes("plan", "import", "plan.yaml").code in (0, 1)
    (tmp_path / "plan.yaml").write_text(PLAN.replace("name: West", "name: Pacific").replace("'US-OR'", "'US-WA'"))
    assert metes("plan", "import", "plan.yaml").code in (0, 1)
    return metes


def test_a_conflict_is_told_with_its_key_and_nothing_is_written(company: Command) -> None:
    ran = company("plan", "merge", "2", "--into", "3")
    assert ran.code == 2
    assert ran.out == (
        "territory:west:name\n"
        "  Both changed the name of territory west: it was 'West'; ours made it 'Pacific', theirs 'Far West'.\n"
    )
    assert "Revision 2 into Revision 3: 1 conflict to settle; nothing was written" in ran.err
    assert "--take 'KEY=ours'" in ran.err
    assert company("plan", "diff", "1", "3").out.count("\n") == 2


def test_a_settled_merge_has_what_both_sides_changed(company: Command) -> None:
    ran = company("plan", "merge", "2", "--into", "3", "--take", "territory:west:name=theirs")
    assert ran.code == 0
    assert "2 steps, 1 conflict settled" in ran.err
    assert company("plan", "diff", "1", "3").out == (
        "Change name of territory west from 'West' to 'Far West'.\n"
        "Change condition of rule west/states from 'region in ('US-CA', 'US-OR')' to 'region in ('US-CA', 'US-WA')'.\n"
        "Change condition of rule east/states from 'region = 'US-NY'' to 'region = 'US-NJ''.\n"
    )
    again = company("plan", "merge", "2", "--into", "3")
    assert (again.code, again.err.strip()) == (0, "Revision 3 has all of Revision 2 already; nothing was written")


def test_all_conflicts_may_be_settled_for_one_side_and_a_dry_run_writes_nothing(company: Command) -> None:
    ran = company("plan", "merge", "2", "--into", "3", "--all", "ours", "--dry-run")
    assert ran.code == 0
    assert "Revision 2 into Revision 3 would be 1 step, 1 conflict settled; nothing was written" in ran.err
    found = company("--json", "plan", "merge", "2", "--into", "3", "--all", "base").json
    assert found["steps"][0]["sentence"] == "Change name of territory west from 'Pacific' to 'West'."


def test_choices_that_fit_no_conflict_are_refused_with_the_nearest(company: Command) -> None:
    for take, message in (
        ("territory:west:nam=ours", "Did you mean 'territory:west:name'?"),
        ("territory:west:name=mine", "expected ours, theirs or base for territory:west:name, got 'mine'"),
        ("territory:west:name", "expected KEY=ours, KEY=theirs or KEY=base after --take"),
    ):
        ran = company("plan", "merge", "2", "--into", "3", "--take", take)
        assert ran.code == 2
        assert message in ran.err
    assert "is active and never changes" in company("plan", "merge", "2", "--into", "active").err
    assert "cannot be merged into itself" in company("plan", "merge", "2", "--into", "2").err
