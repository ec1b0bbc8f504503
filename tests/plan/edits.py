"""A small plan, and edits of it drawn at random: what two people might do to one plan at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final, TypeAlias

from hypothesis import strategies as st

from metes.base.dates import Period
from metes.base.errors import InputError
from metes.model.condition import Equals, In, InList
from metes.model.plan import NamedList, Pin, Plan, Policy, Rule, Seat, Territory, TerritoryType
from metes.plan import edit
from metes.plan.order import in_order

# company
#   west (rules states, strategic; seats west-1, west-2)
#     bay (rule postal; seat bay-1)
#       city
#     coast
#   east (rule states; seat east-1)
#     north
#     south
#   house (catch-all)
COMPANY: Final = in_order(
    Plan(
        "fy27",
        "Fiscal 2027",
        types=(TerritoryType("geo", "Geographic"), TerritoryType("named", "Named accounts", policy=Policy.SHARE)),
        territories=(
            Territory("company", "geo", "All accounts"),
            Territory(
                "west",
                "geo",
                "West",
                "company",
                (
                    Rule("states", In("region", ("US-CA", "US-OR"))),
                    Rule("strategic", InList("id", "strategic"), note="Agreed in May."),
                ),
                colour=1,
            ),
            Territory("bay", "geo", "Bay Area", "west", (Rule("postal", Equals("postal_code", "94000")),)),
            Territory("city", "geo", "City", "bay"),
            Territory("coast", "geo", "Coast", "west"),
            Territory("east", "geo", "East", "company", (Rule("states", Equals("region", "US-NY")),)),
            Territory("north", "geo", "North", "east"),
            Territory("south", "geo", "South", "east"),
            Territory("house", "geo", "House", "company", is_catch_all=True),
        ),
        lists=(NamedList("strategic", ("A1", "A2", "A3")), NamedList("partners", ("P1", "P2"))),
        pins=(
            Pin("A1", "west", "asked for it", "kim"),
            Pin("A2", "city", "board", "kim", Period(date(2026, 1, 1), None)),
            Pin("A3", "east", "lost a dispute", is_exclusion=True),
        ),
        seats=(
            Seat("west-1", "west", capacity_hours=1600, licences=("us-ca",)),
            Seat("west-2", "west"),
            Seat("bay-1", "bay", name="Bay", base_latitude=37.7, base_longitude=-122.4),
            Seat("east-1", "east"),
        ),
    )
)

Edit: TypeAlias = tuple[int, int, int]


def _territory(plan: Plan, number: int) -> str:
    return plan.territories[number % len(plan.territories)].key


def _renamed(plan: Plan, a: int, b: int) -> Plan:
    territory = plan.territory_by_key[_territory(plan, a)]
    return edit.with_territory(plan, replace(territory, name=f"Name {b % 3}"))


def _coloured(plan: Plan, a: int, b: int) -> Plan:
    territory = plan.territory_by_key[_territory(plan, a)]
    return edit.with_territory(plan, replace(territory, colour=b % 12, description=f"Since {b % 3}"))


def _moved(plan: Plan, a: int, b: int) -> Plan:
    return edit.moved(plan, _territory(plan, a), None if b % 7 == 6 else _territory(plan, b))


def _child_added(plan: Plan, a: int, b: int) -> Plan:
    return edit.with_territory(plan, Territory(f"new-{b % 3}", "named" if b % 2 else "geo", f"New {a % 3}", _territory(plan, a)))


def _subtree_removed(plan: Plan, a: int, b: int) -> Plan:
    return edit.without_subtree(plan, _territory(plan, a))


def _lifted(plan: Plan, a: int, b: int) -> Plan:
    """A territory taken out, those below it under its parent."""
    gone = plan.territory_by_key[_territory(plan, a)]
    for child in plan.children_by_key.get(gone.key, ()):
        plan = edit.moved(plan, child.key, gone.parent)
    return edit.without_territory(plan, gone.key)


def _rule_set(plan: Plan, a: int, b: int) -> Plan:
    key = ("states", "postal", "extra")[b % 3]
    return edit.with_rule(plan, _territory(plan, a), Rule(key, Equals("region", f"US-{b % 5}"), note=f"Note {b % 2}"))


def _rule_asks_for_list(plan: Plan, a: int, b: int) -> Plan:
    key = ("partners", "strategic")[b % 2]
    return edit.with_rule(plan, _territory(plan, a), Rule("listed", InList("id", key))) if key in plan.list_by_key else plan


def _rules_cleared(plan: Plan, a: int, b: int) -> Plan:
    return edit.with_territory(plan, replace(plan.territory_by_key[_territory(plan, a)], rules=()))


def _seat_set(plan: Plan, a: int, b: int) -> Plan:
    return edit.with_seat(plan, Seat(("west-1", "east-1", "new-1")[b % 3], _territory(plan, a), capacity_hours=100 * (1 + b % 4)))


def _seat_removed(plan: Plan, a: int, b: int) -> Plan:
    return edit.without_seat(plan, plan.seats[a % len(plan.seats)].key) if plan.seats else plan


def _list_set(plan: Plan, a: int, b: int) -> Plan:
    had = plan.list_by_key.get("strategic")
    values = had.values if had is not None else ()
    kept = tuple(value for i, value in enumerate(values) if i != a % 4)
    return edit.with_list(plan, NamedList("strategic", tuple(dict.fromkeys((*kept, f"B{b % 6}")))))


def _list_removed(plan: Plan, a: int, b: int) -> Plan:
    return edit.without_list(plan, "partners") if "partners" in plan.list_by_key else plan


def _pinned(plan: Plan, a: int, b: int) -> Plan:
    return edit.with_pin(plan, Pin(f"A{b % 4}", _territory(plan, a), f"reason {b % 3}", is_exclusion=bool(b % 2)))


def _unpinned(plan: Plan, a: int, b: int) -> Plan:
    return edit.without_pin(plan, plan.pins[a % len(plan.pins)]) if plan.pins else plan


def _plan_renamed(plan: Plan, a: int, b: int) -> Plan:
    return replace(plan, name=f"Fiscal {b % 3}", description=f"Of {a % 3}")


EDITS: Final[tuple[Callable[[Plan, int, int], Plan], ...]] = (
    _renamed,
    _coloured,
    _moved,
    _moved,
    _child_added,
    _subtree_removed,
    _lifted,
    _rule_set,
    _rule_asks_for_list,
    _rules_cleared,
    _seat_set,
    _seat_removed,
    _list_set,
    _list_removed,
    _pinned,
    _unpinned,
    _plan_renamed,
)


def edits(most: int = 6) -> st.SearchStrategy[list[Edit]]:
    """Some edits, each as its kind and two numbers that choose what it is done to."""
    number = st.integers(0, 40)
    return st.lists(st.tuples(st.integers(0, len(EDITS) - 1), number, number), max_size=most)


def edited(plan: Plan, drawn: Sequence[Edit]) -> Plan:
    """The plan after edits; one that cannot be made is left out."""
    for kind, a, b in drawn:
        try:
            changed = in_order(EDITS[kind](plan, a, b))
        except InputError:
            continue
        plan = changed if changed.territories else plan
    return plan
