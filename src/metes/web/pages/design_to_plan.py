"""From a design to the plan: what rules it becomes, whose accounts change hands, then a draft that is previewed and published as any other."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.findings import Severity
from metes.web.downloads import csv_download, written_download
from metes.web.marks import colour_of, href_of
from metes.web.pages.design_compare import amount
from metes.web.revisions import label_of
from metes.web.visits import SignedIn, Visit

router = APIRouter()
LISTS = {
    "us-counties": ("county", "counties"),
    "us-zips": ("postal code", "postal codes"),
    "world-countries": ("country", "countries"),
    "": ("named account", "named accounts"),
}
SHOWN = 400


@router.get("/designs/{number:int}/to-plan")
def ask(number: int, visit: SignedIn) -> Response:
    """What the design becomes; nothing is written."""
    visit.require("plan_edit")
    row = visit.workspace.design_find(number)
    document = visit.workspace.design_show(number)
    found = visit.workspace.design_compare(number, accounts=12)
    active = visit.workspace.active()
    rows = [_row(visit, document, territory, active) for territory in document["territories"]]
    named = (
        {t.key: {"name": t.label, "colour": colour_of(t), "href": href_of(t.key)} for t in active[1].territories} if active else {}
    )
    named = {t["key"]: {"name": t["name"], "colour": t["colour"], "href": ""} for t in document["territories"]} | named
    drafts = [revision for revision in visit.workspace.plan_list() if revision.is_open]
    return visit.page(
        "design-to-plan.html",
        design=row,
        found=found,
        listed=[{**one, **{name: named.get(one[name]) for name in ("before", "after")}} for one in found["listed"]],
        figures=document["figures"],
        rows=rows[:SHOWN],
        rows_total=len(rows),
        new=sum(territory["is_new"] for territory in document["territories"]),
        empty=sum(not territory["units"] for territory in document["territories"]),
        by_name=document["units"]["zone_set"] not in LISTS,
        has_shapes=bool(document["units"]["zone_set"]),
        measure=document["measures"][0]["title"],
        drafts=drafts[:3],
        plan=active[1] if active else None,
    )


@router.post("/designs/{number:int}/to-plan")
def make_draft(number: int, visit: SignedIn) -> Response:
    """Make the draft, and go to its changes with their preview."""
    made = visit.workspace.design_to_plan(number)
    count = visit.environment.filters["count_of"]
    text = (
        f"{label_of(made.revision)} puts {count(made.accounts - made.elsewhere, 'account', 'accounts')} where the design has them."
    )
    told = [finding.message for finding in made.findings if finding.severity is not Severity.NOTE]
    if told:
        text = f"{text} {told[0][:1].upper()}{told[0][1:]}."
    return visit.go(f"/plan/{made.revision.id}/changes?preview=1", ("warn" if told else "good", text))


@router.get("/designs/{number:int}/design.csv")
def export_csv(number: int, visit: SignedIn) -> Response:
    """The design unit by unit as CSV."""
    return csv_download(visit.workspace.design_csv(number), f"design-{number}.csv")


@router.get("/designs/{number:int}/design.geojson")
def export_geojson(number: int, visit: SignedIn) -> Response:
    """The territories of the design as shapes."""
    return written_download(lambda path: visit.workspace.design_export(number, path), f"design-{number}.geojson")


def _row(visit: Visit, document: dict[str, Any], territory: dict[str, Any], active: Any) -> dict[str, Any]:
    """A territory with the rule it gets."""
    reader = visit.environment.filters
    units, zone_set = territory["units"], document["units"]["zone_set"]
    if not units:
        rule = "no rule: it holds nothing"
    elif zone_set in LISTS:
        rule = f"a list of {reader['count_of'](units, *LISTS[zone_set])}"
    else:
        rule = f"{reader['count_of'](int(territory['accounts']), 'account', 'accounts')} by name"
    known = active[1].territory_by_key.get(territory["key"]) if active else None
    return {
        "name": territory["name"],
        "colour": territory["colour"],
        "href": f"/territories/{territory['key']}" if known else "",
        "is_new": known is None,
        "rule": rule,
        "accounts": int(territory["accounts"]),
        "load": amount(reader, document["measures"][0]["key"], territory["loads"][0]),
        "who": territory["person"] or ("vacant seat" if territory["seat"] else "no seat"),
    }
