"""A process killed between any two statements leaves the database as before or as after, never between."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.model.query import AccountQuery
from tests.children import CHILDREN
from tests.faults.work import open_at, run_verb

PLAN = """key: p
types:
  - key: geo
territories:
  - key: west
    type: geo
    rules:
      - key: r
        when: employees >= 50
  - key: rest
    type: geo
    catch_all: true
"""
ROWS = 300
EVERY = {"sqlite": 1, "postgresql": 2}


def run(database: str, folder: Path, verb: str, kill_before: int = 0) -> bool:
    """Run a verb in a process of its own; whether it was killed."""
    child = CHILDREN.Process(target=run_verb, args=(database, str(folder), verb, kill_before))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def write_accounts(folder: Path, version: int) -> None:
    """A file whose rows all differ between versions."""
    rows = (f"A{i},Name {i} v{version},{i % 100 + version}" for i in range(ROWS))
    (folder / "accounts.csv").write_text("id,name,employees\n" + "\n".join(rows) + "\n")


def names(workspace: Workspace) -> set[str]:
    """The versions that stand in the names of all accounts."""
    page = workspace.accounts(AccountQuery(columns=("name",), rows=ROWS))
    assert page.total in (0, ROWS)
    return {row["name"].rpartition(" ")[2] for row in page.rows}


def facts(workspace: Workspace) -> int:
    """How many accounts have a primary territory."""
    return sum(bool(workspace.history(f"A{i}")) for i in range(0, ROWS, 29))


def kind_of(database: str) -> str:
    return "sqlite" if database.startswith("sqlite") else "postgresql"


def each_point(database: str, folder: Path, verb: str, check: Callable[[], bool]) -> int:
    """Kill the verb at point after point until one run gets through; `check` after each says whether it took effect."""
    points = 0
    for point in range(1, 4000, EVERY[kind_of(database)]):
        if not run(database, folder, verb, point):
            break
        points += 1
        if check():
            break
    return points


def test_an_import_killed_anywhere_leaves_all_of_it_or_nothing(database: str, tmp_path: Path) -> None:
    write_accounts(tmp_path, 1)
    run(database, tmp_path, "import")
    write_accounts(tmp_path, 2)

    def check() -> bool:
        workspace = open_at(database, tmp_path)
        found = names(workspace)
        assert found in ({"v1"}, {"v2"})
        assert len(workspace.imports()) == (2 if found == {"v2"} else 1)
        assert workspace.audit_verify().is_whole
        workspace.close()
        return found == {"v2"}

    assert each_point(database, tmp_path, "import", check) > 5
    run(database, tmp_path, "import")
    assert check()


def test_an_assignment_killed_anywhere_leaves_all_of_it_or_nothing(database: str, tmp_path: Path) -> None:
    write_accounts(tmp_path, 1)
    (tmp_path / "plan.yaml").write_text(PLAN)
    run(database, tmp_path, "import")
    workspace = open_at(database, tmp_path)
    workspace.plan_import(tmp_path / "plan.yaml")
    workspace.plan_publish("draft")
    workspace.close()

    def check() -> bool:
        workspace = open_at(database, tmp_path)
        found = facts(workspace)
        assert found in (0, len(range(0, ROWS, 29)))
        assert workspace.audit_verify().is_whole
        workspace.close()
        return found > 0

    assert each_point(database, tmp_path, "assign", check) > 3
    run(database, tmp_path, "assign")
    assert check()


@pytest.mark.parametrize("verbs", [("import", "import"), ("import", "assign")])
def test_two_at_once_both_finish_right(database: str, tmp_path: Path, verbs: tuple[str, str]) -> None:
    write_accounts(tmp_path, 1)
    (tmp_path / "plan.yaml").write_text(PLAN)
    run(database, tmp_path, "import")
    workspace = open_at(database, tmp_path)
    workspace.plan_import(tmp_path / "plan.yaml")
    workspace.plan_publish("draft")
    workspace.close()
    write_accounts(tmp_path, 2)
    children = [CHILDREN.Process(target=run_verb, args=(database, str(tmp_path), verb, 0)) for verb in verbs]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    workspace = open_at(database, tmp_path)
    assert names(workspace) == {"v2"}
    assert workspace.audit_verify().is_whole
    if "assign" in verbs:
        workspace.assign()
        assert facts(workspace) == len(range(0, ROWS, 29))
    workspace.close()
