"""Why, in full: one account's page of what decided, what would change it, and every territory that does not take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.app.desk import require_number
from metes.base.errors import NotFound
from metes.model.query import PAGE_ROWS
from metes.web.formatting import Reader
from metes.web.marks import Marks
from metes.web.tables import Cell, Column, Row, Table
from metes.web.visits import SignedIn, Visit
from metes.web.why import why_of

router = APIRouter()
_LONGEST_SEARCH = 200


@router.get("/accounts/{number:int}/why")
def show_account(number: int, visit: SignedIn) -> Response:
    """Why one account is where it is, in full."""
    require_number(number, "account")
    workspace = visit.workspace
    first = _first(visit)
    words = visit.address.get("q")[:_LONGEST_SEARCH]
    found = workspace.explain_number(number, limit=PAGE_ROWS, first=first, words=words)
    row = workspace.account_row(number)
    if found is None or row is None:
        raise NotFound("there is no such account, or it is closed; no rule is run over closed accounts")
    why = why_of(found, workspace.fields(), _reader(visit))
    return visit.page(
        "account-why.html",
        why=why,
        number=number,
        name=row["name"],
        day=found.day,
        table=_others(visit, found.failed, found.failed_count, first),
        crumbs=[("Accounts", "/accounts"), (row["name"], f"/accounts/{number}")],
    )


def _others(visit: Visit, failed: Sequence[Any], total: int, first: int) -> Table:
    """The territories that do not take the account, the nearest first, by page and by words."""
    marks = Marks(visit.workspace.require_active()[1])
    columns = [
        Column("territory", "Territory", Cell.TERRITORY, is_sortable=False),
        Column("literal", "First comparison that fails", Cell.CODE, is_sortable=False),
        Column("value", "The account has", Cell.CODE, is_sortable=False),
        Column("stopper", "Stopped by", Cell.TERRITORY, is_sortable=False, on_phone=False),
        Column("share", "Comparisons that hold", Cell.SHARE, is_sortable=False, on_phone=False),
    ]
    rows = [_other(one, marks) for one in failed]
    chosen = visit.address.values("column")
    return Table(
        caption="Territories that do not take it, the nearest first",
        columns=[replace(c, is_shown=not chosen or c.key in chosen) for c in columns],
        rows=rows,
        address=visit.address,
        total=total,
        noun=("territory", "territories"),
        first=first + 1,
        before=str(max(0, first - PAGE_ROWS)) if first else "",
        after=str(first + PAGE_ROWS) if first + len(rows) < total else "",
        empty_title="No other territory",
        empty_text="Every territory that could take the account does, or takes only what others leave.",
        key="others",
    )


def _other(failed: Any, marks: Marks) -> Row:
    literal = next((said for said in failed.rule.literals if not said.held), None)
    is_above = failed.stopped_by != failed.territory
    cells = {
        "territory": marks.of(failed.territory.key),
        "literal": literal.text if literal else "",
        "value": literal.value if literal else "",
        "stopper": marks.of(failed.stopped_by.key) if is_above else None,
        "share": failed.held_share,
    }
    return Row(failed.territory.key, cells)


def _first(visit: Visit) -> int:
    """The place of the page's first row."""
    text = visit.address.get("after") or visit.address.get("before")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _reader(visit: Visit) -> Reader:
    settings = visit.workspace.settings()
    return Reader(settings.locale, settings.reporting_currency, settings.time_zone)
