"""Why in full: one account, a selection as a table with its files, and a territory as a summary."""

from __future__ import annotations

import csv
import io
import re
import threading
from html import unescape
from pathlib import Path

import openpyxl
import pytest

from metes.model.plan import Pin
from metes.model.query import AccountQuery
from tests.web.pages.conftest import SCRIPT, Visitor


def numbers(visitor: Visitor, where: str, rows: int = 5) -> list[int]:
    """The numbers of the largest accounts that a condition takes."""
    query = AccountQuery(condition=visitor.workspace.rule_parse(where), sort="potential", is_descending=True, rows=rows)
    return [int(row["account"]) for row in visitor.workspace.accounts(query).rows]


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_the_card_says_what_would_change_the_answer(visitor: Visitor) -> None:
    number = numbers(visitor, "region = 'US-TX' and employees > 300")[0]
    found = visitor.workspace.explain_number(number)
    assert found is not None
    assert found.flips
    card = visitor.get(f"/accounts/{number}").split('class="card"')
    said = text_of(next(part for part in card if "It would move to" in part))
    assert any(name.label in said for flip in found.flips for name in flip.territories)
    assert f"/accounts/{number}/why" in "".join(card)


def test_the_page_says_all_of_it(visitor: Visitor) -> None:
    number = numbers(visitor, "region = 'US-CA'")[0]
    found = visitor.workspace.explain_number(number, limit=None)
    assert found is not None
    page = visitor.get(f"/accounts/{number}/why")
    said = text_of(page)
    assert f"Why {found.primaries[0].territory.label}" in said
    assert f"1–50 of {found.failed_count}" in said
    for flip in found.flips or ():
        for name in flip.territories:
            assert name.label in said
    assert len(re.findall(r"<tr data-key", page)) == 50


def test_the_others_are_paged_and_found_by_name(visitor: Visitor) -> None:
    number = numbers(visitor, "region = 'US-CA'")[0]
    first = re.findall(r'<tr data-key="([^"]+)"', visitor.get(f"/accounts/{number}/why"))
    second = re.findall(r'<tr data-key="([^"]+)"', visitor.get(f"/accounts/{number}/why?after=50"))
    assert second
    assert not set(first) & set(second)
    found = re.findall(r'<tr data-key="([^"]+)"', visitor.get(f"/accounts/{number}/why?q=dallas+mid"))
    assert found == ["dallas-mid-market"]
    assert "Nothing matches" in visitor.get(f"/accounts/{number}/why?q=nowhere+at+all")
    assert "&lt;script&gt;" in visitor.get(f"/accounts/{number}/why", params={"q": SCRIPT})


@pytest.mark.parametrize("number", ["999999", "12345678901234567890"])
def test_an_account_that_does_not_exist_is_not_found(visitor: Visitor, number: str) -> None:
    assert visitor.client.get(f"/accounts/{number}/why").status_code == 404


@pytest.mark.parametrize("place", ["x", "-5", "99999999999999", "100000"])
def test_a_place_that_is_none_shows_what_there_is(visitor: Visitor, place: str) -> None:
    assert visitor.get(f"/accounts/{numbers(visitor, 'employees > 10')[0]}/why?after={place}")


def test_a_ledger_that_says_something_else_is_spoken_of(editor: Visitor) -> None:
    workspace = editor.workspace
    number = numbers(editor, "region = 'US-TX'")[0]
    before = workspace.explain_number(number)
    assert before is not None
    assert before.is_recorded
    holder = before.primaries[0].territory
    draft = workspace.pin([Pin(before.account, "wasatch", "agreed", "tests")])
    workspace.plan_publish(str(draft.id))
    after = workspace.explain_number(number)
    assert after is not None
    assert not after.is_recorded
    assert [held.territory.key for held in after.primaries] == ["wasatch"]
    assert f"In the ledger {holder} still holds it" in " ".join(after.sentences())
    assert "The ledger still says" in editor.get(f"/accounts/{number}/why")


def test_the_selection_says_why_and_where_each_would_move(visitor: Visitor) -> None:
    page = visitor.get("/accounts/why?where=employees+%3E+200")
    listed = visitor.get("/accounts?where=employees+%3E+200")
    assert "/accounts/why?where=employees" in listed
    assert re.findall(r'<tr data-key="([^"]+)"', page) == re.findall(r'<tr data-key="([^"]+)"', listed)
    number = numbers(visitor, "employees > 200 and region = 'US-TX'")[0]
    found = visitor.workspace.explain_number(number)
    assert found is not None
    one = visitor.get("/accounts/why", params={"selected": found.account})
    said = text_of(one.split("<tbody>")[1])
    assert found.primaries[0].territory.label in said
    assert (found.flips or ())[0].phrase in said
    assert "1 selected account" in text_of(one)
    everyone = visitor.get("/accounts/why", params={"selected": found.account, "all": "1"})
    assert len(re.findall(r"<tr data-key", everyone)) == 50


def test_the_selection_is_paged_by_key(visitor: Visitor) -> None:
    first = visitor.get("/accounts/why")
    keys = re.findall(r'<tr data-key="([^"]+)"', first)
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = re.findall(r'<tr data-key="([^"]+)"', visitor.get(unescape(following[1])))
    assert len(keys) == len(second) == 50
    assert not set(keys) & set(second)


def test_a_condition_that_cannot_be_read_lists_nothing(visitor: Visitor) -> None:
    answer = visitor.client.get("/accounts/why", params={"where": "employes > 1"})
    assert answer.status_code == 422
    assert "Did you mean" in answer.text
    assert visitor.client.get("/accounts/why.csv", params={"where": "employes > 1"}).status_code == 422


def test_the_selection_is_written_as_csv_and_excel(visitor: Visitor) -> None:
    text = visitor.client.get("/accounts/why.csv?region=US-TX").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    total = visitor.workspace.accounts(AccountQuery(condition=visitor.workspace.rule_parse("region = 'US-TX'"))).total
    assert len(rows) == total
    found = visitor.workspace.explain(rows[0]["id"])
    assert rows[0]["territory"] == found.primaries[0].territory.key
    assert rows[0]["change"] == ((found.flips or ())[0].phrase if found.flips else "")
    book = openpyxl.load_workbook(io.BytesIO(visitor.client.get("/accounts/why.xlsx?region=US-TX").content))
    assert book.active is not None
    assert book.active.max_row == total + 1


def test_stored_text_is_escaped_and_no_formula(editor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(f'id,name,country,potential\nS-1,"=cmd|{SCRIPT}",US,5\n', encoding="utf-8")
    editor.workspace.import_("accounts", [file], source="tests")
    page = editor.get("/accounts/why?q=cmd")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    text = editor.client.get("/accounts/why.csv?q=cmd").content.decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(text)))["name"].startswith("'=cmd")


def test_a_territory_says_what_brings_its_accounts(visitor: Visitor) -> None:
    page = visitor.get("/territories/west/why")
    found = visitor.workspace.explain_territory("west")
    assert found is not None
    said = text_of(page)
    assert "Why West holds what it holds" in said
    for key, rule, tally in found.by_rule[:5]:
        assert f"/plan/active/territories/{key}/rules/{rule}" in page
        assert str(tally.accounts) in said
    assert found.total.accounts == visitor.workspace.territory("west").whole.accounts
    assert "/territories/west/why" in visitor.get("/territories/west")
    assert visitor.client.get("/territories/nowhere/why").status_code == 404


def test_a_large_book_is_run_over_beside_the_requests(editor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metes.app.why.LARGE_BOOK", 10)
    page = editor.get("/territories/west/why")
    assert "takes some seconds" in page
    assert 'hx-trigger="every 2s"' in page
    shelf = editor.workspace.shelf
    for thread in threading.enumerate():
        if thread.name == "why":
            thread.join()
    assert not shelf.tallies_in_the_making
    assert "What brings them" in editor.get("/territories/west/why")
