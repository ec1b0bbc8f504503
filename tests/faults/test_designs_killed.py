"""A worker killed in the middle of a design loses no design: the next one goes on, and the answer is that of an undisturbed run, byte by byte."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from metes.app.workspace import Workspace
from metes.store import designs
from tests.children import CHILDREN
from tests.designing.worlds import asked, company
from tests.faults.work import open_at, run_verb, work, work_until

# Of the statements of a job, those before which its worker is killed.
POINTS = (1, 4, 9, 16, 23, 30, 37, 44)
STAGES = ("reading the design", "designing US-CO", "putting borders right", "designing US-NM", "writing the design")


def killed(target: Callable[..., None], *arguments: Any) -> bool:
    """Run a function in a process of its own; whether it was killed."""
    child = CHILDREN.Process(target=target, args=arguments)
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


@pytest.fixture
def workspace(database: str, tmp_path: Path) -> Iterator[Workspace]:
    """The company of 24 accounts, on each database in turn."""
    opened = open_at(database, tmp_path)
    yield company(opened, tmp_path)
    opened.close()


def queued(workspace: Workspace) -> tuple[int, int]:
    """A design of two states with a wall between, so that a part is kept while the other is worked out; its job."""
    design = workspace.design_new(asked(territories=3, walls="region")).id
    return design, workspace.design_queue(design)


def kept(workspace: Workspace, design: int) -> list[Any]:
    """All that a worked out design is kept as: its operations and the bytes they name, and the figures."""
    row = workspace.design_find(design)
    assert (row.state, row.version, row.position) == (designs.DESIGNED, 2, 1)
    with workspace.store.read() as connection:
        (solved,) = designs.operations(connection, design)
        bytes_ = designs.read_content(connection, solved.payload["after"])
    return [solved.kind, dict(solved.payload), bytes_, row.summary]


def went_on(workspace: Workspace, design: int, job: int) -> list[Any]:
    """What is kept after the next worker has done what was left."""
    work(workspace)
    found = workspace.job(job)
    assert (found.state, found.error) == ("done", None)
    return kept(workspace, design)


def test_a_design_killed_at_any_stage_ends_as_one_that_nobody_disturbed(
    workspace: Workspace, database: str, tmp_path: Path
) -> None:
    undisturbed = went_on(workspace, *queued(workspace))
    for stage in STAGES:
        design, job = queued(workspace)
        assert killed(work_until, database, str(tmp_path), stage)
        assert workspace.job(job).state == "running"
        assert went_on(workspace, design, job) == undisturbed
        assert workspace.job(job).attempts == 2


def test_a_design_killed_before_any_statement_is_done_once(workspace: Workspace, database: str, tmp_path: Path) -> None:
    undisturbed = went_on(workspace, *queued(workspace))
    lost = 0
    for point in POINTS:
        design, job = queued(workspace)
        lost += killed(run_verb, database, str(tmp_path), "work", point)
        assert went_on(workspace, design, job) == undisturbed
    assert lost > 3
