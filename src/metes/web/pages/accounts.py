"""The list of accounts, its saved views, and what leaves it as a file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.model.query import PAGE_ROWS, AccountPage
from metes.web import account_list
from metes.web.account_list import Ask
from metes.web.addresses import Address
from metes.web.downloads import csv_download, written_download
from metes.web.marks import Marks
from metes.web.tables import Action, Table, View
from metes.web.visits import Form, Looking, SignedIn, Visit

router = APIRouter()
PATH = "/accounts"
_NO_PLACE = ("after", "before")


@router.get(PATH)
def show(visit: Looking) -> Response:
    """The list of accounts."""
    active = visit.workspace.active()
    ask = account_list.read_ask(visit.address, visit.workspace)
    page, ask = _page(visit, ask)
    marks = Marks(active[1] if active else None, page.names)
    fields = visit.workspace.fields()
    columns = account_list.columns_of(fields, ask.columns)
    table = Table(
        caption="Accounts",
        columns=columns,
        rows=account_list.rows_of(page.rows, ask, columns, marks, visit.workspace.settings().reporting_currency),
        address=ask.address,
        total=page.total,
        noun=("account", "accounts"),
        first=ask.first,
        before=account_list.place_of(ask.first - PAGE_ROWS, page.previous),
        after=account_list.place_of(ask.first + PAGE_ROWS, page.next),
        sort=ask.address.get("sort", "name"),
        filters=account_list.filters_of(ask, fields, marks),
        choices=account_list.choices_of(visit.workspace, marks.plan, ask.address),
        views=_views(visit),
        actions=_actions(visit, marks),
        save_view=_with_path(visit.address, "/accounts/views"),
        error="The condition cannot be read, so nothing is listed. What is wrong stands above." if ask.findings else "",
        empty_title="No account yet",
        empty_text="Import accounts from a file to see them here.",
        key="accounts",
    )
    export = {kind: _with_path(visit.address, f"/accounts/export.{kind}") for kind in ("csv", "xlsx")}
    why = _with_path(visit.address, "/accounts/why") if marks.plan and not visit.is_past else ""
    context = {"table": table, "page": page, "ask": ask, "export": export, "why": why}
    return visit.page("accounts.html", status=422 if ask.findings else 200, **context)


@router.get("/accounts/named/{key:path}")
def by_key(key: str, visit: Looking) -> Response:
    """Lead from an account's key, as pins and files name it, to its page."""
    return visit.go(visit.there(f"{PATH}/{visit.workspace.account_number(key)}"))


@router.get("/accounts/views")
def show_views(visit: SignedIn) -> Response:
    """Save the list as it is under a name, or drop views saved before."""
    query = str(visit.address.drop("after").drop("before")).partition("?")[2]
    return visit.page("account-views.html", query=query, views=visit.workspace.views("accounts"), error="", name="")


@router.post("/accounts/views")
def save_view(visit: SignedIn, form: Form) -> Response:
    """Save a view."""
    query, name = str(form.get("query", "")), str(form.get("name", "")).strip()
    try:
        visit.workspace.view_save("accounts", name, query)
    except InputError as error:
        views = visit.workspace.views("accounts")
        return visit.page("account-views.html", status=422, query=query, views=views, error=str(error), name=name)
    return visit.go(f"{PATH}?{query}", ("good", f"The view {name} is saved."))


@router.post("/accounts/views/{view}/delete")
def delete_view(view: int, visit: SignedIn, form: Form) -> Response:
    """Drop a saved view."""
    del form
    visit.workspace.view_delete(view)
    return visit.go("/accounts/views", ("good", "The view is gone."))


@router.get("/accounts/export.csv")
def export_csv(visit: Looking) -> Response:
    """All accounts of the list as CSV, sent while they are read."""
    return csv_download(visit.workspace.accounts_csv(_export_query(visit)), "accounts.csv")


@router.get("/accounts/export.xlsx")
def export_excel(visit: Looking) -> Response:
    """All accounts of the list as an Excel sheet."""
    query = _export_query(visit)
    return written_download(lambda path: visit.workspace.accounts_write(query, path), "accounts.xlsx")


def _export_query(visit: Visit) -> Any:
    ask = account_list.read_ask(visit.address, visit.workspace)
    if ask.findings:
        raise InputError("the condition of this list cannot be read; correct it in the list, then export", ask.findings)
    return replace(ask.query, columns=tuple(dict.fromkeys(("id", *ask.columns))), after=None)


def _actions(visit: Visit, marks: Marks) -> list[Action]:
    """What can be done with selected accounts: nothing on a day of the past."""
    if marks.plan is None or visit.is_past:
        return []
    pin = [Action("Pin to territory…", "/accounts/pin")] if visit.may("plan_edit") else []
    return [Action("Why", "/accounts/why"), *pin]


def _page(visit: Visit, ask: Ask) -> tuple[AccountPage, Ask]:
    """The page of accounts; what only the evaluation finds wrong with the condition becomes a finding as well."""
    if not ask.findings:
        try:
            return visit.workspace.accounts(ask.query), ask
        except InputError as error:
            if not ask.where:
                raise
            found = error.findings or (Finding("filter", Severity.ERROR, str(error), Place(subject="condition")),)
            ask = replace(ask, findings=found)
    return AccountPage((), 0, {}), ask


def _views(visit: Visit) -> list[View]:
    saved = visit.workspace.views("accounts")
    if not saved:
        return []
    here = str(visit.address.drop("after").drop("before")).partition("?")[2]
    views = [View("All accounts", PATH, here == "")]
    return [*views, *(View(v.name, f"{PATH}?{v.query}", v.query == here) for v in saved)]


def _with_path(address: Address, path: str) -> str:
    return str(Address(path, tuple(pair for pair in address.query if pair[0] not in _NO_PLACE)))
