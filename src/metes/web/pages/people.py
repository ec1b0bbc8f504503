"""People: the list, and one person with every seat in both times."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.model.access import Capability
from metes.model.plan import Plan
from metes.web.marks import Marks
from metes.web.tables import Cell, Column, Row, Table
from metes.web.visits import Looking

router = APIRouter()
PATH = "/people"
ROWS = 50


@router.get(PATH)
def show_list(visit: Looking) -> Response:
    """People by name, with where they sit on the day one looks at."""
    address = visit.address
    place = address.get("after") or address.get("before")
    offset = min(int(place), 10_000_000) if place.isdecimal() and len(place) < 9 else 0
    found, total = visit.workspace.people(address.get("q"), limit=ROWS, offset=offset)
    active = visit.workspace.active()
    marks = Marks(active[1] if active else None)
    territory_of = _territories(marks.plan)
    sits: dict[int, list[str]] = {}
    for fact in visit.workspace.sitting_now([row["id"] for row in found]):
        sits.setdefault(fact.person_id, []).append(fact.seat)
    rows = []
    for row in found:
        keys = list(dict.fromkeys(territory_of[s] for s in sits.get(row["id"], []) if s in territory_of))
        cells = {
            "name": row["name"],
            "office": row["office"],
            "role": row["role"],
            "territory": marks.of(keys[0]) if keys else None,
            "seats": len(sits.get(row["id"], [])) or None,
            "manager": row["manager"],
            "id": row["external_id"],
        }
        rows.append(Row(str(row["id"]), cells, href=f"{PATH}/{row['id']}"))
    chosen = address.values("column") or ("name", "role", "territory", "seats", "manager")
    columns = [
        Column("name", "Name", Cell.LINK, is_sortable=False, second="office"),
        Column("role", "Role", is_sortable=False),
        Column("territory", "Territory", Cell.TERRITORY, is_sortable=False),
        Column("seats", "Seats" if visit.is_past else "Seats today", Cell.NUMBER, is_sortable=False, is_shown="seats" in chosen),
        Column("manager", "Manager", is_sortable=False, on_phone=False, is_shown="manager" in chosen),
        Column("id", "Id", Cell.CODE, is_sortable=False, on_phone=False, is_shown="id" in chosen),
    ]
    table = Table(
        caption="People",
        columns=columns,
        rows=rows,
        address=address,
        total=total,
        noun=("person", "people"),
        first=offset + 1,
        before=str(max(0, offset - ROWS)) if offset else "",
        after=str(offset + ROWS) if offset + ROWS < total else "",
        empty_title="Nobody yet",
        empty_text="Import people, then seats: who sits where, from when to when."
        if visit.may("data_import")
        else "Nobody sits on a seat of your territories today.",
        key="people",
    )
    return visit.page("people.html", table=table)


@router.get("/people/{number:int}")
def show(number: int, visit: Looking) -> Response:
    """One person."""
    profile = visit.workspace.person(number)
    active = visit.workspace.active()
    marks = Marks(active[1] if active else None)
    territory_of = _territories(marks.plan)
    seat_of = {seat.key: seat for seat in marks.plan.seats} if marks.plan else {}
    now = visit.workspace.sitting_now([number])
    facts = [
        {"fact": fact, "mark": marks.of(territory_of.get(fact.seat)), "seat": seat_of.get(fact.seat), "is_now": fact in now}
        for fact in sorted(profile.sat, key=lambda f: (f.recorded_until is not None, f.true_from, f.seat))
    ]
    record = profile.record
    lead = " · ".join(part for part in (record["role"], record["office"]) if part)
    return visit.page(
        "person.html",
        record=record,
        lead=lead,
        facts=facts,
        now=[f for f in facts if f["is_now"]],
        profile=profile,
        seen_on=visit.workspace.seen_on,
        is_past=visit.is_past,
        figures=[] if Capability.PAY in profile.hidden else _figures(profile.opportunities, visit.environment.filters),
    )


def _territories(plan: Plan | None) -> dict[str, str]:
    """The territory of each seat."""
    return {seat.key: seat.territory for seat in plan.seats} if plan else {}


def _figures(opportunities: Any, write: Any) -> list[dict[str, str]]:
    count, amount = opportunities.get("open", (0, 0))
    won, lost = (opportunities.get(status, (0, 0))[0] for status in ("won", "lost"))
    figures = [
        {"value": write["number"](count), "label": "open opportunities"},
        {"value": write["money_compact"](amount), "label": "open pipeline"},
    ]
    if won + lost:
        figures.append({"value": write["share"](won / (won + lost)), "label": "of those closed were won"})
    return figures
