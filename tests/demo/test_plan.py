"""The plan and its rules against the construction: each account has one primary holder, the same both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metes.base.ids import is_key
from metes.demo import CompanyFiles
from metes.demo.accounts import Accounts, make_accounts
from metes.demo.carve import areas, home_areas
from metes.demo.colours import colours_of_patches
from metes.demo.columns import stream
from metes.demo.holding import HOUSE, Holding, hold
from metes.demo.places import Places, load_places
from metes.model.catalogue import rule_fields
from metes.model.condition import literals
from metes.model.plan import Plan, Role, Territory
from metes.plan.order import in_order
from metes.plan.text import read_plan
from metes.rules.predicate import holds
from metes.rules.syntax import parse, to_text

TODAY = date(2025, 11, 21)


@pytest.fixture(scope="module")
def world() -> tuple[Accounts, Places, Holding]:
    """The accounts of the company fixture before they are written, with their holders by construction."""
    places, _ = load_places()
    accounts = make_accounts(stream(7, 1), places, 4000, TODAY)
    return accounts, places, hold(accounts, places)


def takes(plan: Plan, territory: Territory, record: Mapping[str, Any]) -> bool:
    """Whether a territory takes a record: its parent does and, if it has rules, one of them holds."""
    parent = plan.territory_by_key.get(territory.parent or "")
    if parent is not None and not takes(plan, parent, record):
        return False
    return not territory.rules or any(holds(rule.condition, record, plan.list_by_key) for rule in territory.rules)


def primary(plan: Plan, record: Mapping[str, Any]) -> list[str]:
    """Keys of the deepest territories of the first primary type that take a record; the catch-all where there is none."""
    depth = {t.key: len(list(plan.ancestors(t.key))) for t in plan.territories}
    for kind in sorted((t for t in plan.types if t.role is Role.PRIMARY), key=lambda t: t.priority):
        found = [t.key for t in plan.territories if t.type == kind.key and t.rules and takes(plan, t, record)]
        deepest = max((depth[key] for key in found), default=0)
        if found:
            return [key for key in found if depth[key] == deepest]
    return [t.key for t in plan.territories if t.is_catch_all]


def test_the_rules_give_each_account_the_one_holder_that_construction_gives(
    company: CompanyFiles, world: tuple[Accounts, Places, Holding]
) -> None:
    accounts, _, holding = world
    fields = ("id", "country", "region", "postal_code", "employees", "industry", "segment", "channel")
    records = accounts.table.select(list(fields)).to_pylist()
    expected = [holding.keys[h] for h in holding.holder]
    for record, key in zip(records, expected, strict=True):
        assert primary(company.plan, record) == [key], record


def test_few_accounts_are_left_to_the_house_and_every_territory_has_some(world: tuple[Accounts, Places, Holding]) -> None:
    _, _, holding = world
    counts = dict(zip(holding.keys, np.bincount(holding.holder, minlength=len(holding.keys)), strict=True))
    assert 0 < counts[HOUSE] < 0.02 * sum(counts.values())
    area_keys = {area.key for _, area in areas()}
    assert all(count > 0 for key, count in counts.items() if key not in area_keys)
    assert sum(counts[key] for key in area_keys) < 0.02 * sum(counts.values())


def test_every_inhabited_postal_code_lies_in_a_territory(world: tuple[Accounts, Places, Holding]) -> None:
    _, places, _ = world
    domestic = np.array([c == "US" for c in places.country.to_pylist()])
    assert (places.patch[domestic] >= 0).all()
    assert set(home_areas()) == {r[3:] for r in places.region.to_pylist() if r.startswith("US-")}


def test_rule_text_reads_back_equal_and_asks_for_known_fields_only(company: CompanyFiles) -> None:
    fields = rule_fields()
    for territory in company.plan.territories:
        for rule in territory.rules:
            assert {literal.field for literal in literals(rule.condition)} <= set(fields)
            assert parse(to_text(rule.condition), fields) == rule.condition


def test_the_plan_reads_back_from_its_folder_without_a_finding(company: CompanyFiles) -> None:
    plan, findings = read_plan(company.plan_folder, rule_fields())
    assert findings == ()
    assert plan == in_order(company.plan)


def test_the_tree_has_the_shape_that_is_promised(company: CompanyFiles) -> None:
    plan = company.plan
    assert len(plan.preorder) == len(plan.territories)
    assert len(plan.children_by_key["united-states"]) == 4
    assert len([t for r in plan.children_by_key["united-states"] for t in plan.children_by_key[r.key]]) == 16
    assert {t.role for t in plan.types} == {Role.PRIMARY, Role.OVERLAY}
    for keys in ([t.key for t in plan.territories], [s.key for s in plan.seats], [n.key for n in plan.lists]):
        assert len(set(keys)) == len(keys)
        assert all(is_key(key) for key in keys)
    assert {s.territory for s in plan.seats} <= set(plan.territory_by_key)


def test_pins_and_exclusions_name_reason_author_and_day(company: CompanyFiles) -> None:
    pins = company.plan.pins
    assert any(p.is_exclusion for p in pins)
    assert any(not p.is_exclusion and not p.holds_on(TODAY) for p in pins)
    for pin in pins:
        assert pin.reason
        assert pin.author
        assert pin.period.start is not None
        assert pin.territory in company.plan.territory_by_key
    held = [p.account for p in pins if p.holds_on(TODAY)]
    assert len(set(held)) == len(held)


def test_a_pinned_account_is_not_where_its_rules_would_put_it(
    company: CompanyFiles, world: tuple[Accounts, Places, Holding]
) -> None:
    accounts, _, holding = world
    holder = dict(zip(accounts.id.to_pylist(), (holding.keys[h] for h in holding.holder), strict=True))
    for pin in company.plan.pins:
        assert (holder[pin.account] == pin.territory) == pin.is_exclusion


def test_neighbours_on_the_map_differ_in_colour(company: CompanyFiles, world: tuple[Accounts, Places, Holding]) -> None:
    _, places, _ = world
    patches = [patch for _, area in areas() for patch in area.patches]
    colours = colours_of_patches(places, len(patches))
    assert set(colours) == set(range(12))
    by_key = dict(zip((p.key for p in patches), colours, strict=True))
    for a, b in (
        ("front-range", "wasatch"),
        ("tampa-bay", "suncoast"),
        ("dallas", "cross-timbers"),
        ("chicago", "chicago-suburbs"),
    ):
        assert by_key[a] != by_key[b]
    assert all(t.colour == by_key[t.key] for t in company.plan.territories if t.key in by_key)


def test_the_files_of_the_company_hold_the_same_accounts(company: CompanyFiles, folder: Path, world: Any) -> None:
    accounts, _, _ = world
    ids = [line.split(",")[0].strip('"') for line in (folder / "accounts.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert ids == accounts.id.to_pylist()
