"""Long work as rows: claimed by one, followed, cancelled, taken up again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from metes.base.errors import NotFound
from metes.store import jobs
from metes.store.engine import Store
from tests.conftest import NOW

LOST = timedelta(seconds=jobs.LOST_AFTER_SECONDS + 1)


def queue(store: Store, kind: str = "assign") -> int:
    """A new job's id."""
    with store.write() as connection:
        return jobs.add_job(connection, kind, {"é": [1]}, "ann", NOW)


def claim(store: Store, worker: str = "w1", now: object = NOW) -> jobs.Job | None:
    """What a worker gets."""
    with store.write() as connection:
        return jobs.claim(connection, worker, now)  # type: ignore[arg-type]


def look(store: Store, job_id: int) -> jobs.Job:
    """A job as it stands."""
    with store.read() as connection:
        return jobs.job(connection, job_id)


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
        assert not jobs.report(connection, job_id, "reading", 3, 10, NOW)
    assert (look(store, job_id).stage, look(store, job_id).done, look(store, job_id).total) == ("reading", 3, 10)
    with store.write() as connection:
        jobs.finish(connection, job_id, "done", NOW, result={"rows": 7})
    ended = look(store, job_id)
    assert (ended.state, ended.result, ended.finished_at, ended.has_ended) == ("done", {"rows": 7}, NOW, True)
    assert claim(store, now=NOW + LOST) is None


def test_a_queued_job_is_cancelled_at_once(store: Store) -> None:
    job_id = queue(store)
    with store.write() as connection:
        assert jobs.request_cancel(connection, job_id, NOW).state == "cancelled"
    assert claim(store) is None


def test_a_running_job_learns_that_it_should_stop_from_its_next_report(store: Store) -> None:
    job_id = queue(store)
    claim(store)
    with store.touch() as connection:
        assert jobs.request_cancel(connection, job_id, NOW).state == "running"
    with store.touch() as connection:
        assert jobs.report(connection, job_id, "reading", 1, 2, NOW)


def test_asking_an_ended_job_to_stop_changes_nothing(store: Store) -> None:
    job_id = queue(store)
    claim(store)
    with store.write() as connection:
        jobs.finish(connection, job_id, "failed", NOW, error="no such file")
        after = jobs.request_cancel(connection, job_id, NOW)
    assert (after.state, after.cancel_requested, after.error) == ("failed", False, "no such file")


def test_the_job_of_a_lost_worker_is_taken_again_but_not_that_of_a_living_one(store: Store) -> None:
    job_id = queue(store)
    claim(store, "w1")
    with store.touch() as connection:
        jobs.report(connection, job_id, "reading", 1, 2, NOW + LOST)
    assert claim(store, "w2", NOW + LOST) is None
    again = claim(store, "w2", NOW + LOST + LOST)
    assert again is not None
    assert (again.id, again.attempts) == (job_id, 2)


def test_a_job_whose_workers_are_lost_again_and_again_is_given_up(store: Store) -> None:
    job_id, now = queue(store), NOW
    for attempt in range(jobs.MAX_ATTEMPTS):
        taken = claim(store, f"w{attempt}", now)
        assert taken is not None
        now += LOST
    behind = queue(store)
    taken = claim(store, "w9", now)
    assert taken is not None
    assert taken.id == behind
    assert (look(store, job_id).state, look(store, job_id).attempts) == ("failed", jobs.MAX_ATTEMPTS)
    assert "lost 3 times" in str(look(store, job_id).error)


def test_a_lost_job_that_should_stop_is_cancelled_and_not_started_again(store: Store) -> None:
    job_id = queue(store)
    claim(store, "w1")
    with store.touch() as connection:
        jobs.request_cancel(connection, job_id, NOW)
    assert claim(store, "w2", NOW + LOST) is None
    assert look(store, job_id).state == "cancelled"


def test_the_newest_jobs_come_first_and_an_unknown_one_is_not_found(store: Store) -> None:
    ids = [queue(store) for _ in range(3)]
    with store.read() as connection:
        assert [j.id for j in jobs.recent(connection, 2)] == ids[:0:-1]
        with pytest.raises(NotFound, match="no job 99"):
            jobs.job(connection, 99)
