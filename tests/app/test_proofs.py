"""Proofs as verbs of the workspace: kept, looked up in the data, and told of the accounts there are where something stays open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import NotFound

ACCOUNTS = "id,name,region,country,segment,latitude,longitude\nA1,One,US-CO,US,SMB,39.7,-105\nA2,Two,US-UT,US,Mid,,\n"
HEAD = "key: p\ntypes:\n  - key: geo\nterritories:\n"
WEST = "  - key: west\n    type: geo\n    rules:\n      - key: main\n        when: {when}\n    seats:\n      - key: w\n"
REST = "  - key: rest\n    type: geo\n    catch_all: true\n    seats:\n      - key: r\n"


@pytest.fixture
def workspace(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with two accounts."""
    file = tmp_path / "accounts.csv"
    file.write_text(ACCOUNTS)
    sqlite_workspace.import_("accounts", [file])
    return sqlite_workspace


def draft(workspace: Workspace, when: str, rest: str = REST) -> str:
    """A draft whose west takes what a rule says."""
    return str(workspace.plan_import({"plan.yaml": HEAD + WEST.format(when=when) + rest}).revision)


def test_a_proof_is_kept_until_the_plan_changes(workspace: Workspace) -> None:
    reference = draft(workspace, "region = 'US-CO'")
    assert workspace.proof_at_hand(reference) is None
    found = workspace.plan_prove(reference)
    assert (found.is_proved, found.verdict, found.findings, found.rules) == (True, "proved", (), 1)
    assert workspace.proof_at_hand(reference) == found
    assert workspace.plan_prove(reference) == found
    rule = workspace.plan_show(reference)[1].territory_by_key["west"].rules[0]
    workspace.rule_set("west", replace(rule, priority=5), reference=reference)
    assert workspace.proof_at_hand(reference) is None


def test_findings_come_back_from_where_they_were_kept(workspace: Workspace) -> None:
    reference = draft(workspace, "region = 'US-ZZ' and segment = 'Tiny'", rest="")
    found = workspace.plan_prove(reference)
    assert {f.code for f in found.findings} == {"plan-gap", "plan-no-catch-all", "rule-unknown-code"}
    assert workspace.plan_prove(reference) == found
    assert [f.code for f in found.of_rule("west", "main")] == ["rule-unknown-code"]
    assert found.as_dict()["findings"][0]["example"]


def test_values_that_no_record_holds_are_told_once_there_is_a_book(workspace: Workspace) -> None:
    reference = draft(workspace, "segment = 'Tiny'")
    workspace.book()
    (found,) = workspace.plan_prove(reference).findings
    assert found.message == "as segment, 'Tiny' stands in no record that was imported"


def test_what_stays_open_is_looked_at_in_the_accounts(workspace: Workspace) -> None:
    areas = {
        name: f'{{"type":"Polygon","coordinates":[[[{w},39],[{w + 2},39],[{w + 2},41],[{w},41],[{w},39]]]}}'
        for name, w in (("a", -106), ("b", -107))
    }
    east = WEST.replace("west", "east").replace("key: w", "key: e")
    text = HEAD + WEST.format(when="in area 'a'") + east.format(when="in area 'b'") + REST
    files = {"plan.yaml": text, **{f"areas/{name}.geojson": geometry for name, geometry in areas.items()}}
    found = workspace.plan_prove(str(workspace.plan_import(files).revision))
    assert found.verdict == "undecided"
    assert found.book is not None
    assert (found.book["accounts"], found.book["gaps"], found.book["doubles"], tuple(found.book["double_ids"])) == (
        2,
        0,
        1,
        ("A1",),
    )
    assert found.sentence.endswith("Of the 2 accounts there are, none is held by nobody and 1 by the order of keys alone.")


def test_a_folder_is_proved_with_the_places_of_its_findings(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    folder.mkdir()
    (folder / "plan.yaml").write_text(HEAD + WEST.format(when="employees > 3 and employees < 5 and not employees = 4") + REST)
    (found,) = workspace.plan_prove(folder).findings
    assert (found.code, found.place.file, found.place.line) == ("rule-never-holds", "plan.yaml", 8)


def test_a_plan_with_errors_is_not_looked_at(workspace: Workspace) -> None:
    found = workspace.plan_prove({"plan.yaml": HEAD + WEST.format(when="nothing = 1")})
    assert found.verdict == "errors"
    assert found.sentence == "Not looked at: 1 error must be mended first."
    assert not found.is_proved


def test_a_verdict_is_worked_out_at_once_for_small_plans_alone(workspace: Workspace) -> None:
    reference = draft(workspace, "region = 'US-CO'")
    verdict = workspace.plan_verdict(reference)
    assert verdict is not None
    assert verdict.is_proved
    with pytest.raises(NotFound):
        workspace.plan_verdict("99")
