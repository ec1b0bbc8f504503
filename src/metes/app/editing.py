"""The verbs of whoever edits a plan in pages: what a rule takes, what is wrong with it, territories, seats, many pins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metes.app.parts import PartVerbs
from metes.app.places import PlaceVerbs
from metes.base.errors import NotFound
from metes.base.findings import Finding
from metes.model.condition import EVERYTHING, And, Condition, Or
from metes.model.plan import Pin, Plan, Seat, Territory
from metes.model.query import AccountQuery
from metes.plan import edit
from metes.rules.checks import check_condition
from metes.store import plans
from metes.store.plans import Revision


@dataclass(frozen=True, slots=True)
class RuleTake:
    """What a rule takes of all accounts, by itself and within what its territory's parents take, and who holds those today."""

    accounts: int
    of: int
    potential: int
    inside: int
    here: int
    elsewhere: int
    unheld: int


class EditingVerbs(PartVerbs, PlaceVerbs):
    """What a plan's editor needs beside the verbs of plans."""

    def rule_check(self, condition: Condition, reference: str = "active") -> tuple[Finding, ...]:
        """What is wrong or doubtful about a condition under a revision's lists and areas."""
        plan = self.plan_show(reference)[1]
        return tuple(check_condition(condition, self.fields(), plan.list_by_key, areas=plan.area_by_key))

    def rule_take(self, condition: Condition, territory: str, reference: str = "active") -> RuleTake:
        """What a condition would take as a rule of a territory; `check` it first."""
        plan = self.plan_show(reference)[1]
        within = _taken_above(plan, territory)
        inside = And((within, condition)) if within != EVERYTHING else condition
        alone, potential = self._taken(plan, condition, None)
        here = frozenset(t.key for t in _subtree(plan, territory))
        inside_count = alone if inside is condition else self._taken(plan, inside, None)[0]
        here_count = self._taken(plan, inside, here)[0]
        unheld = self._taken(plan, inside, frozenset({""}))[0]
        return RuleTake(
            accounts=alone,
            of=self.book().total(self.scope).accounts,
            potential=potential,
            inside=inside_count,
            here=here_count,
            elsewhere=inside_count - here_count - unheld,
            unheld=unheld,
        )

    def accounts_known(self, keys: Sequence[str]) -> frozenset[str]:
        """Which of these are keys of accounts."""
        with self.store.read() as connection:
            return plans.known_accounts(connection, keys) or frozenset()

    def _taken(self, plan: Plan, condition: Condition, territories: frozenset[str] | None) -> tuple[int, int]:
        query = AccountQuery(condition=condition, territories=territories, columns=("id",), rows=1)
        page = self.book().page(query, self.scope, plan=plan)
        return page.total, page.sums["potential"]

    def territory_set(self, territory: Territory, *, reference: str, expected_root: str | None = None) -> Revision:
        """Put a territory into a draft, in the place of the one with its key."""
        note = f"territory {territory.key}"
        return self.plan_change(
            lambda plan: edit.with_territory(plan, territory), note, reference=reference, expected_root=expected_root
        )

    def territory_remove(self, key: str, *, reference: str, expected_root: str | None = None) -> Revision:
        """Take a territory with its seats and pins out of a draft; refused where others stand below it."""
        note = f"territory {key} removed"
        return self.plan_change(
            lambda plan: edit.without_territory(plan, key), note, reference=reference, expected_root=expected_root
        )

    def seat_set(self, seat: Seat, *, reference: str, expected_root: str | None = None) -> Revision:
        """Put a seat into a draft, in the place of the one with its key."""
        note = f"seat {seat.key}"
        return self.plan_change(lambda plan: edit.with_seat(plan, seat), note, reference=reference, expected_root=expected_root)

    def seat_remove(self, key: str, *, reference: str, expected_root: str | None = None) -> Revision:
        """Take a seat out of a draft."""
        note = f"seat {key} removed"
        return self.plan_change(lambda plan: edit.without_seat(plan, key), note, reference=reference, expected_root=expected_root)

    def pins_change(
        self, add: Sequence[Pin] = (), remove: Sequence[Pin] = (), *, reference: str, expected_root: str | None = None
    ) -> Revision:
        """Put pins or exclusions into a draft and take others out, named by all their values."""

        def change(plan: Plan) -> Plan:
            for pin in remove:
                plan = edit.without_pin(plan, pin)
            return edit.with_pins(plan, add)

        named = [*add, *remove]
        note = f"pin of {named[0].account}" if len(named) == 1 else f"{len(named)} pins"
        return self.plan_change(change, note, reference=reference, expected_root=expected_root)


def _taken_above(plan: Plan, territory: str) -> Condition:
    """What the territories above one take together."""
    if territory not in plan.territory_by_key:
        raise NotFound(f"the plan has no territory '{territory}'; its page lists those it has")
    above = [Or(tuple(rule.condition for rule in t.rules)) for t in plan.ancestors(territory) if t.rules]
    return And(tuple(above)) if above else EVERYTHING


def _subtree(plan: Plan, territory: str) -> tuple[Territory, ...]:
    first, last = plan.interval_by_key[territory]
    return plan.preorder[first:last]
