"""Which accounts a run must look at: those that changed data, a changed plan, or a pin that begins or ends may touch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metes.assigning.last_run import LastRun, State, has_turned
from metes.assigning.report import Mode
from metes.assigning.task import Task, names_in
from metes.assigning.turns import asks_kin, asks_orders, asks_revenue, field_under, turns_between
from metes.model.condition import Condition
from metes.model.plan import Plan, Rule, Territory
from metes.rules.affected import Changes, changed_rules
from metes.store import changed

if TYPE_CHECKING:
    from metes.store.book import Book

Numbers = NDArray[np.int64]
NOBODY: Numbers = np.empty(0, np.int64)
# Beyond these shares a run over all accounts costs less than finding out whom to leave aside.
MOST_ACCOUNTS_SHARE = 0.3
FEW_ACCOUNTS = 1_000
MOST_CONDITIONS_SHARE = 0.2
FEW_CONDITIONS = 50


@dataclass(frozen=True, slots=True)
class Affected:
    """The accounts to look at, ascending, or all of them where the mode is FULL; and why these.

    A `book` has the data of now for those that are not `by_data`.
    """

    mode: Mode
    reason: str
    accounts: Numbers = field(default_factory=lambda: NOBODY)
    by_data: Numbers = field(default_factory=lambda: NOBODY)
    book: Book | None = None

    @property
    def is_everyone(self) -> bool:
        """Whether all accounts are to be looked at."""
        return self.mode is Mode.FULL


def affected_accounts(task: Task, last: LastRun | None, state: State) -> Affected:
    """The accounts that may stand otherwise than the last run left them; all others stand as they would after a run over everyone."""
    if last is None:
        return everyone("nothing has been assigned before")
    if reason := _why_doubtful(task, last, state):
        return everyone(reason)
    before = task.plan if last.base.revision == task.revision.id else task.plan_of(last.base.revision)
    changes = changed_rules(before, task.plan, last.base.as_of, task.today)
    asked = task.names | names_in(plan_of(before, changes.before))
    if reason := changes.reason or _why_names_are_doubtful(task, last, asked) or _why_too_much(task, changes):
        return everyone(reason)
    with task.store.read() as connection:
        most = max(FEW_ACCOUNTS, int(MOST_ACCOUNTS_SHARE * changed.open_accounts(connection)))
    since, book = _book_for(task, last.base.state, changes, asked)
    by_data = _by_data(task, since, asked, most)
    if isinstance(by_data, str):
        return everyone(by_data)
    by_rules = NOBODY if book is None else _by_rules(task, before, book, changes, last.base.as_of)
    by_pins = _by_pins(task, changes)
    accounts = np.union1d(np.union1d(by_data, by_rules), by_pins)
    if accounts.size > most:
        return everyone(f"the changes may touch {accounts.size:,} accounts")
    return Affected(Mode.INCREMENTAL, _said(_changed_since(task, last.base.state), changes), accounts, by_data, book)


def named_accounts(task: Task, last: LastRun | None, state: State, accounts: Numbers) -> Affected:
    """Some accounts whose data have just changed, with those that changed since the last run where they are few.

    Where more has happened since then the named ones alone are looked at, with their kin where rules ask for it: the mode says so.
    """
    if last is None:
        return everyone("nothing has been assigned before")
    is_settled = last.base.revision == task.revision.id and not has_turned(last.base, task.today)
    if is_settled and not _why_doubtful(task, last, state) and not _why_names_are_doubtful(task, last, task.names):
        by_data = _by_data(task, last.base.state, task.names, FEW_ACCOUNTS)
        if not isinstance(by_data, str):
            reason = _said(_changed_since(task, last.base.state), Changes())
            return Affected(Mode.INCREMENTAL, reason, np.union1d(by_data, accounts))
    if any(asks_kin(name) for name in task.names):
        with task.store.read() as connection:
            accounts = changed.with_descendants(connection, accounts)
    return Affected(Mode.NAMED, "these accounts were named; others wait for the next run", np.unique(accounts))


def everyone(reason: str) -> Affected:
    """All accounts, and why."""
    return Affected(Mode.FULL, reason)


def _said(by_data: int, changes: Changes) -> str:
    """Why a run looks at some accounts."""
    parts = [
        f"the data of {_counted(by_data, 'account')} changed" if by_data else "",
        f"{_counted(changes.conditions, 'condition')} of rules changed" if changes.conditions else "",
        f"pins of {_counted(len(changes.accounts), 'account')} changed" if changes.accounts else "",
    ]
    return "; ".join(filter(None, parts)) or "nothing changed that rules ask for"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


# --- when to look at everyone -----------------------------------------------------------------------------------------------------


def _why_doubtful(task: Task, last: LastRun, state: State) -> str:
    """What makes the ledger doubtful for every account; empty where nothing does."""
    if last.base.state.ownership != state.ownership:
        return "assignments were imported or taken back since the last run"
    if last.base.basis is None:
        return "the last run was made by an earlier version of Metes"
    if last.base.as_of > task.today or last.day > task.day:
        return f"the last run was as of {max(last.base.as_of, last.day)}, later than this one"
    return ""


def _why_names_are_doubtful(task: Task, last: LastRun, asked: frozenset[str]) -> str:
    """What that rules ask for may have changed for every account; empty where nothing may have."""
    before, now = last.base.basis, task.basis
    is_converted_alike = before is not None and (before.currency, before.rates) == (now.currency, now.rates)
    if not is_converted_alike and (amounts := task.amounts(asked)):
        return f"the reporting currency or its rates changed, and rules ask for {amounts[0]}"
    custom = before.custom if before is not None else {}
    if retyped := [name for name in sorted(map(field_under, asked)) if custom.get(name) != now.custom.get(name)]:
        return f"the custom field {retyped[0]}, which rules ask for, is new or has another type"
    if turned := [name for name in sorted(asked) if turns_between(name, last.base.as_of, task.today)]:
        return f"rules ask for {turned[0]}, which goes with the day"
    return ""


def _why_too_much(task: Task, changes: Changes) -> str:
    """Why a change of plan is not worth following rule by rule; empty where it is."""
    if changes.conditions > max(FEW_CONDITIONS, MOST_CONDITIONS_SHARE * task.rules):
        return f"{_counted(changes.conditions, 'condition')} of rules changed"
    return ""


# --- data -------------------------------------------------------------------------------------------------------------------------


def _by_data(task: Task, since: State, asked: frozenset[str], most: int) -> Numbers | str:
    """The accounts of which rules may see something else than at a moment, or why that cannot be told."""
    with task.store.read() as connection:
        found = changed.changed_accounts(connection, since.data, most)
        if found is None:
            return f"more than {most:,} accounts changed"
        if any(asks_orders(name) for name in asked):
            buyers = changed.accounts_of_new_orders(connection, since.data, since.last_import)
            if buyers is None:
                return "orders or products that were there before changed, and rules ask for purchase history"
            found = np.union1d(found, buyers)
        return changed.with_descendants(connection, found) if any(asks_kin(name) for name in asked) else found


def _changed_since(task: Task, since: State) -> int:
    """How many accounts changed since a moment."""
    with task.store.read() as connection:
        return changed.count_changed(connection, since.data)


# --- plan -------------------------------------------------------------------------------------------------------------------------


def _book_for(task: Task, since: State, changes: Changes, asked: frozenset[str]) -> tuple[State, Book | None]:
    """A Book for the rules that changed (None where none did), and the moment since which changed data make it doubtful.

    Any Book does, for what changed since it was made counts as changed; but for orders, of which only the additions since the last
    run are known.
    """
    if not changes.conditions:
        return since, None
    is_of_today = any(asks_revenue(name) for name in asked)
    found = task.books.at_hand()
    if found is not None and (found[0].day == task.today or not is_of_today):
        key, book = found
        if key.data >= since.data:
            return since, book
        if not any(asks_orders(name) for name in asked):
            return replace(since, data=key.data), book
    return since, task.books.of_now(is_of_today=is_of_today)[1]


def _by_rules(task: Task, before: Plan, book: Book, changes: Changes, day_before: date) -> Numbers:
    """The accounts that a changed rule takes, as it was or as it is."""
    task.progress.report("finding what changed rules take")
    old = _taken(task, book, before, changes.before, day_before)
    return np.union1d(old, _taken(task, book, task.plan, changes.after, task.today))


def _taken(task: Task, book: Book, plan: Plan, conditions: tuple[Condition, ...], day: date) -> Numbers:
    """The accounts of a Book for which one of some conditions of a plan holds."""
    if not conditions:
        return NOBODY
    from metes.rules.compile import compile_plan
    from metes.rules.evaluate import evaluate_table

    compiled = compile_plan(plan_of(plan, conditions), task.fields, task.basis.currency)
    accounts = book.rule_table(compiled.used_fields, plan, day)
    return np.unique(evaluate_table(accounts, compiled)["account"].to_numpy())


def plan_of(plan: Plan, conditions: Iterable[Condition]) -> Plan:
    """A plan of nothing but some conditions as rules, with the lists and areas of the plan that they come from."""
    rules = tuple(Rule(f"changed-{number}", condition) for number, condition in enumerate(conditions))
    return Plan("changed", territories=(Territory("changed", "", rules=rules),), lists=plan.lists, areas=plan.areas)


def _by_pins(task: Task, changes: Changes) -> Numbers:
    """The accounts whose pins or exclusions in force changed."""
    with task.store.read() as connection:
        return np.array(sorted(changed.numbers_of_keys(connection, changes.accounts).values()), np.int64)
