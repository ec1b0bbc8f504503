"""The log of a job: paged both ways, kept for a time."""

from __future__ import annotations

from datetime import timedelta

from metes.store import job_log, jobs
from metes.store.engine import Store
from tests.conftest import NOW


def test_lines_are_paged_forwards_and_backwards(store: Store) -> None:
    with store.write() as connection:
        mine, other = (jobs.add_job(connection, "assign", {}, "ann", NOW) for _ in range(2))
        for number in range(7):
            job_log.append(connection, mine, NOW, "info", "reading", f"line {number}")
            job_log.append(connection, other, NOW, "info", "reading", "of another")
        first = job_log.lines(connection, mine, limit=3)
        assert [line.text for line in first] == ["line 0", "line 1", "line 2"]
        assert [line.text for line in job_log.lines(connection, mine, after=first[-1].number, limit=2)] == ["line 3", "line 4"]
        last = job_log.last_lines(connection, mine, limit=2)
        assert [line.text for line in last] == ["line 5", "line 6"]
        assert [line.text for line in job_log.last_lines(connection, mine, before=last[0].number, limit=2)] == ["line 3", "line 4"]
        assert job_log.count(connection, mine) == 7


def test_only_logs_of_jobs_that_ended_long_ago_are_dropped(store: Store) -> None:
    long_ago = NOW - timedelta(days=100)
    with store.write() as connection:
        for worker in ("old", "runs"):
            jobs.add_job(connection, "assign", {}, "ann", long_ago)
            jobs.claim(connection, worker, long_ago)
        ended, runs = 1, 2
        jobs.finish(connection, ended, "old", "done", long_ago)
        assert job_log.drop_before(connection, NOW - timedelta(days=90)) == 2
        assert job_log.count(connection, ended) == 0
        assert job_log.count(connection, runs) == 1


def test_a_very_long_text_is_cut(store: Store) -> None:
    with store.write() as connection:
        job = jobs.add_job(connection, "assign", {}, "ann", NOW)
        job_log.append(connection, job, NOW, "info", "s", "x" * 100_000)
        assert len(job_log.lines(connection, job)[0].text) == job_log.LONGEST_TEXT
