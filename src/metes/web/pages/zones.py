"""What maps draw zones from: a set's shapes in one piece, and as vector tiles where they are many."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from metes.web.packed import packed_answer
from metes.web.visits import SignedIn

router = APIRouter()


@router.get("/zones/{key}/shapes.json")
def shapes(request: Request, visit: SignedIn, key: str) -> Response:
    """A set as TopoJSON."""
    digest, packed = visit.workspace.zone_set_shapes(key)
    return packed_answer(request, digest, packed, "application/json")


@router.get("/zones/{key}/tiles/{zoom}/{x}/{y}.mvt")
def tile(request: Request, visit: SignedIn, key: str, zoom: int, x: int, y: int) -> Response:
    """A vector tile of a set."""
    digest, packed = visit.workspace.zone_set_tile(key, zoom, x, y)
    return packed_answer(request, digest, packed, "application/vnd.mapbox-vector-tile")
