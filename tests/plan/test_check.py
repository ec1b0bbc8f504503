"""What is said about a whole plan."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from metes.base.dates import Period
from metes.base.findings import Finding, Severity
from metes.model.condition import EVERYTHING, Equals, InList, Not
from metes.model.plan import Area, NamedList, Pin, Plan, Policy, Role, Rule, Seat, Territory, TerritoryType
from metes.plan.check import check_plan
from metes.plan.check_areas import areas_asked, check_areas
from metes.plan.check_seats import check_seat
from metes.plan.draft import empty_plan
from tests.plan.strategies import FIELDS, plans

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "findings.md"
STARTER = empty_plan("fy25", "Fiscal 2025")
GEO = TerritoryType("geo")


def codes(plan: Plan) -> dict[str, Finding]:
    """Findings about a plan by code."""
    return {finding.code: finding for finding in check_plan(plan, FIELDS)}


def tree(*territories: Territory, **more: object) -> Plan:
    """A plan of one primary type with a catch-all that somebody owns."""
    house = Territory("house", "geo", is_catch_all=True)
    return replace(Plan("p", types=(GEO,), territories=(house, *territories), seats=(Seat("s", "house"),)), **more)  # type: ignore[arg-type]


def pin(territory: str, start: int | None = None, end: int | None = None, *, account: str = "A", is_exclusion: bool = False) -> Pin:
    """A pin from a day of January to another."""
    days = [None if day is None else date(2024, 1, day) for day in (start, end)]
    return Pin(account, territory, "why", period=Period(*days), is_exclusion=is_exclusion)


def test_a_sound_plan_has_no_findings() -> None:
    assert check_plan(STARTER, FIELDS) == []


@given(plans())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_plan_is_checked_without_trouble_and_always_alike(plan: Plan) -> None:
    assert check_plan(plan, FIELDS) == check_plan(plan, FIELDS)


SPLIT = TerritoryType("geo", policy=Policy.SPLIT)
OVERLAY = TerritoryType("spec", role=Role.OVERLAY)
A, B = Territory("a", "geo"), Territory("b", "geo")
WITH_RULE = Territory("a", "geo", rules=(Rule("r", Equals("country", "US")),))


SQUARE = '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}'
FIJI = '{"type":"Polygon","coordinates":[[[-178,-19],[177,-19],[177,-16],[-178,-16],[-178,-19]]]}'


@pytest.mark.parametrize(
    ("plan", "code", "subject"),
    [
        (replace(STARTER, key="Bad Key"), "plan-key", "plan Bad Key"),
        (tree(A, A), "plan-duplicate", "territory a"),
        (tree(A, seats=(Seat("s", "house"), Seat("s", "a"))), "plan-duplicate", "seat s"),
        (tree(Territory("a", "geografic")), "plan-unknown-type", "territory a"),
        (tree(Territory("a", "geo", parent="hous")), "plan-unknown-parent", "territory a"),
        (tree(Territory("a", "geo", parent="b"), Territory("b", "geo", parent="a")), "plan-cycle", "territory a"),
        (Plan("p", types=(GEO,)), "plan-empty", "plan p"),
        (tree(types=(GEO, OVERLAY)), "plan-unused-type", "type spec"),
        (Plan("p", types=(OVERLAY,), territories=(Territory("a", "spec"),)), "plan-no-primary-type", "plan p"),
        (tree(Territory("b", "geo", is_catch_all=True)), "plan-two-catch-alls", "type geo"),
        (Plan("p", types=(GEO,), territories=(A,)), "plan-no-catch-all", "plan p"),
        (tree(WITH_RULE, Territory("b", "geo", parent="a")), "plan-root-rules", "territory a"),
        (tree(WITH_RULE), "plan-no-owning-seat", "territory a"),
        (tree(WITH_RULE, seats=(Seat("s", "house"), Seat("t", "a", owns=False))), "plan-no-owning-seat", "territory a"),
        (tree(Territory("a", "geo", share=1.5)), "plan-share", "territory a"),
        (tree(Territory("a", "geo", share=0.5)), "plan-share-unused", "territory a"),
        (tree(Territory("a", "geo", share=0.5), types=(SPLIT,)), "plan-share-sum", "type geo"),
        (tree(Territory("a", "geo", colour=12)), "plan-colour", "territory a"),
        (tree(seats=(Seat("s", "house"), Seat("t", "nowhere"))), "plan-unknown-territory", "seat t"),
        (tree(seats=(Seat("s", "house", capacity_hours=-1),)), "plan-capacity", "seat s"),
        (tree(seats=(Seat("s", "house", base_latitude=1.5),)), "plan-base", "seat s"),
        (tree(seats=(Seat("s", "house", base_longitude=0),)), "plan-base", "seat s"),
        (tree(seats=(Seat("s", "house", base_latitude=90.001, base_longitude=0),)), "plan-base", "seat s"),
        (tree(seats=(Seat("s", "house", base_latitude=0, base_longitude=-180.001),)), "plan-base", "seat s"),
        (tree(seats=(Seat("s", "house", base_latitude=float("nan"), base_longitude=0),)), "plan-base", "seat s"),
        (tree(seats=(Seat("s", "house", ramp_share=0),)), "plan-ramp", "seat s"),
        (tree(seats=(Seat("s", "house", ramp_share=1.01),)), "plan-ramp", "seat s"),
        (tree(seats=(Seat("s", "house", ramp_share=float("nan")),)), "plan-ramp", "seat s"),
        (tree(seats=(Seat("s", "house", licences=("co", " ")),)), "plan-licence", "seat s"),
        (tree(seats=(Seat("s", "house", licences=("a" * 41,)),)), "plan-licence", "seat s"),
        (tree(seats=(Seat("s", "house", licences=("-co",)),)), "plan-licence", "seat s"),
        (tree(seats=(Seat("s", "house", licences=tuple(f"l{i}" for i in range(101))),)), "plan-licence-count", "seat s"),
        (tree(lists=(NamedList("l", ()),)), "plan-list-empty", "list l"),
        (tree(lists=(NamedList("l", ("x", "y", "x")),)), "plan-list-duplicate", "list l"),
        (tree(areas=(Area("A b", SQUARE),)), "plan-key", "area A b"),
        (tree(areas=(Area("a", SQUARE), Area("a", SQUARE))), "plan-duplicate", "area a"),
        (tree(areas=(Area("a", "{}"),)), "plan-area-form", "area a"),
        (tree(areas=(Area("a", '{"type":"MultiPolygon","coordinates":[]}'),)), "plan-area-empty", "area a"),
        (tree(areas=(Area("a", FIJI),)), "plan-area-date-line", "area a"),
        (tree(areas=(Area("a", SQUARE), Area("b", SQUARE))), "plan-area-same", "area b"),
        (tree(areas=(Area("a", SQUARE),)), "plan-area-unused", "area a"),
        (tree(areas=tuple(Area(f"a{i}", SQUARE) for i in range(10_001))), "plan-area-size", "plan p"),
        (tree(pins=(pin("nowhere"),)), "plan-unknown-territory", "pin A -> nowhere"),
        (tree(pins=(Pin("A", "house", " "),)), "plan-no-reason", "pin A -> house"),
        (tree(A, pins=(pin("house"), pin("a"))), "plan-pin-conflict", "pin A -> a"),
        (tree(pins=(pin("house", 1, 9), pin("house", 5, 20))), "plan-pin-twice", "pin A -> house"),
        (tree(pins=(pin("house"), pin("house", is_exclusion=True))), "plan-pin-and-exclusion", "exclusion A -> house"),
        (tree(Territory("a", "geo", rules=(Rule("r", Equals("nosuch", "x")),))), "rule-unknown-field", "rule a/r"),
        (tree(Territory("a", "geo", rules=(Rule("r", InList("id", "nosuch")),))), "rule-unknown-list", "rule a/r"),
    ],
)
def test_each_trouble_has_its_code_place_and_remedy(plan: Plan, code: str, subject: str) -> None:
    finding = codes(plan)[code]
    assert finding.place.subject == subject
    assert finding.remedy
    if code.startswith("plan-"):
        assert f"`{code}`" in DOCS.read_text()


def test_a_seat_at_the_ends_of_what_is_allowed_is_sound_and_what_is_wrong_with_one_is_told_together() -> None:
    licences = ("US-CO", "Série 7", "a" * 40, "insurance:life", "7", *(f"l{i}" for i in range(95)))
    sound = Seat("s", "house", base_latitude=-90, base_longitude=180, ramp_share=1e-9, licences=licences, capacity_hours=0)
    assert list(check_seat(sound)) == []
    wrong = Seat("s", "house", base_latitude=91, ramp_share=2, licences=("", "!", "?"), capacity_hours=-1)
    found = list(check_seat(wrong))
    assert [f.code for f in found] == ["plan-capacity", "plan-base", "plan-base", "plan-ramp", "plan-licence"]
    assert found[1].message == "the home base has a latitude, 91, and no longitude"
    assert found[4].message == "3 tags cannot be licences: '', '!', '?'"


def test_an_area_that_a_rule_or_a_familys_rule_asks_for_is_used_and_a_world_wide_box_is_whole() -> None:
    world = '{"type":"Polygon","coordinates":[[[-180,0],[180,0],[180,80],[-180,80],[-180,0]]]}'
    rules = (Rule("r", Equals("area:a", True)), Rule("s", Not(Equals("family.area:b", True))))
    plan = tree(Territory("a", "geo", rules=rules), areas=(Area("a", SQUARE), Area("b", world)))
    assert [f.code for f in check_areas(plan)] == []
    assert areas_asked(plan) == {"a": [("a", "r")], "b": [("a", "s")]}


def test_every_code_of_the_room_is_documented() -> None:
    source = Path(__file__).parents[2] / "src" / "metes" / "plan"
    text = "\n".join(file.read_text() for file in sorted(source.glob("*.py")))
    named = set(re.findall(r'"((?:plan|territory)-[a-z]+(?:-[a-z]+)*)"', text))
    named |= {
        code if code.startswith(("plan-", "rule-")) else f"plan-{code}"
        for code in re.findall(r'_(?:error|warning|note)\(\s*"([a-z-]+)"', text)
    }
    missing = {code for code in named if f"`{code}`" not in DOCS.read_text()}
    assert missing == set()
    assert len(named) > 40


def test_a_cycle_is_named_once_with_its_path() -> None:
    plan = tree(*(Territory(k, "geo", parent=p) for k, p in (("x", "a"), ("a", "b"), ("b", "c"), ("c", "a"))))
    cycles = [finding for finding in check_plan(plan, FIELDS) if finding.code == "plan-cycle"]
    assert [finding.message for finding in cycles] == ["its parents run in a circle: a under b under c under a"]


def test_a_long_chain_is_checked_without_recursion_and_told_as_too_deep() -> None:
    chain = [Territory(f"t{i}", "geo", parent=f"t{i - 1}" if i else None) for i in range(5_000)]
    assert codes(tree(*chain))["plan-depth"].place.subject == "territory t64"


def test_pins_on_days_apart_or_overlay_territories_do_not_conflict() -> None:
    plan = tree(A, Territory("s", "spec"), types=(GEO, OVERLAY), pins=(pin("house", 1, 9), pin("a", 9, 20), pin("s")))
    assert not {"plan-pin-conflict", "plan-pin-twice"} & codes(plan).keys()


def test_shares_that_sum_to_one_are_sound() -> None:
    thirds = [Territory(k, "geo", "", "house", share=1 / 3) for k in "abc"]
    plan = tree(*thirds, types=(SPLIT,))
    assert [f.message for f in check_plan(plan, FIELDS) if f.code == "plan-share-sum"] == [
        "the shares of its 1 territories at the top sum to 0, not to 1"
    ]


def test_pins_on_accounts_that_are_not_known_are_warned_about() -> None:
    plan = tree(pins=(pin("house"), pin("house", account="B")))
    found = check_plan(plan, FIELDS, known_accounts={"A"})
    assert [(f.code, f.severity, f.value) for f in found] == [("plan-unknown-account", Severity.WARNING, "B")]


def test_a_thousand_contradictions_of_one_account_are_told_in_part() -> None:
    plan = tree(pins=tuple(Pin("A", "house", f"why {i}") for i in range(1_000)))
    assert len(check_plan(plan, FIELDS)) == 20


def test_everything_is_a_rule_like_others() -> None:
    assert "plan-no-owning-seat" in codes(tree(Territory("a", "geo", rules=(Rule("r", EVERYTHING),))))
