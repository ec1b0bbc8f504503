"""What each role sees through the verbs, on generated trees and seats, beside a slow count of who holds what today."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import InputError, NotFound
from metes.model.access import Capability
from metes.model.query import AccountQuery, Box
from metes.model.scope import Principal
from tests.conftest import NOW

PASSWORD = "correct horse battery"
TODAY = NOW.date()
ROLES = ("rep", "manager", "leader", "marketing")
SEEDS = range(20) if os.environ.get("METES_SOAK") else range(2)
GLOBE = Box(-180, -90, 180, 90)
EVERYTHING = AccountQuery(columns=("id", "name", "territory"), rows=200)
# Before the plan moved a branch.
LONG_AGO = date(2026, 2, 10)


@dataclass
class Story:
    """A company: the parent of each territory before and after, who sits where today, and the users with where they look from."""

    workspace: Workspace
    parent: dict[str, str | None]
    overlays: dict[str, int]
    places: dict[str, set[str]]

    def below(self, places: set[str]) -> set[str]:
        """The places with all below them, by climbing from each territory."""
        found = set()
        for key in self.parent:
            above: str | None = key
            while above is not None:
                if above in places:
                    found.add(key)
                above = self.parent[above]
        return found

    def as_user(self, name: str) -> Workspace:
        """The workspace in a user's name."""
        number = next(user.id for user in self.workspace.user_list() if user.name == name)
        return self.workspace.acting_as(Principal(name, number))

    def seen(self, name: str) -> set[str]:
        """The keys of the accounts that a territory of the user's holds today, asked one by one."""
        territories = self.below(self.places[name])
        everybody = self.workspace.account_ids(AccountQuery())
        return {key for key in everybody if {h.territory for h in self.workspace.owner(key).holdings} & territories}


def told(seed: int, made: Workspace, folder: Path) -> Story:
    """A generated company, its plan published twice: the second time a branch hangs elsewhere."""
    random_ = random.Random(seed)
    regions = ["US-CA", "US-OR", "US-NY", "US-TX", "US-WA"]
    before: dict[str, str | None] = {"root": None, "a": "root", "b": "root", "c": "root"}
    for number in range(8):
        before[f"t{number}"] = random_.choice(["a", "b", "c", *(f"t{n}" for n in range(number))])
    after = dict(before)
    after["t0"] = random_.choice([key for key in ("a", "b", "c") if key != before["t0"]])
    overlays = {"o0": 0, "o1": 1}
    rule = {f"t{n}": f"region = '{regions[n % 5]}' AND employees >= {n}" for n in range(8)}
    rows = [f"A{n},Shop {n},US,{regions[n % 5]},{n},{n * 1000},{('Retail', 'Energy')[n % 2]}" for n in range(40)]
    (folder / "accounts.csv").write_text("id,name,country,region,employees,potential,industry\n" + "\n".join(rows) + "\n")
    people = [f"P{n},Person {n},p{n}@example.com" for n in range(8)]
    (folder / "people.csv").write_text("id,name,email\n" + "\n".join(people) + "\n")
    made.import_("accounts", [folder / "accounts.csv"])
    made.import_("people", [folder / "people.csv"])
    for parent, on in ((before, date(2026, 1, 1)), (after, date(2026, 3, 1))):
        (folder / "plan.yaml").write_text(_plan(parent, rule, overlays))
        made.plan_import(folder / "plan.yaml", is_whole=True)
        made.plan_publish(on=on) if parent is before else made.plan_publish(on=on, correction="the branch moved")
    seated, lines = _seats(random_, after)
    (folder / "seats.csv").write_text("seat,person,from,to\n" + "\n".join(lines) + "\n")
    made.import_("seats", [folder / "seats.csv"])
    made.assign()
    made.user_add("ada", PASSWORD)
    places = {}
    for number in range(8):
        name = f"u{number}"
        grant = random_.choice(["", "", *after]) if number != 7 else "o1"
        made.user_add(name, PASSWORD, person=f"P{number}", roles=[ROLES[number % len(ROLES)]], territory=grant)
        places[name] = seated[f"P{number}"] | ({grant} if grant else set())
    return Story(made, {**after, "help": None, "o0": "help", "o1": "help"}, overlays, places)


def _plan(parent: dict[str, str | None], rule: dict[str, str], overlays: dict[str, int]) -> str:
    children: dict[str | None, list[str]] = {}
    for key, above in parent.items():
        children.setdefault(above, []).append(key)

    def node(key: str, indent: int) -> str:
        pad = " " * indent
        rules = f'\n{pad}  rules: [{{key: r, when: "{rule[key]}"}}]' if key in rule and key not in children else ""
        below = "".join(node(child, indent + 4) for child in children.get(key, ()))
        return f"{pad}- key: {key}\n{pad}  type: geo\n{pad}  seats: [{{key: {key}-1}}]{rules}\n" + (
            f"{pad}  children:\n{below}" if below else ""
        )

    helpers = "".join(
        f"      - {{key: {key}, type: help, rules: [{{key: r, when: industry = '{('Retail', 'Energy')[n]}'}}], seats: [{{key: {key}-1}}]}}\n"
        for key, n in overlays.items()
    )
    types = "types:\n  - key: geo\n  - {key: help, role: overlay, policy: share}\n"
    return f"key: p\nname: P\n{types}territories:\n{node('root', 2)}  - key: help\n    type: help\n    children:\n{helpers}"


def _seats(random_: random.Random, parent: dict[str, str | None]) -> tuple[dict[str, set[str]], list[str]]:
    """Who sits where today, and the rows of all seats, with some that ended yesterday, end today, or begin tomorrow."""
    days = [("2026-01-01", "", True), ("2026-01-01", TODAY, False), ("2026-01-01", TODAY - timedelta(days=1), False)]
    days += [(TODAY + timedelta(days=1), "", False), (TODAY, "", True), ("2026-01-01", TODAY + timedelta(days=1), True)]
    free = [*parent, "o0"]
    random_.shuffle(free)
    seated: dict[str, set[str]] = {f"P{n}": set() for n in range(8)}
    lines = []
    for person in seated:
        key = free.pop()
        start, end, is_now = random_.choice(days)
        lines.append(f"{key}-1,{person},{start},{end}")
        seated[person] |= {key} if is_now else set()
    return seated, lines


@pytest.fixture(params=SEEDS)
def story(request: pytest.FixtureRequest, sqlite_workspace: Workspace, tmp_path: Path) -> Story:
    """A generated company."""
    return told(request.param, sqlite_workspace, tmp_path)


def users(story: Story) -> Iterator[tuple[str, Workspace, set[str], set[str]]]:
    """Each user with their workspace, territories and accounts."""
    for name in story.places:
        yield name, story.as_user(name), story.below(story.places[name]), story.seen(name)


def test_every_reading_verb_shows_what_the_seats_and_grants_of_today_give(story: Story) -> None:
    everybody = set(story.workspace.account_ids(AccountQuery()))
    is_hidden = False
    for name, own, territories, accounts in users(story):
        is_hidden |= accounts < everybody
        page = own.accounts(EVERYTHING)
        assert {row["id"] for row in page.rows} == accounts, name
        assert page.total == own.total().accounts == len(accounts)
        assert set(own.account_ids(AccountQuery())) == accounts
        exported = [row["id"] for batch in own.accounts_export(AccountQuery(columns=("id", "owners"))) for row in batch.to_pylist()]
        assert sorted(exported) == sorted(accounts)
        assert sum(count for _, count in own.values_of("id", 1000)) == len(accounts)
        assert {row["id"] for row in own.search("shop", 100).accounts} == accounts
        if not own.scope.is_everything:
            shown = {node.territory.key for node in own.tree()}
            assert shown == territories | _above(story, territories)
            assert {t.key for t in own.search("t", 100).territories} <= shown
        for key in sorted(everybody):
            if key in accounts:
                assert own.account(key).key == key
                assert own.owner(key).holdings == story.workspace.owner(key).holdings
                own.explain(key)
            else:
                for verb in (own.account, own.owner, own.history, own.explain, own.account_number):
                    with pytest.raises(NotFound, match=f"^there is no account '{key}'; "):
                        verb(key)
        for key in story.parent:
            if not own.scope.has(key) and key not in _above(story, territories):
                with pytest.raises(NotFound, match=f"^the active plan has no territory '{key}'; "):
                    own.territory(key)
    assert is_hidden


def _above(story: Story, territories: set[str]) -> set[str]:
    found = set()
    for key in territories:
        above = story.parent[key]
        while above is not None:
            found.add(above)
            above = story.parent[above]
    return found - territories


def test_another_day_shows_of_what_one_sees_today_what_there_was(story: Story) -> None:
    for _, own, _, accounts in users(story):
        for moment in ((LONG_AGO, None), (TODAY, datetime(2026, 3, 1, tzinfo=NOW.tzinfo)), (LONG_AGO, NOW)):
            then, whole = own.as_of(*moment), story.workspace.as_of(*moment)
            page = then.accounts(EVERYTHING)
            there = {row["id"]: row["territory"] for row in whole.accounts(EVERYTHING).rows}
            assert {row["id"]: row["territory"] for row in page.rows} == {k: t for k, t in there.items() if k in accounts}
            assert page.total == then.total().accounts
            if then.active() and not own.scope.is_everything:
                held = [t for k, t in there.items() if k in accounts and t and own.scope.has(t)]
                assert sum(node.own.accounts for node in then.tree() if node.role == "primary") == len(held)


def test_people_are_those_of_ones_seats_and_oneself(story: Story) -> None:
    sat = story.workspace.sitting_now([row["id"] for row in story.workspace.people()[0]])
    for name, own, territories, _ in users(story):
        if own.scope.is_everything:
            continue
        wanted = {s.person_key for s in sat if s.seat.removesuffix("-1") in territories} | {f"P{name[1:]}"}
        rows, total = own.people()
        assert ({row["external_id"] for row in rows}, total) == (wanted, len(wanted))
        reaches = own.access.may(Capability.CONTACTS)
        assert {bool(row["email"]) for row in rows} == {reaches}
        for row in story.workspace.people()[0]:
            if row["external_id"] in wanted:
                own.person(row["id"])
            else:
                with pytest.raises(NotFound, match=f"^there is no person with the number {row['id']}$"):
                    own.person(row["id"])


def test_one_role_after_another_gets_its_own_answers_from_the_same_shelf(story: Story) -> None:
    wanted = {name: len(story.seen(name)) for name in story.places}
    for _ in range(2):
        for name, count in wanted.items():
            own = story.as_user(name)
            assert own.total().accounts == own.accounts(EVERYTHING).total == count
            assert sum(cell["accounts"] for cell in own.cells(GLOBE, 3)) <= count
        assert story.workspace.total().accounts == 40


def test_a_family_is_asked_by_those_who_see_all_accounts(story: Story) -> None:
    query = AccountQuery(condition=story.workspace.rule_parse("family.employees > 3"))
    assert story.workspace.accounts(query).total == 36
    for _, own, _, accounts in users(story):
        if not own.scope.is_everything and accounts:
            with pytest.raises(InputError, match=r"'family\.employees' can be asked by those who see all accounts"):
                own.accounts(query)


def test_a_manager_changes_accounts_of_the_own_branch_alone(story: Story) -> None:
    for _, own, _, accounts in users(story):
        if own.access.may(Capability.DATA_EDIT) and not own.scope.is_everything:
            for key in ("A1", "A7", "A12"):
                if key in accounts:
                    assert own.account_edit(key, {"channel": "Direct"}).is_changed
                else:
                    with pytest.raises(NotFound, match=f"^there is no account '{key}'; "):
                        own.account_edit(key, {"channel": "Direct"})
