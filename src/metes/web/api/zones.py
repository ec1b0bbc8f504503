"""Sets of zones."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from metes.web.api.access import Caller, plain
from metes.web.packed import packed_answer

if TYPE_CHECKING:
    from metes.app.zones import ZoneSetAdded

router = APIRouter(tags=["zones"])
MOST_ROWS = 100_000


class ZonesBody(BaseModel):
    """Zones as GeoJSON, and which of their properties hold what."""

    geojson: dict[str, Any]
    id_property: str = Field(min_length=1, max_length=200)
    name: str = Field(default="", max_length=200)
    name_property: str = Field(default="", max_length=200)
    region_property: str = Field(default="", max_length=200)
    measures: list[str] = Field(default=[], max_length=50)


class MeasuresBody(BaseModel):
    """Rows with numbers for the zones of another set, a row or more for each zone."""

    of: str = Field(min_length=1, max_length=80)
    rows: list[dict[str, str | int | float | None]] = Field(min_length=1, max_length=MOST_ROWS)
    id_column: str = Field(default="id", min_length=1, max_length=200)
    measures: list[str] = Field(min_length=1, max_length=50)
    name: str = Field(default="", max_length=200)


@router.get("/zones")
def list_zone_sets(
    caller: Caller, removed: Annotated[bool, Query(description="Those that can be brought back instead.")] = False
) -> list[dict[str, Any]]:
    """The zone sets: those that come with Metes, then those that were added; or those that can be brought back."""
    sets: list[dict[str, Any]] = plain(caller.zone_set_removed() if removed else caller.zone_set_list())
    return sets


@router.get("/zones/{key}")
def get_zone_set(key: str, caller: Caller) -> dict[str, Any]:
    """One set: its zones by column, pairs of neighbours as numbers of zones, and the links that join islands."""
    zones = caller.zone_set(key)
    columns: dict[str, Any] = {"ids": zones.ids, "names": zones.names, "regions": zones.regions}
    columns |= {"latitude": zones.latitude.round(6).tolist(), "longitude": zones.longitude.round(6).tolist()}
    return {
        "key": zones.key,
        "name": zones.name,
        "kind": zones.kind,
        "source": zones.source,
        "digest": zones.digest,
        "zones": len(zones),
        **columns,
        "measures": {name: values.tolist() for name, values in zones.measures.items()},
        "pairs": zones.pairs.tolist(),
        "links": [
            {"zones": pair, "km": round(km, 1)} for pair, km in zip(zones.links.tolist(), zones.link_km.tolist(), strict=True)
        ],
    }


@router.get("/zones/{key}/shapes")
def get_shapes(request: Request, key: str, caller: Caller) -> Response:
    """The shapes of a set as TopoJSON."""
    digest, packed = caller.zone_set_shapes(key)
    return packed_answer(request, digest, packed, "application/json")


@router.put("/zones/{key}")
def set_zone_set(key: str, body: ZonesBody, caller: Caller) -> dict[str, Any]:
    """Add a set, in the place of the one with its key; the answer tells what was repaired or left out."""
    added = caller.zone_set_add(
        key,
        json.dumps(body.geojson).encode(),
        id_property=body.id_property,
        name=body.name,
        name_property=body.name_property,
        region_property=body.region_property,
        measures=body.measures,
    )
    return _told(key, added)


@router.put("/zones/{key}/measures")
def set_zone_measures(key: str, body: MeasuresBody, caller: Caller) -> dict[str, Any]:
    """Add a set with the zones of another and, beside its measures, those of the rows, in the place of the set with its key."""
    sent = caller.upload_keep("rows.json", BytesIO(json.dumps(body.rows).encode()))
    try:
        added = caller.zone_set_measure(key, body.of, sent, id_column=body.id_column, measures=body.measures, name=body.name)
    finally:
        caller.uploads_drop([sent])
    return _told(key, added)


@router.delete("/zones/{key}")
def remove_zone_set(key: str, caller: Caller) -> dict[str, Any]:
    """Remove a set that was added."""
    caller.zone_set_remove(key)
    return {"removed": key}


@router.post("/zones/{key}/restore")
def restore_zone_set(key: str, caller: Caller) -> dict[str, Any]:
    """Bring the set of a key that was removed or replaced last back; one that has its place now goes instead."""
    back: dict[str, Any] = plain(caller.zone_set_restore(key))
    return back


def _told(key: str, added: ZoneSetAdded) -> dict[str, Any]:
    """What a set that was added has, and what was repaired, doubtful or left out."""
    zones = added.zones
    told = {"key": key, "zones": len(zones), "neighbours": len(zones.pairs), "links": len(zones.links)}
    return {**told, "findings": plain(added.findings)}
