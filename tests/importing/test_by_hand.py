"""One account changed by hand: checked, written, kept, told and undone as an import is."""

from __future__ import annotations

from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import Conflict, InputError, NotFound
from metes.model.workspace import checked_setting

PLAN = """key: p
types:
  - key: geo
territories:
  - key: large
    type: geo
    rules:
      - key: r
        when: employees >= 50
  - key: rest
    type: geo
    catch_all: true
"""
FILE = """id,name,employees,segment,annual revenue,currency,city,region,country,parent,tier rank
A1,Kettle & Crane,10,Small,1000.50,EUR,Denver,CO,US,,1
A2,Ash Lane Foods,90,Large,2000,EUR,Boston,MA,US,A1,2
"""


def write(folder: Path, text: str = FILE) -> Path:
    """The file of both accounts."""
    path = folder / "accounts.csv"
    path.write_text(text)
    return path


@pytest.fixture
def assigned(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of two accounts, assigned."""
    workspace.import_("accounts", [write(tmp_path)], source="crm")
    (tmp_path / "plan.yaml").write_text(PLAN)
    workspace.plan_import(tmp_path / "plan.yaml")
    workspace.plan_publish("draft")
    workspace.assign_now()
    assert workspace.assign_waiting() is None
    return workspace


def fact(workspace: Workspace, key: str, name: str) -> object:
    """A field of an account as it stands in the store."""
    return workspace.account(key).facts.record[name]


def holder(workspace: Workspace, key: str) -> str:
    """The territory that holds an account today."""
    return workspace.owner(key).primary[0].territory


def test_a_change_is_written_alone_and_its_account_assigned_at_once(assigned: Workspace) -> None:
    before = dict(assigned.account("A1").facts.record)
    edited = assigned.account_edit("A1", {"employees": "60", "segment": " Enterprise "})
    assert (edited.is_changed, edited.job) == (True, None)
    assert edited.assigned is not None
    assert edited.assigned.moved == 1
    after = assigned.account("A1").facts.record
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"employees", "segment", "digest", "changed_import", "revision"}
    assert (after["employees"], after["segment"]) == (60, "Enterprise")
    assert [holder(assigned, "A1"), holder(assigned, "A2")] == ["large", "large"]
    assert assigned.account("A1").facts.custom == {"tier_rank": 1}


def test_a_change_stands_among_the_imports_and_is_taken_back_there(assigned: Workspace) -> None:
    edited = assigned.account_edit("A1", {"employees": "60"})
    past, _ = assigned.import_show(edited.report.import_id or 0)
    assert (past.source, past.counts["changed"], past.files) == ("edits", 1, ("A1.json",))
    assigned.import_undo(past.id)
    assert fact(assigned, "A1", "employees") == 10
    assert assigned.assign_waiting() is not None


def test_nothing_is_written_where_every_value_is_as_it_is(assigned: Workspace) -> None:
    edited = assigned.account_edit("A1", {"employees": "10", "name": "Kettle & Crane"})
    assert not edited.is_changed
    assert edited.assigned is None
    assert assigned.assign_waiting() is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"employees": "many"}, "employees"),
        ({"country": "Atlantis"}, "country"),
        ({"name": ""}, "name"),
        ({"parent": "nobody"}, "parent"),
        ({"latitude": "99", "longitude": "1"}, "latitude"),
        ({"id": "A9"}, "id"),
        ({"colour": "red", "shade": "dark"}, "shade"),
        ({"segment": "x" * 10_001}, "segment"),
        ({}, ""),
    ],
)
def test_a_value_that_cannot_be_taken_as_it_is_refuses_all(assigned: Workspace, values: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as error:
        assigned.account_edit("A1", {**values, **({"segment": "Y"} if values and "segment" not in values else {})})
    assert not values or said in [finding.place.column for finding in error.value.findings]
    assert fact(assigned, "A1", "segment") == "Small"
    assert len(assigned.imports()) == 1


def test_an_empty_text_clears_its_field(assigned: Workspace) -> None:
    assigned.account_edit("A1", {"employees": "", "tier_rank": ""})
    assert fact(assigned, "A1", "employees") is None
    assert assigned.account("A1").facts.custom == {}


def test_amounts_are_in_the_currency_of_the_account(assigned: Workspace) -> None:
    assigned.account_edit("A1", {"potential": "1234.5"})
    assert [fact(assigned, "A1", name) for name in ("potential_minor", "annual_revenue_minor", "currency")] == [
        123450,
        100050,
        "EUR",
    ]
    assigned.account_edit("A1", {"currency": "JPY"})
    assert [fact(assigned, "A1", name) for name in ("potential_minor", "annual_revenue_minor", "currency")] == [1234, 1000, "JPY"]


def test_a_parent_is_named_by_its_key_and_a_place_is_found_again(assigned: Workspace) -> None:
    before = fact(assigned, "A1", "latitude")
    assigned.account_edit("A1", {"parent": "A2", "city": "Boston", "region": "US-MA"})
    facts = assigned.account("A1").facts
    assert facts.parent is not None
    assert facts.parent["key"] == "A2"
    assert (facts.record["city"], facts.record["region"], facts.record["country"]) == ("Boston", "US-MA", "US")
    assert facts.record["latitude"] != before


def test_whoever_writes_last_wins(assigned: Workspace, tmp_path: Path) -> None:
    assigned.account_edit("A1", {"employees": "60"})
    report = assigned.import_("accounts", [write(tmp_path)], source="crm")
    assert report.changed == 1
    assert fact(assigned, "A1", "employees") == 10
    assigned.account_edit("A1", {"employees": "60"})
    assert fact(assigned, "A1", "employees") == 60
    assert len(assigned.imports()) == 4


def test_who_looked_before_somebody_else_saved_is_told(assigned: Workspace) -> None:
    seen = assigned.account("A1").facts.record["changed_import"]
    assigned.account_edit("A1", {"employees": "60"}, expected=seen)
    with pytest.raises(Conflict, match="since you looked"):
        assigned.account_edit("A1", {"employees": "70"}, expected=seen)


def test_an_unknown_account_and_a_closed_one_are_refused(assigned: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no account 'A9'"):
        assigned.account_edit("A9", {"segment": "X"})
    assigned.import_("accounts", [write(tmp_path, FILE.rpartition("A2")[0])], source="crm", full=True)
    with pytest.raises(Conflict, match="was closed"):
        assigned.account_edit("A2", {"segment": "X"})


def test_the_setting_leaves_the_account_where_it_is_until_something_assigns(assigned: Workspace) -> None:
    assigned.config_set("assign_on_change", "no")
    assert assigned.account_edit("A1", {"employees": "60"}).job is None
    assert holder(assigned, "A1") == "rest"
    assigned.config_set("assign_on_change", "yes")
    edited = assigned.account_edit("A1", {"employees": "70"})
    assert edited.job is None
    assert holder(assigned, "A1") == "large"
    assert checked_setting("assign_on_change", "NO") is False


def test_an_account_of_another_source_with_the_same_id_is_left_alone(assigned: Workspace, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("id,name\nA1,Another One\n")
    assigned.import_("accounts", [other], source="erp")
    assigned.account_edit("erp:A1", {"segment": "Theirs"})
    assert (fact(assigned, "erp:A1", "segment"), fact(assigned, "A1", "segment")) == ("Theirs", "Small")
