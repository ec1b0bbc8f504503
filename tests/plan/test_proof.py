"""Sound plans are proved, and each kind of fault planted in one is found, with its place and an account that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from metes.base.findings import Finding
from metes.model.catalogue import rule_fields
from metes.model.condition import EVERYTHING, In, Not, Or, Prefix
from metes.model.plan import NamedList, Pin, Plan, Policy, Role, Rule, Territory, TerritoryType
from metes.plan.proof import PlanProof, Verdict, prove_plan
from metes.rules.analyse import KnownCodes
from metes.rules.compile import compile_plan
from metes.rules.precedence import settle
from metes.rules.predicate import holds
from metes.rules.syntax import parse

DAY = date(2026, 1, 1)
FIELDS = rule_fields()
GEO = TerritoryType("geo")
STATES = ("US-CO", "US-UT", "US-NV", "US-CA", "US-OR", "US-WA", "US-AZ", "US-NM")


def rule(text: str, key: str = "r", priority: int = 100) -> Rule:
    """A rule as text."""
    return Rule(key, parse(text, FIELDS), priority=priority)


def territory(key: str, *texts: str, parent: str | None = "all", type: str = "geo", priority: int = 100) -> Territory:
    """A territory with rules r0, r1, …"""
    rules = tuple(rule(text, f"r{i}", priority) for i, text in enumerate(texts))
    return Territory(key, type, parent=parent, rules=rules)


ROOT = Territory("all", "geo")
REST = Territory("rest", "geo", parent="all", is_catch_all=True)
WEST = territory("west", "region in ('US-CO', 'US-UT')")
EAST = territory("east", "region in ('US-NY', 'US-MA')")
SOUND = Plan("p", types=(GEO,), territories=(ROOT, WEST, EAST, REST))


def proof_of(plan: Plan, **more: object) -> PlanProof:
    """The plan's proof."""
    return prove_plan(plan, FIELDS, "USD", DAY, **more)  # type: ignore[arg-type]


def findings(plan: Plan, code: str, **more: object) -> list[Finding]:
    """The findings of one code."""
    return [f for f in proof_of(plan, **more).findings if f.code == code]


def with_territories(*territories: Territory, plan: Plan = SOUND) -> Plan:
    """The plan with territories added, or put in the place of those of their key."""
    kept = [t for t in plan.territories if t.key not in {new.key for new in territories}]
    return replace(plan, territories=(*kept, *territories))


def test_a_sound_plan_is_proved_without_data() -> None:
    proof = proof_of(SOUND)
    assert proof.verdict is Verdict.PROVED
    assert proof.findings == ()
    assert proof.sentence == "Proved: every possible account has exactly one primary territory."


def test_a_plan_whose_rules_cover_everything_needs_no_catch_all() -> None:
    rest = territory("elsewhere", "not region in ('US-CO', 'US-UT', 'US-NY', 'US-MA')")
    plan = replace(SOUND, territories=(ROOT, WEST, EAST, rest))
    assert proof_of(plan).verdict is Verdict.PROVED


def test_a_plan_without_a_catch_all_has_a_gap_with_an_example() -> None:
    plan = replace(SOUND, territories=(ROOT, WEST, EAST))
    whole, unknown = findings(plan, "plan-gap", prefer={"region": ("DE-BY",)})
    assert whole.example == (("region", "'DE-BY'"),)
    assert (unknown.example, unknown.message) == (
        (),
        "an account can be held by no primary territory: one of which nothing is known",
    )
    assert proof_of(plan).sentence == "Not proved: 2 gaps are possible; for example an account with region = 'ZZ'."


def test_a_hole_between_two_ranges_is_a_gap() -> None:
    small, large = territory("small", "employees < 10 or employees is missing"), territory("large", "employees > 10")
    (found,) = findings(Plan("p", types=(GEO,), territories=(ROOT, small, large)), "plan-gap")
    assert found.example == (("employees", "10"),)


def test_an_account_kept_out_of_the_catch_all_is_a_gap() -> None:
    plan = replace(SOUND, pins=(Pin("A7", "rest", "conflict", is_exclusion=True),))
    (found,) = findings(plan, "plan-gap")
    assert ("id", "'A7'") in found.example


def test_two_rules_of_equal_priority_that_share_an_account_are_a_double() -> None:
    found = findings(with_territories(territory("big", "employees > 1000")), "plan-double")
    assert {f.place.subject for f in found} == {"rule west/r0", "rule east/r0"}
    assert all("rule 'r0' of 'big'" in f.message for f in found)
    assert {dict(f.example)["employees"] for f in found} == {"1001"}


def test_a_priority_parts_two_rules_that_share_an_account() -> None:
    assert proof_of(with_territories(territory("big", "employees > 1000", priority=1))).verdict is Verdict.PROVED


def test_the_deeper_of_two_in_one_tree_wins_so_there_is_no_double() -> None:
    assert proof_of(with_territories(territory("denver", "city = 'Denver'", parent="west"))).verdict is Verdict.PROVED


def test_a_tie_behind_a_better_rule_is_none() -> None:
    first = territory("first", "employees > 100", priority=1)
    plan = with_territories(first, territory("a", "employees > 500"), territory("b", "employees > 600"))
    assert not findings(plan, "plan-double")


def test_a_tie_that_an_exclusion_lays_open_is_found() -> None:
    first = territory("first", "employees > 100", priority=1)
    plan = with_territories(first, territory("a", "employees > 500"), territory("b", "employees > 600"))
    plan = replace(plan, territories=(*(t for t in plan.territories if t.key not in ("west", "east")),))
    (found,) = findings(replace(plan, pins=(Pin("A1", "first", "conflict", is_exclusion=True),)), "plan-double")
    assert dict(found.example)["id"] == "'A1'"


def test_an_account_pinned_twice_is_a_double() -> None:
    (found,) = findings(replace(SOUND, pins=(Pin("A1", "west", "x"), Pin("A1", "east", "y"))), "plan-double")
    assert (found.place.subject, found.example) == ("territory west", (("id", "'A1'"),))


def test_two_catch_alls_are_a_double() -> None:
    assert findings(with_territories(Territory("rest2", "geo", parent="all", is_catch_all=True)), "plan-double")


def test_territories_of_a_type_that_splits_hold_together() -> None:
    split = TerritoryType("split", policy=Policy.SPLIT, priority=1)
    plan = with_territories(
        territory("a", "employees > 10", type="split"),
        territory("b", "employees > 20", type="split"),
        plan=replace(SOUND, types=(GEO, split)),
    )
    assert proof_of(plan).verdict is Verdict.PROVED


def test_a_child_that_asks_for_what_its_parent_never_takes_is_unreachable() -> None:
    (found,) = findings(with_territories(territory("boston", "region = 'US-MA'", parent="west")), "rule-unreachable")
    assert found.place.subject == "rule boston/r0"
    assert found.message == "it takes nothing: 'west' above never takes what it asks for (rule 'r0')"


def test_values_that_the_parent_never_takes_are_told() -> None:
    child = territory("rockies", "region in ('US-CO', 'US-WY')", parent="west")
    (found,) = findings(with_territories(child), "rule-outside-parent")
    assert "region 'US-WY', which 'west' above never takes" in found.message


def test_a_rule_behind_a_wider_one_is_shadowed_by_it() -> None:
    west = territory("west", "region in ('US-CO', 'US-UT')", priority=1)
    (found,) = findings(with_territories(west, territory("utah", "region = 'US-UT'")), "rule-shadowed")
    assert found.place.subject == "rule utah/r0"
    assert found.message == "every account that it takes is held by others: 'west'"
    assert found.example == (("region", "'US-UT'"),)


def test_a_rule_behind_several_others_together_is_shadowed() -> None:
    small, large = territory("small", "employees < 50", priority=1), territory("large", "employees >= 50", priority=2)
    plan = with_territories(small, large, territory("mid", "employees between 20 and 80", priority=3))
    (found,) = findings(plan, "rule-shadowed")
    assert found.place.subject == "rule mid/r0"


def test_a_rule_that_contradicts_itself_in_a_way_only_cells_show_never_holds() -> None:
    (found,) = findings(
        with_territories(territory("none", "employees > 3 and employees < 5 and not employees = 4")), "rule-never-holds"
    )
    assert found.place.subject == "rule none/r0"


def test_a_redundant_rule_and_a_redundant_part_are_notes() -> None:
    plan = with_territories(
        territory("west", "region in ('US-CO', 'US-UT')", "region = 'US-CO'"),
        territory("east", "region = 'US-NY' or (region = 'US-NY' and employees > 3)"),
    )
    assert [f.place.subject for f in findings(plan, "rule-redundant")] == ["rule west/r1"]
    assert [f.value for f in findings(plan, "rule-redundant-part")] == ["region = 'US-NY' and employees > 3"]


def test_codes_that_do_not_exist_are_told_at_the_rule_or_the_list() -> None:
    known = KnownCodes(standard={"region": {"US-CO", "US-UT", "US-NY", "US-MA"}}, seen={"segment": {"SMB"}})
    plan = with_territories(
        territory("typo", "region = 'US-XX' and segment = 'Smb'"), territory("listed", "region in list 'l'", priority=5)
    )
    plan = replace(plan, lists=(NamedList("l", ("US-ZZ",)),))
    told = [f.message for f in findings(plan, "rule-unknown-code", known=known)]
    assert told == ["as region, 'US-XX' does not exist", "as segment, 'Smb' stands in no record that was imported"]
    assert [f.place.subject for f in findings(plan, "list-unknown-code", known=known)] == ["list l"]


def test_many_attributes_are_told_with_the_figure() -> None:
    text = "region = 'US-CO' and segment = 'a' and employees > 1 and industry = 'b' and channel = 'c'"
    (found,) = findings(
        Plan("p", types=(GEO,), territories=(territory("t", text, parent=None),)), "plan-many-attributes", accounts=64
    )
    assert "5 attributes" in found.message
    assert "32 combinations: of 64 accounts 2 in each" in found.message


def test_what_hangs_on_areas_is_left_open_and_said() -> None:
    plan = with_territories(territory("a", "in area 'a'", priority=1), territory("b", "in area 'b'", priority=1))
    proof = proof_of(plan)
    assert proof.verdict is Verdict.UNDECIDED
    (found,) = [f for f in proof.findings if f.code == "plan-undecided"]
    assert "whether two rules stand level on some account" in found.message
    assert "'area:a', 'area:b'" in found.message


def test_amounts_in_examples_are_written_as_in_a_rule() -> None:
    plan = Plan("p", types=(GEO,), territories=(ROOT, territory("a", "annual_revenue < 10.50 or annual_revenue is missing")))
    assert findings(plan, "plan-gap")[0].example == (("annual_revenue", "10.5"),)


@st.composite
def sound_plans(draw: st.DrawFn) -> Plan:
    """Plans without a fault: states parted among regions, each region parted further by size, and a catch-all."""
    order = draw(st.permutations(STATES))
    count = draw(st.integers(2, 4))
    territories: list[Territory] = [ROOT]
    for i in range(count):
        states = tuple(order[i::count])
        territories.append(Territory(f"r{i}", "geo", parent="all", rules=(Rule("states", In("region", states)),)))
        if draw(st.booleans()):
            territories.append(territory(f"r{i}-small", "employees < 100", parent=f"r{i}"))
            territories.append(territory(f"r{i}-large", "employees >= 100", parent=f"r{i}"))
    has_overlay = draw(st.booleans())
    overlay = TerritoryType("product", role=Role.OVERLAY)
    if has_overlay:
        territories.append(territory("desk", "industry = 'Banking'", parent=None, type="product"))
    ending = draw(st.sampled_from(["catch-all", "rule", "named"]))
    if ending == "rule":
        territories.append(Territory("rest", "geo", parent="all", rules=(Rule("rest", Not(In("region", STATES))),)))
    else:
        territories.append(REST)
    if ending == "named":
        territories.append(territory("key", "id in ('A1', 'A2')", parent="all"))
    return Plan("p", types=(GEO, overlay) if has_overlay else (GEO,), territories=tuple(territories))


FAULTS = ("gap", "double", "shadowed", "unreachable", "outside", "redundant", "exclusion", "pinned", "contradiction")


def planted(plan: Plan, fault: str, at: Territory) -> tuple[Plan, str]:
    """The plan with one fault at a territory of states, and the code that must tell it."""
    (states,) = [r.condition.values for r in at.rules if isinstance(r.condition, In)]
    first = states[0]
    match fault:
        case "gap":
            kept = [t for t in plan.territories if t.key != at.key and t.parent != at.key and not t.is_catch_all]
            return replace(
                plan, territories=(*kept, *(t for t in plan.territories if t.parent == at.key and not t.rules))
            ), "plan-gap"
        case "double":
            return with_territories(
                Territory("twin", "geo", parent="all", rules=(Rule("r", In("region", (first,))),)), plan=plan
            ), "plan-double"
        case "shadowed":
            late = Territory("late", "geo", parent="all", rules=(Rule("r", Prefix("region", str(first)), priority=900),))
            early = Territory("early", "geo", parent="all", rules=(Rule("r", Prefix("region", str(first)), priority=1),))
            return with_territories(late, early, plan=plan), "rule-shadowed"
        case "unreachable":
            return with_territories(territory("lost", "region = 'US-NY'", parent=at.key), plan=plan), "rule-unreachable"
        case "outside":
            child = Territory("child", "geo", parent=at.key, rules=(Rule("r", In("region", (first, "US-NY")), priority=1),))
            return with_territories(child, plan=plan), "rule-outside-parent"
        case "redundant":
            more = Rule("again", Or((In("region", (first,)), In("region", (first,)))))
            return with_territories(replace(at, rules=(*at.rules, more)), plan=plan), "rule-redundant"
        case "exclusion":
            below = [t.key for t in plan.territories if t.key != "all"]
            shut = tuple(Pin("A9", key, "conflict", is_exclusion=True) for key in below)
            return replace(plan, pins=shut), "plan-gap"
        case "pinned":
            return replace(plan, pins=(Pin("A9", at.key, "x"), Pin("A9", "rest", "y"))), "plan-double"
        case _:
            return with_territories(territory("none", "employees > 3 and employees < 4"), plan=plan), "rule-never-holds"


@settings(max_examples=25)
@given(sound_plans())
def test_sound_plans_are_proved(plan: Plan) -> None:
    proof = proof_of(plan)
    assert proof.verdict is Verdict.PROVED, proof.findings


@settings(max_examples=60)
@given(sound_plans(), st.sampled_from(FAULTS), st.data())
def test_one_planted_fault_is_caught(plan: Plan, fault: str, data: st.DataObject) -> None:
    regions = [t for t in plan.territories if t.key.startswith("r") and t.rules and t.rules[0].key == "states"]
    broken, code = planted(plan, fault, data.draw(st.sampled_from(regions)))
    proof = proof_of(broken)
    assert code in {f.code for f in proof.findings}
    assert (proof.verdict is Verdict.REFUTED) == (code in ("plan-gap", "plan-double"))


@settings(max_examples=40)
@given(sound_plans(), st.lists(st.sampled_from([*STATES, "US-NY", None]), min_size=1, max_size=12), st.data())
def test_a_proved_plan_gives_every_account_of_a_book_one_primary_territory(
    plan: Plan, regions: Sequence[str | None], data: st.DataObject
) -> None:
    assert proof_of(plan).verdict is Verdict.PROVED
    compiled = compile_plan(plan, FIELDS, "USD")
    for number, region in enumerate(regions):
        employees = data.draw(st.none() | st.integers(0, 200))
        record = {
            "id": f"A{number}",
            "region": region,
            "employees": employees,
            "industry": data.draw(st.sampled_from([None, "Banking"])),
        }
        held = [r.number for r in compiled.rules if holds(r.condition, record, plan.list_by_key)]
        assert len(settle(plan, compiled, held, str(record["id"]), DAY).primaries) == 1


def test_a_rule_of_everything_leaves_no_gap_and_shadows_nothing_deeper() -> None:
    root = Territory("all", "geo", rules=(Rule("r", EVERYTHING),))
    assert proof_of(Plan("p", types=(GEO,), territories=(root, WEST, EAST))).verdict is Verdict.PROVED


def test_a_loser_is_told_once() -> None:
    plan = with_territories(*(territory(f"big{i}", f"employees > {1000 + i}") for i in range(3)))
    found = findings(plan, "plan-double")
    assert len({f.place.subject for f in found}) == len(found)
    assert {"rule big1/r0", "rule big2/r0"} <= {f.place.subject for f in found}
