"""Types, named lists and areas of a plan, changed in a draft."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from metes.base.errors import NotFound
from metes.model.plan import NamedList, Policy, Role, TerritoryType
from metes.web.api.access import Caller, plain

router = APIRouter(tags=["plans"])


class TypeBody(BaseModel):
    """A type of territories."""

    name: str = Field(default="", max_length=200)
    role: Role = Role.PRIMARY
    policy: Policy = Policy.PRIORITY
    priority: int = Field(default=100, ge=-1_000_000, le=1_000_000)
    kind: str = Field(default="geographic", max_length=200)


class ListBody(BaseModel):
    """A named list; a value given twice is kept once."""

    values: list[str] = Field(max_length=1_000_000)
    name: str = Field(default="", max_length=200)


class AreaBody(BaseModel):
    """An area as GeoJSON; name and comment are the feature's where none are given."""

    geojson: dict[str, Any]
    name: str | None = Field(default=None, max_length=200)
    comment: str | None = Field(default=None, max_length=2000)


class AreasBody(BaseModel):
    """Features of which those with one value of a property make an area each."""

    geojson: dict[str, Any]
    property: str = Field(min_length=1, max_length=200)
    prefix: str = Field(default="", max_length=60)


@router.put("/plans/{reference}/types/{key}")
def set_type(reference: str, key: str, body: TypeBody, caller: Caller) -> dict[str, Any]:
    """Put a type into a draft; of a published plan a new draft is made."""
    old = caller.plan_show(reference)[1].type_by_key.get(key)
    kind = TerritoryType(key, body.name, body.role, body.policy, body.priority, body.kind, old.comment if old else "")
    revision: dict[str, Any] = plain(caller.type_set(kind, reference=reference))
    return revision


@router.delete("/plans/{reference}/types/{key}")
def remove_type(reference: str, key: str, caller: Caller) -> dict[str, Any]:
    """Take a type that no territory has out of a draft."""
    revision: dict[str, Any] = plain(caller.type_remove(key, reference=reference))
    return revision


@router.get("/plans/{reference}/lists")
def list_lists(reference: str, caller: Caller) -> list[dict[str, Any]]:
    """The named lists of a revision: their number of values, and the rules that ask for them."""
    asked = caller.list_asked(reference)
    lists = caller.plan_show(reference)[1].lists
    return [{"key": n.key, "name": n.name, "values": len(n.values), "rules": _rules(asked.get(n.key, ()))} for n in lists]


@router.get("/plans/{reference}/lists/{key}")
def get_list(reference: str, key: str, caller: Caller) -> dict[str, Any]:
    """One named list with its values."""
    named = caller.plan_show(reference)[1].list_by_key.get(key)
    if named is None:
        raise NotFound(f"the plan has no list '{key[:80]}'; /plans/{reference}/lists names those it has")
    return {"key": named.key, "name": named.name, "values": list(named.values)}


@router.put("/plans/{reference}/lists/{key}")
def set_list(reference: str, key: str, body: ListBody, caller: Caller) -> dict[str, Any]:
    """Put a named list into a draft; the answer tells how many values stood there more than once."""
    old = caller.plan_show(reference)[1].list_by_key.get(key)
    saved = caller.list_set(NamedList(key, tuple(body.values), body.name, old.comment if old else ""), reference=reference)
    return {"revision": plain(saved.revision), "values": len(saved.named.values), "repeated": saved.repeated}


@router.delete("/plans/{reference}/lists/{key}")
def remove_list(reference: str, key: str, caller: Caller) -> dict[str, Any]:
    """Take a named list out of a draft."""
    revision: dict[str, Any] = plain(caller.list_remove(key, reference=reference))
    return revision


@router.get("/plans/{reference}/areas")
def list_areas(reference: str, caller: Caller) -> list[dict[str, Any]]:
    """The areas of a revision: size, box, and the rules that ask for them."""
    areas: list[dict[str, Any]] = plain(caller.plan_area_list(reference))
    return areas


@router.post("/plans/{reference}/areas")
def add_areas(reference: str, body: AreasBody, caller: Caller) -> dict[str, Any]:
    """Put an area for each value of a property into a draft."""
    added = caller.plan_area_add_each(json.dumps(body.geojson), body.property, prefix=body.prefix, reference=reference)
    return _added(added)


@router.get("/plans/{reference}/areas/{key}")
def get_area(reference: str, key: str, caller: Caller) -> dict[str, Any]:
    """One area: size, box, the rules that ask for it, and its GeoJSON."""
    summary = caller.plan_area_show(key, reference)[0]
    return {**plain(summary), "geojson": json.loads(caller.plan_area_text(key, reference))}


@router.put("/plans/{reference}/areas/{key}")
def set_area(reference: str, key: str, body: AreaBody, caller: Caller) -> dict[str, Any]:
    """Put an area into a draft; the answer tells what was doubtful about its border."""
    added = caller.plan_area_add(key, json.dumps(body.geojson), name=body.name, comment=body.comment, reference=reference)
    return _added(added)


@router.delete("/plans/{reference}/areas/{key}")
def remove_area(reference: str, key: str, caller: Caller) -> dict[str, Any]:
    """Take an area out of a draft."""
    revision: dict[str, Any] = plain(caller.plan_area_remove(key, reference=reference))
    return revision


def _added(added: Any) -> dict[str, Any]:
    return {"revision": plain(added.revision), "areas": [area.key for area in added.areas], "findings": plain(added.findings)}


def _rules(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"territory": territory, "rule": rule} for territory, rule in pairs]
