"""Commands of designs, as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.cli.main import run
from metes.worker.loop import run_next
from tests.designing.worlds import company


@pytest.fixture
def db(sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The company's database."""
    monkeypatch.setenv("METES_CACHE", str(tmp_path / "cli"))
    company(sqlite_workspace, tmp_path)
    return sqlite_workspace.store.url.render_as_string()


def test_a_design_goes_from_a_file_to_a_draft(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "asked.yaml"
    file.write_text("name: Two\nterritories: 3\nmeasures: [{measure: accounts, band: 0.3}]\n")
    assert run(["--db", db, "design", "new", str(file), "--territories", "2", "--run"]) == 1
    told = capsys.readouterr()
    assert "design-off-map" in told.err
    assert "west" in told.out
    assert run(["--db", db, "design", "move", "1", "none", "A00"]) == 0
    assert "1 unit is in no territory" in _figures(db, capsys)
    for gesture in (
        ["lock", "1", "A01"],
        ["unlock", "1", "A01"],
        ["rename", "1", "west", "Far west"],
        ["recolour", "1", "west", "7"],
    ):
        assert run(["--db", db, "design", *gesture]) == 0
    for _ in range(4):
        assert run(["--db", db, "design", "undo", "1"]) == 0
    for step in ("undo", "redo", "undo"):
        assert run(["--db", db, "design", step, "1"]) == 0
    assert run(["--db", db, "design", "save-as", "1", "Other"]) == 0
    assert run(["--db", db, "design", "remove", "2"]) == 0
    assert run(["--db", db, "design", "remove", "2", "--undo"]) == 0
    capsys.readouterr()
    assert run(["--db", db, "--json", "design", "list"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["Other", "Two"]
    for command in (
        ["bases", "1", "--seconds", "2"],
        ["compare", "1"],
        ["compare", "1", "2"],
        ["fairness", "1"],
        ["seats", "1", "--cost", "100", "--span", "1"],
        ["frontier", "1"],
        ["show", "1", "--spec"],
    ):
        assert run(["--db", db, "design", *command]) == 0
    assert run(["--db", db, "design", "export", "1", str(tmp_path / "out.csv")]) == 0
    assert run(["--db", db, "design", "to-plan", "1"]) == 0
    assert run(["--db", db, "design", "run", "1", "--queue"]) == 0


def test_a_frontier_is_left_to_a_worker_and_a_point_of_it_is_picked(
    db: str, sqlite_workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    frontier = ["--db", db, "design", "frontier", "1"]
    assert run(["--db", db, "design", "new", "--territories", "2", "--measure", "accounts:0.3"]) == 1
    assert run([*frontier, "--last"]) == 0
    assert "no job worked it out yet" in capsys.readouterr().err
    assert run([*frontier, "--queue", "--json"]) == 0
    job = json.loads(capsys.readouterr().out)["job"]
    assert run(["--db", db, "design", "pick", "1", str(job), "1"]) == 2
    assert run([*frontier, "--last"]) == 0
    assert f"no points: job {job} is queued" in capsys.readouterr().err
    while run_next(sqlite_workspace, "cli"):
        pass
    assert run([*frontier, "--last"]) == 0
    assert f"'metes design pick 1 {job} POINT'" in capsys.readouterr().err
    assert run(["--db", db, "design", "pick", "1", str(job), "1"]) == 0
    assert ", point 1" in capsys.readouterr().err


def _figures(db: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(["--db", db, "design", "show", "1"]) == 0
    return capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["new", "--measure", "accounts:wide"],
        ["new", "nowhere.yaml"],
        ["show", "9"],
        ["move", "1", "west", "A00"],
        ["compare", "1", "yesterday"],
    ],
)
def test_what_cannot_be_done_ends_with_two(db: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if words[0] in ("move", "compare"):
        run(["--db", db, "design", "new", "--territories", "2", "--measure", "accounts:0.3"])
    assert run(["--db", db, "design", *words]) == 2
    assert "metes: " in capsys.readouterr().err
