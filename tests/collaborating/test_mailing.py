"""Mail from the notice to the reader: at once and in digests, tried again, given up, never lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from metes.app.settings import MailAccess
from metes.base.errors import InputError
from metes.base.progress import SILENT
from metes.connect.mail_sending import MailUnreachable
from metes.store import mails, users
from metes.worker.loop import run_next
from tests.collaborating.worlds import as_user, mail_at, opened, states, tell, work_off
from tests.connect.servers import Box, free_port, mail_box, talking
from tests.connect.test_mail_sending import HELLO


def test_what_is_told_at_once_arrives_with_links_and_the_way_to_other_choices(database: str, tmp_path: Path) -> None:
    with mail_box() as (box, port), opened(database, tmp_path, mail_at(port)) as (workspace, _):
        workspace.config_set("base_url", "https://metes.example.com/app/")
        workspace.config_set("company", "Acme")
        tell(workspace, "ann", "bob", subject="Grüße <b>", text="one <script>\ntwo")
        assert work_off(workspace)[-1][:2] == ("mail", "done")
        assert sorted(box.recipients) == ["ann@example.com", "bob@example.com"]
        mail = box.mails[box.recipients.index("ann@example.com")]
        assert mail["Subject"] == "Grüße <b>"
        assert mail["To"] == "ann <ann@example.com>"
        assert mail["List-Unsubscribe"] == "<https://metes.example.com/app/settings/notices>"
        text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
        assert "https://metes.example.com/app/plan/7" in text
        assert "Metes at Acme mails you notices of the kind “Reminder” at once." in text
        assert "one &lt;script&gt;<br>two" in html
        assert states(workspace) == [("sent", 1), ("sent", 1)]
        assert work_off(workspace) == []


def test_without_a_mail_server_notices_stay_in_the_app_and_old_mail_is_not_sent_later(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'metes.db'}"
    with opened(database, tmp_path) as (workspace, _):
        tell(workspace, "ann")
        tell(workspace, "ann", kind="comment")
        assert work_off(workspace) == []
        assert workspace.digest_make("daily") == {"digests": 0}
        assert as_user(workspace, "ann").notices_unread() == 2
        with pytest.raises(InputError, match="name one in METES_SMTP_URL"):
            workspace.mail_test("ann@example.com")
    with mail_box() as (box, port), opened(database, tmp_path, mail_at(port)) as (workspace, clock):
        clock.pass_by(days=15)
        tell(workspace, "bob")
        work_off(workspace)
        assert box.recipients == ["bob@example.com"]
        assert states(workspace) == [("dropped", 0), ("sent", 1)]
        assert workspace.digest_make("daily") == {"digests": 0}


def test_a_digest_tells_what_was_not_read_in_one_mail_to_each(database: str, tmp_path: Path) -> None:
    with mail_box() as (box, port), opened(database, tmp_path, mail_at(port)) as (workspace, clock):
        ann = as_user(workspace, "ann")
        ann.notice_preferences_set("reminder", in_app=True, by_mail="daily")
        as_user(workspace, "bob").notice_preferences_set("comment", in_app=False, by_mail="weekly")
        for number in range(2):
            tell(workspace, "ann", "bob", kind="comment", subject=f"Comment {number}")
        tell(workspace, "ann", subject="Read before")
        tell(workspace, "ann", subject="Due")
        ann.notice_read(next(n.id for n in ann.notices() if n.subject == "Read before"))
        work_off(workspace)
        assert box.raw == []
        clock.pass_by(days=1)
        assert [job[0] for job in work_off(workspace)] == ["daily-digest", "reminders", "retention", "mail"]
        daily = box.mails[box.recipients.index("ann@example.com")]
        assert daily["Subject"] == "3 notices: Comment (2), Reminder"
        text = daily.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert text.startswith("3 notices of the day up to 2026-03-15")
        assert [word for word in ("Comment 0", "Comment 1", "Due", "Read before") if word in text] == [
            "Comment 0",
            "Comment 1",
            "Due",
        ]
        assert len(box.raw) == 1
        clock.pass_by(days=2)
        work_off(workspace)
        assert box.recipients == ["ann@example.com", "bob@example.com"]
        assert box.mails[1]["Subject"] == "2 notices: Comment (2)"
        clock.pass_by(days=7)
        work_off(workspace)
        assert len(box.raw) == 2


def test_what_waits_for_a_digest_follows_another_choice(tmp_path: Path) -> None:
    with mail_box() as (box, port), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, _):
        tell(workspace, "ann", kind="comment")
        as_user(workspace, "ann").notice_preferences_set("comment", in_app=True, by_mail="never")
        assert workspace.digest_make("daily") == {"digests": 0}
        assert box.raw == []


def test_a_mail_refused_for_ever_is_given_up_and_shown_while_others_arrive(tmp_path: Path) -> None:
    box = Box(answers={"ann@example.com": "550 5.1.1 <ann@example.com>: no such user"})
    with mail_box(box) as (_, port), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, _):
        tell(workspace, "ann", "bob")
        (_, state, result) = work_off(workspace)[-1]
        assert (state, result["sent"], result["failed"]) == ("done", 1, 1)
        assert "its reader" in result["findings"][0]["message"]
        assert "ann@" not in str(result)
        assert box.recipients == ["bob@example.com"]
        (finding,) = workspace.mail_findings()
        assert str(finding).startswith("error mail-failed: mail 1 to ann: given up after one try: the mail server 127.0.0.1:")
        newest = as_user(workspace, "bob").notices()[0]
        assert (newest.kind, newest.subject, newest.link) == ("job-failed", "Mail does not arrive", "/jobs")
        assert states(workspace) == [("failed", 1), ("sent", 1)]  # nobody was mailed that mail fails


def test_given_up_mail_is_tried_again_when_somebody_asks_for_it(tmp_path: Path) -> None:
    box = Box(answers={"ann@example.com": "550 no such user"})
    with mail_box(box) as (_, port), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, _):
        tell(workspace, "ann")
        work_off(workspace)
        assert work_off(workspace) == []
        box.answers.clear()
        assert workspace.mail_retry() == 1
        work_off(workspace)
        assert (box.recipients, workspace.mail_retry()) == (["ann@example.com"], 0)
        assert workspace.mail_findings() == []


def test_a_job_of_mail_ends_after_a_while_and_the_next_goes_on(tmp_path: Path) -> None:
    with mail_box() as (box, port), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, clock):
        for _ in range(3):
            tell(workspace, "ann")
        job = workspace.job_add("mail", {})

        class Slow:
            def report(self, _stage: str, _done: int = 0, _total: int = 0) -> None:
                clock.pass_by(seconds=40)

        assert workspace.mail_send(job, Slow())["sent"] == 2
        workspace.job_cancel(job)
        work_off(workspace)
        assert len(box.raw) == 3


def test_all_mail_is_stopped_at_once(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path) as (workspace, _):
        tell(workspace, "ann", kind="comment")
        ann = as_user(workspace, "ann")
        assert ann.notice_preferences().wants_mail
        assert not ann.notice_mail_stop().wants_mail
        assert tell(workspace, "ann", "bob").by_mail == 1
        assert ann.notices_unread() == 2


def test_a_mail_refused_for_now_is_tried_later_and_later_under_the_same_id(tmp_path: Path) -> None:
    box = Box(answers={"ann@example.com": "451 4.7.1 greylisted"})
    with mail_box(box) as (_, port), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, clock):
        tell(workspace, "ann")
        work_off(workspace)
        assert states(workspace) == [("waiting", 1)]
        clock.pass_by(seconds=59)
        assert work_off(workspace) == []
        clock.pass_by(seconds=1)
        work_off(workspace)
        assert states(workspace) == [("waiting", 2)]
        assert [f.code for f in workspace.mail_findings()] == ["mail-put-off"]
        box.answers.clear()
        clock.pass_by(minutes=5)
        work_off(workspace)
        assert states(workspace) == [("sent", 3)]
        assert workspace.mail_findings() == []
        assert box.mails[0]["Message-ID"].startswith("<metes.1.1773480600")


def test_mail_is_given_up_after_two_days_and_administrators_are_told_once_a_day(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(free_port())) as (workspace, clock):
        tell(workspace, "ann")
        tell(workspace, "bob")
        for minutes in (0, *mails.RETRY_MINUTES):
            clock.pass_by(minutes=minutes)
            work_off(workspace)
        assert states(workspace) == [("failed", 8), ("failed", 8)]
        assert "Connection refused" in str(workspace.mail_findings()[0])
        told = [n for n in as_user(workspace, "ann").notices() if n.kind == "job-failed"]
        assert [n.subject for n in told] == ["Mail does not arrive"]
        clock.pass_by(days=15)
        assert workspace.mail_findings() == []


def test_one_mail_that_makes_the_server_hang_up_does_not_hold_the_others(tmp_path: Path) -> None:
    """The first connection is dropped in the middle of the content, the next works."""
    drops = [*HELLO, "250 ok", "250 ok", "354 go on", None]
    with talking(drops) as (port, read), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port, 1)) as (workspace, _):
        for _ in range(3):
            tell(workspace, "ann")
        result = work_off(workspace)[-1][2]
        assert (result["sent"], result["put_off"]) == (0, 3)
        assert sum(line.startswith(b"data") for line in read) == 2  # then the server is left alone
        assert states(workspace) == [("waiting", 1)] * 3


def test_a_wrong_address_of_the_server_puts_mail_off_and_says_what_is_wrong(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, MailAccess("smtp://mail.example.com")) as (workspace, _):
        tell(workspace, "ann")
        (_, state, result) = work_off(workspace)[-1]
        assert (state, result["put_off"]) == ("done", 1)
        assert "expected ?from=ADDRESS" in result["findings"][0]["message"]
        assert "expected ?from=ADDRESS" in workspace.mail_findings()[0].message


def test_a_reader_who_is_shut_out_or_has_no_address_any_more_gets_nothing(tmp_path: Path) -> None:
    with mail_box() as (box, port), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, _):
        tell(workspace, "ann", "bob")
        as_user(workspace, "bob").notice_address_set(None)
        workspace.user_disable("ann")
        work_off(workspace)
        assert box.raw == []
        assert states(workspace) == [("dropped", 0), ("failed", 1)]


def test_two_workers_share_the_mails_and_none_goes_twice(database: str, tmp_path: Path) -> None:
    with mail_box() as (box, port), opened(database, tmp_path, mail_at(port)) as (workspace, _):
        for _ in range(4):
            tell(workspace, "ann", "bob")
        first, second = workspace.job_add("mail", {}), workspace.job_add("mail", {})
        workspace.job_claim("a")
        workspace.job_claim("b")
        with workspace.store.write() as connection:
            held = mails.take(connection, first, workspace.clock())
        assert held is not None
        assert workspace.mail_send(second, SILENT)["sent"] == 7
        assert len(box.raw) == 7
        assert workspace.mail_send(first, SILENT)["sent"] == 1  # the one it had taken
        assert len({mail["Message-ID"] for mail in box.mails}) == 8


def test_a_mail_that_a_lost_job_held_is_sent_by_the_next(tmp_path: Path) -> None:
    with mail_box() as (box, port), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, clock):
        tell(workspace, "ann")
        job = workspace.job_add("mail", {})
        workspace.job_claim("a")
        with workspace.store.write() as connection:
            assert mails.take(connection, job, clock()) is not None
        workspace.job_finish(job, "a", "failed", error="lost")
        work_off(workspace)
        assert box.recipients[0] == "ann@example.com"


def test_a_clock_set_back_does_not_leave_mail_lying(tmp_path: Path) -> None:
    with mail_box() as (box, port), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, clock):
        clock.pass_by(days=400)
        tell(workspace, "ann")
        clock.pass_by(days=-400)
        work_off(workspace)
        assert box.recipients == ["ann@example.com"]


def test_a_job_of_mail_that_fails_tells_nobody_by_mail(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(free_port())) as (workspace, _):
        job = workspace.job_add("mail", {})
        workspace.job_claim("a")
        workspace.job_finish(job, "a", "failed", error="a fault")
        assert states(workspace) == []
        assert as_user(workspace, "ann").notices()[0].text == f"Sending mail (job {job}) did not succeed: a fault"


def test_whoever_asked_for_work_is_told_that_it_failed_and_administrators_of_what_runs_by_itself(
    database: str, tmp_path: Path
) -> None:
    with opened(database, tmp_path) as (workspace, _):
        with workspace.store.write() as connection:
            users.add_user(connection, "cleo", "hash", workspace.clock())
        bob, ann, cleo = (as_user(workspace, name) for name in ("bob", "ann", "cleo"))
        mine = bob.job_add("design", {"design": 999})
        assert run_next(workspace, "w")
        assert [n.link for n in bob.notices()] == [f"/jobs/{mine}"]
        assert bob.notices()[0].subject == "A design did not succeed"
        assert (ann.notices(), cleo.notices()) == ((), ())
        for error in ("no plan", "no plan", "another"):
            workspace.schedule_run("nightly-assignment")
            job = workspace.job_claim("lost")
            assert job is not None
            workspace.job_finish(job.id, "lost", "failed", error=error)
        assert [len(who.notices()) for who in (bob, ann, cleo)] == [3, 2, 0]  # the same failure is told once
        cancelled = bob.job_add("book", {})
        workspace.job_cancel(cancelled)
        assert len(bob.notices()) == 3


def test_a_test_mail_says_what_the_server_answered(tmp_path: Path) -> None:
    box = Box(answers={"gone@example.com": "550 no such user"})
    with mail_box(box) as (_, port), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, _):
        assert workspace.mail_test(" ann@example.com ") == f"127.0.0.1:{port}"
        assert box.mails[0]["Subject"] == "Mail works"
        with pytest.raises(Exception, match="550 no such user"):
            workspace.mail_test("gone@example.com")
        with pytest.raises(InputError, match="expected an address"):
            workspace.mail_test("ann@example.com\nbob@example.com")
    with opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, _), pytest.raises(MailUnreachable):
        workspace.mail_test("ann@example.com")


def test_what_is_old_is_dropped_with_the_logs(tmp_path: Path) -> None:
    with mail_box() as (_, port), opened(f"sqlite:///{tmp_path / 'm.db'}", tmp_path, mail_at(port)) as (workspace, clock):
        tell(workspace, "ann", "bob")
        work_off(workspace)
        as_user(workspace, "ann").notices_read_all()
        clock.now += timedelta(days=366)
        assert workspace.drop_logs()["notices"] == 1
        assert states(workspace) == []
        assert as_user(workspace, "bob").notices_unread() == 1
