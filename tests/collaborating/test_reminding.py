"""Reminders of reviews: before the day, on it and after it; to those who are still waited for; each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.collaborating.reminding import Waiting, turn_of
from metes.store import links, users
from metes.store.tables import people
from tests.app.test_plan_life import TODAY, begin, take_over
from tests.collaborating.worlds import Clock, as_user, mail_at, work_off
from tests.connect.servers import mail_box

DUE = TODAY + timedelta(days=4)


@pytest.fixture
def clock() -> Clock:
    """A clock that can be set."""
    return Clock()


@pytest.fixture
def company(tmp_path: Path, clock: Clock) -> Iterator[Workspace]:
    """A plan in force, three users, and a scenario that ada wrote and proposed with a deadline in four days."""
    made = open_workspace(AppSettings(f"sqlite:///{tmp_path / 'metes.db'}", tmp_path / "cache"), clock=clock)
    begin(made, tmp_path)
    made.tick()  # makes the schedules
    ada = as_user(made, "ada")
    ada.plan_branch("Spring")
    take_over(ada, "Spring")
    ada.plan_propose("Spring", rationale="Bo has time", due_on=DUE)
    yield made
    made.close()


def reminded(company: Workspace) -> list[tuple[str, str]]:
    """Who was reminded, in which words, since the last look."""
    found = []
    for user in company.user_list():
        own = as_user(company, user.name)
        found += [(user.name, notice.subject) for notice in own.notices(kind="reminder", unread=True)]
        own.notices_read_all(kind="reminder")
    return found


def test_those_who_may_decide_and_have_not_are_reminded_each_once_a_turn(company: Workspace, clock: Clock) -> None:
    seen = []
    for day in range(7):
        if day == 6:
            as_user(company, "bo").plan_decide("Spring", "", "ask", "Why so late?")
        for _ in range(2):  # a second worker, or the same one after a crash
            company.remind()
        seen.append(reminded(company))
        clock.pass_by(days=1)
    tomorrow = "Spring is to be reviewed within 2 days"
    assert seen == [
        [],
        [],
        [("bo", tomorrow), ("cy", tomorrow)],
        [],
        [("bo", "Spring is to be reviewed today"), ("cy", "Spring is to be reviewed today")],
        [("bo", "Spring should have been reviewed yesterday"), ("cy", "Spring should have been reviewed yesterday")],
        [("cy", "Spring should have been reviewed 2 days ago")],
    ]


def test_nobody_is_reminded_of_what_is_decided_or_withdrawn(company: Workspace, clock: Clock) -> None:
    clock.pass_by(days=4)
    as_user(company, "bo").plan_decide("Spring", "", "approve")
    assert company.remind() == {"reminded": 0}
    clock.pass_by(days=1)
    as_user(company, "ada").plan_withdraw("Spring")
    assert company.remind() == {"reminded": 0}


def test_only_holders_of_the_right_are_reminded_of_their_parts(company: Workspace, clock: Clock) -> None:
    company.right_grant("cy", "approve", "west")
    company.right_grant("bo", "approve", "east")
    clock.pass_by(days=4)
    company.remind()
    texts = {name: as_user(company, name).notices(kind="reminder")[0].text for name in ("bo", "cy")}
    assert texts["bo"].startswith(f"Your decision is wanted by {DUE}: east.")
    assert texts["cy"].startswith(f"Your decision is wanted by {DUE}: west.")
    assert as_user(company, "ada").notices(kind="reminder") == ()


def test_the_worker_s_tick_reminds_when_the_schedule_has_its_turn(company: Workspace, clock: Clock) -> None:
    clock.pass_by(days=4)
    assert ("reminders", "done", {"reminded": 2}) in work_off(company)
    assert len(reminded(company)) == 2
    assert work_off(company) == []


def test_a_reminder_that_no_worker_made_in_time_comes_late_and_one_on_the_day_of_asking_not_at_all() -> None:
    item = Waiting(7, "Spring", "/plan/1/review", date(2026, 3, 20), date(2026, 3, 10), {})
    turns = [turn_of(item, date(2026, 3, day)) for day in (17, 18, 19, 20, 21)]
    assert turns == [None, "review 7 before", "review 7 before", "review 7 on 2026-03-20", "review 7 on 2026-03-21"]
    asked_today = Waiting(7, "Spring", "/plan/1/review", date(2026, 3, 20), date(2026, 3, 20), {})
    assert turn_of(asked_today, date(2026, 3, 20)) is None


def test_a_publication_reaches_users_in_the_app_and_people_without_one_by_mail_alone(company: Workspace) -> None:
    with company.store.write() as connection:
        links.link(connection, users.require_user(connection, "bo").id, None, "local", company.clock())
        connection.execute(sa.update(people).where(people.c.name == "Ada North").values(email=None))
    with mail_box() as (box, port):
        company.shelf.mail = mail_at(port)
        company.plan_publish("Spring", on=TODAY + timedelta(days=20), rationale="Bo has time.")
        work_off(company)
    assert box.recipients == ["bo@example.com"]
    text = box.mails[0].get_body(("plain",))
    assert text is not None
    assert "you gain 1 account worth 2,000 USD of potential from Ada North" in text.get_content()
    assert "Metes sends you this because it concerns your accounts." in text.get_content()
    assert box.mails[0]["List-Unsubscribe"] is None
    assert "you lose 1 account" in as_user(company, "ada").notices(kind="your-accounts")[0].text
