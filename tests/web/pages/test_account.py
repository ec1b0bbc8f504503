"""One account's page: what it shows, both times, and that stored text stays text."""

from __future__ import annotations

import csv
import re
from html import escape
from pathlib import Path

import pytest

from metes.model.query import AccountQuery
from tests.web.pages.conftest import SCRIPT, Visitor


def first(visitor: Visitor, where: str, sort: str = "potential") -> dict[str, object]:
    """The account of most `sort` that a condition takes."""
    query = AccountQuery(condition=visitor.workspace.rule_parse(where), sort=sort, is_descending=True, rows=1)
    return dict(visitor.workspace.accounts(query).rows[0])


def test_it_tells_who_holds_the_account_and_why(visitor: Visitor) -> None:
    row = first(visitor, "employees > 100")
    profile = visitor.workspace.account_by_number(int(str(row["account"])))
    page = visitor.get(f"/accounts/{row['account']}")
    assert profile.why is not None
    assert f"Why {escape(profile.why.primaries[0].territory.label)}" in page
    for seat in profile.owner.owners:
        assert f'href="/people/{seat.person_id}"' in page
    assert 'class="wins"' in page
    assert 'class="fails"' not in page.split('class="wins"')[1].split("</li>")[0]


def test_a_crumb_stands_for_every_territory_above(visitor: Visitor) -> None:
    row = first(visitor, "region = 'US-TX'")
    page = visitor.get(f"/accounts/{row['account']}")
    crumbs = page.split('aria-label="Breadcrumbs"')[1].split("</nav>")[0]
    holder = visitor.workspace.account_by_number(int(str(row["account"]))).owner.primary[0].territory
    plan = visitor.workspace.require_active()[1]
    expected = [t.key for t in (*reversed(tuple(plan.ancestors(holder))), plan.territory_by_key[holder])]
    assert re.findall(r"/territories/([\w-]+)", crumbs) == expected


def test_the_ledger_answers_in_both_times(visitor: Visitor) -> None:
    row = first(visitor, "employees > 100")
    holder = visitor.workspace.account_by_number(int(str(row["account"]))).owner.primary[0].territory
    now = visitor.get(f"/accounts/{row['account']}?at=2026-01-05")
    assert f"/territories/{holder}" in now.split('class="answer"')[1].split("</p>")[0]
    before = visitor.get(f"/accounts/{row['account']}?at=2026-01-05&known=2026-01-06")
    assert "no territory held it" in before


@pytest.mark.parametrize("query", ["at=31+Feb", "at=2026-01-05&known=never", "at=2026-01-05&known=9999-12-31"])
def test_a_day_that_is_none_is_said_kindly(visitor: Visitor, query: str) -> None:
    row = first(visitor, "employees > 100")
    answer = visitor.client.get(f"/accounts/{row['account']}?{query}")
    assert answer.status_code == 422
    assert "Expected a day" in answer.text


@pytest.mark.parametrize("number", ["999999", "12345678901234567890"])
def test_an_account_that_does_not_exist_is_not_found(visitor: Visitor, number: str) -> None:
    assert visitor.client.get(f"/accounts/{number}").status_code == 404


def test_stored_script_is_shown_as_text_everywhere(editor: Visitor, tmp_path: Path) -> None:
    workspace = editor.workspace
    fields = dict.fromkeys(
        ("name", "city", "street", "industry", "segment", "channel", "referral_source", "website", "phone", "note"), SCRIPT
    )
    _import(editor, tmp_path, "accounts", {"id": "SCRIPT-1", "country": "US", "potential": "1000", **fields})
    _import(
        editor,
        tmp_path,
        "contacts",
        {"id": "C1", "account": "SCRIPT-1", **dict.fromkeys(("name", "title", "email", "phone"), SCRIPT)},
    )
    _import(editor, tmp_path, "opportunities", {"id": "O1", "account": "SCRIPT-1", "name": SCRIPT, "stage": SCRIPT, "amount": "5"})
    _import(
        editor,
        tmp_path,
        "activities",
        {"id": "X1", "account": "SCRIPT-1", "kind": SCRIPT, "subject": SCRIPT, "occurred_on": "2026-01-02"},
    )
    _import(editor, tmp_path, "people", {"id": "P1", **dict.fromkeys(("name", "role", "office"), SCRIPT)})
    number = workspace.account_number("SCRIPT-1")
    person = workspace.people("script")[0][0]["id"]
    pages = [f"/accounts/{number}", "/accounts?q=script", "/search?q=script", "/search/options?q=script", "/people?q=script"]
    pages += [f"/people/{person}", "/accounts/pin?selected=SCRIPT-1", f"/accounts?industry={SCRIPT}", f"/search?q={SCRIPT}"]
    for address in pages:
        text = editor.get(address)
        assert "<script>alert" not in text, address
    assert "&lt;script&gt;alert" in editor.get(f"/accounts/{number}")


def _import(visitor: Visitor, folder: Path, kind: str, row: dict[str, str]) -> None:
    file = folder / f"{kind}.csv"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, row)
        writer.writeheader()
        writer.writerow(row)
    visitor.workspace.import_(kind, [file], source="tests")
