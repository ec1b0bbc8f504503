"""The tree of territories with counts and sums, one territory whole, and the type-ahead of territories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.app.reading import TerritoryProfile
from metes.model.query import AccountQuery, Sums
from metes.web.addresses import Address
from metes.web.formatting import Reader
from metes.web.marks import Marks, colour_of, href_of
from metes.web.visits import Looking, SignedIn, Visit

router = APIRouter()
PATH = "/territories"
COLUMNS = ("Accounts", "Potential", "Revenue, 12 months", "Open pipeline")
_OPEN_AT_FIRST = 2
_MANY = 200
_MOST = 1_000
_SHOWN = 8
_OPTIONS = 20


@router.get(PATH)
def show_tree(visit: Looking) -> Response:
    """The tree."""
    active = visit.workspace.active()
    if active is None:
        return visit.page("territories.html", nodes=[], plan=None)
    tree = visit.workspace.tree()
    is_own = visit.address.get("sums") == "own"
    reader = _reader(visit)
    is_open = _open_keys(visit.address, tree)
    nodes, left = _rows(tree, is_open, visit.address, is_own, reader)
    roots = [node for node in tree if node.depth == 0]
    return visit.page(
        "territories.html",
        plan=active[1],
        nodes=nodes,
        left=left,
        columns=COLUMNS,
        count=len(tree),
        total=visit.workspace.total(),
        unassigned=visit.workspace.unassigned(),
        ways=_ways(visit.address, is_own),
        all_open=str(Address(PATH, (("open", "all"), *_sums_of(visit.address)))),
        all_shut=str(Address(PATH, (("open", ""), *_sums_of(visit.address)))),
        has_deeper=len(roots) < len(tree),
    )


@router.get("/territories/options")
def options(visit: SignedIn) -> Response:
    """Territories for the type-ahead of a picker: every word begins somewhere in name or key."""
    visit.require("look")
    field = next((name for name, _ in visit.address.query if name.endswith("_text")), "territory_text")
    words = visit.address.get(field).lower().split()
    active = visit.workspace.active()
    found = []
    for territory in active[1].preorder if active and words else ():
        if all(word in f"{territory.name} {territory.key}".lower() for word in words):
            path = " / ".join(t.label for t in reversed(tuple(active[1].ancestors(territory.key)))) if active else ""
            found.append({"key": territory.key, "text": territory.label, "second": path or territory.key})
            if len(found) == _OPTIONS:
                break
    groups = [{"group": "", "items": found}] if found else []
    return visit.fragment("territory-options.html", "options", groups=groups, has_text=bool(words))


@router.get("/territories/{key}/children")
def show_children(key: str, visit: Looking) -> Response:
    """The rows below one territory, for the tree that opens in place."""
    address = Address(PATH, _sums_of(visit.address))
    is_own = visit.address.get("sums") == "own"
    below = visit.workspace.territory(key)
    children = {node.territory.key for node in below.children}
    nodes = [
        _node(node, frozenset(), address, is_own, _reader(visit))
        for node in visit.workspace.tree()
        if node.territory.key in children
    ]
    if len(nodes) > _MANY:
        nodes = [*nodes[:_MANY], _more(key, nodes[0]["level"], len(nodes) - _MANY, _reader(visit))]
    return visit.fragment("territories.html", "rows", nodes=nodes)


@router.get("/territories/{key}")
def show(key: str, visit: Looking) -> Response:
    """One territory."""
    workspace = visit.workspace
    profile = workspace.territory(key)
    reader = _reader(visit)
    largest = workspace.accounts(
        AccountQuery(territories=workspace.keys_below(key), sort="potential", is_descending=True, rows=_SHOWN)
    )
    marks = Marks(profile.plan, largest.names)
    kind = profile.plan.type_by_key.get(profile.territory.type)
    start = visit.address.start() if visit.address.start() < len(profile.children) else 0
    end = start + _MANY
    return visit.page(
        "territory.html",
        profile=profile,
        territory=profile.territory,
        colour=colour_of(profile.territory),
        marks=marks,
        lead=" · ".join(
            part
            for part in (kind.name or kind.key if kind else profile.territory.type, profile.role, profile.territory.description)
            if part
        ),
        crumbs=[("Territories", PATH), *((t.label, href_of(t.key)) for t in profile.path)],
        figures=_figures(profile, reader),
        seats=profile.plan.seats_by_territory.get(key, ()),
        accounts=largest,
        accounts_href=f"/accounts?territory={key}&sort=-potential",
        children=[_child(node, reader) for node in profile.children[start:end]],
        children_total=len(profile.children),
        pages={
            "first": start + 1,
            "shown": len(profile.children[start:end]),
            "total": len(profile.children),
            "noun": ("territory", "territories"),
            "before": visit.address.put(after=max(0, start - _MANY)) if start else None,
            "after": visit.address.put(after=end) if end < len(profile.children) else None,
        },
        columns=COLUMNS,
        rules=[(rule, workspace.rule_text(rule.condition)) for rule in profile.territory.rules],
        bounds=_bounds(visit, key),
        today=workspace.seen_on,
        is_past=visit.is_past,
    )


def _rows(
    tree: Sequence[Any], is_open: frozenset[str], address: Address, is_own: bool, reader: Reader
) -> tuple[list[dict[str, Any]], int]:
    """The rows that show, of one parent's children the first few hundred, and how many more would show if the page were longer."""
    nodes: list[dict[str, Any]] = []
    of_parent: Counter[str] = Counter()
    left, shut = 0, None
    way: list[str] = []
    for node in tree:
        way[node.depth :] = [node.territory.key]
        if shut is not None and node.depth > shut:
            continue
        shut = None if node.territory.key in is_open else node.depth
        parent = node.territory.parent or ""
        of_parent[parent] += 1
        if parent and of_parent[parent] > _MANY:
            shut = node.depth
        elif len(nodes) < _MOST:
            nodes.append(_node(node, is_open, address, is_own, reader, way))
        else:
            left += 1
    last_of = {node["parent"]: place for place, node in enumerate(nodes)}
    level_of = {node["key"]: node["level"] for node in nodes}
    for parent, place in sorted(last_of.items(), key=lambda item: -item[1]):
        if parent and of_parent[parent] > _MANY:
            below = next((at for at in range(place + 1, len(nodes)) if nodes[at]["level"] <= nodes[place]["level"]), len(nodes))
            nodes.insert(below, _more(parent, level_of.get(parent, 0) + 1, of_parent[parent] - _MANY, reader))
    return nodes, left


def _more(parent: str, level: int, count: int, reader: Reader) -> dict[str, Any]:
    """A row that leads to the children which do not show."""
    href = f"{href_of(parent)}?after={_MANY}#below"
    more = f"{reader.number(count)} more"
    return {"key": f"{parent}/more", "level": level, "parent": parent, "more": more, "href": href, "columns": len(COLUMNS) + 1}


def _node(
    node: Any, is_open: frozenset[str], address: Address, is_own: bool, reader: Reader, way: Sequence[str] = ()
) -> dict[str, Any]:
    """One row. Where very many stand open, turning it leaves the `way` down to it open alone: an address holds only so much."""
    territory = node.territory
    rest = is_open - {territory.key} if len(is_open) <= _MANY else {key for key in way if key != territory.key}
    opened = sorted(rest if territory.key in is_open else rest | {territory.key})
    turned = Address(PATH, (*(("open", key) for key in opened or [""]), *_sums_of(address)))
    return {
        "key": territory.key,
        "name": territory.label,
        "colour": colour_of(territory),
        "href": href_of(territory.key),
        "level": node.depth + 1,
        "is_open": territory.key in is_open,
        "has_children": node.has_children,
        "parent": territory.parent or "",
        "toggle": str(turned),
        "fetch": str(Address(f"{href_of(territory.key)}/children", _sums_of(address))),
        "cells": _cells(node.own if is_own else node.whole, reader),
    }


def _cells(sums: Sums, reader: Reader) -> list[str]:
    money = [reader.money_compact(value) for value in (sums.potential, sums.revenue_12m, sums.pipeline)]
    return [reader.number(sums.accounts), *money]


def _open_keys(address: Address, tree: Sequence[Any]) -> frozenset[str]:
    """Which territories stand open: those the address names, else as many of the upper levels as can be taken in."""
    asked = address.values("open")
    if "all" in asked:
        return frozenset(node.territory.key for node in tree if node.has_children)
    if asked:
        return frozenset(asked) - {""}
    # Whoever sees a part of the tree begins where it branches below them.
    at_depth = Counter(node.depth for node in tree)
    levels = _OPEN_AT_FIRST + next(
        (depth - 1 for depth in sorted(at_depth) if depth and at_depth[depth] > 1), max(at_depth, default=0)
    )
    while levels and sum(node.depth <= levels for node in tree) > _MANY:
        levels -= 1
    return frozenset(node.territory.key for node in tree if node.has_children and node.depth < levels)


def _sums_of(address: Address) -> tuple[tuple[str, str], ...]:
    return (("sums", "own"),) if address.get("sums") == "own" else ()


def _ways(address: Address, is_own: bool) -> list[dict[str, Any]]:
    return [
        {"text": "With all below", "href": str(address.put(sums=None)), "current": not is_own},
        {"text": "Itself alone", "href": str(address.put(sums="own")), "current": is_own},
    ]


def _figures(profile: TerritoryProfile, reader: Reader) -> list[dict[str, str]]:
    key, whole = profile.territory.key, profile.whole
    rows = f"/accounts?territory={key}"
    return [
        {"value": reader.number(whole.accounts), "label": "accounts", "href": rows},
        {"value": reader.money_compact(whole.potential), "label": "potential", "href": f"{rows}&sort=-potential"},
        {"value": reader.money_compact(whole.revenue_12m), "label": "revenue, 12 months", "href": f"{rows}&sort=-revenue_12m"},
        {"value": reader.money_compact(whole.pipeline), "label": "open pipeline", "href": f"{rows}&sort=-pipeline"},
    ]


def _child(node: Any, reader: Reader) -> dict[str, Any]:
    territory = node.territory
    mark = {"name": territory.label, "colour": colour_of(territory), "href": href_of(territory.key)}
    return {**mark, "cells": _cells(node.whole, reader)}


def _bounds(visit: Visit, key: str) -> str:
    """The window of the territory's map as the element takes it; empty where no account has a place."""
    box = visit.workspace.bounds(key)
    if box is None:
        return ""
    wide, high = (max(0.3, (end - start) * 0.12) for start, end in ((box.west, box.east), (box.south, box.north)))
    ends = (box.west - wide, max(-85.0, box.south - high), box.east + wide, min(85.0, box.north + high))
    return ",".join(f"{degrees:.4f}" for degrees in ends)


def _reader(visit: Visit) -> Reader:
    settings = visit.workspace.settings()
    return Reader(settings.locale, settings.reporting_currency, settings.time_zone)
