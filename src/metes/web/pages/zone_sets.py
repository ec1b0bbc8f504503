"""Sets of zones: the list of them, a GeoJSON file looked at and added, one shown with its islands, and removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from metes.base.errors import Conflict, InputError, NotFound
from metes.base.ids import key_from
from metes.web.addresses import Address
from metes.web.downloads import written_download
from metes.web.tables import Cell, Column, Row, Table
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
ROWS = 50
LINKS_SHOWN = 100
FINDINGS_SHOWN = 30
MEASURES_SHOWN = 4
KINDS = {"polygons": "borders", "cells": "cells around points", "points": "points"}
TAKEN = frozenset({"new", "look", "add"})


@router.get("/zones")
def show_sets(visit: SignedIn) -> Response:
    """All sets of zones."""
    found = visit.workspace.zone_set_list()
    reader = visit.environment.filters
    words = visit.address.get("q")[:200].lower().split()
    shown = [s for s in found if all(word in f"{s.name} {s.key} {s.source}".lower() for word in words)]
    rows = [
        Row(
            s.key,
            {
                "name": s.name,
                "key": s.key,
                "kind": KINDS.get(str(s.kind), str(s.kind)),
                "zones": s.zones,
                "source": s.source,
                "from": "comes with Metes" if s.is_built_in else reader["moment"](s.added_at),
                "by": s.added_by,
            },
            href=f"/zones/{s.key}",
        )
        for s in shown
    ]
    columns = [
        Column("name", "Zones", Cell.LINK, is_sortable=False, second="key"),
        Column("zones", "How many", Cell.NUMBER, is_sortable=False),
        Column("kind", "Shapes", is_sortable=False),
        Column("source", "Source", is_sortable=False, on_phone=False),
        Column("from", "Added", is_sortable=False, second="by"),
    ]
    table = Table(
        caption="Zones", columns=columns, rows=rows, address=visit.address, total=len(rows), noun=("set", "sets"), key="zones"
    )
    return visit.page("zones-list.html", table=table, removed=visit.workspace.zone_set_removed(), kept={s.key for s in found})


@router.get("/zones/new")
def show_new(visit: SignedIn) -> Response:
    """The form that takes a file."""
    visit.require("plan_edit")
    return visit.page("zones-new.html", error="", findings=())


@router.post("/zones/new")
def send_file(visit: SignedIn, form: Form) -> Response:
    """Take a file and look at its properties."""
    visit.require("plan_edit")
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return visit.page("zones-new.html", status=422, error="Choose a GeoJSON file.", findings=())
    path = visit.workspace.upload_keep(file.filename, file.file)
    try:
        seen = visit.workspace.zone_file_seen(path)
    except InputError as error:
        visit.workspace.uploads_drop([path])
        return visit.page("zones-new.html", status=422, error=_sentence(str(error)), findings=error.findings[:FINDINGS_SHOWN])
    stem = Path(file.filename).name.partition(".")[0][:80]
    guessed = Address("/zones/look").put(file=f"{path.parent.name}/{path.name}", name=stem, key=key_from(stem) if stem else "")
    guessed = guessed.put(id=seen.id, title=seen.name, region=seen.region)
    for measure in seen.measures[:20]:
        guessed = guessed.add("measure", measure)
    return visit.go(guessed)


@router.get("/zones/look")
def look(visit: SignedIn) -> Response:
    """What the file becomes with the chosen properties; nothing is written."""
    visit.require("plan_edit")
    return _look(visit, visit.address)


@router.post("/zones/add")
def add(visit: SignedIn, form: Form) -> Response:
    """Add the set."""
    visit.require("plan_edit")
    address = Address("/zones/look", tuple((n, str(v)) for n, v in form.multi_items() if n != "csrf_token"))  # type: ignore[attr-defined]
    key = address.get("key")
    if key in TAKEN:
        return _look(visit, address, f"'{key}' is a word of this page; choose another key.", status=422)
    path = visit.workspace.uploaded(address.get("file"))
    if not address.get("replace") and key in {s.key for s in visit.workspace.zone_set_list()}:
        return _look(
            visit, address, f"There is a set '{key}' already; choose another key, or tick that it is replaced.", status=422
        )
    try:
        added = visit.workspace.zone_set_add(key, path, name=address.get("name"), **_properties(address))
    except (InputError, Conflict) as error:
        return _look(visit, address, _sentence(str(error)), status=422)
    visit.workspace.uploads_drop([path])
    count = visit.environment.filters["count_of"](len(added.zones), "zone is", "zones are")
    return visit.go(f"/zones/{key}", ("good", f"{count} there as {added.zones.name}."))


@router.get("/zones/{key}")
def show(key: str, visit: SignedIn) -> Response:
    """One set: its map, its islands in words, its zones."""
    zones = visit.workspace.zone_set(key)
    summary = next(s for s in visit.workspace.zone_set_list() if s.key == key)
    links = visit.workspace.zone_links(zones)
    return visit.page(
        "zones-show.html",
        zones=zones,
        summary=summary,
        kind=KINDS.get(str(zones.kind), str(zones.kind)),
        links=[str(link) for link in links[:LINKS_SHOWN]],
        links_total=len(links),
        sketch=visit.workspace.zone_sketch(zones),
        table=_table(visit, zones),
        uses=_uses(visit, key),
    )


@router.get("/zones/{key}/zones.geojson")
def export(key: str, visit: SignedIn) -> Response:
    """The set as GeoJSON."""
    zones = visit.workspace.zone_set(key)
    return written_download(lambda path: visit.workspace.zone_set_export(zones, path), f"{key}.geojson")


@router.get("/zones/{key}/remove")
def ask_remove(key: str, visit: SignedIn) -> Response:
    """Tell what removing a set means."""
    visit.require("plan_edit")
    return visit.page("zones-remove.html", summary=_own(visit, key), uses=_uses(visit, key))


@router.post("/zones/{key}/remove")
def remove(key: str, visit: SignedIn) -> Response:
    """Remove a set that was added."""
    summary = _own(visit, key)
    visit.workspace.zone_set_remove(key)
    return visit.go("/zones", ("info", f"{summary.name} is removed; it can be brought back below."))


@router.post("/zones/{key}/restore")
def restore(key: str, visit: SignedIn) -> Response:
    """Bring the set of this key back that was removed or replaced last."""
    back = visit.workspace.zone_set_restore(key)
    return visit.go(f"/zones/{key}", ("good", f"{back.name} is back as it was."))


def _own(visit: Visit, key: str) -> Any:
    """A set that may be removed."""
    found = next((s for s in visit.workspace.zone_set_list() if s.key == key), None)
    if found is None:
        raise NotFound(f"there is no zone set '{key[:80]}'; the list of zones has those there are")
    if found.is_built_in:
        raise Conflict(f"{found.name} come with Metes and stay")
    return found


def _uses(visit: Visit, key: str) -> int:
    """How many designs share this set out."""
    return sum(row.spec["units"] == key for row in visit.workspace.design_list())


def _properties(address: Address) -> dict[str, Any]:
    return {
        "id_property": address.get("id"),
        "name_property": address.get("title"),
        "region_property": address.get("region"),
        "measures": address.values("measure"),
    }


def _look(visit: Visit, address: Address, error: str = "", *, status: int = 200) -> Response:
    path = visit.workspace.uploaded(address.get("file"))
    seen = visit.workspace.zone_file_seen(path)
    checked: Any = None
    findings: tuple[Any, ...] = ()
    try:
        checked = visit.workspace.zone_file_check(path, **_properties(address))
        findings = checked.findings
    except InputError as problem:
        findings, error = problem.findings, error or _sentence(str(problem))
    return visit.page(
        "zones-look.html",
        status=status,
        address=address,
        file=path.name,
        seen=seen,
        error=error,
        checked=checked,
        findings=findings[:FINDINGS_SHOWN],
        findings_total=len(findings),
        chosen=address.values("measure"),
        sketch=visit.workspace.zone_sketch(checked.zones) if checked else None,
    )


def _table(visit: Visit, zones: Any) -> Table:
    """The zones of a set, a page of them."""
    address = visit.address
    words = address.get("q")[:200].lower().split()
    found = list(range(len(zones)))
    if words:
        found = [i for i in found if all(w in f"{zones.ids[i]} {zones.names[i]} {zones.regions[i]}".lower() for w in words)]
    start = address.start()
    measures = list(zones.measures)[:MEASURES_SHOWN]
    chosen = address.values("column")
    columns = [
        Column("name", "Zone", is_sortable=False, second="id"),
        Column("region", "Region", is_sortable=False),
        *(Column(f"m:{name}", name.replace("_", " ").capitalize(), Cell.NUMBER, is_sortable=False) for name in measures),
    ]
    rows = [
        Row(
            zones.ids[i],
            {
                "name": zones.names[i] or zones.ids[i],
                "id": zones.ids[i],
                "region": zones.regions[i],
                **{f"m:{name}": float(zones.measures[name][i]) for name in measures},
            },
        )
        for i in found[start : start + ROWS]
    ]
    return Table(
        caption="Its zones",
        columns=[c for c in columns if not chosen or c.key in chosen or c.key == "name"],
        rows=rows,
        address=address,
        total=len(found),
        noun=("zone", "zones"),
        first=start + 1,
        before=str(max(0, start - ROWS)) if start else "",
        after=str(start + ROWS) if start + ROWS < len(found) else "",
        export=f"/zones/{zones.key}/zones.geojson",
        key="zones",
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
