"""Terms of rules in the workspace's verbs: why an account stands where it does, lists and counts."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.model.condition import Range
from metes.model.plan import Area, Pin, Rule, Territory
from metes.model.query import AccountQuery

# Denver and Boulder lie in the box, Omaha does not; nobody knows where Nowhere is.
BOX = {"type": "Polygon", "coordinates": [[[-106, 39], [-104, 39], [-104, 41], [-106, 41], [-106, 39]]]}
ACCOUNTS = """id,name,latitude,longitude,parent
DEN,Denver,39.74,-104.99,
BOU,Boulder,40.01,-105.27,OMA
OMA,Omaha,41.26,-95.93,
NOW,Nowhere,,,DEN
"""
NEAR = Range("distance:39.74,-104.99", high=Decimal(60))


@pytest.fixture
def workspace(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with four accounts and a plan with one area and one territory, whose rule asks for what is near."""
    file = tmp_path / "accounts.csv"
    file.write_text(ACCOUNTS)
    sqlite_workspace.import_("accounts", [file])
    orders = tmp_path / "orders.csv"
    orders.write_text("id,account,date,amount\n1,DEN,2026-03-01,100\n2,DEN,2024-03-01,50\n3,OMA,2025-12-24,7\n")
    sqlite_workspace.import_("orders", [orders])
    sqlite_workspace.plan_init(tmp_path / "plan", "p", "P")
    imported = sqlite_workspace.plan_import(tmp_path / "plan")
    root = imported.plan.territories[0]
    rule = Rule("near", NEAR)
    added = (Territory("near", root.type, "Near", parent=root.key, rules=(rule,)),)

    sqlite_workspace.plan_change(
        lambda plan: replace(plan, areas=(Area("front", json.dumps(BOX)),), territories=plan.territories + added),
        "an area and a territory",
        reference=str(imported.revision),
    )
    sqlite_workspace.plan_publish("draft")
    return sqlite_workspace


def test_why_knows_the_terms_that_rules_ask_for(workspace: Workspace) -> None:
    assert [held.territory.key for held in workspace.explain("DEN").held] == ["near"]
    assert [held.territory.key for held in workspace.explain("BOU").held] == ["near"]
    assert "near" not in [held.territory.key for held in workspace.explain("OMA").held]
    why = workspace.account("OMA").why
    assert why is not None
    assert "near" in [failed.territory.key for failed in why.failed]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("in area 'front'", {"DEN", "BOU"}),
        ("not in area 'front'", {"OMA", "NOW"}),
        ("distance to (39.74, -104.99) <= 60 or name = 'Omaha'", {"DEN", "BOU", "OMA"}),
        ("month = 3 and orders count in last 12 months > 0", {"DEN", "OMA"}),
        ("orders sum >= 150", {"DEN"}),
        ("family.name = 'Denver'", {"DEN", "NOW"}),
    ],
)
def test_lists_and_counts_are_filtered_by_terms(workspace: Workspace, text: str, wanted: set[str]) -> None:
    condition = workspace.rule_parse(text)
    query = AccountQuery(condition=condition, columns=("id",), rows=10)
    assert {row["id"] for row in workspace.accounts(query).rows} == wanted
    assert set(workspace.account_ids(query)) == wanted
    assert sum(batch.num_rows for batch in workspace.accounts_export(query)) == len(wanted)
    assert workspace.rule_count(condition) == len(wanted)
    assert workspace.rule_take(condition, "near").accounts == len(wanted)


def test_the_consequence_of_a_pin_is_seen_under_rules_that_ask_for_terms(workspace: Workspace) -> None:
    workspace.assign()
    pins = [Pin(key, "near", "test") for key in ("DEN", "OMA")]
    found = {(move.before, move.after): move.accounts for move in workspace.pin_preview(pins)}
    assert found[("near", "near")] == 1
    assert sum(found.values()) == 2
    assert all(after == "near" for _, after in found)
    excluded = [replace(pin, is_exclusion=True) for pin in pins]
    assert all(move.after != "near" for move in workspace.pin_preview(excluded))
