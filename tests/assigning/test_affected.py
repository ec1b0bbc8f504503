"""Which accounts a run looks at, and what it says of it; the ledger is right each time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from metes.assigning.report import AssignReport
from metes.base.dates import Period
from metes.model.plan import NamedList, Pin, Plan, Territory, TerritoryType
from tests.assigning.conftest import ACCOUNT_HEADER, ACCOUNTS, RULES
from tests.assigning.worlds import MORNING, Company, plan_in_words

TOMORROW = MORNING.date() + timedelta(days=1)


def assigned(company: Company) -> tuple[str, int, int]:
    """Assign, see that the ledger is right; the mode, and the numbers of accounts evaluated and moved."""
    report = checked(company)
    return report.mode.value, report.evaluated, report.moved


def checked(company: Company) -> AssignReport:
    """Assign, and see that the ledger is right."""
    report = company.workspace.assign()
    company.check(report)
    return report


def plan_of(company: Company) -> Plan:
    """The active plan."""
    return company.workspace.require_active()[1]


def edit(company: Company, plan: Plan) -> None:
    """Publish a plan from today."""
    company.publish(plan)


def test_the_first_run_looks_at_everyone_and_the_next_at_nobody(company: Company) -> None:
    again = company.workspace.assign()
    assert again.is_up_to_date
    assert (again.mode.value, again.evaluated, again.unchanged, again.accounts, again.unassigned) == ("none", 0, 4, 6, 2)


def test_changed_new_and_closed_accounts_alone_are_looked_at(company: Company) -> None:
    company.take("accounts", ACCOUNT_HEADER, [("A2", "Firm 2", "energy", 99, 5), ("A9", "New", "retail", 1, 7)])
    report = checked(company)
    assert (report.mode.value, report.evaluated, report.moved, report.reason) == (
        "incremental", 2, 2, "the data of 2 accounts changed",
    )  # fmt: skip
    assert {c.territory: (c.won, c.won_potential) for c in report.territories} == {"large": (1, 500), "shops": (1, 700)}
    company.take("accounts", ACCOUNT_HEADER, ACCOUNTS[1:], full=True)
    report = checked(company)
    assert (report.evaluated, report.moved, report.accounts) == (1, 3, 5)


def test_data_that_rules_do_not_ask_for_touch_nobody(company: Company) -> None:
    company.take("people", ("id", "name"), [("P1", "Ines")])
    report = checked(company)
    assert (report.mode.value, report.evaluated, report.reason) == ("incremental", 0, "nothing changed that rules ask for")
    assert company.workspace.assign().is_up_to_date


def test_one_changed_rule_touches_what_it_took_and_takes(company: Company) -> None:
    edit(company, plan_in_words({**RULES, "shops": "industry = 'health'"}, {"large": "power"}))
    report = checked(company)
    assert (report.mode.value, report.evaluated, report.moved, report.unassigned) == ("incremental", 4, 4, 2)
    assert report.reason == "2 conditions of rules changed"


def test_a_change_of_plan_and_of_data_are_one_run(company: Company) -> None:
    edit(company, plan_in_words({**RULES, "shops": "industry = 'health'"}, {"large": "power"}))
    company.take("accounts", ACCOUNT_HEADER, [("A1", "Firm 1", "energy", 50, 5)])
    report = checked(company)
    assert (report.mode.value, report.evaluated, report.moved) == ("incremental", 5, 5)
    assert report.reason == "the data of 1 account changed; 2 conditions of rules changed"


def test_a_territory_moved_in_the_tree_touches_what_its_rules_take(company: Company) -> None:
    edit(company, plan_in_words(RULES, parents={"shops": "large"}))
    assert assigned(company) == ("incremental", 3, 2)


def test_names_and_notes_touch_nobody(company: Company) -> None:
    plan = plan_of(company)
    edit(company, replace(plan, territories=tuple(replace(t, name=f"The {t.key}") for t in plan.territories)))
    assert assigned(company) == ("incremental", 0, 0)


def test_a_list_touches_those_that_rules_take_by_it(company: Company) -> None:
    rules = {**RULES, "named": "id in list 'picked'"}
    edit(company, plan_in_words(rules, {"large": "power"}, lists=(NamedList("picked", ("A2",)),)))
    assert assigned(company) == ("incremental", 1, 1)
    edit(company, plan_in_words(rules, {"large": "power"}, lists=(NamedList("picked", ("A5", "A0")),)))
    assert assigned(company) == ("incremental", 3, 3)


def test_a_catch_all_touches_everyone(company: Company) -> None:
    plan = plan_of(company)
    edit(company, replace(plan, territories=(*plan.territories, Territory("house", "geo", is_catch_all=True))))
    report = checked(company)
    assert (report.mode.value, report.evaluated, report.moved) == ("full", 6, 2)
    assert report.reason == "territory house, which can take any account, is new or stands otherwise"


def test_a_type_touches_what_its_territories_take(company: Company) -> None:
    edit(company, replace(plan_of(company), types=(TerritoryType("geo", priority=3),)))
    assert assigned(company) == ("incremental", 4, 0)


def test_pins_touch_their_accounts_on_the_days_they_begin_and_end(company: Company) -> None:
    period = Period(TOMORROW, TOMORROW + timedelta(days=1))
    edit(
        company,
        replace(plan_of(company), pins=(Pin("A2", "shops", "agreed", "ops", period), Pin("A5", "nowhere", "old", "ops"))[:1]),
    )
    assert assigned(company) == ("incremental", 0, 0)
    company.pass_days(1)
    report = checked(company)
    assert (report.mode.value, report.evaluated, report.moved, report.reason) == (
        "incremental", 1, 1, "pins of 1 account changed",
    )  # fmt: skip
    assert company.workspace.assign().is_up_to_date
    company.pass_days(1)
    assert assigned(company) == ("incremental", 1, 1)
    company.pass_days(30)
    assert company.workspace.assign().is_up_to_date


def test_a_plan_published_for_later_is_assigned_on_its_day(company: Company) -> None:
    company.publish(plan_in_words({**RULES, "shops": "industry = 'health'"}, {"large": "power"}), on=TOMORROW)
    assert company.workspace.assign().is_up_to_date
    company.pass_days(3)
    report = checked(company)
    assert (report.mode.value, report.moved, report.day) == ("incremental", 4, TOMORROW)


def test_what_goes_with_the_day_touches_everyone_on_another_day(company: Company) -> None:
    edit(company, plan_in_words({**RULES, "spring": "month = 4"}, {"large": "power"}))
    assert assigned(company) == ("incremental", 0, 0)
    company.pass_days(5)
    assert company.workspace.assign().is_up_to_date
    company.pass_days(20)
    report = checked(company)
    assert (report.mode.value, report.moved, report.reason) == ("full", 2, "rules ask for month, which goes with the day")


def test_new_orders_touch_their_accounts_and_changed_ones_everyone(company: Company) -> None:
    edit(company, plan_in_words({**RULES, "buyers": "orders count in last 3 months >= 1"}, {"large": "power"}))
    checked(company)
    header = ("id", "account", "ordered_on", "amount")
    company.take("orders", header, [("O1", "A2", company.today, 50)])
    assert assigned(company) == ("incremental", 1, 1)
    company.take("orders", header, [("O1", "A5", company.today, 50)])
    report = checked(company)
    assert (report.mode.value, report.moved) == ("full", 2)
    assert report.reason == "orders or products that were there before changed, and rules ask for purchase history"


def test_a_parent_touches_all_below_it_where_rules_ask_for_the_family(company: Company) -> None:
    company.take("accounts", (*ACCOUNT_HEADER, "parent"), [(*ACCOUNTS[2], "A5"), (*ACCOUNTS[1], "A2")])
    edit(company, plan_in_words({**RULES, "kin": "family.employees > 45"}, {"large": "power"}))
    checked(company)
    company.take("accounts", ACCOUNT_HEADER, [("A5", "Firm 5", "health", 10, 5)])
    report = checked(company)
    assert (report.mode.value, report.evaluated) == ("incremental", 3)


def test_rates_touch_everyone_where_rules_ask_for_amounts_and_nobody_elsewhere(company: Company) -> None:
    company.workspace.config_set("rates", "EUR=2")
    assert assigned(company) == ("incremental", 0, 0)
    edit(company, plan_in_words({**RULES, "rich": "potential >= 500"}, {"large": "power"}))
    checked(company)
    company.workspace.config_set("rates", "EUR=3")
    report = checked(company)
    assert (report.mode.value, report.reason) == (
        "full",
        "the reporting currency or its rates changed, and rules ask for potential",
    )


def test_imported_assignments_touch_everyone(company: Company) -> None:
    company.take("assignments", ("account", "territory", "from"), [("A0", "power", date(2025, 1, 1))])
    report = checked(company)
    assert (report.mode.value, report.reason) == ("full", "assignments were imported or taken back since the last run")


def test_imported_seats_touch_nobody(company: Company) -> None:
    company.take("people", ("id", "name"), [("P1", "Ines")])
    checked(company)
    assert company.workspace.assign(is_forced=True).evaluated == 6


def test_many_changed_accounts_are_a_run_over_everyone(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metes.assigning.affected.FEW_ACCOUNTS", 1)
    company.take("accounts", ACCOUNT_HEADER, [(*row[:2], "health", *row[3:]) for row in ACCOUNTS[:3]])
    report = checked(company)
    assert (report.mode.value, report.reason) == ("full", "more than 1 accounts changed")


def test_many_changed_rules_are_a_run_over_everyone(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metes.assigning.affected.FEW_CONDITIONS", 1)
    edit(company, plan_in_words({"shops": "industry = 'health'", "power": "industry = 'retail'"}))
    report = checked(company)
    assert (report.mode.value, report.reason) == ("full", "5 conditions of rules changed")


def test_named_accounts_are_assigned_before_others_that_wait(company: Company) -> None:
    edit(company, plan_in_words({**RULES, "shops": "industry = 'health'"}, {"large": "power"}))
    named = company.workspace.assign_accounts(["A2", "nobody"])
    assert (named.mode.value, named.evaluated, named.moved) == ("named", 1, 1)
    assert {fact[:2] for fact in company.ledger()} == {
        ("A0", "shops"),
        ("A1", "power"),
        ("A2", "shops"),
        ("A3", "shops"),
        ("A4", "large"),
    }
    assert assigned(company) == ("incremental", 4, 3)


def test_named_accounts_bring_the_ledger_up_to_date_where_nothing_else_waits(company: Company) -> None:
    company.take("accounts", ACCOUNT_HEADER, [("A2", "Firm 2", "energy", 1, 5)])
    named = company.workspace.assign_accounts(["A2"])
    company.check(named)
    assert (named.mode.value, named.moved) == ("incremental", 1)
    assert company.workspace.assign().is_up_to_date
