"""First drafts of plans: from imported rows of territories, and the commented starter that `metes plan init` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.ids import key_from
from metes.model.catalogue import Field
from metes.model.condition import Condition, In
from metes.model.plan import Plan, Rule, Seat, Territory, TerritoryType
from metes.plan import subjects
from metes.plan.conform import suggestion
from metes.plan.limits import MAX_TERRITORY_DEPTH
from metes.plan.order import in_order
from metes.rules.syntax import parse

DEFAULT_TYPE: Final = TerritoryType("geographic", "Geographic territories")


def plan_from_rows(
    rows: Sequence[Mapping[str, Any]], fields: Mapping[str, Field], key: str, name: str
) -> tuple[Plan, tuple[Finding, ...]]:
    """A plan from imported territories (key, name, parent, type, rule, priority), with what is wrong about the rows.

    Several rows with one key are one territory with several rules. Keys are made canonical ('West Coast' is 'west-coast'); a
    parent is named by key or name. Rows may bring `file` and `line` for the findings, else rows count from 1. A row with an error
    is left out, and its children become roots. Linear in the rows.
    """
    draft = _Draft(fields)
    for number, row in enumerate(rows, 1):
        draft.take({name: _clean(value) for name, value in row.items()}, number)
    return draft.plan(key, name), tuple(draft.findings)


def _clean(value: Any) -> str:
    return "" if value is None else str(value).strip()


@dataclass
class _Draft:
    """Territories as they come in from rows."""

    fields: Mapping[str, Field]
    findings: list[Finding] = field(default_factory=list)
    types: dict[str, TerritoryType] = field(default_factory=dict)
    territories: dict[str, Territory] = field(default_factory=dict)
    raw_keys: dict[str, str] = field(default_factory=dict)
    parents: dict[str, tuple[str, Place]] = field(default_factory=dict)

    def take(self, row: Mapping[str, str], number: int) -> None:
        """Take one row: a new territory, or a rule more for one seen before."""
        line = int(row["line"]) if row.get("line", "").isdigit() else number
        raw = row.get("key") or row.get("name", "")
        place = Place(row.get("file", ""), line)
        if not raw:
            self.report(
                "territory-no-key", "the row has neither key nor name", replace(place, column="key"), "Give the territory a key."
            )
            return
        key = key_from(raw)
        if self.raw_keys.setdefault(key, raw).casefold() != raw.casefold():
            message = f"'{raw}' and '{self.raw_keys[key]}' both become the key '{key}'"
            self.report("territory-key-clash", message, replace(place, column="key"), "Give one of them another key.")
            return
        if key not in self.territories:
            self.territories[key] = Territory(key, self.type_of(row.get("type", "")), row.get("name", ""))
        self.add_parent(key, row, place)
        self.add_rule(key, row, place)

    def type_of(self, name: str) -> str:
        """The key of the row's type, made when it is new."""
        kind = TerritoryType(key_from(name), name) if name else DEFAULT_TYPE
        return self.types.setdefault(kind.key, kind).key

    def add_parent(self, key: str, row: Mapping[str, str], place: Place) -> None:
        """Remember the parent; a second row may not name another."""
        raw = row.get("parent", "")
        if not raw:
            return
        first = self.parents.setdefault(key, (raw, replace(place, column="parent")))
        if key_from(first[0]) != key_from(raw):
            message = f"'{key}' has the parent '{first[0]}' on line {first[1].line} and '{raw}' here"
            self.report("territory-two-parents", message, replace(place, column="parent"), "Name one parent.")

    def add_rule(self, key: str, row: Mapping[str, str], place: Place) -> None:
        """Add the row's rule to its territory."""
        text, priority = row.get("rule", ""), row.get("priority", "")
        place = replace(place, column="rule", subject=subjects.of_territory(key))
        if priority and not priority.removeprefix("-").isdigit():
            message = f"expected a whole number as priority, got '{priority[:40]}'"
            self.report("territory-priority", message, replace(place, column="priority"), "Write a number such as 100.")
            return
        condition = self.condition(text, place) if text else None
        if condition is not None:
            territory = self.territories[key]
            rule = Rule(f"rule-{len(territory.rules) + 1}", condition)
            rule = replace(rule, priority=int(priority)) if priority else rule
            self.territories[key] = replace(territory, rules=(*territory.rules, rule))

    def condition(self, text: str, place: Place) -> Condition | None:
        """The condition of a rule's text; its problems are placed at the row."""
        try:
            return parse(text, self.fields)
        except InputError as error:
            self.findings.extend(replace(finding, place=place) for finding in error.findings)
            return None

    def plan(self, key: str, name: str) -> Plan:
        """The plan of all rows, parents resolved."""
        by_name = {territory.name.casefold(): k for k, territory in self.territories.items() if territory.name}
        for child, (raw, place) in self.parents.items():
            parent = key_from(raw) if key_from(raw) in self.territories else by_name.get(raw.casefold())
            if parent is None:
                remedy = suggestion(key_from(raw), self.territories) or "Add a row for the parent, or leave the cell empty."
                self.report("territory-unknown-parent", f"there is no territory '{raw}'", place, remedy)
            elif child in (path := self.path(parent)):
                message = f"the parents of '{child}' run in a circle: {' under '.join([child, *path[: path.index(child) + 1]])}"
                self.report("territory-cycle", message, place, "Name another parent, or none.")
            elif len(path) > MAX_TERRITORY_DEPTH:
                message = f"'{child}' would stand more than {MAX_TERRITORY_DEPTH} levels deep"
                self.report("plan-depth", message, place, "Flatten the tree.")
            else:
                self.territories[child] = replace(self.territories[child], parent=parent)
        types = tuple(self.types.values()) or (DEFAULT_TYPE,)
        plan = Plan(key, name, types=types, territories=tuple(self.territories.values()))
        try:
            return in_order(plan)
        except InputError as error:
            self.findings.extend(error.findings)
            return plan

    def path(self, key: str) -> list[str]:
        """A territory and those above it, as far as a tree may be deep and one more."""
        path: list[str] = []
        above: str | None = key
        while above is not None and len(path) <= MAX_TERRITORY_DEPTH:
            path.append(above)
            above = self.territories[above].parent
        return path

    def report(self, code: str, message: str, place: Place, remedy: str) -> None:
        """Gather an error."""
        self.findings.append(Finding(code, Severity.ERROR, message, place, remedy=remedy))


_PLAN_COMMENT: Final = """\
The plan: which territories there are, and which accounts each one takes.
'metes plan check FOLDER' tests it, 'metes plan import FOLDER' makes a draft of it,
'metes plan preview' says what that would change, 'metes plan publish' makes it the plan.

Comments belong to what stands below them and stay there when the plan is written."""
_TYPE_COMMENT: Final = """\
A type says what its territories are to their accounts.
role: primary (it owns), overlay (it helps as a specialist) or shared (several own by share).
policy: priority (one takes the account), split (all, by shares that sum to 1) or share (all in full).
priority: among primary types the lower number goes first."""
_ROOT_COMMENT: Final = """\
One file holds one tree. A root without rules takes every account and passes it on to its children.
A territory takes what its parent takes and one of its own rules takes; the deepest match goes first.
Keys stay for life: change names as you like, never a key."""
_RULE_COMMENT: Final = """\
Conditions: country = 'US', segment in ('A', 'B'), postal_code starts with '80',
employees between 50 and 500, industry is missing, id in list 'strategic';
joined with and, or, not and parentheses."""
_CATCH_ALL_COMMENT: Final = "Takes what nothing else takes, so that no account is forgotten."
_SEAT_COMMENT: Final = "A seat is a place; who sits there, from when to when, comes with 'metes import seats'."


def empty_plan(key: str, name: str) -> Plan:
    """A small plan that holds together, with comments that explain each part: what `metes plan init` writes."""
    west = Rule("west-states", In("region", ("US-CA", "US-OR", "US-WA")), comment=_RULE_COMMENT)
    east = Rule("east-states", In("region", ("US-NY", "US-NJ", "US-CT")))
    return in_order(
        Plan(
            key,
            name,
            types=(TerritoryType("geographic", "Geographic territories", comment=_TYPE_COMMENT),),
            territories=(
                Territory("company", "geographic", "All accounts", comment=_ROOT_COMMENT),
                Territory("west", "geographic", "West", "company", (west,), colour=0),
                Territory("east", "geographic", "East", "company", (east,), colour=1),
                Territory("house", "geographic", "House accounts", "company", is_catch_all=True, comment=_CATCH_ALL_COMMENT),
            ),
            seats=(
                Seat("west-1", "west", capacity_hours=1600, comment=_SEAT_COMMENT),
                Seat("east-1", "east", capacity_hours=1600),
                Seat("house-1", "house", role="sales operations"),
            ),
            comment=_PLAN_COMMENT,
        )
    )
