"""A plan's folder and the plan in the store, edited side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

ACCOUNTS = "id,name,region,country,potential\nA1,One,US-CA,US,100\nA2,Two,US-OR,US,200\nA3,Three,US-NY,US,400\n"


@pytest.fixture
def company(metes: Command, tmp_path: Path) -> Command:
    """Three accounts under a published plan, which stands in a folder too."""
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    assert metes("import", "accounts", "accounts.csv").code == 0
    assert metes("plan", "init", "plan", "--key", "sales", "--name", "Sales").code == 0
    edit(tmp_path, "plan/plan.yaml", "name: Sales", "name: Sales 27")
    assert metes("plan", "apply", "plan", "--on", "2025-01-01", "--yes").code == 0
    return metes


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Replace a text in a file."""
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


TREE = "plan/territories/company.yaml"


def test_a_folder_is_applied_in_one_go_and_a_second_time_nothing_happens(company: Command, tmp_path: Path) -> None:
    assert [row["state"] for row in company("--json", "plan", "list").json] == ["active"]
    again = company("plan", "apply", "plan", "--yes")
    assert (again.code, again.out) == (0, "")
    assert again.err == "nothing to apply: revision 1, active from 2025-01-01, says this already\n"
    edit(tmp_path, TREE, "name: West\n", "name: Far West\n")
    edit(tmp_path, TREE, "'US-OR', ", "")
    asked = company("plan", "apply", "plan")
    assert asked.code == 1
    assert "Change name of territory west from 'West' to 'Far West'." in asked.out
    assert "1 of 3 accounts would change territory" in asked.err
    assert "nothing was published" in asked.err
    assert len(company("--json", "plan", "list").json) == 1
    done = company("plan", "apply", "plan", "--yes", "--note", "Oregon waits")
    assert done.code == 0
    assert "Sales 27 (revision 3) is active" in done.err
    assert "1 accounts moved" in done.err
    assert company("--json", "owner", "A2").json["territory"] == "house"
    assert "says this already" in company("plan", "apply", "plan", "--yes").err


def test_a_no_leaves_a_scenario_and_the_text_as_they_were(company: Command, tmp_path: Path) -> None:
    assert company("plan", "branch", "autumn").code == 0
    assert company("plan", "export", "hers", "autumn").code == 0
    edit(tmp_path, "hers/territories/company.yaml", "name: West\n", "name: Far West\n")
    for _ in range(2):
        asked = company("plan", "apply", "hers")
        assert asked.code == 1
        assert asked.out.splitlines()[0] == "Change name of territory west from 'West' to 'Far West'."
        assert company("plan", "diff", "active", "autumn").err == "no difference\n"
    assert "is now draft 2;" in company("plan", "import", "hers").err
    assert company("plan", "apply", "hers", "--yes", "--on", "2999-01-01").code == 0
    again = company("plan", "apply", "hers", "--yes")
    assert again.err == "nothing to apply: revision 2, scheduled from 2999-01-01, says this already\n"


def test_a_text_written_from_an_older_revision_is_merged_with_what_came_since(company: Command, tmp_path: Path) -> None:
    assert company("plan", "export", "other").code == 0
    edit(tmp_path, TREE, "name: East\n", "name: Atlantic\n")
    assert company("plan", "apply", "plan", "--yes").code == 0
    edit(tmp_path, "other/territories/company.yaml", "name: West\n", "name: Pacific\n")
    ran = company("plan", "import", "other")
    assert ran.code == 0
    assert "is draft 3;" in ran.err
    assert "the plan has 1 change that came after the text was written" in ran.err
    assert company("plan", "diff").out == "Change name of territory west from 'West' to 'Pacific'.\n"
    # What was taken in stands in the lock now, so that taking the edit back is an edit.
    edit(tmp_path, "other/territories/company.yaml", "name: Pacific\n", "name: West\n")
    edit(tmp_path, "other/plan.yaml", "name: Sales 27", "name: Sales 28")
    assert "is now draft 3;" in company("plan", "import", "other").err
    assert company("plan", "diff").out == "Change name of plan sales from 'Sales 27' to 'Sales 28'.\n"


def test_conflicts_of_a_text_name_file_and_line_and_nothing_is_written(company: Command, tmp_path: Path) -> None:
    assert company("plan", "export", "other").code == 0
    edit(tmp_path, TREE, "name: West\n", "name: Pacific\n")
    assert company("plan", "apply", "plan", "--yes").code == 0
    edit(tmp_path, "other/territories/company.yaml", "name: West\n", "name: Far West\n")
    line = (tmp_path / "other/territories/company.yaml").read_text().split("key: west\n")[0].count("\n") + 1
    lock = (tmp_path / "other/plan.lock").read_text()
    for command in (("import", "other"), ("apply", "other", "--yes")):
        ran = company("plan", *command)
        assert ran.code == 2
        assert "1 conflict between other and what changed in the plan since it was written from revision 1" in ran.err
        assert f"territories/company.yaml, line {line}," in ran.err
        assert "it was 'West'; ours made it 'Pacific', theirs 'Far West'" in ran.err
    assert [row["id"] for row in company("--json", "plan", "list").json] == [2, 1]
    assert (tmp_path / "other/plan.lock").read_text() == lock
    settled = company("plan", "import", "other", "--take", "territory:west:name=theirs")
    assert settled.code == 0
    assert company("plan", "diff").out == "Change name of territory west from 'Pacific' to 'Far West'.\n"


def test_a_folder_without_its_lock_is_taken_for_the_whole_plan_with_a_warning(company: Command, tmp_path: Path) -> None:
    assert company("plan", "export", "other").code == 0
    edit(tmp_path, TREE, "name: East\n", "name: Atlantic\n")
    assert company("plan", "apply", "plan", "--yes").code == 0
    (tmp_path / "other/plan.lock").unlink()
    ran = company("plan", "import", "other")
    assert ran.code == 1
    assert "plan-lock" in ran.err
    assert company("plan", "diff").out == "Change name of territory east from 'Atlantic' to 'East'.\n"
    (tmp_path / "plan/plan.lock").write_text("<<<<<<< ours\n")
    broken = company("plan", "import", "plan")
    assert broken.code == 1
    assert "it cannot be read" in broken.err


def test_an_export_writes_its_lock_and_a_second_one_nothing(company: Command, tmp_path: Path) -> None:
    assert "3 files written" in company("plan", "export", "other").err
    lock = json.loads((tmp_path / "other/plan.lock").read_text())
    assert lock["revision"] == 1
    assert set(lock["files"]) == {"plan.yaml", "territories/company.yaml"}
    assert "nothing was written" in company("plan", "export", "other").err
    assert "nothing to take in: Sales 27 is revision 1 already, active from 2025-01-01" in company("plan", "import", "other").err
    (tmp_path / "other/plan.yaml").unlink()
    assert company("plan", "export", "other").code == 0
    assert (tmp_path / "other/plan.yaml").exists()


def test_revisions_and_folders_are_compared_with_one_another(company: Command, tmp_path: Path) -> None:
    assert company("plan", "diff", "active", "plan").err == "no difference\n"
    edit(tmp_path, TREE, "name: West\n", "name: Far West\n")
    edit(tmp_path, TREE, "name: East\n", "name: '*East* <b>@all'\n")
    one = company("plan", "diff", "active", "plan")
    assert one.out.splitlines() == [
        "Change name of territory west from 'West' to 'Far West'.",
        "Change name of territory east from 'East' to '*East* <b>@all'.",
    ]
    assert company("plan", "diff", "plan", "active").out.startswith("Change name of territory west from 'Far West' to 'West'.")
    part = company("plan", "diff", "active", "plan", "--rows", "1")
    assert part.out.count("\n") == 1
    assert part.err == "2 steps; these are 1 to 1, '--from 1' prints the next, '--rows 0' all\n"
    assert company("plan", "diff", "active", "plan", "--from", "1").out.startswith("Change name of territory east")


def test_a_review_comment_has_counts_and_each_territory_folded(company: Command, tmp_path: Path) -> None:
    edit(tmp_path, TREE, "name: West\n", "name: Far West\n")
    edit(tmp_path, TREE, "name: East\n", "name: '*East* <b>@all'\n")
    edit(tmp_path, "plan/plan.yaml", "name: Sales 27", "name: Sales 28")
    told = company("plan", "diff", "active", "plan", "--markdown").out
    assert told.startswith(
        "### Plan changes: active → plan\n\n**3 changes** in 2 territories.\n\n|  | added | removed | moved | changed |"
    )
    assert "<details><summary><b>Far West (west)</b>: 1 change</summary>" in told
    assert r"- Change name of territory east from 'East' to '\*East\* &lt;b&gt;&#64;all'." in told
    assert "<b>&lt;" not in told.split("<summary>")[0]
    assert company("plan", "diff", "active", "plan", "--consequences").code == 2
    assert company("plan", "import", "plan").code == 0
    with_accounts = company("plan", "diff", "active", "draft", "--markdown", "--consequences").out
    assert "**0 of 3 accounts** change territory" in with_accounts


def test_two_revisions_are_compared_on_the_accounts(company: Command, tmp_path: Path) -> None:
    edit(tmp_path, TREE, "'US-OR', ", "")
    assert company("plan", "import", "plan").code == 0
    ran = company("plan", "compare")
    assert next(line for line in ran.out.splitlines() if line.startswith("West")).split() == [
        "West",
        "2",
        "1",
        "300",
        "USD",
        "100",
        "USD",
        "0",
        "USD",
        "0",
        "USD",
    ]
    assert "1 of 3 accounts would change territory" in ran.err
    assert company("--json", "plan", "compare", "active", "2").json["consequences"]["moved"] == 1


def test_the_log_of_a_plan_tells_what_happened_to_it(company: Command, tmp_path: Path) -> None:
    edit(tmp_path, TREE, "name: West\n", "name: Far West\n")
    assert company("plan", "apply", "plan", "--yes", "--note", "West grows").code == 0
    kinds = [entry["kind"] for entry in company("--json", "plan", "log").json]
    assert kinds == ["publish", "import", "publish", "import"]
    ran = company("plan", "log", "--rows", "1")
    assert "West grows" in ran.out
    assert "… and 3 older ones" in ran.err
