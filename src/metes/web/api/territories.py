"""Territories, people and the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from metes.model.plan import Seat
from metes.model.query import Box
from metes.web.api.access import Caller, Looking, plain

router = APIRouter(tags=["territories"])


@router.get("/territories")
def list_territories(caller: Looking) -> list[dict[str, Any]]:
    """The tree of the active plan, each parent before its children, with sums of its own and with all below."""
    return [
        {
            "key": n.territory.key,
            "name": n.territory.label,
            "type": n.territory.type,
            "parent": n.territory.parent,
            "depth": n.depth,
            "role": n.role,
            "own": plain(n.own),
            "whole": plain(n.whole),
        }
        for n in caller.tree()
    ]


@router.get("/territories/{key}")
def get_territory(key: str, caller: Looking) -> dict[str, Any]:
    """One territory: its rules, people, children, sums and largest opportunities; `hidden` are capabilities lacked to see all of it."""
    t = caller.territory(key)
    return {
        "key": t.territory.key,
        "name": t.territory.label,
        "type": t.territory.type,
        "role": t.role,
        "path": [{"key": p.key, "name": p.label} for p in t.path],
        "rules": [
            {"key": r.key, "name": r.name, "priority": r.priority, "when": caller.rule_text(r.condition)} for r in t.territory.rules
        ],
        "children": [{"key": n.territory.key, "name": n.territory.label, "whole": plain(n.whole)} for n in t.children],
        "own": plain(t.own),
        "whole": plain(t.whole),
        "seats": [{**plain(s), **_has(t.plan.seats_by_territory.get(s.territory, ()), s.seat)} for s in t.seats],
        "pins": plain(t.pins),
        "opportunities": plain(t.opportunities),
        "hidden": sorted(t.hidden),
    }


def _has(seats: Sequence[Seat], key: str) -> dict[str, Any]:
    """What the plan says a seat has, beside who sits there."""
    names = ("capacity_hours", "base_latitude", "base_longitude", "ramp_share", "licences")
    return {name: plain(getattr(seat, name)) for seat in seats if seat.key == key for name in names}


@router.get("/territories/{key}/explanation")
def get_territory_explanation(key: str, caller: Caller) -> dict[str, Any]:
    """Why the territory, with all below it, holds what it holds, and what it lost to whom by which step."""
    found: dict[str, Any] = plain(caller.explain_territory(key))
    return found


@router.get("/people")
def list_people(
    caller: Looking,
    search: Annotated[str, Query(max_length=200)] = "",
    rows: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> dict[str, Any]:
    """People by name."""
    found, total = caller.people(search, limit=rows, offset=offset)
    return {"total": total, "rows": plain(found)}


@router.get("/map/zones")
def map_zones(caller: Looking) -> list[dict[str, Any]]:
    """Each zone with the territory that holds most of it, and the share it holds."""
    fills: list[dict[str, Any]] = plain(caller.zone_fills())
    return fills


@router.get("/map/cells")
def map_cells(
    caller: Looking,
    west: Annotated[float, Query(ge=-540, le=540)],
    south: Annotated[float, Query(ge=-90, le=90)],
    east: Annotated[float, Query(ge=-540, le=540)],
    north: Annotated[float, Query(ge=-90, le=90)],
    zoom: Annotated[float, Query(ge=0, le=24)] = 4,
    territory: str | None = None,
) -> list[dict[str, Any]]:
    """Accounts in a window of the map, clustered to the zoom."""
    box = Box(west, min(south, north), east, max(south, north))
    cells: list[dict[str, Any]] = plain(caller.cells(box, zoom, territory))
    return cells
