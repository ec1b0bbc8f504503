"""A server goes on with the Book before while a large one is made anew."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from metes.app import desk
from metes.app.workspace import Workspace
from metes.base.errors import Busy
from metes.model.query import AccountQuery
from metes.store import book_build


def bring_in(workspace: Workspace, folder: Path, rows: int) -> None:
    """So many accounts."""
    file = folder / "accounts.csv"
    file.write_text("id,name\n" + "".join(f"A{i},Name {i}\n" for i in range(rows)))
    workspace.import_("accounts", [file])


def makers() -> list[threading.Thread]:
    """The threads that make Books."""
    return [thread for thread in threading.enumerate() if thread.name == "book"]


def total(workspace: Workspace) -> int:
    return workspace.accounts(AccountQuery()).total


def test_the_book_before_is_served_until_the_new_one_is_there(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "LARGE_BOOK", 2)
    may_go_on = threading.Event()
    build = book_build.build

    def held_back(*arguments: object) -> Path:
        may_go_on.wait(60)
        return build(*arguments)  # type: ignore[arg-type]

    bring_in(sqlite_workspace, tmp_path, 5)
    assert total(sqlite_workspace) == 5
    sqlite_workspace.shelf.serves_stale = True
    monkeypatch.setattr(desk, "build", held_back)
    bring_in(sqlite_workspace, tmp_path, 8)
    assert total(sqlite_workspace) == 5
    assert sqlite_workspace.is_book_behind
    assert len(makers()) == 1
    assert total(sqlite_workspace) == 5
    assert len(makers()) == 1
    sqlite_workspace.plan_init(tmp_path / "plan", "p", "P")
    sqlite_workspace.plan_import(tmp_path / "plan")
    sqlite_workspace.plan_publish("draft")
    with pytest.raises(Busy, match="has just come in"):
        sqlite_workspace.explain("A7")
    may_go_on.set()
    for thread in makers():
        thread.join()
    assert total(sqlite_workspace) == 8
    assert not sqlite_workspace.is_book_behind


def test_a_small_book_is_made_at_once(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    sqlite_workspace.shelf.serves_stale = True
    bring_in(sqlite_workspace, tmp_path, 5)
    assert total(sqlite_workspace) == 5
    bring_in(sqlite_workspace, tmp_path, 8)
    assert total(sqlite_workspace) == 8
