"""Accounts: lists, one account, its owner, history and explanation, search."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from metes.base.errors import InputError
from metes.model.query import MAX_PAGE_ROWS, PAGE_ROWS, AccountQuery, Cursor
from metes.web.api.access import Caller, Looking, plain

router = APIRouter(tags=["accounts"])


class AccountEdit(BaseModel):
    """Fields to change, as texts; `expected` is the import that last changed the account when it was looked at."""

    fields: dict[str, str] = Field(max_length=500)
    expected: int | None = Field(None, ge=1)


@router.get("/accounts")
def list_accounts(
    caller: Looking,
    where: Annotated[str, Query(description="A condition in the rule language.", max_length=100_000)] = "",
    search: Annotated[str, Query(max_length=200)] = "",
    territory: Annotated[str, Query(description="Held by this territory or one below it; 'none' for those held by none.")] = "",
    sort: Annotated[str, Query(description="A column; -COLUMN for descending.", max_length=100)] = "name",
    columns: Annotated[str, Query(description="Columns, with commas between; owners and owner_ids too.", max_length=4000)] = "",
    cursor: Annotated[str, Query(description="`next` or `previous` of an earlier page.", max_length=2000)] = "",
    rows: Annotated[int, Query(ge=1, le=MAX_PAGE_ROWS)] = PAGE_ROWS,
) -> dict[str, Any]:
    """A page of accounts with the total and sums of all that match; money in minor units of the reporting currency."""
    query = AccountQuery(
        condition=caller.rule_parse(where) if where else AccountQuery().condition,
        search=search,
        territories=None if not territory else frozenset({""}) if territory == "none" else caller.keys_below(territory),
        sort=sort.removeprefix("-"),
        is_descending=sort.startswith("-"),
        columns=tuple(c.strip() for c in columns.split(",")) if columns else AccountQuery().columns,
        after=read_cursor(cursor),
        rows=rows,
    )
    page = caller.accounts(query)
    cursors = {"next": write_cursor(page.next), "previous": write_cursor(page.previous)}
    return {"total": page.total, "sums": page.sums, "rows": plain(page.rows), **cursors}


@router.get("/accounts/{account:path}/owner")
def get_owner(account: str, caller: Looking) -> dict[str, Any]:
    """Who owned the account on `at`, as known on `known`."""
    answer: dict[str, Any] = plain(caller.owner(account))
    return answer


@router.get("/accounts/{account:path}/history")
def get_history(account: str, caller: Caller) -> list[dict[str, Any]]:
    """Every fact about who held the account, those superseded too."""
    facts: list[dict[str, Any]] = plain(caller.history(account))
    return facts


@router.get("/accounts/{account:path}/explanation")
def get_explanation(
    account: str,
    caller: Caller,
    plan: str = "active",
    search: Annotated[str, Query(description="Words of the territories named in `failed`.", max_length=200)] = "",
    first: Annotated[int, Query(ge=0, le=10**6)] = 0,
    rows: Annotated[int, Query(ge=1, le=10_000)] = 20,
) -> dict[str, Any]:
    """Why the account is where it is, what change of one field would give it to another, and which territories do not take it."""
    explanation = caller.explain(account, reference=plan, limit=rows, first=first, words=search)
    return {**plain(explanation), "sentences": list(explanation.sentences())}


@router.patch("/accounts/{account:path}")
def edit_account(account: str, edit: AccountEdit, caller: Caller) -> dict[str, Any]:
    """Change fields of an account and assign it; values are read as in files, an empty one clears its field."""
    edited = caller.account_edit(account, edit.fields, expected=edit.expected)
    assigned = edited.assigned.as_dict() if edited.assigned else None
    return {"is_changed": edited.is_changed, "import": edited.report.import_id, "assigned": assigned, "job": edited.job}


@router.get("/accounts/{account:path}")
def get_account(account: str, caller: Looking) -> dict[str, Any]:
    """One account with its contacts, family, opportunities, orders and activities; `hidden` are capabilities lacked to see all of it."""
    profile = caller.account(account)
    facts = {"number": profile.number, **plain(profile.facts), "row": plain(profile.row), "owner": plain(profile.owner)}
    return {**facts, "hidden": sorted(profile.hidden)}


@router.get("/explanations")
def list_explanations(
    caller: Caller,
    where: Annotated[str, Query(description="A condition in the rule language.", max_length=100_000)] = "",
    search: Annotated[str, Query(max_length=200)] = "",
    territory: Annotated[str, Query(description="Held by this territory or one below it; 'none' for those held by none.")] = "",
    plan: str = "active",
    cursor: Annotated[str, Query(description="`next` or `previous` of an earlier page.", max_length=2000)] = "",
    rows: Annotated[int, Query(ge=1, le=200)] = PAGE_ROWS,
) -> dict[str, Any]:
    """Why each account of a selection is where it is: holder, rule, who lost it last by which step, and the nearest change."""
    query = AccountQuery(
        condition=caller.rule_parse(where) if where else AccountQuery().condition,
        search=search,
        territories=None if not territory else frozenset({""}) if territory == "none" else caller.keys_below(territory),
        after=read_cursor(cursor),
        rows=rows,
    )
    page = caller.explain_page(query, reference=plan)
    return {
        "total": page.total,
        "rows": plain(page.rows),
        "next": write_cursor(page.next),
        "previous": write_cursor(page.previous),
    }


@router.get("/search")
def search(caller: Looking, q: Annotated[str, Query(min_length=1, max_length=200)]) -> dict[str, Any]:
    """Accounts, territories, people and rules for a text."""
    found = caller.search(q)
    return {
        "accounts": plain(found.accounts),
        "territories": [{"key": t.key, "name": t.label} for t in found.territories],
        "people": [{"id": p["external_id"], "name": p["name"]} for p in found.people],
        "rules": [{"territory": t.key, "rule": key, "name": name} for t, key, name in found.rules],
    }


def write_cursor(cursor: Cursor | None) -> str | None:
    """A cursor as text for an address."""
    if cursor is None:
        return None
    value = {"date": cursor.value.isoformat()} if isinstance(cursor.value, date) else cursor.value
    text = json.dumps([value, cursor.account, cursor.is_backward], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor | None:
    """The cursor that an address carries; InputError where somebody changed it."""
    if not text:
        return None
    try:
        value, account, is_backward = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if isinstance(value, dict):
            value = date.fromisoformat(value["date"])
        number = int(account)
        if not (value is None or isinstance(value, str | int | float | bool | date)) or not 0 <= number < 2**63:
            raise TypeError
        return Cursor(value, number, bool(is_backward))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, binascii.Error):
        raise InputError("expected the cursor of an earlier page; begin again without one") from None
