"""Sample data for the gallery of components, and a server that shows it: `python -m tests.web.gallery`, then /gallery."""

from __future__ import annotations

import json
import mimetypes
from calendar import month_abbr
from datetime import date
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from metes.app.proofs import PlanCheck
from metes.assigning.consequences import Consequences, Helping, Pair
from metes.base.findings import Finding, Place, Severity
from metes.model.plan import Seat
from metes.model.query import AccountQuery
from metes.web.account_list import Ask
from metes.web.addresses import Address
from metes.web.assets import assets
from metes.web.drawing import Span
from metes.web.rendering import CONTENT_SECURITY_POLICY, make_environment, render
from metes.web.rule_node import Node
from metes.web.rule_terms import TERMS
from metes.web.shell import Place as Page
from metes.web.shell import Section, Shell
from metes.web.tables import Action, Cell, Choice, Column, Filter, Row, Table, View
from tests.web import gallery_life, gallery_users

VERDICTS = {
    "proved": "Proved: every possible account has exactly one primary territory.",
    "refuted": "Not proved: 2 doubles are possible; for example an account with industry = 'Retail', region = 'US-CO'.",
    "undecided": "Nothing was found against it, but 1 question is undecided.",
    "errors": "The plan has 2 errors; mend them first.",
}
NAMES = [
    "Rio Norte",
    "Front Range",
    "Texas South",
    "Lake Erie",
    "Cascadia",
    "Keystone",
    "Delta",
    "Chesapeake",
    "Florida",
    "Heartland",
]


def shell(path: str = "/accounts") -> Shell:
    """The surroundings with every section of the first version."""

    def pages(*names: str) -> list[Page]:
        return [Page(name, f"/{name.lower()}") for name in names]

    return Shell(
        path=path,
        csrf_token="token",
        person="Ines D.",
        role="planner",
        plan=("Plan FY27 · active", "/plan"),
        sections=[
            Section("", [Page("Home", "/"), *pages("Map", "Territories", "Accounts", "People")]),
            Section("Plan", [Page("Rules", "/rules"), Page("Scenarios", "/scenarios", badge=3)]),
            Section("Data", pages("Import", "Readiness")),
            Section("Admin", pages("Settings", "Users", "Audit", "Jobs")),
        ],
        tabs=[
            Page("Home", "/", "home"),
            Page("Accounts", "/accounts", "list"),
            Page("Map", "/map", "map"),
            Page("Territories", "/territories", "tree"),
            Page("More", "/more", "more"),
        ],
    )


def columns() -> list[Column]:
    """Columns of each kind of cell."""
    return [
        Column("name", "Account", Cell.LINK, second="city"),
        Column("territory", "Territory", Cell.TERRITORY),
        Column("industry", "Industry", on_phone=False),
        Column("revenue", "Revenue, 12 m", Cell.MONEY),
        Column("potential", "Potential", Cell.MONEY),
        Column("growth", "Growth", Cell.CHANGE, on_phone=False),
        Column("load", "Load", Cell.BAND, is_sortable=False, on_phone=False),
        Column("since", "Since", Cell.DATE, on_phone=False),
        Column("state", "State", Cell.STATUS),
        Column("id", "Id", Cell.CODE, is_shown=False),
    ]


def row(i: int) -> Row:
    """One believable account."""
    first = ["Harlan", "Mesa", "Front Street", "Alpine", "Cedar", "Blue Fork", "Summit", "Pinyon"][i % 8]
    second = ["Outdoor Supply", "Cycle Works", "Sports", "Gear Depot", "Mercantile"][i % 5]
    cells = {
        "name": f"{first} {second}",
        "city": f"Boulder, CO 803{i:02d}",
        "territory": {"name": NAMES[i % 10], "colour": i % 10, "href": "/gallery"},
        "industry": ["Sporting goods", "Retail", None][i % 3],
        "revenue": 41_200_000 - i * 1_310_000,
        "potential": 110_000_000 - i * 2_000_000,
        "growth": (i - 6) / 80,
        "load": {"deviation": (i - 6) / 60, "tolerance": 0.05},
        "since": date(2019, 1 + i % 12, 3),
        "state": {"text": ["active", "open", "closed"][i % 3], "tone": ["good", "", "warn"][i % 3]},
        "id": f"A{i:04d}",
    }
    return Row(f"A{i:04d}", cells, href=f"/gallery?account={i}")


def table(**changes: Any) -> Table:
    """A table with all there is around one."""
    settings: dict[str, Any] = {
        "caption": "Accounts",
        "columns": columns(),
        "rows": [row(i) for i in range(14)],
        "address": Address.parse("/gallery", "region=US-CO&sort=-revenue"),
        "total": 20_000,
        "noun": ("account", "accounts"),
        "after": "A0013",
        "sort": "-revenue",
        "filters": [Filter("Region is Colorado", "region", "US-CO"), Filter("Revenue over $100 k", "revenue_from", "100000")],
        "choices": [Choice("region", "Region", [("US-CO", "Colorado"), ("US-WY", "Wyoming")]), Choice("industry", "Industry")],
        "views": [
            View("All accounts", "/gallery"),
            View("Mine", "/gallery?v=1", True),
            View("Renewals this quarter", "/gallery?v=2"),
        ],
        "actions": [Action("Pin to territory…", "/gallery/confirm"), Action("Exclude…", "/gallery/confirm")],
        "export": "/gallery.csv",
        "save_view": "/gallery/save",
    }
    return Table(**{**settings, **changes})


def editor(mode: str) -> dict[str, Any]:
    """A rule with a group, a range and a finding, in either editor."""

    finding = {"line": 2, "severity": "error", "message": "there is no field 'employes'; did you mean employees?"}
    root = Node(
        "and",
        parts=[
            Node("literal", "region", "in", "US-CO, US-WY"),
            Node("literal", "employees", "between", "50", "999"),
            Node("or", parts=[Node("literal", "industry", "in", "Retail, Sporting goods"), Node("literal", "industry", "missing")]),
            Node("literal", "term:distance", "<=", "50", more={"point": "39.75, -104.99", "unit": "km"}),
            Node("literal", "term:month", "in", "11, 12, 1"),
            Node("literal", "term:orders:count", ">=", "3", more={"of": "product", "which": "GTX-PRO", "months": "12"}),
        ],
    )
    return {
        "key": f"rule-{mode}",
        "mode": mode,
        "action": "/gallery/rule",
        "count_href": "/gallery/count",
        "csrf": "token",
        "field_groups": [
            ("The account", [("region", "Region"), ("employees", "Employees"), ("industry", "Industry")]),
            ("Place, orders, season", list(TERMS)),
        ],
        "areas": [("rockies", "Rocky Mountains")],
        "months": [(str(number), f"{month_abbr[number]}") for number in range(1, 13)],
        "unit": "km",
        "lists": [("named", "Named accounts")],
        "root": root.as_dict(problems={"0-1": finding}),
        "text": "region in ('US-CO', 'US-WY')\nand employes between 50 and 999\nand (industry in ('Retail', 'Sporting goods')\n     or industry is missing)",
        "findings": [finding],
        "live": {"count": 1_204, "of": 20_000, "sums": ["$184 M potential"], "changes": "38 more than now"},
    }


def node(
    key: str, name: str, level: int, colour: int | None, parent: str | None = None, has_children: bool = False
) -> dict[str, Any]:
    """A row of the tree."""
    more = {"colour": colour, "href": "/gallery", "is_open": has_children, "has_children": has_children, "parent": parent}
    return {
        "key": key,
        "name": name,
        "level": level,
        "toggle": f"?open={key}",
        "cells": ["3,107", "$412 M", "$184 M", "3 of 4"],
        **more,
    }


def job(state: str) -> dict[str, Any]:
    """A job in one state."""
    more = {"stage": "Checking rows", "done": 640_000, "total": 1_000_000, "csrf": "token"}
    result = ("20,000 accounts, 3 findings", "/gallery") if state == "done" else None
    return {
        "key": state,
        "title": "Import accounts.csv",
        "state": state,
        "events": "/gallery/events",
        "cancel": "/gallery",
        "result": result,
        **more,
    }


def account() -> dict[str, Any]:
    """The head of an account page, as drawn."""
    figures = [
        {"value": "$412 k", "label": "revenue, 12 months", "href": "/gallery"},
        {"value": "$1.1 M", "label": "potential"},
        {"value": "±4.8 %", "label": "balance", "from": "from ±31 %", "tone": "good"},
    ]
    lead = "Sporting goods · 240 employees · Boulder, CO 80302 · 3 sites in the family"
    return {
        "name": "Harlan Outdoor Supply",
        "lead": lead,
        "crumbs": [("Accounts", "/"), ("West", "/"), ("Front Range", "/")],
        "figures": figures,
    }


def why() -> dict[str, Any]:
    """An answer with three losers."""
    losers = [
        {**named("Enterprise West"), "sentence": "loses: employees ≥ 1000 does not hold (240)."},
        {**named("Named accounts"), "sentence": "loses: not on the list of 120."},
        {**named("Rio Norte"), "sentence": "also matches; the winner's rule has the lower priority number."},
    ]
    literals = [
        {"text": text, "holds": True} for text in ("country = 'US'", "state in ('CO','WY')", "employees between 50 and 999")
    ]
    flips = [
        {"territories": [named("Enterprise West")], "sentence": "with employees 1,000 instead of 240"},
        {"territories": [named("Rio Norte")], "sentence": "with region 'US-NM' instead of 'US-CO'"},
        {"territories": [], "sentence": "with country missing"},
    ]
    winner = {
        **named("Front Range"),
        "sentence": "takes it by rule Colorado mid-market, under West.",
        "literals": literals,
        "above": [],
    }
    return {
        "winners": [winner],
        "losers": losers,
        "would": flips,
        "more_flips": 2,
        "pins": ["It is kept out of Delta by a pin of S. Iyer."],
        "recorded": [named("Rio Norte")],
    }


def named(name: str) -> dict[str, str]:
    """A territory as answers name it."""
    return {"territory": name, "href": "/gallery"}


def previewed() -> Consequences:
    """What a plan would change."""
    pairs = (
        Pair("Rio Norte", "Front Range", 14, 12_000_000, 4_100_000, 900_000),
        Pair("Delta", "Rio Norte", 3, 800_000, 0, 70_000),
        Pair("Keystone", "", 2, 100_000, 5_000, 0),
    )
    before = {"Rio Norte": [("p1", "V. Marsh")], "Delta": [("p2", "S. Iyer")]}
    after = {"Rio Norte": [("p1", "V. Marsh")], "Front Range": [("p3", "Y. Rivera")]}
    return Consequences(1, "fy27", date(2026, 10, 1), 20_000, 19, 2, 0, pairs, before, after, (Helping("Enterprise West", 4, 1),))


def context() -> dict[str, Any]:
    """All that gallery.html shows."""
    months = [(f"{2024 + i // 12}-{1 + i % 12:02d}-01", (30 + (i * 37) % 50 + i) * 10_000) for i in range(36)]
    found = [
        Finding(
            "row-short",
            Severity.ERROR,
            "The row ends after 4 of 9 columns.",
            Place("accounts.csv", 812),
            remedy="Close the quote in column Name.",
        ),
        Finding(
            "country-unknown",
            Severity.WARNING,
            "No country is named so.",
            Place("accounts.csv", 44, "country"),
            "Philipines",
            "Did you mean Philippines?",
        ),
        Finding("id-changed", Severity.NOTE, "12 ids got their leading zeros back."),
    ]
    changes = [
        {"name": "Rio Norte", "colour": 0, "before": "812", "after": "798", "by": "−14", "tone": "bad", "href": "/gallery"},
        {"name": "Desert", "colour": 10, "before": "640", "after": "654", "by": "+14", "tone": "good"},
        {
            "name": "Owner of Harlan Outdoor Supply",
            "before": "V. Marsh",
            "after": "S. Iyer",
            "by": "",
            "why": "from 1 Apr; one opportunity stays with V. Marsh until 30 Apr",
        },
    ]
    return {
        "shell": shell(),
        "account": account(),
        "start": date(2024, 1, 1),
        "end": date(2027, 4, 1),
        "today": date(2027, 3, 14),
        "held": [
            Span("Desert · 3 seats", None, date(2025, 1, 1), 10, "/gallery"),
            Span("Front Range", date(2025, 1, 1), date(2026, 6, 1), 9),
            Span("Front Range (overlay: Outdoor)", date(2026, 6, 1), None, 0),
        ],
        "recorded": [Span("recorded late, corrected 1 Jun", date(2025, 9, 1), date(2026, 6, 1), recorded="1 Jun 2026")],
        "months": months[:30],
        "forecast": months[30:],
        "changes": changes,
        "why": why(),
        "profile": [
            ("Segment", "Growing regional chains"),
            ("Family", "Harlan Group, kept together"),
            ("Language", "English"),
            ("Data", "96 % complete"),
        ],
        "tab_items": [
            {"text": "Accounts", "href": "/gallery", "current": True, "count": 20_000},
            {"text": "People", "href": "/gallery"},
        ],
        "segment_items": [{"text": "Table", "href": "/gallery", "current": True}, {"text": "Map", "href": "/gallery"}],
        "table": table(),
        "empty_table": table(key="empty", rows=[], actions=[], views=[], caption="Nothing matches"),
        "failed_table": table(
            key="failed",
            rows=[],
            actions=[],
            views=[],
            filters=[],
            caption="Failed",
            error="The book is being rebuilt; try again in a moment.",
        ),
        "nodes": [
            node("world", "World", 1, None, has_children=True),
            node("west", "West", 2, 4, "world", has_children=True),
            *(node(name, name, 3, i, "west") for i, name in enumerate(NAMES[:3])),
            node("east", "East", 2, 7, "world"),
        ],
        "form_editor": editor("form"),
        "won_and_lost": [
            {
                "territory": "front-range",
                "name": "Front Range",
                "colour": 9,
                "won": 42,
                "lost": 3,
                "won_potential": 81_200_000,
                "lost_potential": 900_000,
            },
            {
                "territory": "desert",
                "name": "Desert",
                "colour": 10,
                "won": 0,
                "lost": 39,
                "won_potential": 0,
                "lost_potential": 80_300_000,
            },
        ],
        "checked": [
            (
                Finding(
                    "plan-no-catch-all", Severity.WARNING, "no territory is a catch-all", Place(subject="plan fy27"), "", "Add one."
                ),
                "/gallery",
            ),
            (Finding("rule-costly", Severity.NOTE, "no comparison narrows the rule", Place(subject="rule desert/main")), ""),
        ],
        "proofs": [PlanCheck("fy27", verdict, sentence, 0, 0, 0, 9, 0, 0, 0.0, ()) for verdict, sentence in VERDICTS.items()],
        "asked": Ask(Address.parse("/gallery", "where=employes+%3E%3D+50"), AccountQuery(), (), findings=tuple(found[:1])),
        "pages": {"first": 51, "shown": 2, "total": 53, "noun": ("finding", "findings"), "before": "/gallery", "after": None},
        "seats": [
            Seat("front-range-1", "front-range", "account executive", True, 1_640, "Front Range"),
            Seat("desert-1", "desert", "specialist", False, None, "", "", 33.4484, -112.074, 0.6, ("us-az", "us-nm", "series 7")),
        ],
        "previewed": previewed(),
        "balance_rows": [
            {"name": b.name, "colour": place, "href": "/gallery", "balance": b, "won_href": "/gallery", "lost_href": "/gallery"}
            for place, b in enumerate(previewed().territories({"": "No territory"}))
        ],
        "text_editor": editor("text"),
        "jobs": [job("running"), job("done")],
        "found": found,
        **gallery_life.context(),
        **gallery_users.context(),
    }


def fills() -> dict[str, Any]:
    """The counties in vertical stripes of territories, every seventh hatched."""
    atlas = json.loads((assets().root / "vendor" / "counties-10m.json").read_text(encoding="utf-8"))
    ids = sorted(county["id"] for county in atlas["objects"]["counties"]["geometries"])
    zones = {key: [int(key[:2]) % 10, 0.7 if int(key) % 7 == 0 else 1.0] for key in ids}
    return {
        "territories": [{"key": f"t{i}", "name": name, "colour": i, "href": "/gallery"} for i, name in enumerate(NAMES)],
        "zones": zones,
    }


def points() -> dict[str, Any]:
    """A grid of accounts, some of them together."""

    def point(i: int) -> dict[str, Any]:
        place = [-120 + (i * 17) % 50, 30 + (i * 7) % 17]
        count = [1, 1, 12, 1, 340, 1, 1, 4_200][i % 8]
        return {
            "type": "Feature",
            "properties": {"count": count, "name": f"Account {i}", "href": "/gallery"},
            "geometry": {"type": "Point", "coordinates": place},
        }

    return {"type": "FeatureCollection", "features": [point(i) for i in range(60)]}


def page(name: str = "gallery.html", **changes: Any) -> str:
    """A gallery page as text."""
    return render(make_environment(), name, **{**context(), **changes})


def app() -> Starlette:
    """The gallery behind the policy that real pages have."""

    def gallery(request: Request) -> Response:
        theme = request.cookies.get("metes_theme", "")
        surroundings = Shell(**{**{f: getattr(shell(), f) for f in Shell.__slots__}, "theme": theme})
        return html(page(shell=surroundings))

    def confirm(request: Request) -> Response:
        text = '{% extends "base.html" %}{% from "components/basics.html" import confirm %}{% block main %}{% call confirm("Pin it?", "/gallery", "Pin", "token") %}<p>One account moves.</p>{% endcall %}{% endblock %}'
        return html(make_environment().from_string(text).render(shell=shell()))

    def options(request: Request) -> Response:
        text = '{% from "components/forms.html" import options %}{{ options(groups, "found") }}'
        typed = next((value for key, value in request.query_params.items() if key in ("q", "territory_text")), "")
        hits = [{"key": name, "text": name, "second": "territory"} for name in NAMES if typed and typed.lower() in name.lower()]
        return html(make_environment().from_string(text).render(groups=[{"group": "Territories", "items": hits}] if hits else []))

    def count(request: Request) -> Response:
        text = '{% from "components/rules.html" import live_count %}{{ live_count({"count": 77, "of": 20000}) }}'
        return html(make_environment().from_string(text).render())

    def events(request: Request) -> Response:
        return Response("data: <p>Finished.</p>\n\nevent: done\ndata: \n\n", media_type="text/event-stream")

    def static(request: Request) -> Response:
        found = assets().path(request.path_params["digest"], request.path_params["name"])
        if found is None:
            return Response(status_code=404)
        return FileResponse(found[0], media_type=mimetypes.guess_type(found[0].name)[0])

    return Starlette(
        routes=[
            Route("/gallery", gallery),
            Route("/gallery/confirm", confirm),
            Route("/gallery/options", options),
            Route("/search/options", options),
            Route("/gallery/count", count, methods=["POST"]),
            Route("/gallery/events", events),
            Route("/gallery/fills.json", lambda _: JSONResponse(fills())),
            Route("/gallery/points.json", lambda _: JSONResponse(points())),
            Route("/static/{digest}/{name:path}", static),
        ]
    )


def html(text: str) -> HTMLResponse:
    """A page with its policy."""
    return HTMLResponse(text, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


if __name__ == "__main__":
    uvicorn.run(app(), host="127.0.0.1", port=8123)
