"""The preview of a plan: what it says before is what assigning does after; every account is there, and nothing is written."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import replace

import pytest

from metes.model.plan import Rule
from metes.model.query import AccountQuery, MovesQuery
from metes.plan import edit
from tests.web.pages.conftest import Visitor


def draft(visitor: Visitor, where: str = "region = 'US-TX'", territory: str = "key-industry") -> str:
    """A draft in which a territory takes what a condition says, before all others."""
    workspace = visitor.workspace
    rule = Rule("more", workspace.rule_parse(where), priority=-5)
    return str(workspace.rule_set(territory, rule).id)


def holders(visitor: Visitor) -> dict[str, str]:
    """The primary territory of every account that has one, from the ledger."""
    found = visitor.workspace.accounts(AccountQuery(columns=("id", "territory"), rows=1000)).rows
    return {row["id"]: row["territory"] for row in found if row["territory"]}


def test_the_preview_is_what_assigning_does(editor: Visitor) -> None:
    reference = draft(editor)
    before = holders(editor)
    found = editor.workspace.preview(reference)
    told, total = editor.workspace.preview_moves(found, MovesQuery(), start=0, rows=5000)
    assert total == len(told) == found.moved > 5
    assert holders(editor) == before
    editor.workspace.plan_publish(reference)
    editor.workspace.assign()
    after = holders(editor)
    moved = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert {row["id"] for row in told} == moved
    assert {row["id"]: (row["before"], row["after"]) for row in told} == {k: (before.get(k), after.get(k)) for k in moved}


def test_sums_are_those_of_the_accounts(editor: Visitor) -> None:
    found = editor.workspace.preview(draft(editor))
    told, _ = editor.workspace.preview_moves(found, MovesQuery(), start=0, rows=5000)
    for name in ("potential", "revenue_12m", "pipeline"):
        assert getattr(found.total, name) == sum(row[name] or 0 for row in told)
    lost = Counter(row["before"] for row in told)
    balances = {b.key: b for b in found.territories({})}
    assert {key: b.lost.accounts for key, b in balances.items() if b.lost.accounts} == dict(lost)
    assert balances["key-industry"].won.accounts == len(told)


def test_people_win_and_lose_by_the_seats_of_each_plan(editor: Visitor) -> None:
    found = editor.workspace.preview(draft(editor))
    told, _ = editor.workspace.preview_moves(found, MovesQuery(), start=0, rows=5000)
    won: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for row in told:
        before = {key for key, _ in found.owners_before.get(row["before"], ())}
        after = {key for key, _ in found.owners_after.get(row["after"], ())}
        won.update(after - before)
        lost.update(before - after)
    assert {b.key: b.won.accounts for b in found.people() if b.won.accounts} == dict(won)
    assert {b.key: b.lost.accounts for b in found.people() if b.lost.accounts} == dict(lost)
    assert won
    assert lost


def test_a_seat_that_moves_changes_people_and_no_territory(editor: Visitor) -> None:
    workspace = editor.workspace
    active = workspace.require_active()[1]
    owners = workspace.preview("active").owners_before
    taken = [key for key in owners if active.type_by_key[active.territory_by_key[key].type].role.value == "primary"]
    held = Counter(holders(editor).values())
    here, there = [key for key in taken if held[key]][:2]
    seat = next(s for s in active.seats_by_territory[here] if s.owns)
    revision = workspace.plan_change(lambda plan: edit.with_seat(plan, replace(seat, territory=there)), "seat moved")
    found = workspace.preview(str(revision.id))
    assert found.moved == 0
    person = next(b for b in found.people() if b.key == owners[here][0][0])
    assert person.lost.accounts == held[here]
    assert person.won.accounts == held[there]


def test_overlays_are_told_beside(editor: Visitor) -> None:
    plan = editor.workspace.require_active()[1]
    overlay = next(t for t in plan.territories if t.rules and plan.type_by_key[t.type].role.value == "overlay")
    found = editor.workspace.preview(draft(editor, "employees > 0", overlay.key))
    assert found.moved == 0
    assert next(h for h in found.helping if h.territory == overlay.key).won > 0
    assert "helps" in editor.get(f"/plan/{found.revision}/preview")


def test_it_is_worked_out_once_and_anew_when_the_plan_changes(editor: Visitor) -> None:
    reference = draft(editor)
    assert editor.workspace.preview_at_hand(reference) is None
    first = editor.workspace.preview(reference)
    at_hand = editor.workspace.preview_at_hand(reference)
    assert at_hand is not None
    assert at_hand.path == first.path
    assert at_hand.pairs == first.pairs
    draft(editor, "region = 'US-OK'")
    assert editor.workspace.preview_at_hand(reference) is None


@pytest.mark.parametrize("by", ["territories", "people", "accounts", "map"])
def test_every_view_is_a_page(editor: Visitor, by: str) -> None:
    reference = draft(editor)
    page = editor.get(f"/plan/{reference}/preview?by={by}")
    assert "If it were in force today" in page
    assert f'href="/plan/{reference}/preview?by={by}" aria-current="page"' in page


def test_accounts_are_paged_searched_and_filtered(editor: Visitor) -> None:
    reference = draft(editor, "employees > 0")
    found = editor.workspace.preview(reference)
    assert found.moved > 60
    first = editor.get(f"/plan/{reference}/preview?by=accounts")
    second = editor.get(f"/plan/{reference}/preview?by=accounts&after=50")
    names = [set(re.findall(r'data-key="([^"]+)"', page)) for page in (first, second)]
    assert len(names[0]) == 50
    assert not names[0] & names[1]
    one = next(iter(names[1]))
    assert set(re.findall(r'data-key="([^"]+)"', editor.get(f"/plan/{reference}/preview?by=accounts&q={one}"))) == {one}
    key = max(found.territories({}), key=lambda b: b.lost.accounts).key
    rows, total = editor.workspace.preview_moves(found, MovesQuery(before=key), start=0, rows=10)
    assert {row["before"] for row in rows} == {key}
    assert f"{total:,}" in editor.get(f"/plan/{reference}/preview?by=accounts&from={key}")


def test_exports_hold_every_account_and_run_no_formula(editor: Visitor) -> None:
    reference = draft(editor)
    found = editor.workspace.preview(reference)
    text = editor.get(f"/plan/{reference}/preview/export.csv").removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == found.moved
    assert {row["Territory after"] for row in rows} == {"key-industry"}
    assert all(row["Owner after"] for row in rows)
    answer = editor.client.get(f"/plan/{reference}/preview/export.xlsx")
    assert answer.status_code == 200
    assert answer.content[:2] == b"PK"


def test_the_map_colours_zones_by_where_accounts_go(editor: Visitor) -> None:
    fills = editor.client.get(f"/plan/{draft(editor)}/preview/fills.json").json()
    assert [t["key"] for t in fills["territories"]] == ["key-industry"]
    assert fills["zones"]
    assert all(zone.startswith("48") for zone in fills["zones"])


def test_the_active_plan_can_be_previewed_before_it_is_assigned(editor: Visitor) -> None:
    page = editor.get("/plan/active/preview")
    assert "Nobody wins or loses an account" in page


def test_publishing_tells_what_would_move_before_it_is_done(editor: Visitor) -> None:
    number = draft(editor)
    found = editor.workspace.preview(number)
    page = editor.get(f"/plan/{number}/publish")
    assert found.total.accounts
    words = re.sub(r"<[^>]+>", " ", page)
    assert re.search(rf"accounts change territory\s+{found.total.accounts}\b", words)
    assert f'href="/plan/{number}/preview"' in page
