"""Home, and the list of places for phones."""

from __future__ import annotations

from pathlib import Path

from metes.model.plan import Pin
from metes.model.query import AccountQuery
from tests.web.pages.conftest import Visitor


def test_figures_lead_to_their_rows(visitor: Visitor) -> None:
    page = visitor.get("/")
    total = visitor.workspace.total()
    assert f'<a href="/accounts">{total.accounts:,}</a>' in page
    assert 'href="/accounts?territory=none&amp;sort=-potential"' in page


def test_the_largest_territories_come_first(visitor: Visitor) -> None:
    held = [n for n in visitor.workspace.tree() if n.role == "primary"]
    largest = max(held, key=lambda node: node.own.potential)
    assert (
        visitor.get("/").split("The territories with most potential")[1].split("/territories/")[1].startswith(largest.territory.key)
    )


def test_an_open_draft_and_changed_data_are_said(editor: Visitor, tmp_path: Path) -> None:
    assert "The ledger is up to date" in editor.get("/")
    account = editor.workspace.account_ids(AccountQuery(), 1)[0]
    editor.workspace.pin([Pin(account, "wasatch", "They asked", "tests")])
    assert "holds 1\xa0change" in editor.get("/")
    file = tmp_path / "accounts.csv"
    file.write_text("id,name,country,employees\nNEW-1,New and nowhere,GB,many\n")
    editor.workspace.import_("accounts", [file], source="tests")
    page = editor.get("/")
    assert "Data or plan have changed since the rules last ran" in page
    assert "The import of accounts had" in page
    assert "held by no territory, with" in page


def test_an_empty_workspace_shows_three_steps(newcomer: Visitor, tmp_path: Path) -> None:
    page = newcomer.get("/")
    for line in ("metes import accounts accounts.csv", "metes plan import plan/", "metes assign"):
        assert line in page
    file = tmp_path / "accounts.csv"
    file.write_text("id,name,country\nA1,First,US\n")
    newcomer.workspace.import_("accounts", [file], source="tests")
    assert "is-done" in newcomer.get("/")


def test_more_lists_what_the_tabs_leave_out(visitor: Visitor) -> None:
    main = visitor.get("/more").split("<main")[1]
    for address in ("/people", "/plan", "/import", "/settings"):
        assert f'href="{address}"' in main
    assert 'href="/map"' not in main
