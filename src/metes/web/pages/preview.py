"""What a revision would change if it were the plan today: by territory, by person, account by account, and on the map."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from metes.model.query import MovesQuery
from metes.web.downloads import csv_download, written_download
from metes.web.marks import Marks, colour_of, href_of
from metes.web.plan_view import PlanView, view_of
from metes.web.tables import Cell, Choice, Column, Filter, Row, Table
from metes.web.visits import SignedIn, Visit

router = APIRouter()
PATH = "/plan/{reference}/preview"
ROWS = 50
WORKED_OUT_AT_ONCE = 50_000
NOBODY = "none"
SHOWN = 200
VIEWS = ("territories", "people", "accounts", "map")


@router.get(PATH)
def show(reference: str, visit: SignedIn) -> Response:
    """The preview, where it is there or quick to work out; else the way to it."""
    view = view_of(visit, reference)
    found = found_or_quick(visit, view)
    if found is None:
        return visit.page("plan-preview.html", view=view, found=None, by="territories")
    chosen = visit.address.get("by")
    by = chosen if chosen in VIEWS else "territories"
    names = {territory.key: territory.label for territory in view.plan.territories}
    context: dict[str, Any] = {"view": view, "found": found, "by": by, "base": f"{view.base}/preview", "names": names}
    if by == "accounts":
        context["table"] = _accounts(visit, view, found)
    else:
        balances = found.people() if by == "people" else found.territories(names)
        context |= {"balances": [_line(view, b, by) for b in balances[:SHOWN]], "balances_total": len(balances)}
    return visit.page("plan-preview.html", **context)


@router.post(PATH)
def queue(reference: str, visit: SignedIn) -> Response:
    """Work the preview out as a job."""
    revision = visit.workspace.plan_find(reference)
    return visit.go(f"/jobs/{visit.workspace.job_add('preview', {'revision': revision.id})}")


@router.get(PATH + "/part")
def show_part(reference: str, visit: SignedIn) -> Response:
    """The outcome as a part of the page of changes."""
    view = view_of(visit, reference)
    return visit.fragment("plan-changes.html", "preview", outcome=outcome_of(visit, view), view=view)


@router.get(PATH + "/fills.json")
def fills(reference: str, visit: SignedIn) -> Response:
    """Each zone with accounts that move, in the colour of the territory that most of them join."""
    view = view_of(visit, reference)
    found = visit.workspace.preview(str(view.revision.id))
    marks = Marks(view.plan)
    keys: dict[str, int] = {}
    zones = {
        zone: (keys.setdefault(after, len(keys)), round(share, 3)) for zone, after, share, _ in visit.workspace.preview_zones(found)
    }
    nobody = {"key": "", "name": "no territory", "colour": None}
    return JSONResponse(
        {"territories": [marks.of(key) or nobody for key in keys], "zones": zones}, headers={"cache-control": "private, no-cache"}
    )


@router.get(PATH + "/export.csv")
def export_csv(reference: str, visit: SignedIn) -> Response:
    """The accounts that move as CSV."""
    view = view_of(visit, reference)
    found = visit.workspace.preview(str(view.revision.id))
    return csv_download(visit.workspace.preview_csv(found, _query(visit)), "moves.csv")


@router.get(PATH + "/export.xlsx")
def export_excel(reference: str, visit: SignedIn) -> Response:
    """The accounts that move as an Excel file."""
    view = view_of(visit, reference)
    found = visit.workspace.preview(str(view.revision.id))
    query = _query(visit)
    return written_download(lambda path: visit.workspace.preview_write(found, query, path), "moves.xlsx")


def found_or_quick(visit: Visit, view: PlanView) -> Any:
    """The preview of a revision, worked out now where the accounts are few; None where that takes a job."""
    reference = str(view.revision.id)
    found = visit.workspace.preview_at_hand(reference)
    if found is None and visit.workspace.total().accounts <= WORKED_OUT_AT_ONCE:
        found = visit.workspace.preview(reference)
    return found


def outcome_of(visit: Visit, view: PlanView) -> Any:
    """The preview and what each territory wins and loses, ready for the page; None where it takes a job."""
    found = found_or_quick(visit, view)
    if found is None:
        return None
    names = {territory.key: territory.label for territory in view.plan.territories}
    balances = found.territories(names)
    return {
        "found": found,
        "names": names,
        "changes": [_line(view, b, "territories") for b in balances[:SHOWN]],
        "total": len(balances),
    }


def _line(view: PlanView, balance: Any, by: str) -> dict[str, Any]:
    """A territory or person with what they win and lose."""
    territory = view.plan.territory_by_key.get(balance.key) if by == "territories" else None
    name = balance.name or "no territory"
    key = balance.key or NOBODY
    return {
        "name": name,
        "colour": colour_of(territory) if territory else None,
        "href": href_of(territory.key) if territory else "",
        "balance": balance,
        "won_href": f"{view.base}/preview?by=accounts&to={key}" if by == "territories" else "",
        "lost_href": f"{view.base}/preview?by=accounts&from={key}" if by == "territories" else "",
    }


def _query(visit: Visit) -> MovesQuery:
    """What the address asks of the accounts that move."""
    ends = (visit.address.get(name) for name in ("from", "to"))
    before, after = (None if not end else "" if end == NOBODY else end for end in ends)
    return MovesQuery(visit.address.get("q")[:200], before, after)


def _accounts(visit: Visit, view: PlanView, found: Any) -> Table:
    """The accounts that move, a page of them."""
    address = visit.address
    start = address.start()
    rows, total = visit.workspace.preview_moves(found, _query(visit), start=start, rows=ROWS)
    marks = Marks(view.plan)
    territories = [(NOBODY, "no territory"), *((t.key, t.label) for t in view.plan.preorder[:400])]
    filters = []
    for name, text in (("from", "leaves"), ("to", "joins")):
        key = address.get(name)
        if key:
            filters.append(Filter(f"{text} {'no territory' if key == NOBODY else marks.name(key)}", name))
    return Table(
        caption="Accounts that change territory",
        columns=[
            Column("name", "Account", Cell.LINK, is_sortable=False, second="place"),
            Column("from", "From", Cell.TERRITORY, is_sortable=False),
            Column("to", "To", Cell.TERRITORY, is_sortable=False),
            Column("owner_before", "Owner before", is_sortable=False, on_phone=False),
            Column("owner_after", "Owner after", is_sortable=False, on_phone=False),
            Column("potential", "Potential", Cell.MONEY, is_sortable=False),
            Column("revenue_12m", "Revenue, 12 months", Cell.MONEY, is_sortable=False, on_phone=False),
            Column("pipeline", "Pipeline", Cell.MONEY, is_sortable=False, on_phone=False),
        ],
        rows=[account_row(row, found, marks) for row in rows],
        address=address,
        total=total,
        noun=("account", "accounts"),
        first=start + 1,
        before=str(max(0, start - ROWS)) if start else "",
        after=str(start + ROWS) if start + ROWS < total else "",
        filters=filters,
        choices=[Choice("from", "Leaves", territories), Choice("to", "Joins", territories)],
        empty_title="No account moves",
        empty_text="Every account stays in its territory.",
        key="moves",
    )


def account_row(row: Any, found: Any, marks: Marks) -> Row:
    """An account that moves, as a row of a table."""
    people = {
        "owner_before": found.owners_before.get(row["before"] or "", ()),
        "owner_after": found.owners_after.get(row["after"] or "", ()),
    }
    cells = {
        "name": row["name"],
        "place": ", ".join(part for part in (row["city"], (row["region"] or "").partition("-")[2]) if part),
        "from": marks.of(row["before"]),
        "to": marks.of(row["after"]),
        **{name: ", ".join(person for _, person in owners) for name, owners in people.items()},
        **{name: row[name] for name in ("potential", "revenue_12m", "pipeline")},
    }
    return Row(row["id"], cells, href=f"/accounts/{row['account']}")
