"""The forms that correct the past, and figures as first known beside those known now."""

from __future__ import annotations

from datetime import date, timedelta

from metes.model.query import AccountQuery
from tests.conftest import NOW
from tests.web.pages.conftest import Visitor

YESTERDAY = (NOW - timedelta(days=1)).date()
DAYS = {"from": "2026-01-05", "to": "2026-02-05"}
QUERY = "from=2026-01-05&to=2026-02-05"


def held(editor: Visitor, number: int, at: date) -> list[str]:
    """The primary territory of an account on a day."""
    key = editor.workspace.account_by_number(number).key
    return [h.territory for h in editor.workspace.owner(key, at=at).primary]


def another(editor: Visitor, number: int) -> str:
    """A territory that holds accounts, but not this one."""
    (mine,) = held(editor, number, date(2026, 1, 10))
    rows = editor.workspace.accounts(AccountQuery(columns=("territory",), rows=100)).rows
    return next(str(row["territory"]) for row in rows if row["territory"] != mine)


def test_an_owner_is_corrected_after_a_look_and_taken_back(editor: Visitor) -> None:
    other = another(editor, 1)
    before = held(editor, 1, date(2026, 1, 10))
    assert "/accounts/1/correct" in editor.get("/accounts/1")
    seen = editor.get(f"/accounts/1/correct?territory={other}&{QUERY}")
    assert "Record the correction" in seen
    assert held(editor, 1, date(2026, 1, 10)) == before
    answer = editor.post("/accounts/1/correct", territory=other, reason="agreed in January", **DAYS)
    assert answer.status_code == 303, answer.text  # type: ignore[attr-defined]
    assert held(editor, 1, date(2026, 1, 10)) == [other]
    assert held(editor, 1, date(2026, 2, 5)) == before
    page = editor.get("/accounts/1/correct")
    assert "agreed in January" in page
    assert 'action="/corrections/1/back"' in page
    editor.post("/corrections/1/back", reason="it was not", back="/accounts/1/correct")
    assert held(editor, 1, date(2026, 1, 10)) == before
    assert "it was not" in editor.get("/accounts/1/correct")


def test_what_is_wrong_is_said_and_nothing_is_written(editor: Visitor) -> None:
    other = another(editor, 1)
    assert "must be over" in editor.get(f"/accounts/1/correct?territory={other}&from=2026-01-01&to=2027-01-01")
    assert "no such territory" in editor.get(f"/accounts/1/correct?territory=nowhere&{QUERY}")
    answer = editor.post("/accounts/1/correct", territory=other, **DAYS)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "needs a reason" in answer.text  # type: ignore[attr-defined]
    assert editor.workspace.correct_list() == ()


def test_who_sat_on_a_seat_is_corrected(editor: Visitor) -> None:
    workspace = editor.workspace
    (fact, *_) = [f for number in range(1, 30) for f in workspace.sitting_now([number]) if f.true_from < date(2026, 1, 1)]
    other = next(n for n in range(1, 30) if n != fact.person_id)
    page = f"/people/{other}/correct"
    assert "What changes" in editor.get(f"{page}?seat={fact.seat}&{QUERY}")
    key = workspace.person(other).record["external_id"]
    answer = editor.post(page, seat=fact.seat, person=key, reason="stood in", **DAYS)
    assert answer.status_code == 303, answer.text  # type: ignore[attr-defined]
    past = workspace.as_of(date(2026, 1, 10))
    assert fact.seat in [f.seat for f in past.sitting_now([other])]
    assert fact.seat not in [f.seat for f in past.sitting_now([fact.person_id])]
    assert fact.seat in [f.seat for f in workspace.sitting_now([fact.person_id])]
    assert fact.seat in editor.get(page)


def test_figures_are_restated_with_what_made_the_difference(editor: Visitor) -> None:
    other = another(editor, 1)
    (mine,) = held(editor, 1, date(2026, 1, 10))
    # The demo was recorded at NOW, so this correction is recorded in the same instant; it was known a moment before.
    editor.post("/accounts/1/correct", territory=other, reason="agreed in January", **DAYS)
    before = (NOW - timedelta(minutes=1)).isoformat().replace("+00:00", "")
    page = editor.get(f"/territories/{other}/restated?at=2026-01-10&known={before}")
    assert "First known" in page
    assert "Correction 1" in page
    assert "agreed in January" in page
    assert editor.client.get(f"/territories/{mine}/restated").status_code == 422
    person = next(s.person_id for s in editor.workspace.as_of(date(2026, 1, 10)).seated_on([other]) if s.person_id)
    assert "Known now" in editor.get(f"/people/{person}/restated?at=2026-01-10&known={before}")
    found = editor.workspace.restated(date(2026, 1, 10), NOW - timedelta(minutes=1))
    tree = {node.territory.key: node.whole for node in editor.workspace.as_of(date(2026, 1, 10)).tree()}
    assert {row.key: row.now for row in found.rows} == tree
    assert all(row.then.accounts == 0 for row in found.rows)
    for row in found.rows:
        assert sum(m.gained - m.lost for m in row.moved) == row.now.accounts, row.key
