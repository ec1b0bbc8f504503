"""Plans written to folders and read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from metes.base.errors import InputError
from metes.model.condition import In
from metes.model.plan import NamedList, Pin, Plan, Rule, Territory, TerritoryType
from metes.plan.draft import empty_plan
from metes.plan.text import read_plan, read_texts
from metes.plan.writing import render, write_plan
from tests.plan.strategies import FIELDS, plans

STARTER = empty_plan("fy25", "Fiscal 2025")


@given(plans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_plan_written_and_read_is_the_same_plan(plan: Plan) -> None:
    files = render(plan)
    text = read_texts(files, FIELDS)
    assert text.findings == ()
    assert text.plan == plan
    assert render(text.plan) == files


@given(plans())
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_yaml_reader_takes_the_texts_as_texts(plan: Plan) -> None:
    told = yaml.safe_load(render(plan)["plan.yaml"])
    assert told["key"] == plan.key
    assert told.get("name", "") == plan.name
    assert [kind["kind"] for kind in told["types"]] == [kind.kind for kind in plan.types]


def test_writing_twice_writes_nothing_the_second_time(tmp_path: Path) -> None:
    assert len(write_plan(STARTER, tmp_path)) == 2
    assert write_plan(STARTER, tmp_path) == []
    assert read_plan(tmp_path, FIELDS) == (STARTER, ())


def test_only_files_whose_content_changed_are_rewritten(tmp_path: Path) -> None:
    plan = replace(STARTER, lists=(NamedList("strategic", ("A1", "A2")), NamedList("vertical", ("X",))))
    write_plan(plan, tmp_path)
    changed = replace(plan, lists=(NamedList("strategic", ("A1",)), NamedList("vertical", ("X",))))
    assert write_plan(changed, tmp_path) == [tmp_path / "lists" / "strategic.yaml"]


def test_files_of_what_is_gone_are_removed_and_others_are_left(tmp_path: Path) -> None:
    pin = Pin("A1", "west", "asked for it")
    write_plan(replace(STARTER, lists=(NamedList("strategic", ("A1",)),), pins=(pin,)), tmp_path)
    (tmp_path / "territories" / "notes.txt").write_text("ours")
    gone = write_plan(STARTER, tmp_path)
    assert gone == [tmp_path / "pins.yaml", tmp_path / "lists" / "strategic.yaml"]
    assert not any(path.exists() for path in gone)
    assert (tmp_path / "territories" / "notes.txt").exists()
    assert not list(tmp_path.rglob(".*"))


def test_a_file_that_says_the_same_in_another_form_is_left_as_it_is(tmp_path: Path) -> None:
    write_plan(STARTER, tmp_path)
    file = tmp_path / "plan.yaml"
    by_hand = file.read_text().replace("name: Fiscal 2025", "name:   'Fiscal 2025'")
    file.write_text(by_hand)
    assert write_plan(STARTER, tmp_path, FIELDS) == []
    assert file.read_text() == by_hand
    assert write_plan(replace(STARTER, name="Fiscal 2026"), tmp_path, FIELDS) == [file]


def test_a_plan_in_one_file_becomes_a_folder(tmp_path: Path) -> None:
    one = "key: p\ntypes:\n  - key: geo\nterritories:\n  - key: root\n    type: geo\n"
    (tmp_path / "plan.yaml").write_text(one)
    plan, findings = read_plan(tmp_path, FIELDS)
    assert findings == ()
    write_plan(plan, tmp_path, FIELDS)
    assert sorted(path.name for path in tmp_path.rglob("*.yaml")) == ["plan.yaml", "root.yaml"]
    assert read_plan(tmp_path, FIELDS) == (plan, ())


def test_a_folder_that_is_no_plan_is_not_cleared(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "shopping.yaml").write_text("- milk\n")
    with pytest.raises(InputError, match="no plan's folder"):
        write_plan(STARTER, tmp_path)
    assert (tmp_path / "lists" / "shopping.yaml").exists()


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "A B", "x/y"])
def test_a_key_that_could_leave_the_folder_is_refused(key: str, tmp_path: Path) -> None:
    for plan in (Plan("p", territories=(Territory(key, "t"),)), Plan("p", lists=(NamedList(key, ()),))):
        with pytest.raises(InputError, match="cannot name a file"):
            write_plan(plan, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "territories",
    [
        (Territory("a", "t", parent="b"), Territory("b", "t", parent="a")),
        (Territory("a", "t", parent="nowhere"),),
        (Territory("a", "t"), Territory("a", "t")),
    ],
)
def test_what_is_no_tree_is_refused(territories: tuple[Territory, ...]) -> None:
    with pytest.raises(InputError, match="no tree"):
        render(Plan("p", territories=territories))


def test_half_a_character_is_refused() -> None:
    with pytest.raises(InputError, match="half a character"):
        render(Plan("p", name="\ud800"))


def test_a_long_rule_breaks_at_its_connectives_and_reads_back() -> None:
    codes = tuple(f"US-{i:02d}, {'X' * 9}" for i in range(20))
    rule = Rule("r", In("region", codes))
    plan = Plan("p", types=(TerritoryType("t"),), territories=(Territory("a", "t", rules=(rule,)),))
    text = render(plan)["territories/a.yaml"]
    assert "when: |" in text
    assert max(map(len, text.splitlines())) < 120
    assert read_texts(render(plan), FIELDS).plan == plan
