"""Reads TopoJSON: shapes whose common borders are stored once, and so who is next to whom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from metes.intake.date_line import pieces_on_earth

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Layer:
    """The shapes of one object of a topology: ids (None where a shape has none), properties, geometry in degrees, neighbours by arc.

    `shapes` (n,) are polygons, None where nothing is left; `pairs` (p, 2) are shapes with an arc in common, the lower number first.
    """

    ids: tuple[str | None, ...]
    properties: tuple[Mapping[str, Any], ...]
    shapes: Shapes
    pairs: npt.NDArray[np.int32]


def read_layer(path: Path, name: str) -> Layer:
    """The layer of this name in a TopoJSON file. Rings of fewer than 4 positions enclose nothing and are left out.

    Linear in the positions. Source: the TopoJSON format specification, 1.0. LookupError where there is no such object.
    """
    topology = json.loads(path.read_text(encoding="utf-8"))
    if name not in topology["objects"]:
        raise LookupError(f"{path.name} has no object {name}; it has {', '.join(topology['objects'])}")
    members = topology["objects"][name]["geometries"]
    arcs = _arcs(topology)
    shapes = np.full(len(members), None, np.object_)
    for at, member in enumerate(members):
        shapes[at] = _shape(_polygons(member), arcs)
    broken = np.flatnonzero(~shapely.is_valid(shapes) & ~shapely.is_missing(shapes))
    for at in broken.tolist():
        shapes[at] = shapely.make_valid(shapes[at], method="structure", keep_collapsed=False)
    ids = tuple(None if member.get("id") is None else str(member["id"]) for member in members)
    properties = tuple(member.get("properties") or {} for member in members)
    return Layer(ids, properties, shapes, _pairs_by_arc(members))


def _arcs(topology: Mapping[str, Any]) -> list[Floats]:
    """Each arc's positions (m, 2) in degrees: the sum of its steps, scaled and moved."""
    transform = topology.get("transform")
    arcs = [np.array(arc, np.float64)[:, :2] for arc in topology["arcs"]]
    if transform is None:
        return arcs
    scale, translate = np.array(transform["scale"]), np.array(transform["translate"])
    return [np.clip(np.cumsum(arc, axis=0) * scale + translate, [-180.0, -90.0], [180.0, 90.0]) for arc in arcs]


def _polygons(member: Mapping[str, Any]) -> Sequence[Sequence[Sequence[int]]]:
    """The polygons of a geometry as rings of arc numbers."""
    match member.get("type"):
        case "Polygon":
            return [member["arcs"]]
        case "MultiPolygon":
            polygons: Sequence[Sequence[Sequence[int]]] = member["arcs"]
            return polygons
        case _:
            return []


def _shape(polygons: Sequence[Sequence[Sequence[int]]], arcs: list[Floats]) -> shapely.MultiPolygon | shapely.Polygon | None:
    parts = []
    for polygon in polygons:
        rings = [_ring(ring, arcs) for ring in polygon]
        if not rings or len(rings[0]) < 4:
            continue
        sound = [ring for ring in rings if len(ring) >= 4]
        # World maps are stitched together at the date line, so that a border steps over it from 180 to -180.
        if any((np.abs(np.diff(ring[:, 0])) > 180).any() for ring in sound):
            parts.extend(pieces_on_earth(sound))
        else:
            parts.append(shapely.Polygon(sound[0], sound[1:]))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _ring(ring: Sequence[int], arcs: list[Floats]) -> Floats:
    """A closed ring: its arcs end to end, those with a negative number (ones' complement) backwards; no position twice in a row."""
    pieces = [arcs[~number][::-1] if number < 0 else arcs[number] for number in ring]
    joined = np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])
    is_new = np.append(True, (np.diff(joined, axis=0) != 0).any(axis=1))
    return np.asarray(joined[is_new])


def _pairs_by_arc(members: Sequence[Mapping[str, Any]]) -> npt.NDArray[np.int32]:
    """Pairs of geometries that use the same arc."""
    users: dict[int, list[int]] = {}
    for at, member in enumerate(members):
        for number in {number if number >= 0 else ~number for polygon in _polygons(member) for ring in polygon for number in ring}:
            users.setdefault(number, []).append(at)
    found = {(one, other) for shared in users.values() for i, one in enumerate(shared) for other in shared[i + 1 :]}
    return np.array(sorted(found), np.int32).reshape(-1, 2)
