"""Long work as rows: claimed by one, followed, cancelled, resumed, taken up again, queued once by a trigger."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import datetime, timedelta

import pytest

from metes.base.errors import Conflict, JobLost, NotFound
from metes.store import job_log, jobs
from metes.store.engine import Store
from tests.conftest import NOW


def queue(store: Store, kind: str = "assign") -> int:
    """A new job's id."""
    with store.write() as connection:
        return jobs.add_job(connection, kind, {"é": [1]}, "ann", NOW)


def claim(store: Store, worker: str = "w1", now: datetime = NOW, lost: Collection[jobs.Held] = ()) -> jobs.Job | None:
    """What a worker gets."""
    with store.write() as connection:
        return jobs.claim(connection, worker, now, lost)


def look(store: Store, job_id: int) -> jobs.Job:
    """A job as it stands."""
    with store.read() as connection:
        return jobs.job(connection, job_id)


def held(store: Store) -> tuple[jobs.Held, ...]:
    """What workers hold."""
    with store.read() as connection:
        return jobs.running(connection)


def said(store: Store, job_id: int) -> list[str]:
    """The texts of a job's log."""
    with store.read() as connection:
        return [line.text for line in job_log.lines(connection, job_id)]


def end(store: Store, job_id: int, state: str, worker: str = "w1") -> bool:
    """End a job; whether the worker still held it."""
    with store.write() as connection:
        return jobs.finish(connection, job_id, worker, state, NOW, error="no such file" if state == "failed" else None)


def test_the_oldest_job_is_taken_first_and_by_one_worker_alone(store: Store) -> None:
    first, second = queue(store), queue(store)
    taken = claim(store, "w1")
    assert taken is not None
    assert (taken.id, taken.state, taken.attempts, taken.payload) == (first, "running", 1, {"é": [1]})
    other = claim(store, "w2")
    assert other is not None
    assert other.id == second
    assert claim(store, "w3") is None
    with store.read() as connection:
        assert not jobs.is_waiting(connection, NOW)


def test_many_workers_at_once_never_take_the_same_job(store: Store) -> None:
    wanted = {queue(store) for _ in range(8)}
    taken: list[int] = []

    def work() -> None:
        while (job := claim(store)) is not None:
            taken.append(job.id)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(wanted)


def test_progress_is_noted_and_the_end_with_its_result(store: Store) -> None:
    job_id = queue(store)
    claim(store)
    with store.touch() as connection:
        assert not jobs.report(connection, job_id, "w1", "reading", 3, 10, NOW)
    assert (look(store, job_id).stage, look(store, job_id).done, look(store, job_id).total) == ("reading", 3, 10)
    with store.write() as connection:
        assert jobs.finish(connection, job_id, "w1", "done", NOW, result={"rows": 7})
    ended = look(store, job_id)
    assert (ended.state, ended.result, ended.finished_at, ended.has_ended) == ("done", {"rows": 7}, NOW, True)
    assert claim(store) is None
    assert said(store, job_id) == ["attempt 1 begins; worker w1", "done"]


def test_a_queued_job_is_cancelled_at_once(store: Store) -> None:
    job_id = queue(store)
    with store.touch() as connection:
        assert jobs.request_cancel(connection, job_id, "bea", NOW).state == "cancelled"
    assert claim(store) is None
    assert said(store, job_id) == ["bea asked it to stop", "cancelled"]


def test_a_running_job_learns_that_it_should_stop_from_its_next_report(store: Store) -> None:
    job_id = queue(store)
    claim(store)
    with store.touch() as connection:
        assert jobs.request_cancel(connection, job_id, "bea", NOW).state == "running"
    with store.touch() as connection:
        assert jobs.report(connection, job_id, "w1", "reading", 1, 2, NOW)


def test_asking_an_ended_job_to_stop_changes_nothing(store: Store) -> None:
    job_id = queue(store)
    claim(store)
    assert end(store, job_id, "failed")
    with store.touch() as connection:
        after = jobs.request_cancel(connection, job_id, "bea", NOW)
    assert (after.state, after.cancel_requested, after.error) == ("failed", False, "no such file")


def test_the_job_of_a_lost_worker_is_taken_again_whatever_the_clock_says(store: Store) -> None:
    job_id = queue(store)
    claim(store, "w1")
    gone = held(store)
    assert claim(store, "w2", NOW + timedelta(days=1)) is None
    again = claim(store, "w2", NOW - timedelta(days=1), gone)
    assert again is not None
    assert (again.id, again.attempts, again.worker) == (job_id, 2, "w2")
    assert "worker w1 is gone, attempt 1 ended here" in said(store, job_id)


def test_a_worker_that_beats_again_before_it_is_robbed_keeps_its_job(store: Store) -> None:
    job_id = queue(store)
    claim(store, "w1")
    thought_gone = held(store)
    with store.touch() as connection:
        jobs.report(connection, job_id, "w1", "reading", 1, 2, NOW)
    assert claim(store, "w2", NOW, thought_gone) is None


def test_a_worker_that_lost_its_job_writes_nothing_over_the_one_that_took_it_up(store: Store) -> None:
    job_id = queue(store)
    claim(store, "w1")
    claim(store, "w2", NOW, held(store))
    with store.touch() as connection, pytest.raises(JobLost):
        jobs.report(connection, job_id, "w1", "late", 9, 9, NOW)
    with store.touch() as connection, pytest.raises(JobLost):
        jobs.save_checkpoint(connection, job_id, "w1", {"stage": "x"}, NOW)
    with store.write() as connection:
        assert not jobs.give_back(connection, job_id, "w1", NOW, "told to stop", is_counted=False)
    assert not end(store, job_id, "done", "w1")
    assert (look(store, job_id).state, look(store, job_id).stage, look(store, job_id).checkpoint) == ("running", "starting", None)
    assert end(store, job_id, "done", "w2")
    assert not end(store, job_id, "failed", "w2")


def test_a_job_whose_workers_are_lost_again_and_again_is_given_up(store: Store) -> None:
    job_id = queue(store)
    for attempt in range(jobs.MAX_ATTEMPTS):
        assert claim(store, f"w{attempt}", NOW, held(store)) is not None
    behind = queue(store)
    taken = claim(store, "w9", NOW, held(store))
    assert taken is not None
    assert taken.id == behind
    assert (look(store, job_id).state, look(store, job_id).attempts) == ("failed", jobs.MAX_ATTEMPTS)
    assert "lost 3 times" in str(look(store, job_id).error)


def test_a_lost_job_that_should_stop_is_cancelled_and_not_started_again(store: Store) -> None:
    job_id = queue(store)
    claim(store, "w1")
    with store.touch() as connection:
        jobs.request_cancel(connection, job_id, "bea", NOW)
    assert claim(store, "w2", NOW, held(store)) is None
    assert look(store, job_id).state == "cancelled"


def test_a_job_that_gave_way_waits_longer_each_time_and_ends_in_the_third(store: Store) -> None:
    job_id, now = queue(store), NOW
    for attempt in range(1, jobs.MAX_ATTEMPTS):
        assert claim(store, now=now) is not None
        with store.write() as connection:
            assert jobs.give_back(connection, job_id, "w1", now, "busy", is_counted=True)
        assert claim(store, now=now) is None
        now += timedelta(seconds=jobs.RETRY_SECONDS * 2 ** (attempt - 1))
    assert claim(store, now=now) is not None
    with store.write() as connection:
        assert not jobs.give_back(connection, job_id, "w1", now, "busy", is_counted=True)


def test_a_clock_set_back_lets_no_job_wait_for_hours(store: Store) -> None:
    job_id = queue(store)
    claim(store)
    with store.write() as connection:
        jobs.give_back(connection, job_id, "w1", NOW, "busy", is_counted=True)
    assert claim(store, now=NOW - timedelta(hours=5)) is not None


def test_a_worker_told_to_stop_gives_its_job_back_without_an_attempt(store: Store) -> None:
    job_id = queue(store)
    claim(store, "w1")
    with store.write() as connection:
        assert jobs.give_back(connection, job_id, "w1", NOW, "told to stop", is_counted=False)
    again = claim(store, "w2")
    assert again is not None
    assert again.attempts == 1


def test_a_failed_or_cancelled_job_goes_on_from_its_checkpoint_and_no_other(store: Store) -> None:
    job_id = queue(store)
    claim(store)
    with store.touch() as connection:
        jobs.save_checkpoint(connection, job_id, "w1", {"stage": "run_1"}, NOW)
    with store.touch() as connection, pytest.raises(Conflict, match="is running"):
        jobs.resume(connection, job_id, "bea", NOW)
    end(store, job_id, "cancelled")
    with store.touch() as connection:
        resumed = jobs.resume(connection, job_id, "bea", NOW)
    assert (resumed.state, resumed.attempts, resumed.checkpoint, resumed.finished_at) == ("queued", 0, {"stage": "run_1"}, None)
    assert claim(store) is not None
    end(store, job_id, "done")
    assert look(store, job_id).checkpoint is None
    with store.touch() as connection, pytest.raises(Conflict, match="is done"):
        jobs.resume(connection, job_id, "bea", NOW)


def waiting(store: Store, why: str) -> int:
    """The job that a change queues."""
    with store.write() as connection:
        return jobs.add_waiting(connection, "assign", {}, "ann", NOW, waiting_key="assign", why=why)


def once(store: Store, key: str) -> int | None:
    """The job that a trigger queues which fires once for ever."""
    with store.write() as connection:
        return jobs.add_once(connection, "assign", {}, "ann", NOW, waiting_key="assign", once_key=key, why=key)


def test_changes_before_a_job_begins_are_one_job_and_later_ones_the_next(store: Store) -> None:
    first = waiting(store, "import 1")
    assert waiting(store, "import 2") == first
    assert said(store, first) == ["import 1", "import 2"]
    claim(store)
    second = waiting(store, "import 3")
    assert second != first
    with store.write() as connection:
        assert jobs.give_back(connection, first, "w1", NOW, "told to stop", is_counted=False)
    assert waiting(store, "import 4") == second
    assert [job.id for job in (claim(store), claim(store)) if job] == [first, second]
    assert claim(store) is None


def test_a_trigger_fires_once_for_ever_and_joins_what_waits(store: Store) -> None:
    first = waiting(store, "import 1")
    assert once(store, "publication:1") == first
    assert once(store, "publication:1") is None
    second = once(store, "publication:2")
    assert second not in (None, first)
    for _ in range(2):
        job = claim(store)
        assert job is not None
        end(store, job.id, "cancelled")
    assert once(store, "publication:1") is None
    assert once(store, "publication:2") is None


def test_work_done_elsewhere_ends_what_waits_and_not_what_runs(store: Store) -> None:
    runs = waiting(store, "import 1")
    claim(store)
    waits = waiting(store, "import 2")
    with store.write() as connection:
        jobs.settle(connection, [runs, waits], {"moved": 3}, NOW, "done by hand")
    assert (look(store, runs).state, look(store, waits).state, look(store, waits).result) == ("running", "done", {"moved": 3})


def test_the_newest_jobs_come_first_and_an_unknown_one_is_not_found(store: Store) -> None:
    ids = [queue(store) for _ in range(3)]
    with store.read() as connection:
        assert [j.id for j in jobs.recent(connection, 2)] == ids[:0:-1]
        with pytest.raises(NotFound, match="no job 99"):
            jobs.job(connection, 99)
