"""The pages of what happens by itself, the log of a job, and resuming one."""

from __future__ import annotations

import re

import pytest

from tests.web.pages.browsing import Browser


def test_schedules_stand_with_their_next_turn_and_their_last_report(browser: Browser) -> None:
    page = browser.get("/jobs/schedules").text
    for text in ("nightly-assignment", "every night at 02:00", "every Sunday at 03:30", "never yet"):
        assert text in page
    job = browser.post("/jobs/schedules/nightly-assignment/run").headers["location"]
    browser.work()
    page = browser.get("/jobs/schedules").text
    assert f'href="{job}"' in page
    assert "nothing had changed" in page
    browser.post("/jobs/schedules/clean-up/run")
    browser.work()
    assert "0 uploads and 0 side tables dropped" in browser.get("/jobs/schedules").text


def test_a_schedule_is_added_paused_resumed_and_removed(browser: Browser) -> None:
    month_end = {"name": "month-end", "kind": "assign", "every": "monthly", "day": "31", "at": "22:15", "weekday": "monday"}
    assert browser.post("/jobs/schedules", month_end).status_code == 303
    page = browser.get("/jobs/schedules").text
    assert "on the last day of each month at 22:15" in page
    assert browser.post("/jobs/schedules", month_end).status_code == 422
    browser.post("/jobs/schedules/month-end/pause")
    assert "paused" in browser.get("/jobs/schedules").text
    browser.post("/jobs/schedules/month-end/resume")
    assert "paused" not in browser.get("/jobs/schedules").text
    assert "no longer runs on the last day" in browser.get("/jobs/schedules/month-end/remove").text
    browser.post("/jobs/schedules/month-end/remove")
    assert "/jobs/schedules/month-end/" not in browser.get("/jobs/schedules").text


@pytest.mark.parametrize(
    "wrong", [{"name": "<script>alert(1)</script>"}, {"at": "late"}, {"every": "monthly", "day": "32"}, {"kind": "backup"}]
)
def test_what_is_no_schedule_is_said_beside_the_form(browser: Browser, wrong: dict[str, str]) -> None:
    answer = browser.post("/jobs/schedules", {"name": "x", "kind": "assign", "every": "nightly", "at": "02:00", **wrong})
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("verb", ["pause", "resume", "run", "remove"])
def test_an_unknown_schedule_is_not_found(browser: Browser, verb: str) -> None:
    assert browser.post(f"/jobs/schedules/none/{verb}").status_code == 404
    assert browser.client.post(f"/jobs/schedules/clean-up/{verb}").status_code == 403


def test_a_job_has_its_log_and_is_resumed(browser: Browser) -> None:
    job = browser.post("/jobs/assign").headers["location"]
    assert "demo asked for it" in browser.get(job).text
    browser.post(f"{job}/cancel")
    page = browser.get(job).text
    assert f'action="{job}/resume"' in page
    assert "demo asked it to stop" in page
    assert browser.post(f"{job}/resume").headers["location"] == job
    browser.work()
    page = browser.get(job).text
    assert 'data-state="done"' in page
    assert "attempt 1 begins; worker test" in page
    log = browser.get(f"{job}/log").text
    assert len(re.findall(r'<li class="is-(?:info|warning)">', log)) == len(browser.workspace.job_log(int(job.rpartition("/")[2])))
    assert browser.post(f"{job}/resume").status_code == 409
    assert browser.get("/jobs/999/log").status_code == 404


def test_the_log_of_a_running_job_comes_with_its_events(browser: Browser) -> None:
    job = browser.post("/jobs/assign").headers["location"]
    browser.work()
    assert "demo asked for it" in browser.get(f"{job}/events?log=1").text
    assert "demo asked for it" not in browser.get(f"{job}/events").text


def test_a_long_log_is_paged_and_escaped(browser: Browser) -> None:
    job = browser.workspace.job_add("assign", {})
    from metes.app.jobs import Said

    lines = [Said(browser.workspace.clock(), "error", "s", f"<b>line {number}</b>") for number in range(450)]
    browser.workspace.job_say(job, lines)
    page = browser.get(f"/jobs/{job}/log").text
    assert "&lt;b&gt;line 449&lt;/b&gt;" in page
    assert "<b>line" not in page
    assert "line 200" not in page
    earlier = re.search(r'href="(/jobs/\d+/log\?before=\d+)"', page)
    assert earlier is not None
    assert "line 249&lt;" in browser.get(earlier[1]).text
