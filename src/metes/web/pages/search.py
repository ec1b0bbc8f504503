"""Search over everything: the page of results, and the options below the search field."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.app.reading import Found
from metes.web.marks import href_of
from metes.web.visits import Looking, Visit

router = APIRouter()
_SHOWN = 25
_OFFERED = 5
_LONGEST = 200


@router.get("/search")
def show(visit: Looking, q: str = "") -> Response:
    """Everything that a text finds, by kind."""
    text = q.strip()[:_LONGEST]
    groups = _groups(visit, visit.workspace.search(text, _SHOWN)) if text else []
    return visit.page("search.html", text=text, groups=groups)


@router.get("/search/options")
def options(visit: Looking, q: str = "") -> Response:
    """The first few of each kind, as options of the search field."""
    text = q.strip()[:_LONGEST]
    groups = _groups(visit, visit.workspace.search(text, _OFFERED)) if text else []
    return visit.fragment("search.html", "offered", text=text, groups=groups)


def _groups(visit: Visit, found: Found) -> list[dict[str, Any]]:
    money = visit.environment.filters["money_compact"]
    reads_plan = visit.may("plan_read")
    groups = {
        "Accounts": [_account(row, money) for row in found.accounts],
        "Territories": [{"key": t.key, "text": t.label, "second": t.key, "href": href_of(t.key)} for t in found.territories],
        "People": [
            {"key": str(p["id"]), "text": p["name"], "second": p["role"] or "", "href": f"/people/{p['id']}"} for p in found.people
        ],
        "Rules": [
            {
                "key": key,
                "text": name,
                "second": t.label,
                "href": f"/plan/active/territories/{t.key}/rules/{key}" if reads_plan else href_of(t.key),
            }
            for t, key, name in found.rules
        ],
    }
    return [{"group": name, "items": items} for name, items in groups.items() if items]


def _account(row: Any, money: Any) -> dict[str, str]:
    town = ", ".join(part for part in (row["city"], (row["region"] or "").partition("-")[2]) if part)
    second = " · ".join(part for part in (town, money(row["potential"]) if row["potential"] else "") if part)
    return {"key": row["id"], "text": row["name"], "second": second, "href": f"/accounts/{row['account']}"}
