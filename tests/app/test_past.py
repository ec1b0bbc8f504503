"""The workspace as of a moment: what it answers, what it keeps, and that it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.base.errors import InputError, NotFound, Refused
from metes.model.moment import Moment, day_in, instant_in
from metes.model.query import AccountQuery
from tests.conftest import NOW

PLAN = """key: small
types:
  - key: geo
territories:
  - key: {key}
    type: geo
    rules:
      - key: all
        when: country = 'US'
    seats:
      - key: {key}-1
"""
ALL = AccountQuery(columns=("id", "territory", "owners"))


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[Workspace]:
    """One account held by `old` since January and, by a plan published five days later, by `new`; a clock that runs on."""
    clock = [NOW]
    workspace = open_workspace(AppSettings(f"sqlite:///{tmp_path / 'metes.db'}", tmp_path / "cache"), clock=lambda: clock[0])
    files = {
        "accounts": "id,name,country\nA1,One,US\n",
        "people": "id,name\nP1,Ada\nP2,Ben\n",
        "seats": "seat,person,from,to\nold-1,P1,2026-01-01,\n",
    }
    for kind, text in files.items():
        (tmp_path / f"{kind}.csv").write_text(text)
    for kind in ("accounts", "people"):
        workspace.import_(kind, [tmp_path / f"{kind}.csv"])
    workspace.plan_import({"plan.yaml": PLAN.format(key="old")})
    workspace.plan_publish("draft", on=date(2026, 1, 1))
    workspace.import_("seats", [tmp_path / "seats.csv"])
    workspace.assign()
    clock[0] = NOW + timedelta(days=5)
    workspace.plan_import({"plan.yaml": PLAN.format(key="new")})
    workspace.plan_publish("draft")
    workspace.assign()
    clock[0] = NOW + timedelta(days=6)
    yield workspace
    workspace.close()


def row(workspace: Workspace) -> tuple[object, ...]:
    """Territory and owners of the account."""
    (found,) = workspace.accounts(ALL).rows
    return found["territory"], found["owners"]


def test_lists_plan_tree_and_owner_are_those_of_the_moment(lived: Workspace) -> None:
    before, now = lived.as_of(date(2026, 2, 1)), lived.as_of()
    assert (row(before), row(now), row(lived)) == (("old", "Ada"), ("new", None), ("new", None))
    assert [node.territory.key for node in before.tree()] == ["old"]
    assert [o.person for o in before.owner("A1").owners] == ["Ada"]
    assert before.territory("old").own.accounts == 1
    with pytest.raises(NotFound):
        before.territory("new")
    # On the day of the change, as known before it was made.
    assert row(lived.as_of((NOW + timedelta(days=5)).date(), NOW + timedelta(days=1))) == ("old", "Ada")
    assert lived.as_of(date(2026, 2, 1), NOW - timedelta(days=1)).total().accounts == 0


def test_nothing_can_be_changed_in_the_past(lived: Workspace) -> None:
    past = lived.as_of(date(2026, 2, 1))
    for change in (
        lambda: past.config_set("company", "X"),
        lambda: past.plan_discard("active"),
        lambda: past.correct_owner("A1", "old", start=date(2026, 1, 1), end=date(2026, 1, 2), reason="r"),
    ):
        with pytest.raises(Refused, match="looks at the past"):
            change()
    with pytest.raises(InputError, match="today alone"):
        past.explain("A1")


def test_the_last_moments_are_kept_and_what_is_known_now_is_read_anew(lived: Workspace, tmp_path: Path) -> None:
    settled, live = lived.as_of(date(2026, 2, 1), NOW), lived.as_of(date(2026, 2, 1))
    kept = settled.book()
    assert settled.book() is kept
    assert row(live) == ("old", "Ada")
    lived.correct_owner("A1", "new", start=date(2026, 1, 15), end=date(2026, 2, 15), reason="so it was")
    assert row(live)[0] == "new"
    assert row(settled) == ("old", "Ada")
    for day in range(1, 6):
        lived.as_of(date(2026, 1, day)).book()
    assert len(lived.shelf.pasts) == 3


def test_the_texts_of_a_moment_are_read_in_the_time_zone_of_the_workspace(lived: Workspace) -> None:
    lived.config_set("time_zone", "America/Denver")
    assert lived.when() is None
    assert lived.when("2026-02-01") == Moment(date(2026, 2, 1))
    moment = lived.when("2026-02-01", "2026-03-01")
    assert moment is not None
    assert moment.known is not None
    assert moment.known.isoformat() == "2026-03-02T06:59:59.999999+00:00"
    assert lived.when(known="2026-03-01T12:00") == Moment(lived.today(), instant_in("2026-03-01T12:00"))
    for wrong in ("", "tomorrow", "2026-02-30", "9999-12-31"):
        with pytest.raises(InputError, match="expected a day"):
            day_in(wrong)
    with pytest.raises(InputError, match="or an instant"):
        instant_in("2026-02-01 noon")


def test_figures_of_a_day_are_restated(lived: Workspace) -> None:
    lived.correct_owner("A1", "none", start=date(2026, 1, 15), end=date(2026, 2, 15), reason="it was not")
    found, old = lived.restated_territory("old", date(2026, 2, 1), NOW)
    assert old is not None
    assert (old.then.accounts, old.now.accounts, old.is_changed) == (1, 0, True)
    assert [(m.writer.kind, m.writer.text, m.gained, m.lost) for m in old.moved] == [("correct", "it was not", 0, 1)]
    assert found.since == NOW
    number = lived.people("Ada")[0][0]["id"]
    person = lived.restated_person(number, date(2026, 2, 1), NOW)[1]
    assert (person.then.accounts, person.now.accounts) == (1, 0)
    assert [m.writer.kind for m in person.moved] == ["correct"]
    with pytest.raises(InputError, match="day that is over"):
        lived.restated(lived.today())
