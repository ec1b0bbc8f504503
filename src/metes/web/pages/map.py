"""The map: zones by the territory that holds most of them, accounts clustered; and a list that does the same without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from metes.base.errors import InputError
from metes.model.plan import Plan
from metes.model.query import Box, ZoneFill
from metes.web.marks import Marks
from metes.web.tables import Cell, Choice, Column, Filter, Row, Table
from metes.web.visits import Looking, Visit
from metes.web.zone_names import zone_names

router = APIRouter()
PATH = "/map"
ROWS = 50
NOBODY = "none"
_SORTS: dict[str, Callable[[Any], Any]] = {
    "zone": lambda z: z["name"].lower(),
    "territory": lambda z: z["territory"].lower(),
    "share": lambda z: z["fill"].share,
    "accounts": lambda z: z["fill"].accounts,
    "potential": lambda z: z["fill"].potential,
    "revenue": lambda z: z["fill"].revenue,
}


@router.get(PATH)
def show(visit: Looking) -> Response:
    """The map with its list of zones."""
    active = visit.workspace.active()
    marks = Marks(active[1] if active else None)
    address = visit.address
    fills = visit.workspace.zone_fills()
    zones = _zones(fills, marks)
    matching = _matching(zones, address.get("q"), address.get("territory"))
    sort = address.get("sort") if address.get("sort").removeprefix("-") in _SORTS else "-potential"
    # Twice stable: by name first, so that equal figures stand in the order of names.
    matching.sort(key=_SORTS["zone"])
    matching.sort(key=_SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    place = address.get("after") or address.get("before")
    offset = min(int(place), len(matching)) if place.isdecimal() and len(place) < 9 else 0
    chosen = next((zone for zone in zones if zone["fill"].zone == address.get("zone")), None)
    table = Table(
        caption="Zones",
        columns=_columns(address.values("column")),
        rows=[_row(zone, marks, address.get("zone")) for zone in matching[offset : offset + ROWS]],
        address=address,
        total=len(matching),
        noun=("zone", "zones"),
        first=offset + 1,
        before=str(max(0, offset - ROWS)) if offset else "",
        after=str(offset + ROWS) if offset + ROWS < len(matching) else "",
        sort=sort,
        filters=_filters(address.get("territory"), marks),
        choices=[Choice("territory", "Territory", _holders(zones))],
        empty_title="No zone holds an account yet",
        empty_text="Accounts are put into zones by their places when they are imported.",
        key="zones",
    )
    return visit.page(
        "map.html",
        table=table,
        chosen=chosen,
        marks=marks,
        zone=address.get("zone"),
        count=len(zones),
        fills_of=address.get("territory"),
    )


@router.get("/map/fills.json")
def fills(visit: Looking, within: str = "") -> Response:
    """Each zone's territory and the share it holds; `within` a territory, the one directly below it that the zone belongs to."""
    active = visit.workspace.active()
    plan = active[1] if active else None
    marks = Marks(plan)
    shown = _branches(plan, within) if within and plan else None
    keys: dict[str, int] = {}
    zones: dict[str, tuple[int, float]] = {}
    for fill in visit.workspace.zone_fills():
        key = fill.territory if shown is None else shown.get(fill.territory)
        if key is not None:
            zones[fill.zone] = (keys.setdefault(key, len(keys)), round(fill.share, 3))
    territories = [_there(visit, marks.of(key) or _nobody()) for key in keys]
    return JSONResponse({"territories": territories, "zones": zones}, headers={"cache-control": "private, no-cache"})


@router.get("/map/points.json")
def points(visit: Looking, bbox: str = "", zoom: Annotated[float, Query(ge=0, le=24)] = 4, territory: str = "") -> Response:
    """Accounts in a window of the map as GeoJSON, clustered to the zoom."""
    box = _box(bbox)
    active = visit.workspace.active()
    marks = Marks(active[1] if active else None)
    features = []
    for cell in visit.workspace.cells(box, zoom, territory or None):
        mark = marks.of(cell["territory"])
        properties: dict[str, Any] = {"count": cell["accounts"], "key": cell["territory"] or ""}
        if cell["accounts"] == 1:
            properties |= {"href": visit.there(f"/accounts/{cell['account']}"), "name": cell.get("name") or ""}
        if mark and mark["colour"] is not None:
            properties["colour"] = mark["colour"]
        place = [round(cell["longitude"], 5), round(cell["latitude"], 5)]
        features.append({"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": place}})
    return JSONResponse({"type": "FeatureCollection", "features": features})


def _zones(fills: Iterable[ZoneFill], marks: Marks) -> list[dict[str, Any]]:
    names = zone_names()
    return [
        {"fill": fill, "name": names.get(fill.zone, fill.zone), "territory": marks.name(fill.territory), "key": fill.territory}
        for fill in fills
    ]


def _matching(zones: Sequence[dict[str, Any]], text: str, territory: str) -> list[dict[str, Any]]:
    words = text.lower().split()
    key = "" if territory == NOBODY else territory
    return [
        zone
        for zone in zones
        if (not territory or zone["key"] == key)
        and all(word in f"{zone['name']} {zone['territory']} {zone['fill'].zone}".lower() for word in words)
    ]


def _columns(chosen: Sequence[str]) -> list[Column]:
    shown = chosen or ("zone", "territory", "share", "accounts", "potential")
    columns = [
        Column("zone", "Zone", Cell.LINK),
        Column("territory", "Territory", Cell.TERRITORY),
        Column("share", "Share", Cell.SHARE),
        Column("accounts", "Accounts", Cell.NUMBER),
        Column("potential", "Potential"),
        Column("revenue", "Revenue", Cell.MONEY, is_shown=False, on_phone=False),
    ]
    return [
        Column(
            c.key,
            c.title,
            Cell.MONEY if c.key == "potential" else c.cell,
            is_shown=c.key in shown or c.key == "zone",
            on_phone=c.on_phone,
        )
        for c in columns
    ]


def _row(zone: dict[str, Any], marks: Marks, chosen: str) -> Row:
    fill = zone["fill"]
    cells = {
        "zone": zone["name"],
        "territory": marks.of(fill.territory) or _nobody(),
        "share": fill.share if fill.territory else None,
        "accounts": fill.accounts,
        "potential": fill.potential,
        "revenue": fill.revenue,
    }
    return Row(fill.zone, cells, href=f"{PATH}?zone={fill.zone}", is_selected=fill.zone == chosen)


def _filters(territory: str, marks: Marks) -> list[Filter]:
    if not territory:
        return []
    return [Filter("mostly held by no territory" if territory == NOBODY else f"mostly {marks.name(territory)}", "territory")]


def _holders(zones: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    held = {zone["key"]: zone["territory"] for zone in zones}
    nobody = [(NOBODY, "held by no territory")] if "" in held else []
    return nobody + sorted(((key, name) for key, name in held.items() if key), key=lambda pair: pair[1].lower())


def _branches(plan: Plan, within: str) -> dict[str, str]:
    """For each territory at or below one: itself, or the branch directly below that it belongs to."""
    if within not in plan.interval_by_key:
        return {}
    first, last = plan.interval_by_key[within]
    branches = {within: within}
    for territory in plan.preorder[first + 1 : last]:
        branches[territory.key] = territory.key if territory.parent == within else branches[territory.parent or within]
    return branches


def _there(visit: Visit, mark: dict[str, Any]) -> dict[str, Any]:
    """A territory whose address leads to the day one looks at."""
    return {**mark, "href": visit.there(mark["href"])}


def _nobody() -> dict[str, Any]:
    return {"key": "", "name": "Held by no territory", "colour": None, "href": "/accounts?territory=none"}


def _box(text: str) -> Box:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        if not all(map(isfinite, (west, south, east, north))):
            raise ValueError(text)
        if east - west >= 360:
            west, east = -180.0, 180.0
        return Box(_turned(west), max(-90.0, south), _turned(east), min(90.0, north))
    except ValueError:
        raise InputError("expected bbox=west,south,east,north in degrees, with south below north") from None


def _turned(degrees: float) -> float:
    """A longitude within [-180, 180], as a window over the date line needs it."""
    return degrees if -180 <= degrees <= 180 else (degrees + 180) % 360 - 180
