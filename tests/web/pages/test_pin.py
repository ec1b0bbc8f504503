"""Pinning accounts: the preview says what comes, the draft holds it, undo leaves nothing, publishing moves it."""

from __future__ import annotations

import re
from collections import Counter

from metes.model.plan import Pin
from metes.model.query import AccountQuery
from tests.web.pages.conftest import Visitor


def keys(visitor: Visitor, where: str, rows: int = 3) -> list[str]:
    """Ids of accounts that a condition takes."""
    query = AccountQuery(condition=visitor.workspace.rule_parse(where), rows=rows, sort="potential", is_descending=True)
    return [row["id"] for row in visitor.workspace.accounts(query).rows]


def fields(visitor: Visitor, page: str) -> dict[str, str]:
    """What the preview's form would send besides accounts and token."""
    form = page.split('method="post" action="/accounts/pin"')[1].split("</form>")[0]
    found = re.findall(r'name="(\w+)" value="([^"]*)"', form)
    return {name: value for name, value in found if name not in ("selected", "csrf_token", "act")}


def preview(visitor: Visitor, accounts: list[str], **more: str) -> str:
    """The page that says what would move."""
    params = [("selected", key) for key in accounts] + [("preview", "1"), *more.items()]
    return visitor.get("/accounts/pin", params=params)


def test_the_form_names_the_accounts_and_asks_for_a_territory(visitor: Visitor) -> None:
    page = visitor.get("/accounts/pin", params=[("selected", key) for key in keys(visitor, "region = 'US-TX'")])
    assert "Pin 3\xa0accounts" in page
    assert "What would move" not in page


def test_the_preview_is_what_assigning_the_pinned_plan_does(editor: Visitor) -> None:
    accounts = keys(editor, "region = 'US-TX'", 5)
    page = preview(editor, accounts, target="wasatch", reason="They asked")
    found = re.search(r"<b>([\d,]+)\xa0accounts? changes?</b>", page)
    assert found
    answer = editor.post("/accounts/pin", selected=accounts, act="publish", **fields(editor, page))
    assert answer.headers["location"].startswith("/jobs/")
    report = editor.workspace.assign()
    assert report.moved == int(found[1]) == 5
    for key in accounts:
        assert editor.workspace.owner(key).primary[0].territory == "wasatch"


def test_accounts_that_are_there_already_stay(visitor: Visitor) -> None:
    account = keys(visitor, "region = 'US-TX'", 1)[0]
    holder = visitor.workspace.owner(account).primary[0].territory
    assert "Nothing changes hands." in preview(visitor, [account], target=holder, reason="To be sure")


def test_a_draft_holds_the_pins_until_they_are_taken_back(editor: Visitor) -> None:
    accounts = keys(editor, "region = 'US-TX'")
    page = preview(editor, accounts, target_text="Wasatch", reason="They asked", **{"from": "2026-04-01"})
    answer = editor.post("/accounts/pin", selected=accounts, act="draft", **fields(editor, page))
    done = answer.headers["location"]
    assert "Nothing moves until the draft is published." in editor.get(done)
    draft = editor.workspace.draft_or_active()
    assert draft.state == "draft"
    pins = [p for p in editor.workspace.plan_of(draft).pins if p.reason == "They asked"]
    assert sorted(p.account for p in pins) == sorted(accounts)
    query = dict(
        re.findall(r'name="(\w+)" value="([^"]*)"', editor.get(done).split('action="/accounts/pin/undo"')[1].split("</form>")[0])
    )
    query.pop("csrf_token")
    editor.post("/accounts/pin/undo", **query)
    assert editor.workspace.draft_or_active().state == "active"


def test_what_is_missing_is_said_beside_its_field(visitor: Visitor) -> None:
    page = preview(visitor, keys(visitor, "region = 'US-TX'"), target_text="Atlantis", to="2026-01-01", **{"from": "2026-02-01"})
    assert "There is no one territory called Atlantis" in page
    assert "Say why" in page
    assert "It must end after it begins." in page
    assert "What would move" not in page


def test_a_form_without_reason_writes_nothing(editor: Visitor) -> None:
    answer = editor.post("/accounts/pin", selected=keys(editor, "region = 'US-TX'"), target="wasatch", act="publish")
    assert answer.status_code == 422
    assert editor.workspace.draft_or_active().state == "active"


def test_a_draft_that_changed_since_the_preview_is_a_conflict(editor: Visitor) -> None:
    accounts = keys(editor, "region = 'US-TX'")
    page = preview(editor, accounts, target="wasatch", reason="They asked")
    seen = fields(editor, page)
    other = preview(editor, accounts[:1], target="wasatch", reason="Somebody else was faster")
    editor.post("/accounts/pin", selected=accounts[:1], act="draft", **fields(editor, other))
    assert editor.post("/accounts/pin", selected=accounts, act="draft", **seen).status_code == 409


def test_all_that_match_are_pinned_by_their_filter(visitor: Visitor) -> None:
    total = visitor.workspace.accounts(AccountQuery(condition=visitor.workspace.rule_parse("industry = 'Utilities'"))).total
    page = visitor.get("/accounts/pin?industry=Utilities&all=1&territory=")
    assert re.search(rf"Pin {total}\xa0accounts?", page)


def test_nothing_selected_leads_back_to_the_list(visitor: Visitor) -> None:
    assert "No account is selected" in visitor.get("/accounts/pin")


def test_without_a_plan_there_is_nothing_to_pin_to(newcomer: Visitor) -> None:
    answer = newcomer.client.get("/accounts/pin")
    assert answer.status_code == 409
    assert "No plan is active yet" in answer.text


def test_the_consequence_seen_is_that_of_the_whole_draft_evaluated(editor: Visitor) -> None:
    """The few accounts evaluated alone, against all accounts evaluated: pins, exclusions, and a pin against a pin."""
    workspace = editor.workspace
    chosen = keys(editor, "employees > 50", 40)
    pins = [Pin(key, "wasatch", "They asked", "tests") for key in chosen[:20]]
    pins += [Pin(key, "chesapeake", "So did they", "tests") for key in chosen[15:25]]
    pins += [Pin(key, workspace.owner(key).primary[0].territory, "Not there", "tests", is_exclusion=True) for key in chosen[25:]]
    moves = workspace.pin_preview(pins)
    report = workspace.plan_preview(str(workspace.pin(pins).id))
    assert sum(m.accounts for m in moves) == len(chosen)
    assert sum(m.accounts for m in moves if m.is_change) == report.moved > 20
    won = {change.territory: change.won for change in report.territories if change.won}
    assert won == sum((Counter({m.after: m.accounts}) for m in moves if m.is_change and m.after), Counter())
