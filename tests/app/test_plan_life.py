"""A plan's life: branched, changed, reviewed by those who may, published, cancelled, corrected, taken back; and what each person is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import copyfile

import pytest

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.base.errors import Conflict, InputError, NotFound, Refused
from metes.model.access import HIDDEN
from metes.model.plan import Pin, Rule, Territory
from metes.model.scope import Principal
from metes.plan.diff import diff
from metes.store import users
from tests.conftest import NOW

TODAY = NOW.date()
PLAN = """key: p
name: Tools
types:
  - key: geo
territories:
  - key: world
    type: geo
    children:
      - key: east
        type: geo
        rules:
          - key: r
            when: region = 'US-NY'
        seats:
          - key: seat-east
      - key: west
        type: geo
        rules:
          - key: r
            when: region = 'US-CA'
        seats:
          - key: seat-west
      - key: rest
        type: geo
        catch_all: true
"""


class Clock:
    """The time, in the hands of the test."""

    now = NOW

    def __call__(self) -> datetime:
        """The instant set."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at the instant of the tests."""
    return Clock()


@pytest.fixture(scope="module")
def begun(sqlite_with_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file of the company, to be copied."""
    folder = tmp_path_factory.mktemp("begun")
    path = copyfile(sqlite_with_schema, folder / "metes.db")
    made = open_workspace(AppSettings(f"sqlite:///{path}", folder / "cache"), clock=Clock())
    begin(made, folder)
    made.close()
    return path


@pytest.fixture
def company(request: pytest.FixtureRequest, begun: Path, tmp_path: Path, clock: Clock) -> Iterator[Workspace]:
    """The company; on SQLite, but where a test asks for PostgreSQL too."""
    if getattr(request, "param", "sqlite") == "sqlite":
        address = f"sqlite:///{copyfile(begun, tmp_path / 'metes.db')}"
        made = open_workspace(AppSettings(address, tmp_path / "cache"), clock=clock)
    else:
        made = open_workspace(AppSettings(request.getfixturevalue("postgresql")(), tmp_path / "cache"), clock=clock)
        begin(made, tmp_path)
    yield made
    made.close()


def begin(made: Workspace, folder: Path) -> None:
    """Six accounts, two people on two seats, a plan in force since a year, three users."""
    rows = [f"A{n},Shop {n},US,{'US-NY' if n < 3 else 'US-CA'},{n}000" for n in range(6)]
    (folder / "accounts.csv").write_text("id,name,country,region,potential\n" + "\n".join(rows) + "\n")
    (folder / "people.csv").write_text("id,name,email\nP1,Ada North,ada@example.com\nP2,Bo South,bo@example.com\n")
    (folder / "seats.csv").write_text("seat,person,from\nseat-east,P1,2025-01-01\nseat-west,P2,2025-01-01\n")
    (folder / "plan.yaml").write_text(PLAN)
    made.import_("accounts", [folder / "accounts.csv"])
    made.import_("people", [folder / "people.csv"])
    made.plan_import(folder / "plan.yaml")
    made.plan_publish(on=date(2025, 3, 14))
    made.import_("seats", [folder / "seats.csv"])
    made.assign()
    for name, person in (("ada", "P1"), ("bo", "P2"), ("cy", None)):
        made.user_add(name, "correct horse battery", person=person, roles=["administrator"])


both = pytest.mark.parametrize("company", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)


def as_user(company: Workspace, name: str) -> Workspace:
    """The workspace in a user's name."""
    with company.store.read() as connection:
        found = users.find_user(connection, name)
    assert found is not None
    return company.acting_as(Principal(name, found[0].id))


def take_over(workspace: Workspace, reference: str) -> str:
    """Let the west take accounts of New York from a size on; the scenario's number."""
    rule = Rule("big", workspace.rule_parse("region = 'US-NY' and potential >= 2000"), priority=1)
    draft = workspace.rule_set("west", rule, reference=reference)
    draft = workspace.rule_set(
        "east", Rule("r", workspace.rule_parse("region = 'US-NY' and potential < 2000")), reference=str(draft.id)
    )
    return str(draft.id)


def held(workspace: Workspace) -> dict[str, str]:
    """The territory of each account today."""
    workspace.assign()
    return {f"A{n}": workspace.owner(f"A{n}").primary[0].territory for n in range(6)}


def test_a_scenario_is_branched_named_and_left_alone_by_the_plan_in_force(company: Workspace) -> None:
    spring = company.plan_branch("  Spring   2027 ", note="a thought")
    assert (spring.title, spring.state, spring.base_root) == ("Spring 2027", "draft", company.plan_find("active").root_hash)
    take_over(company, "Spring 2027")
    deeper = company.plan_branch("Deeper", reference="Spring 2027")
    assert deeper.root_hash == company.plan_find("Spring 2027").root_hash
    assert held(company)["A2"] == "east"
    with pytest.raises(Conflict, match="already"):
        company.plan_branch("Deeper")
    for bad in ("", "active", "12", "x" * 81, "a\x00b"):
        with pytest.raises(InputError):
            company.plan_branch(bad)
    assert company.plan_rename("Deepest", "Deeper").label == "Deepest"


def test_changes_of_the_plan_in_force_do_not_fall_into_a_named_scenario(company: Workspace) -> None:
    spring = company.plan_branch("Spring")
    first = company.territory_set(Territory("north", "geo", parent="world"), reference="active")
    second = company.plan_change(lambda plan: replace(plan, description="Tools and more"), "more")
    assert (first.title, second.id) == ("", first.id)
    company.plan_propose(str(first.id), rationale="north grows")
    third = company.plan_change(lambda plan: replace(plan, description="Less"), "less")
    assert third.id not in (first.id, spring.id)
    assert company.plan_find("Spring").root_hash == company.plan_find("active").root_hash


def test_the_log_tells_what_happened_in_order(company: Workspace, clock: Clock) -> None:
    clock.now += timedelta(hours=1)
    company.plan_branch("Spring")
    clock.now += timedelta(hours=1)
    number = take_over(company, "Spring")
    clock.now += timedelta(hours=1)
    company.plan_propose(number, rationale="Bo has time")
    clock.now += timedelta(hours=1)
    company.plan_publish(number, rationale="Bo has time")
    kinds = [entry.kind for entry in company.plan_log(number)]
    assert kinds == ["publish", "propose", "edit", "edit", "branch", "publish", "import"]


@both
def test_publishing_tells_each_person_what_they_gain_and_lose_and_why(company: Workspace) -> None:
    number = take_over(company, str(company.plan_branch("Spring").id))
    first = date(2026, 4, 1)
    assert {row["person"] for row in company.publish_preview(number, on=first)} == {"Ada North", "Bo South"}
    company.plan_publish(number, on=first, rationale="Bo has time.")
    publication = company.publications()[0]
    record = company.publication(publication.id)
    told = {m.person: m for m in record.messages}
    assert told["Bo South"].text == (
        "From 1 April 2026 you gain 1 account worth 2,000 USD of potential from Ada North (1). Why: Bo has time."
    )
    assert told["Ada North"].lost["accounts"] == 1
    assert (publication.kind, publication.rationale, publication.promised["moved"]) == ("publish", "Bo has time.", 1)
    assert publication.promised["balance"]["territories"] == 2

    ada = as_user(company, "ada")
    assert [m.publication_id for m in ada.messages_to_me()] == [publication.id]
    ada.publication_acknowledge(publication.id)
    after = {m.person: m for m in company.publication(publication.id).messages}
    assert (after["Ada North"].acknowledged_by, after["Bo South"].acknowledged_by) == ("ada", None)
    with pytest.raises(InputError, match="linked to no person"):
        as_user(company, "cy").publication_acknowledge(publication.id)
    with pytest.raises(NotFound):
        ada.publication_acknowledge(1)


def test_a_change_record_holds_the_promise_against_what_came(company: Workspace) -> None:
    number = take_over(company, str(company.plan_branch("Spring").id))
    company.plan_publish(number)
    publication = company.publications()[0]
    assert company.publication(publication.id).actual["moved"] is None
    assert held(company)["A2"] == "west"
    record = company.publication(publication.id)
    assert record.actual["moved"] == record.publication.promised["moved"] == 1
    assert record.actual["balance"] == record.publication.promised["balance"]


def test_what_came_of_a_publication_is_measured_on_any_later_day(company: Workspace, clock: Clock) -> None:
    number = take_over(company, str(company.plan_branch("Spring").id))
    company.plan_publish(number)
    held(company)
    clock.now += timedelta(days=5)
    company.assign()
    number = company.publications()[0].id
    company.pin([Pin("A0", "west", "asked for it", "ada")], reference=str(company.plan_branch("Later").id))
    company.plan_publish("Later")
    held(company)
    moved = [company.publication(number, at=TODAY + timedelta(days=days)).actual["moved"] for days in (0, 4, 5)]
    assert moved == [1, 1, 2]
    with pytest.raises(InputError, match="up to today"):
        company.publication(number, at=TODAY - timedelta(days=1))


@both
def test_parts_are_approved_by_those_who_may_and_did_not_write_them(company: Workspace) -> None:
    company.config_set("approvals_needed", "1")
    for territory, name in (("east", "bo"), ("west", "cy")):
        company.right_grant(name, "approve", territory)
    ada, bo, cy = (as_user(company, name) for name in ("ada", "bo", "cy"))
    number = take_over(ada, str(ada.plan_branch("Spring").id))
    with pytest.raises(Refused, match="propose"):
        ada.plan_publish(number)
    review = ada.plan_propose(number, rationale="Bo has time", due_on=TODAY + timedelta(days=7))
    assert [(p.part.key, p.approvers, p.may_decide) for p in review.parts] == [("east", ("bo",), False), ("west", ("cy",), False)]
    with pytest.raises(Refused, match="2 parts"):
        ada.plan_publish(number)
    with pytest.raises(Refused, match="cy may approve"):
        bo.plan_decide(number, "west", "approve")
    bo.plan_decide(number, "east", "approve")
    assert cy.plan_decide(number, "west", "ask", "Not the big ones").revision.state == "in review"
    with pytest.raises(Refused, match="lack approval: west"):
        ada.plan_publish(number)
    assert cy.plan_decide(number, "west", "approve").revision.state == "approved"
    ada.plan_publish(number)
    assert company.plan_find("active").id == int(number)


def test_whoever_changed_a_scenario_does_not_approve_it_while_four_eyes_are_asked_for(company: Workspace) -> None:
    ada = as_user(company, "ada")
    number = take_over(ada, str(ada.plan_branch("Spring").id))
    ada.plan_propose(number, rationale="Bo has time")
    with pytest.raises(Refused, match="does not approve"):
        ada.plan_decide(number, "", "approve")
    company.config_set("four_eyes", "no")
    assert ada.plan_decide(number, "", "approve").revision.state == "approved"


def test_an_approval_lapses_with_its_part_and_stays_for_the_others(company: Workspace) -> None:
    for territory in ("east", "west"):
        company.right_grant("bo", "approve", territory)
    ada, bo = as_user(company, "ada"), as_user(company, "bo")
    number = take_over(ada, str(ada.plan_branch("Spring").id))
    ada.plan_propose(number, rationale="Bo has time")
    for part in ("east", "west"):
        bo.plan_decide(number, part, "approve")
    assert ada.plan_find(number).state == "approved"
    ada.rule_set("west", Rule("more", ada.rule_parse("potential > 9000")), reference=number)
    review = ada.plan_review(number)
    assert review.revision.state == "in review"
    assert {p.part.key: (p.is_settled, len(p.lapsed)) for p in review.parts} == {"east": (True, 0), "west": (False, 1)}


def test_a_moved_territory_concerns_the_place_it_leaves_and_the_one_it_comes_to(company: Workspace) -> None:
    for territory in ("east", "west"):
        company.right_grant("bo", "approve", territory)
    draft = company.territory_set(Territory("shops", "geo", parent="east"), reference=str(company.plan_branch("Shops").id))
    company.plan_publish(str(draft.id))
    branch = company.plan_branch("Moved")
    moved = replace(company.plan_of(branch).territory_by_key["shops"], parent="west")
    draft = company.territory_set(moved, reference=str(branch.id))
    assert [p.part.key for p in company.plan_review(str(draft.id)).parts] == ["east", "west"]


def test_rights_of_a_subtree_hold_below_it_and_nobody_else_publishes_there(company: Workspace) -> None:
    right = company.right_grant("bo", "publish", "west")
    with pytest.raises(Conflict):
        company.right_grant("bo", "publish", "west")
    ada, bo = as_user(company, "ada"), as_user(company, "bo")
    assert [(w.may("publish", "west"), w.may("publish", "east")) for w in (ada, bo)] == [(False, True), (True, True)]
    number = take_over(ada, str(ada.plan_branch("Spring").id))
    with pytest.raises(Refused, match="territory west; bo may"):
        ada.plan_publish(number)
    company.right_revoke(right)
    assert ada.may("publish", "west")
    ada.plan_publish(number)
    with pytest.raises(NotFound):
        company.right_revoke(right)
    with pytest.raises(NotFound, match="no territory"):
        company.right_grant("bo", "publish", "nowhere")
    with pytest.raises(InputError, match="propose"):
        company.right_grant("bo", "rule the world")


def test_comments_stand_on_items_are_answered_and_settled(company: Workspace) -> None:
    number = take_over(company, str(company.plan_branch("Spring").id))
    ada, bo = as_user(company, "ada"), as_user(company, "bo")
    first = ada.plan_comment(number, "rule west/big", "Why 2000?")
    second = bo.plan_comment(number, "rule west/big", "It is what fits.", reply_to=first)
    bo.plan_comment_resolve(first)
    found = company.plan_review(number).comments
    assert [(c.id, c.author, c.reply_to, c.resolved_by) for c in found] == [(first, "ada", None, "bo"), (second, "bo", first, None)]
    with pytest.raises(InputError):
        ada.plan_comment(number, "", "   ")
    with pytest.raises(NotFound):
        ada.plan_comment("active", "", "x", reply_to=first)


def test_a_scenario_of_an_older_plan_is_not_published_over_a_newer_one(company: Workspace) -> None:
    older, newer = company.plan_branch("Older"), company.plan_branch("Newer")
    number = take_over(company, str(newer.id))
    other = company.rule_set("rest", Rule("x", company.rule_parse("potential < 0")), reference=str(older.id))
    company.plan_publish(number)
    with pytest.raises(Conflict, match="moved on"):
        company.plan_publish(str(other.id))


def test_two_people_publish_at_once_and_one_wins(company: Workspace) -> None:
    draft = company.plan_find(take_over(company, str(company.plan_branch("Spring").id)))
    as_user(company, "ada").plan_publish(str(draft.id), expected_root=draft.root_hash)
    with pytest.raises(Conflict, match="already"):
        as_user(company, "bo").plan_publish(str(draft.id), expected_root=draft.root_hash)


@both
def test_a_publication_is_cancelled_before_its_day_with_its_pins(company: Workspace, clock: Clock) -> None:
    number = str(company.plan_branch("Spring").id)
    company.pin([Pin("A0", "west", "asked for it", "ada")], reference=number)
    company.plan_publish(number, on=TODAY + timedelta(days=10))
    publication = company.publications()[0]
    with pytest.raises(InputError, match="why"):
        company.plan_cancel(publication.id, " ")
    draft = company.plan_cancel(publication.id, "not yet")
    assert (draft.state, draft.is_open) == ("draft", True)
    cancelled = company.publications()[0]
    assert (cancelled.cancelled_by, cancelled.cancel_reason) == ("local", "not yet")
    with pytest.raises(Conflict, match="cancelled already"):
        company.plan_cancel(publication.id, "again")
    clock.now += timedelta(days=20)
    assert held(company)["A0"] == "east"
    company.plan_publish(number)
    assert held(company)["A0"] == "west"
    with pytest.raises(Conflict, match="revert it"):
        company.plan_cancel(company.publications()[0].id, "too late")


@both
def test_reverting_the_last_publication_gives_every_answer_back(company: Workspace, clock: Clock) -> None:
    before, root = held(company), company.plan_find("active").root_hash
    company.plan_publish(take_over(company, str(company.plan_branch("Spring").id)))
    assert held(company) != before
    clock.now += timedelta(days=3)
    outcome = company.plan_revert(company.publications()[0].id)
    assert outcome.revision is not None
    company.plan_publish(str(outcome.revision.id), rationale="It did not work")
    assert company.plan_find("active").root_hash == root
    assert held(company) == before
    assert company.owner("A2", at=TODAY + timedelta(days=1)).primary[0].territory == "west"
    newest = company.publications()[0]
    assert (newest.kind, newest.reverts) == ("revert", 2)
    with pytest.raises(Conflict, match="nothing of publication 2 is left"):
        company.plan_revert(2)
    with pytest.raises(Conflict, match="first"):
        company.plan_revert(1)


def test_an_earlier_publication_is_taken_back_beneath_later_ones(company: Workspace) -> None:
    company.plan_publish(take_over(company, str(company.plan_branch("Spring").id)))
    later = company.territory_set(Territory("north", "geo", parent="world"), reference="active")
    company.plan_publish(str(later.id))
    outcome = company.plan_revert(2)
    assert outcome.revision is not None
    plan = company.plan_of(outcome.revision)
    assert "north" in plan.territory_by_key
    assert [rule.key for rule in plan.territory_by_key["west"].rules] == ["r"]


def test_what_later_publications_changed_again_is_settled_before_it_is_taken_back(company: Workspace) -> None:
    company.plan_publish(take_over(company, str(company.plan_branch("Spring").id)))
    again = company.rule_set(
        "west", Rule("big", company.rule_parse("region = 'US-NY' and potential >= 1000"), priority=1), reference="active"
    )
    company.plan_publish(str(again.id))
    outcome = company.plan_revert(2)
    assert outcome.revision is None
    assert outcome.conflicts
    settled = company.plan_revert(2, choices={c.key: "ours" for c in outcome.conflicts})
    assert settled.revision is not None


def test_a_past_day_is_refused_but_as_a_correction_with_its_reason(company: Workspace) -> None:
    number = take_over(company, str(company.plan_branch("Spring").id))
    past = TODAY - timedelta(days=30)
    with pytest.raises(InputError, match="correction"):
        company.plan_publish(number, on=past)
    with pytest.raises(InputError, match="when the plan in force began"):
        company.plan_publish(number, on=date(2025, 1, 1), correction="a mistake")
    company.plan_publish(number, on=past, correction="The west had them all along.")
    assert held(company)["A2"] == "west"
    assert company.owner("A2", at=past).primary[0].territory == "west"
    assert company.owner("A2", at=past - timedelta(days=1)).primary[0].territory == "east"
    assert company.owner("A2", at=past, known=NOW - timedelta(seconds=1)).primary == ()
    assert company.publications()[0].kind == "correction"


def test_those_it_concerns_are_told_of_each_step(company: Workspace) -> None:
    company.right_grant("bo", "approve")
    ada, bo = as_user(company, "ada"), as_user(company, "bo")
    number = take_over(ada, str(ada.plan_branch("Spring").id))
    ada.plan_propose(number, rationale="Bo has time")
    bo.plan_comment(number, "", "Really?")
    bo.plan_decide(number, "", "approve")
    ada.plan_publish(number, on=TODAY + timedelta(days=1))
    company.plan_cancel(company.publications()[0].id, "not yet")
    kinds = {name: [n.kind for n in as_user(company, name).notices()] for name in ("ada", "bo", "cy")}
    assert sorted(kinds["ada"]) == ["cancelled", "comment", "review-decided", "your-accounts"]
    assert sorted(kinds["bo"]) == ["cancelled", "published", "review-asked", "your-accounts"]
    assert kinds["cy"] == []


def test_a_manager_sees_and_decides_the_part_of_a_scenario_that_is_theirs_and_nothing_else(company: Workspace) -> None:
    for name, seat in (("mo", "P2"), ("nil", None)):
        company.user_add(name, "correct horse battery", roles=["manager"], territory="" if seat is None else "west")
    mo, nil = as_user(company, "mo"), as_user(company, "nil")
    number = take_over(company, str(company.plan_branch("Spring").id))
    company.plan_propose(number, rationale="Bo has time")
    for reference in (number, "Spring", "draft", "999", "no such"):
        with pytest.raises(NotFound, match=HIDDEN):  # no part of it is the west's own yet
            mo.plan_review(reference)
    company.right_grant("mo", "approve", "west")
    company.right_grant("ada", "approve", "east")
    company.plan_comment(number, "rule west/big", "why so big?")
    hidden = company.plan_comment(number, "rule east/r", "the east is sad")
    review = mo.plan_review(number)
    assert [part.part.key for part in review.parts] == ["west"]
    assert [comment.text for comment in review.comments] == ["why so big?"]
    assert [found.revision.id for found in mo.reviews_open()] == [int(number)]
    revision = company.plan_find(number)
    steps = diff(company.plan_base(revision), company.plan_of(revision))
    assert company.shelf.diffs == {(revision.base_root, revision.root_hash): steps}  # once for every look at it, whoever looks
    (balance,) = mo.review_balances(number) or ()
    assert (balance.key, balance.won.accounts, balance.won.potential, balance.lost.accounts) == ("west", 1, 200_000, 0)
    assert {b.key for b in as_user(company, "ada").review_balances(number) or ()} == {"east", "west"}
    assert nil.reviews_open() == ()
    with pytest.raises(NotFound, match=HIDDEN):
        nil.review_balances(number)
    for act in (
        lambda: mo.plan_decide(number, "east", "approve"),
        lambda: mo.plan_decide(number, "", "approve"),
        lambda: mo.plan_comment(number, "rule east/r", "hello"),
        lambda: mo.plan_comment(number, "rule west/big", "hello", reply_to=hidden),
        lambda: mo.plan_comment_resolve(hidden),
        lambda: mo.plan_comment_resolve(999),
        lambda: mo.plan_propose(number, rationale="mine"),
        lambda: mo.plan_publish(number),
        lambda: mo.plan_show(number),
    ):
        with pytest.raises(NotFound, match=HIDDEN):
            act()
    after = mo.plan_decide(number, "west", "approve")
    assert [(part.part.key, len(part.approvals)) for part in after.parts] == [("west", 1)]
    assert mo.plan_comment(number, "rule west/big", "fine") > hidden


def test_only_those_who_may_read_reviews_are_told_of_them(company: Workspace) -> None:
    company.user_add("rep", "correct horse battery", roles=["rep"], territory="west")
    company.user_add("planner", "correct horse battery", roles=["planner"])
    number = take_over(company, str(company.plan_branch("Spring").id))
    company.plan_propose(number, rationale="Bo has time")
    told = {name: [n.kind for n in as_user(company, name).notices()] for name in ("rep", "planner", "ada")}
    assert told == {"rep": [], "planner": ["review-asked"], "ada": ["review-asked"]}
