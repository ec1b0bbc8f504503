"""Incremental assignment is held against the slow truth and against a run over everyone, whatever happened in between."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from shutil import copyfile, rmtree
from tempfile import mkdtemp
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from metes.base.errors import Conflict, InputError, NotFound
from metes.model.condition import And, Condition, Equals, In, InList, Not, Or, Prefix, Range
from metes.model.plan import Area, NamedList, Plan, Policy, Role, Rule, Territory, TerritoryType
from metes.model.terms import InArea, Month, OfFamily, Orders, OrdersMeasure
from metes.store import schema
from metes.store.engine import Store
from tests.assigning.worlds import BOX, HEADER, MORNING, Company
from tests.rules.plan_edits import LIST, Editor

IDS = [f"A{i:02d}" for i in range(24)]
ELSEWHERE = BOX.replace("35", "25").replace("-110", "-90").replace("-100", "-80")
VALUES: dict[str, list[Any]] = {
    "country": ["US", "US", "DE", None],
    "industry": ["retail", "energy", "health", None],
    "employees": [1, 20, 300, None],
    "potential": [10, 500, None],
    "currency": ["USD", "EUR"],
    "latitude": [40],
    "longitude": [-105, -85, -70],
    "grade": ["gold", "silver", None],
}
PLAIN: list[Condition] = [
    Equals("industry", "retail"),
    In("industry", ("energy", "health")),
    Range("employees", low=20),
    Not(Equals("country", "US")),
    InList("id", LIST),
    Prefix("id", "A1"),
    Equals("id", "A05"),
    And((Equals("country", "US"), Range("employees", high=20))),
    Or((Equals("grade", "gold"), Range("potential", low=300))),
    Equals(InArea("box").name, True),
]
# What follows from other records, or from the day alone.
FAR: list[Condition] = [
    Equals("parent", "A01"),
    Equals("family", "A02"),
    Equals(OfFamily("industry").name, "retail"),
    Equals(OfFamily(InArea("box").name).name, True),
    Equals(Month().name, 3),
    Range(Orders(OrdersMeasure.COUNT, 3).name, low=1),
    Range(OfFamily(Orders(OrdersMeasure.COUNT, family="bikes").name).name, low=1),
    Range("revenue_12m", low=100),
]
DAYS = [MORNING.date() + timedelta(days=days) for days in (1, 3, 20)]


def plan_of(conditions: list[Condition]) -> Plan:
    """Two trees of types that own by priority and by share, an overlay, and a house that takes the rest."""
    geo, split, extra = (
        TerritoryType("geo"),
        TerritoryType("split", policy=Policy.SPLIT, priority=50),
        TerritoryType("help", role=Role.OVERLAY),
    )
    one, two, three, four = conditions
    territories = (
        Territory("west", "geo", rules=(Rule("r0", one),)),
        Territory("front", "geo", parent="west", rules=(Rule("r0", two), Rule("r1", three, priority=1))),
        Territory("pair-a", "split", rules=(Rule("r0", four),), share=0.25),
        Territory("pair-b", "split", rules=(Rule("r0", four),)),
        Territory("expert", "help", rules=(Rule("r0", two),)),
        Territory("house", "geo", is_catch_all=True),
    )
    return Plan(
        "p", types=(geo, split, extra), territories=territories, lists=(NamedList(LIST, ("A03",)),), areas=(Area("box", BOX),)
    )


class Assignment(RuleBasedStateMachine):
    """A company to which anything may happen, and which assigns now and then."""

    conditions: ClassVar[list[Condition]] = PLAIN

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="metes-machine-"))
        self.company = Company(type(self).new_database(self.folder), self.folder)
        self.orders = 0
        self.editor = Editor(st.sampled_from(self.conditions), IDS, [("A03",), ("A03", "A04"), ("A11",)], DAYS)
        self.rows = {
            id: {"id": id, "name": f"Firm {id}", **{n: v[i % len(v)] for n, v in VALUES.items()}, "parent": None}
            for i, id in enumerate(IDS[:18])
        }
        self.take(*self.rows)
        self.company.take("products", ("id", "name", "family"), [("P1", "Bike", "bikes"), ("P2", "Rack", "racks")])

    new_database: ClassVar[Callable[[Path], str]]

    def take(self, *ids: str, full: bool = False) -> None:
        """Import some accounts as they are in the file."""
        self.company.take("accounts", HEADER, [[self.rows[id][name] for name in HEADER] for id in ids], full=full)

    def teardown(self) -> None:
        """Assign a last time, and leave nothing behind."""
        if self.has_plan:
            self.assign()
        self.company.workspace.close()
        rmtree(self.folder)

    has_plan = False

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Publish a first plan and assign."""
        chosen = data.draw(st.lists(st.sampled_from(self.conditions), min_size=4, max_size=4))
        self.company.publish(plan_of(chosen))
        self.has_plan = True
        self.assign()

    # --- data -----------------------------------------------------------------------------------------------------------------

    @rule(data=st.data())
    def change_accounts(self, data: st.DataObject) -> None:
        """Import some accounts, new ones among them, with other values."""
        ids = data.draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True))
        for id in ids:
            row = self.rows.setdefault(id, {"id": id, "name": f"Firm {id}", "parent": None, **dict.fromkeys(VALUES)})
            for name in data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True)):
                row[name] = data.draw(st.sampled_from(VALUES[name]))
        self.take(*ids)

    @rule(child=st.sampled_from(IDS), parent=st.none() | st.sampled_from(IDS))
    def move_account(self, child: str, parent: str | None) -> None:
        """Put an account under one of a lower id, so that nobody stands in a ring, or under none."""
        if child in self.rows and (parent is None or (parent in self.rows and parent < child)):
            self.rows[child]["parent"] = parent
            self.take(child)

    @rule(gone=st.sampled_from(IDS))
    def close_account(self, gone: str) -> None:
        """Import all accounts but one, which closes it."""
        if gone in self.rows and len(self.rows) > 3:
            del self.rows[gone]
            for row in self.rows.values():
                row["parent"] = None if row["parent"] == gone else row["parent"]
            self.take(*self.rows, full=True)

    @rule(
        account=st.sampled_from(IDS),
        days=st.sampled_from([0, 40, 364, 400]),
        product=st.sampled_from(["P1", "P2"]),
        again=st.booleans(),
    )
    def order(self, account: str, days: int, product: str, again: bool) -> None:
        """A new order, or the last one changed."""
        if account in self.rows:
            self.orders += not (again and self.orders)
            row = (f"O{self.orders}", account, product, self.company.today - timedelta(days=days), 60)
            self.company.take("orders", ("id", "account", "product", "ordered_on", "amount"), [row])

    @rule()
    def undo(self) -> None:
        """Take the last import back."""
        last = self.company.workspace.imports(1)[0]
        if last.undone_at is None and last.kind != "products":
            try:
                self.company.workspace.import_undo(last.id)
            except Conflict:
                return

    @rule(account=st.sampled_from(IDS), data=st.data())
    def import_assignment(self, account: str, data: st.DataObject) -> None:
        """Somebody says who has held an account."""
        plan = self.company.workspace.require_active()[1]
        if account in self.rows and plan.territories:
            territory = data.draw(st.sampled_from(plan.territories)).key
            self.company.take("assignments", ("account", "territory", "from"), [(account, territory, date(2025, 1, 1))])

    @rule(rate=st.sampled_from(["EUR=1", "EUR=2", ""]))
    def change_rates(self, rate: str) -> None:
        """Another rate."""
        self.company.workspace.config_set("rates", rate)

    # --- plan and days --------------------------------------------------------------------------------------------------------

    def change_plan(self, plan: Plan, days: int) -> None:
        """Publish a plan from today or from a later day, where it is one that can be published."""
        try:
            self.company.publish(plan, self.company.today + timedelta(days=days))
        except (InputError, Conflict):
            return

    @rule(data=st.data(), days=st.sampled_from([0, 0, 0, 2]))
    def edit_plan(self, data: st.DataObject, days: int) -> None:
        """Change one or two things in the plan."""
        plan = self.company.workspace.require_active()[1]
        for _ in range(data.draw(st.integers(1, 2))):
            plan = self.editor.edited(data.draw, plan)
        self.change_plan(plan, days)

    @rule(shape=st.sampled_from([BOX, ELSEWHERE]))
    def change_area(self, shape: str) -> None:
        """Draw the area elsewhere."""
        self.change_plan(replace(self.company.workspace.require_active()[1], areas=(Area("box", shape),)), 0)

    @rule(days=st.sampled_from([1, 2, 20]))
    def wait(self, days: int) -> None:
        """Let days go by, on which pins and plans begin and end."""
        self.company.pass_days(days)

    # --- assignment -----------------------------------------------------------------------------------------------------------

    @rule()
    def assign(self) -> None:
        """Assign; the ledger says what the slow truth says."""
        self.company.check(self.company.workspace.assign())

    @rule()
    def assign_again(self) -> None:
        """Assign, and find nothing more to do, neither at once nor over everyone."""
        first = self.company.workspace.assign()
        self.company.check(first)
        assert self.company.workspace.assign().is_up_to_date
        forced = self.company.workspace.assign(is_forced=True)
        assert (forced.opened, forced.closed, forced.evaluated) == (0, 0, first.accounts)
        assert (forced.accounts, forced.unassigned, forced.by_via) == (first.accounts, first.unassigned, first.by_via)
        assert forced.unchanged == first.unchanged + first.opened

    @rule()
    def preview(self) -> None:
        """What a preview says is what assigning does."""
        previewed = self.company.workspace.assign(dry_run=True)
        done = self.company.workspace.assign()
        assert done.is_up_to_date or replace(previewed, run=done.run, is_preview=False) == done
        self.company.check(done)

    @rule(account=st.sampled_from(IDS))
    def assign_one(self, account: str) -> None:
        """Assign one account alone: it is held as the truth says, whatever waits."""
        self.company.workspace.assign_accounts([account])
        held, wanted = self.company.ledger_of(account), self.company.truth()
        assert {fact[:4] for fact in held} == {fact[:4] for fact in wanted if fact[0] == account}

    @rule(account=st.sampled_from(IDS), industry=st.sampled_from(["retail", "energy"]))
    def edit_by_hand(self, account: str, industry: str) -> None:
        """Change an account in its page, which assigns it where everything was assigned before."""
        if account not in self.rows:
            return
        try:
            self.company.workspace.account_edit(account, {"industry": industry})
        except (NotFound, Conflict):
            return
        self.rows[account]["industry"] = industry


class FarReaching(Assignment):
    """The same where rules ask for kin, orders and the month."""

    conditions = [*PLAIN[:4], *FAR]


SOAKS = bool(os.environ.get("METES_SOAK"))
EVERYDAY, SOAK, SOAK_ON_A_SERVER = (5, 30), (60, 50), (10, 40)


def run(machine: type[Assignment], examples: int, steps: int) -> None:
    """Let a machine take so many runs of so many steps."""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    chosen = settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(machine, settings=chosen)


@pytest.mark.parametrize("machine", [Assignment, FarReaching], ids=["plain", "far-reaching"])
def test_incremental_assignment_is_assignment(machine: type[Assignment], sqlite_with_schema: Path) -> None:
    machine.new_database = lambda folder: f"sqlite:///{copyfile(sqlite_with_schema, folder / 'metes.db')}"
    run(machine, *(SOAK if SOAKS else EVERYDAY))


@pytest.mark.postgresql
@pytest.mark.skipif(not SOAKS, reason="a server takes three times as long; METES_SOAK=1 runs it")
@pytest.mark.parametrize("machine", [Assignment, FarReaching], ids=["plain", "far-reaching"])
def test_incremental_assignment_is_assignment_on_a_server(machine: type[Assignment], postgresql: Callable[..., str]) -> None:
    template = Store(postgresql())
    schema.upgrade(template)
    template.dispose()
    machine.new_database = lambda folder: postgresql(template.url.database)
    run(machine, *SOAK_ON_A_SERVER)
