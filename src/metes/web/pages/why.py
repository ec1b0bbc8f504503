"""Why, in full: one account, a selection as a table with its files, and a territory as a summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.app.desk import require_number
from metes.base.errors import InputError, NotFound
from metes.model.condition import And, In
from metes.model.plan import Plan
from metes.model.query import PAGE_ROWS, AccountQuery
from metes.web import account_list
from metes.web.account_list import Ask
from metes.web.addresses import Address
from metes.web.downloads import csv_download, written_download
from metes.web.formatting import Reader
from metes.web.marks import Marks, href_of
from metes.web.tables import Cell, Column, Filter, Row, Table
from metes.web.visits import SignedIn, Visit
from metes.web.why import step_said, tallies_said, why_of

router = APIRouter()
_LONGEST_SEARCH = 200
_SELECTION = "/accounts/why"
# Under larger plans the nearest change of fifty accounts takes longer than a page may.
_RULES_FOR_CHANGES = 2_000
_NO_PLACE = ("after", "before")


@router.get("/accounts/{number:int}/why")
def show_account(number: int, visit: SignedIn) -> Response:
    """Why one account is where it is, in full."""
    require_number(number, "account")
    workspace = visit.workspace
    first = visit.address.start()
    words = visit.address.get("q")[:_LONGEST_SEARCH]
    found = workspace.explain_number(number, limit=PAGE_ROWS, first=first, words=words)
    row = workspace.account_row(number)
    if found is None or row is None:
        raise NotFound("there is no such account, or it is closed; no rule is run over closed accounts")
    marks = Marks(workspace.require_active()[1])
    why = why_of(found, workspace.fields(), _reader(visit), marks)
    return visit.page(
        "account-why.html",
        why=why,
        number=number,
        name=row["name"],
        day=found.day,
        table=_others(visit, found.failed, found.failed_count, first),
        crumbs=[("Accounts", "/accounts"), (row["name"], f"/accounts/{number}")],
    )


@router.get("/accounts/why")
def show_selection(visit: SignedIn) -> Response:
    """Why each account of the list, or of the selected ones, is where it is."""
    plan = visit.workspace.require_active()[1]
    ask = account_list.read_ask(visit.address, visit.workspace)
    table = _selection_table(visit, ask, plan)
    export = {kind: str(_without_place(visit.address, f"{_SELECTION}.{kind}")) for kind in ("csv", "xlsx")}
    back = str(_without_place(visit.address, "/accounts").drop("selected").drop("all"))
    return visit.page("accounts-why.html", status=422 if ask.findings else 200, table=table, ask=ask, export=export, back=back)


@router.get("/accounts/why.csv")
def export_csv(visit: SignedIn) -> Response:
    """Why all accounts of the selection are where they are, as CSV."""
    return csv_download(visit.workspace.explain_csv(_readable(visit)), "why.csv")


@router.get("/accounts/why.xlsx")
def export_excel(visit: SignedIn) -> Response:
    """Why all accounts of the selection are where they are, as an Excel sheet."""
    query = _readable(visit)
    return written_download(lambda path: visit.workspace.explain_write(query, path), "why.xlsx")


@router.get("/territories/{key}/why")
def show_territory(key: str, visit: SignedIn) -> Response:
    """Why a territory, with all below it, holds what it holds."""
    workspace = visit.workspace
    plan = workspace.require_active()[1]
    found = workspace.explain_territory(key, waits=False)
    territory = plan.territory_by_key[key]
    marks, reader = Marks(plan), _reader(visit)
    path = [(t.label, href_of(t.key)) for t in reversed(tuple(plan.ancestors(key)))]
    return visit.page(
        "territory-why.html",
        territory=territory,
        found=found,
        said=tallies_said(found, marks, reader) if found else None,
        crumbs=[("Territories", "/territories"), *path, (territory.label, href_of(key))],
        rows=f"/accounts/why?territory={key}",
        figures=_territory_figures(found, key, reader) if found else [],
    )


def _territory_figures(found: Any, key: str, reader: Reader) -> list[dict[str, str]]:
    return [
        {"value": reader.number(found.total.accounts), "label": "accounts", "href": f"/accounts?territory={key}"},
        {"value": reader.money_compact(found.total.potential), "label": "potential"},
        {"value": reader.money_compact(found.total.revenue_12m), "label": "revenue, 12 months"},
    ]


def _selection_table(visit: Visit, ask: Ask, plan: Plan) -> Table:
    """The page of the selection; nothing where its condition cannot be read."""
    with_changes = sum(len(t.rules) for t in plan.territories) <= _RULES_FOR_CHANGES
    page = None if ask.findings else visit.workspace.explain_page(_query(visit, ask), with_flips=with_changes)
    columns = [
        Column("name", "Name", Cell.LINK),
        Column("territory", "Territory", Cell.TERRITORY),
        Column("by", "By", is_sortable=False, second="rule"),
        Column("runner_up", "Claimed by too", Cell.TERRITORY, is_sortable=False, second="decided"),
        Column("target", "Would move to", Cell.TERRITORY, is_sortable=False, is_shown=with_changes, second="change"),
    ]
    chosen = visit.address.values("column")
    marks = Marks(plan, page.names if page else {})
    return Table(
        caption="Why each account is where it is",
        columns=[replace(c, is_shown=c.is_shown if not chosen else c.key in chosen) for c in columns],
        rows=[_selection_row(row, marks) for row in page.rows] if page else [],
        address=visit.address,
        total=page.total if page else 0,
        noun=("account", "accounts"),
        first=ask.first,
        before=account_list.place_of(ask.first - PAGE_ROWS, page.previous) if page else "",
        after=account_list.place_of(ask.first + PAGE_ROWS, page.next) if page else "",
        sort=visit.address.get("sort", "name"),
        filters=[*account_list.filters_of(ask, visit.workspace.fields(), marks), *_selected_filter(visit)],
        error="The condition cannot be read, so nothing is listed. What is wrong stands above." if ask.findings else "",
        too_many="" if with_changes else "The plan has many rules: open an account to see what would change it.",
        empty_title="No account yet",
        empty_text="Import accounts from a file to see them here.",
        key="why",
    )


def _selection_row(row: Any, marks: Marks) -> Row:
    others = f", shared by {row.holders}" if row.holders > 1 else ""
    target = marks.of(row.would_go_to[0]) if row.would_go_to else {"name": "no territory", "colour": None, "href": ""}
    cells = {
        "name": row.name,
        "territory": marks.of(row.territory),
        "by": f"rule {row.rule}{others}" if row.rule else f"{row.via}{others}",
        "rule": f"priority {row.priority}" if row.rule else "",
        "runner_up": marks.of(row.runner_up),
        "decided": step_said(row.decided_by),
        "target": target if row.change else None,
        "change": row.change or "",
    }
    return Row(row.id, cells, href=f"/accounts/{row.account}/why")


def _query(visit: Visit, ask: Ask) -> AccountQuery:
    """What the list asks for, or of it the accounts selected by hand."""
    keys = _selected(visit)
    if not keys:
        return ask.query
    return replace(ask.query, condition=And((ask.query.condition, In("id", keys))))


def _selected(visit: Visit) -> tuple[str, ...]:
    """The keys of the accounts selected by hand; none where all that match are meant."""
    return () if visit.address.get("all") else tuple(dict.fromkeys(visit.address.values("selected")))


def _selected_filter(visit: Visit) -> list[Filter]:
    count = len(_selected(visit))
    return [Filter("1 selected account" if count == 1 else f"{count} selected accounts", "selected")] if count else []


def _readable(visit: Visit) -> AccountQuery:
    """The selection to be written; InputError where its condition cannot be read."""
    ask = account_list.read_ask(visit.address, visit.workspace)
    if ask.findings:
        raise InputError("the condition of this list cannot be read; correct it in the list, then export", ask.findings)
    return replace(_query(visit, ask), after=None)


def _without_place(address: Address, path: str) -> Address:
    return Address(path, tuple(pair for pair in address.query if pair[0] not in _NO_PLACE))


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


def _reader(visit: Visit) -> Reader:
    settings = visit.workspace.settings()
    return Reader(settings.locale, settings.reporting_currency, settings.time_zone)
