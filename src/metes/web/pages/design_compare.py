"""Two designs, or a design and today, side by side: small maps, territories before and after, who gains and loses, units that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import InputError
from metes.web.downloads import csv_download, csv_lines
from metes.web.marks import href_of
from metes.web.pages.designs import is_money, words_of
from metes.web.tables import Cell, Choice, Column, Filter, Row, Table
from metes.web.visits import SignedIn, Visit

router = APIRouter()
TODAY = "today"
ROWS = 50
SHOWN = 200
OFFERED = 100
VIEWS = ("territories", "gains", "people", "units")
CSV_COLUMNS = ("id", "name", "region", "before", "after", "accounts", "potential", "revenue", "pipeline")


@router.get("/designs/{number:int}/compare")
def show(number: int, visit: SignedIn) -> Response:
    """The comparison."""
    other = _other(visit)
    by = visit.address.get("by")
    by = by if by in VIEWS else VIEWS[0]
    found = visit.workspace.design_compare(number, other, accounts=0)
    sides = visit.workspace.design_sides(number, other)
    before, after, differ, whole = visit.workspace.design_sketches(sides)
    named = "today" if other == TODAY else found["b"]
    here = f"/designs/{number}/compare?with={other}"
    context: dict[str, Any] = {
        "number": number,
        "name": found["a"],
        "other": str(other),
        "named": named,
        "found": found,
        "differ": len(sides.differ),
        "choices": [
            (TODAY, "Today"),
            *((str(d.id), f"Design {d.id}: {d.name}") for d in visit.workspace.design_list()[:OFFERED] if d.id != number),
        ],
        "strip": _strip(visit, number, other, found["figures"]),
        "maps": [_map(before, sides, named), _map(after, sides, found["a"])],
        "outline": differ.paths[0],
        "ground": whole.paths[0],
        "by": by,
        "here": here,
        "noun": ("account", "accounts") if not sides.given.zone_set else ("zone", "zones"),
    }
    if by == "territories":
        rows = _territories(visit, sides)
        context |= {"rows": rows[:SHOWN], "rows_total": len(rows), "measures": [words_of(m) for m in sides.given.measure_names]}
    elif by == "units":
        context["table"] = _units(visit, sides, number)
    else:
        balances = found["people"] if by == "people" else found["territories"]
        context |= {"balances": [_balance(sides, b, by) for b in balances[:SHOWN]], "balances_total": len(balances)}
    return visit.page("design-compare.html", **context)


@router.get("/designs/{number:int}/compare.csv")
def export(number: int, visit: SignedIn) -> Response:
    """The units that differ and match the search, as CSV; money in minor units."""
    sides = visit.workspace.design_sides(number, _other(visit))
    units = sides.matching(visit.address.get("q")[:200], visit.address.get("from"), visit.address.get("to"))

    def rows() -> Iterator[list[object]]:
        yield list(CSV_COLUMNS)
        for unit in units.tolist():
            row = sides.row(unit)
            yield [row[name] for name in CSV_COLUMNS]

    return csv_download(csv_lines(rows()), f"design-{number}-differences.csv")


def _other(visit: Visit) -> str | int:
    """What the address compares with: today, or the number of a design."""
    text = visit.address.get("with", TODAY) or TODAY
    if text == TODAY:
        return TODAY
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise InputError("a design is compared with 'today' or with the number of another design; choose one in the list")
    return int(text)


def _strip(visit: Visit, number: int, other: str | int, figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Figures of the design, each from what the other has."""
    share, compact = visit.environment.filters["share"], visit.environment.filters["money_compact"]
    now = figures["a"]
    was = (visit.workspace.design_show(number).get("today") or {}) if other == TODAY else figures["b"]
    worst_before = {one["measure"]: one["worst_share"] for one in was.get("balance", ())}
    strip = []
    for one in now["balance"]:
        before = worst_before.get(one["measure"])
        better = before is not None and one["worst_share"] is not None and one["worst_share"] <= before
        strip.append(
            {
                "value": f"±{share(one['worst_share'], 1)}",
                "label": f"worst {words_of(one['measure'])}",
                "from": "" if before is None else f"from ±{share(before, 1)}",
                "tone": "good" if better else "",
            }
        )
    for name, label in (("travel", "travel"), ("disruption_minor", "disruption")):
        before = was.get(name)
        strip.append(
            {
                "value": compact(round(now[name])),
                "label": label,
                "from": "" if not before else f"from {compact(round(before))}",
                "tone": "",
            }
        )
    if other != TODAY and was.get("gap") is not None:
        strip.append(
            {"value": share(now["gap"], 1), "label": "above the bound", "from": f"from {share(was['gap'], 1)}", "tone": ""}
        )
    return strip


def _map(drawn: Any, sides: Any, title: str) -> dict[str, Any]:
    """A small map for the page: a path with its class and name for each territory that has something."""
    paths = []
    for key, path in zip(sides.keys, drawn.paths, strict=True):
        name, colour = sides.marks[key]
        if path:
            paths.append({"d": path, "name": name, "colour": colour})
    return {"title": title, "height": drawn.height, "paths": paths, "are_points": drawn.are_points}


def _mark(sides: Any, key: str) -> dict[str, Any] | None:
    if not key:
        return None
    name, colour = sides.marks[key]
    return {"name": name, "colour": colour, "href": ""}


def _territories(visit: Visit, sides: Any) -> list[dict[str, Any]]:
    """A row for each territory: units, accounts and loads, before and after; those that change most first."""
    reader = visit.environment.filters
    names = sides.given.measure_names
    rows = []
    for found in sides.territories():
        name, colour = sides.marks[found["key"]]
        loads = []
        for measure, (before, after) in zip(names, found["loads"], strict=True):
            change = after / before - 1 if before else None
            loads.append({"before": amount(reader, measure, before), "after": amount(reader, measure, after), "change": change})
        rows.append({"name": name, "colour": colour, "units": found["units"], "accounts": found["accounts"], "loads": loads})
    rows.sort(key=lambda row: (-abs(row["accounts"][1] - row["accounts"][0]), row["name"].lower()))
    return rows


def amount(reader: Mapping[str, Any], measure: str, value: float) -> str:
    """An amount of a measure, in short."""
    if is_money(measure):
        return str(reader["money_compact"](round(value)))
    return f"{reader['number'](value)} h" if measure == "workload" else str(reader["compact"](value))


def _balance(sides: Any, found: Mapping[str, Any], by: str) -> dict[str, Any]:
    """A territory or person with what they win and lose, as components/preview.html shows them."""
    net = {name: found["won"][name] - found["lost"][name] for name in found["won"]}
    _, colour = sides.marks.get(found["key"], ("", None)) if by == "gains" else ("", None)
    return {
        "name": found["name"] or found["key"] or "no territory",
        "colour": colour,
        "href": href_of(found["key"]) if by == "gains" and colour is not None and not found["key"].startswith("new-") else "",
        "balance": {**found, "net": net},
        "won_href": "",
        "lost_href": "",
    }


def _units(visit: Visit, sides: Any, number: int) -> Table:
    """The units that differ, a page of them."""
    address = visit.address
    search, leaves, joins = address.get("q")[:200], address.get("from"), address.get("to")
    units = sides.matching(search, leaves, joins)
    start = address.start()
    named = sorted(((key, sides.marks[key][0]) for key in sides.keys), key=lambda pair: pair[1].lower())[:400]
    filters = [
        Filter(f"{text} {sides.marks[key][0] if key in sides.marks else 'no territory'}", name)
        for name, text, key in (("from", "leaves", leaves), ("to", "joins", joins))
        if key
    ]
    export_address = address.put(by=None, after=None, before=None, column=None)
    query = str(export_address).partition("?")[2]
    is_zone = bool(sides.given.zone_set)
    return Table(
        caption="What differs",
        columns=[
            Column("name", "Zone" if is_zone else "Account", Cell.TEXT, is_sortable=False, second="place"),
            Column("before", "Before", Cell.TERRITORY, is_sortable=False),
            Column("after", "After", Cell.TERRITORY, is_sortable=False),
            *([Column("accounts", "Accounts", Cell.NUMBER, is_sortable=False)] if is_zone else []),
            Column("potential", "Potential", Cell.MONEY, is_sortable=False),
            Column("revenue", "Revenue, 12 months", Cell.MONEY, is_sortable=False, on_phone=False),
            Column("pipeline", "Pipeline", Cell.MONEY, is_sortable=False, on_phone=False),
        ],
        rows=[_unit_row(sides, unit) for unit in units[start : start + ROWS].tolist()],
        address=address,
        total=len(units),
        noun=("zone", "zones") if is_zone else ("account", "accounts"),
        first=start + 1,
        before=str(max(0, start - ROWS)) if start else "",
        after=str(start + ROWS) if start + ROWS < len(units) else "",
        filters=filters,
        choices=[
            Choice("from", "Before", [("none", "no territory"), *named]),
            Choice("to", "After", [("none", "no territory"), *named]),
        ],
        export=f"/designs/{number}/compare.csv?{query}",
        empty_title="Nothing differs",
        empty_text="Both share everything out in the same way.",
        key="units",
    )


def _unit_row(sides: Any, unit: int) -> Row:
    row = sides.row(unit)
    place = " · ".join(part for part in (row["id"], row["region"]) if part)
    cells = {**row, "place": place, "before": _mark(sides, row["before"]), "after": _mark(sides, row["after"])}
    return Row(row["id"], cells)
