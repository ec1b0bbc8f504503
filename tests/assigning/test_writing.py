"""How a run's difference goes into the ledger: whole or not at all, kept for the next attempt, small or large alike."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from metes.assigning import writing
from metes.base.errors import Cancelled, Conflict
from metes.base.progress import Silent
from metes.store import bulk
from tests.assigning.conftest import ACCOUNT_HEADER, ACCOUNTS, RULES
from tests.assigning.worlds import Company, plan_in_words


class Kept:
    """A checkpoint in memory."""

    def __init__(self) -> None:
        self.value: Mapping[str, Any] | None = None

    def load(self) -> Mapping[str, Any] | None:
        """What was kept."""
        return self.value

    def save(self, value: Mapping[str, Any]) -> None:
        """Keep it."""
        self.value = value


class At(Silent):
    """A progress that does something at the first report of a stage."""

    def __init__(self, stage: str, act: Callable[[], None]) -> None:
        self.stage, self.act, self.is_done = stage, act, False

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Act once."""
        if stage == self.stage and not self.is_done:
            self.is_done = True
            self.act()


class CancelledOnceKept(Silent):
    """A progress that is asked to stop when something stands at the checkpoint."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Stop there."""
        if self.kept.value is not None:
            cancel()


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every difference goes through side tables, as large ones do."""
    monkeypatch.setattr(writing, "SMALL_CHANGE", 0)


def change(company: Company, industry: str = "health") -> None:
    """Three accounts change hands."""
    company.take("accounts", ACCOUNT_HEADER, [(*row[:2], industry, *row[3:]) for row in ACCOUNTS[:2]])
    company.publish(plan_in_words({**RULES, "shops": "industry = 'health'"}, {"large": "power"}))


def cancel() -> None:
    """As somebody asks to stop."""
    raise Cancelled("stop")


@pytest.mark.usefixtures("staged")
def test_a_difference_through_side_tables_is_the_same(company: Company) -> None:
    change(company)
    report = company.workspace.assign()
    company.check(report)
    assert (report.opened, report.closed) == (3, 2)
    assert bulk.stages(company.workspace.store) == ()


@pytest.mark.parametrize("stage", ["finding what changed rules take", "compiling the rules", "comparing with the ledger"])
def test_a_run_that_is_cancelled_has_written_nothing(company: Company, stage: str) -> None:
    before = company.ledger()
    change(company)
    with pytest.raises(Cancelled):
        company.workspace.assign(At(stage, cancel))
    assert company.ledger() == before
    company.check(company.workspace.assign())


@pytest.mark.usefixtures("staged")
def test_a_run_that_is_cancelled_before_it_writes_leaves_no_side_tables(company: Company) -> None:
    change(company)
    with pytest.raises(Cancelled):
        company.workspace.assign(At("writing the ledger", cancel))
    assert bulk.stages(company.workspace.store) == ()


@pytest.mark.usefixtures("staged")
def test_what_a_checkpoint_keeps_is_written_by_the_next_attempt(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    change(company)
    kept = Kept()
    with pytest.raises(Cancelled):
        company.workspace.assign(CancelledOnceKept(kept), checkpoint=kept)
    assert len(bulk.stages(company.workspace.store)) == 2
    monkeypatch.setattr("metes.assigning.running.work_out", lambda *_: pytest.fail("what was worked out is worked out again"))
    report = company.workspace.assign(checkpoint=kept)
    monkeypatch.undo()
    company.check(report)
    assert (report.mode.value, report.opened, report.closed, report.is_preview) == ("incremental", 3, 2, False)
    assert bulk.stages(company.workspace.store) == ()
    assert company.workspace.assign().is_up_to_date


@pytest.mark.usefixtures("staged")
def test_what_a_checkpoint_keeps_of_older_data_is_dropped(company: Company) -> None:
    change(company)
    kept = Kept()
    with pytest.raises(Cancelled):
        company.workspace.assign(CancelledOnceKept(kept), checkpoint=kept)
    company.take("accounts", ACCOUNT_HEADER, [ACCOUNTS[1]])
    company.check(company.workspace.assign(checkpoint=kept))
    assert bulk.stages(company.workspace.store) == ()


@pytest.mark.parametrize("small", [0, 1000])
def test_data_that_change_under_a_run_start_it_again(company: Company, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "SMALL_CHANGE", small)
    change(company)
    report = company.workspace.assign(At("comparing with the ledger", lambda: change(company, "energy")))
    company.check(report)
    assert bulk.stages(company.workspace.store) == ()


def test_a_run_under_which_data_change_time_and_again_is_a_conflict(company: Company) -> None:
    before = company.ledger()
    change(company)

    class Busy(Silent):
        turns = 0

        def report(self, stage: str, done: int = 0, total: int = 0) -> None:
            if stage == "comparing with the ledger":
                self.turns += 1
                company.take("accounts", ACCOUNT_HEADER, [("A5", f"Firm {self.turns}", "health", 1, 1)])

    with pytest.raises(Conflict, match="the data changed"):
        company.workspace.assign(Busy())
    assert company.ledger() == before


def test_a_look_that_finds_nothing_changed_loads_no_arrays(company: Company) -> None:
    script = (
        "import sys\n"
        "for name in ('numpy', 'pyarrow', 'duckdb', 'numba', 'ibis', 'pandas'): sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from metes.app.settings import AppSettings\n"
        "from metes.app.workspace import open_workspace\n"
        "from datetime import datetime\n"
        f"moment = datetime.fromisoformat({company.now.isoformat()!r})\n"
        f"workspace = open_workspace(AppSettings({company.database!r}, Path({str(company.folder)!r})), clock=lambda: moment)\n"
        "assert workspace.assign().is_up_to_date\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
