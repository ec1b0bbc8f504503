"""One job from claim to end: what it says, what becomes of errors, of workers that stop, of jobs that were lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import Busy, Cancelled, Conflict, Interrupted
from metes.base.progress import Progress
from metes.store import jobs
from metes.worker import loop
from metes.worker.loop import run_next
from metes.worker.presence import Presence
from metes.worker.progress import JobProgress
from metes.worker.watch import Watch
from tests.conftest import NOW

Work = Callable[[Workspace, Any, Progress, Any], Mapping[str, Any]]


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """Lets a job of any kind do something else."""
    return lambda work: monkeypatch.setattr(loop, "run_kind", work)


def texts(workspace: Workspace, job: int) -> list[str]:
    """A job's log."""
    return [line.text for line in workspace.job_log(job)]


def test_each_stage_stands_in_the_log_once_while_the_work_goes_on(workspace: Workspace, doing: Callable[[Work], None]) -> None:
    job = workspace.job_add("book", {})

    def work(_workspace: Workspace, _job: Any, progress: Progress, _checkpoint: Any) -> Mapping[str, Any]:
        for done in range(3):
            progress.report("reading", done, 3)
        progress.report("waiting for another writer (1 s)")
        progress.report("waiting for another writer (2 s)")
        assert texts(workspace, job)[-2:] == ["reading", "waiting for another writer (1 s)"]
        return {"rows": 3}

    doing(work)
    assert run_next(workspace, "w")
    assert texts(workspace, job) == [
        "local asked for it",
        "attempt 1 begins; worker w",
        "reading",
        "waiting for another writer (1 s)",
        "done",
    ]
    assert workspace.job(job).result == {"rows": 3}
    assert not run_next(workspace, "w")


def test_what_could_not_be_written_at_once_is_written_with_the_next_beat_or_at_the_end(sqlite_workspace: Workspace) -> None:
    job = sqlite_workspace.job_add("book", {})
    sqlite_workspace.job_claim("w")
    with JobProgress(sqlite_workspace, job, "w") as progress, sqlite_workspace.store.write():
        progress.report("writing")
    assert texts(sqlite_workspace, job)[-1] == "writing"


def raising(error: Exception) -> Work:
    """Work that fails."""

    def work(*_: Any) -> Mapping[str, Any]:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (Cancelled("stop"), "cancelled", "cancelled"),
        (Conflict("it is closed"), "failed", "failed: it is closed"),
        (Interrupted("stop"), "queued", "its worker was told to stop; it waits for the next one"),
        (Busy("a writer"), "queued", "tried again later: a writer"),
    ],
)
def test_an_error_ends_a_job_or_lets_it_wait(
    workspace: Workspace, doing: Callable[[Work], None], error: Exception, state: str, said: str
) -> None:
    job = workspace.job_add("book", {})
    doing(raising(error))
    assert run_next(workspace, "w")
    assert workspace.job(job).state == state
    assert texts(workspace, job)[-1] == said


def test_an_unexpected_error_says_where_but_nothing_of_the_data(workspace: Workspace, doing: Callable[[Work], None]) -> None:
    job = workspace.job_add("book", {})
    doing(raising(KeyError("the secret of Ash Lane")))
    run_next(workspace, "w")
    assert workspace.job(job).state == "failed"
    log = texts(workspace, job)
    assert any(text.startswith("unexpected KeyError in test_loop.py, line ") for text in log)
    assert "secret" not in "".join(log)


def test_a_worker_told_to_stop_gives_its_job_back_at_the_next_report(workspace: Workspace, doing: Callable[[Work], None]) -> None:
    job, stop = workspace.job_add("book", {}), threading.Event()

    def work(_workspace: Workspace, _job: Any, progress: Progress, _checkpoint: Any) -> Mapping[str, Any]:
        stop.set()
        progress.report("reading")
        raise AssertionError

    doing(work)
    run_next(workspace, "w", stop=stop)
    assert (workspace.job(job).state, workspace.job(job).attempts) == ("queued", 0)


def test_a_job_taken_up_by_another_worker_is_left_to_it(workspace: Workspace, doing: Callable[[Work], None]) -> None:
    job = workspace.job_add("book", {})

    def work(_workspace: Workspace, _job: Any, _progress: Progress, _checkpoint: Any) -> Mapping[str, Any]:
        assert workspace.job_claim("other", workspace.jobs_running()) is not None
        return {"by": "the first"}

    doing(work)
    assert run_next(workspace, "w")
    assert (workspace.job(job).state, workspace.job(job).worker, workspace.job(job).result) == ("running", "other", None)


def test_the_job_of_a_dead_worker_is_done_by_the_next_one(workspace: Workspace, tmp_path: Path) -> None:
    job = workspace.job_add("drop-logs", {})
    workspace.job_claim("killed")
    assert not run_next(workspace, "w", Watch("w", lambda _name: True))
    assert run_next(workspace, "w", Watch("w", lambda _name: False))
    assert workspace.job(job).state == "done"
    assert "worker killed is gone, attempt 1 ended here" in texts(workspace, job)


def test_a_worker_makes_the_first_schedules_and_ends_when_told(sqlite_workspace: Workspace) -> None:
    stop = threading.Event()
    sqlite_workspace.job_add("drop-logs", {})

    def clock() -> Any:
        # The end of the only job is the last thing that is asked of the clock before the worker looks for another.
        if any(job.state == "done" for job in seen()):
            stop.set()
        return NOW

    def seen() -> tuple[jobs.Job, ...]:
        with sqlite_workspace.store.read() as connection:
            return jobs.recent(connection)

    watched = Workspace(sqlite_workspace.store, sqlite_workspace.shelf, sqlite_workspace.principal, clock)
    thread = threading.Thread(target=loop.work, args=(watched, stop))
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert [job.state for job in sqlite_workspace.jobs()] == ["done"]
    assert {s.name for s in sqlite_workspace.schedule_list()} >= {"nightly-assignment", "clean-up", "old-logs", "reminders"}
    with Presence(sqlite_workspace.shelf.books / "workers") as here:
        assert [path.stem for path in (sqlite_workspace.shelf.books / "workers").iterdir()] == [here.name.replace(":", "_")]
