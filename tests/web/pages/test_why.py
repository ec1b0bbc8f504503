"""Why in full: what decided, what would change it, and the territories that do not take an account, paged and searched."""

from __future__ import annotations

import re
from html import unescape

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
