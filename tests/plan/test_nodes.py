"""Plans as content-hashed nodes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings

from metes.base.ids import content_hash
from metes.model.condition import Equals
from metes.model.plan import NamedList, Pin, Plan, Rule, Seat, Territory, TerritoryType
from metes.plan.draft import empty_plan
from metes.plan.edit import with_pin, with_rule, with_seat
from metes.plan.nodes import Content, Known, nodes_of, plan_of
from tests.plan.strategies import plans

STARTER = empty_plan("fy25", "Fiscal 2025")


@given(plans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_plan_comes_back_from_its_nodes_and_each_hash_is_its_contents(plan: Plan) -> None:
    root, nodes = nodes_of(plan)
    stored = {key: json.loads(json.dumps(content)) for key, content in nodes.items()}
    assert plan_of(root, stored.__getitem__) == plan
    assert all(content_hash(content) == key for key, content in stored.items())
    assert nodes_of(plan_of(root, stored.__getitem__))[0] == root


@given(plans(), plans())
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_two_plans_have_one_hash_only_when_they_are_equal(one: Plan, other: Plan) -> None:
    assert (nodes_of(one)[0] == nodes_of(other)[0]) is (one == other)


def test_what_a_seat_got_later_changes_no_hash_where_it_has_its_default() -> None:
    # As written by versions whose seats had key, territory, role, owns, capacity, name and comment alone.
    assert nodes_of(STARTER)[0] == "f028ff8fcdb4ed98593639637c458df9fcae6fae8b6e1626d87ed43f765a6613"
    seat = Seat("s", "all", "partner manager", False, 1200, "North", "Since March.")
    root, nodes = nodes_of(Plan("p", types=(TerritoryType("geo"),), territories=(Territory("all", "geo"),), seats=(seat,)))
    kept = next(node for node in nodes.values() if node.get("is") == "territory")["seats"]
    old = {"capacity_hours": 1200, "comment": "Since March.", "key": "s", "name": "North", "owns": False, "role": "partner manager"}
    assert kept == [old]
    assert plan_of(root, nodes.__getitem__).seats == (seat,)


def test_seats_that_are_equal_have_one_hash_however_they_were_written() -> None:
    def root(**more: Any) -> str:
        return nodes_of(with_seat(STARTER, Seat("west-1", "west", **more)))[0]

    one = root(base_latitude=0, base_longitude=-0.0, ramp_share=1, licences=("us-co", "US-CA ", "us-co"))
    assert one == root(base_latitude=-0.0, base_longitude=0.0, licences=("us-ca", "us-co"))
    assert one != root(base_latitude=0, base_longitude=0)


def test_a_change_gives_new_hashes_only_to_what_stands_above_it() -> None:
    # all - west - bay ; all - east : a rule on bay changes bay, west, all and the root, not east
    territories = (
        Territory("all", "geo"),
        Territory("west", "geo", parent="all"),
        Territory("bay", "geo", parent="west"),
        Territory("east", "geo", parent="all"),
    )
    plan = Plan("p", types=(TerritoryType("geo"),), territories=territories, lists=(NamedList("l", ("x",)),))
    before = nodes_of(plan)[1]
    after = nodes_of(with_rule(plan, "bay", Rule("r", Equals("city", "Oakland"))))[1]
    assert sorted(node.get("key", "") for key, node in after.items() if key not in before) == ["all", "bay", "p", "west"]


def test_a_pin_changes_its_bucket_alone_and_buckets_are_at_most_256() -> None:
    plan = replace(STARTER, pins=tuple(Pin(f"A{i}", "west", "why") for i in range(3_000)))
    before = nodes_of(plan)[1]
    after = nodes_of(with_pin(plan, Pin("B1", "west", "why")))[1]
    assert sorted(node["is"] for key, node in after.items() if key not in before) == ["pins", "plan"]
    assert sum(node["is"] == "pins" for node in before.values()) == 256


def test_order_of_writing_does_not_change_the_hash() -> None:
    pins = (Pin("A", "west", "x"), Pin("B", "east", "y", is_exclusion=True))
    assert nodes_of(replace(STARTER, pins=pins))[0] == nodes_of(replace(STARTER, pins=pins[::-1]))[0]


@given(plans())
def test_a_plan_read_beside_another_shares_what_they_have_in_common(plan: Plan) -> None:
    root, nodes = nodes_of(plan)
    stored = {key: json.loads(json.dumps(content)) for key, content in nodes.items()}
    known: Known = {}
    first = plan_of(root, stored.__getitem__, known)
    asked: list[str] = []

    def get(key: str) -> Content:
        asked.append(key)
        return stored[key]

    again = plan_of(root, get, known)
    assert again == first == plan
    untouched = [t for t in first.territories if not (t.comment or any(rule.comment for rule in t.rules))]
    assert all(again.territory_by_key[t.key] is t for t in untouched)
    assert not known.keys() & set(asked)


def test_a_shared_territory_stands_where_its_own_plan_has_it() -> None:
    root = Territory("root", "geo")
    under, beside = Territory("leaf", "geo", parent="root"), Territory("leaf", "geo")
    one, other = (Plan("p", types=(TerritoryType("geo"),), territories=(root, leaf)) for leaf in (under, beside))
    known: Known = {}
    for plan in (one, other, one):
        hash, nodes = nodes_of(plan)
        assert {t.key: t.parent for t in plan_of(hash, nodes.__getitem__, known).territories} == {
            t.key: t.parent for t in plan.territories
        }
