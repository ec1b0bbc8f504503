"""A plan as a tree of content-hashed nodes: equal parts share a node, and a change gives new hashes only to what stands above it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, replace
from datetime import date
from typing import Any, TypeAlias

from metes.base.dates import ALWAYS, Period
from metes.base.ids import content_hash
from metes.base.memory import uncollected
from metes.model import condition
from metes.model.plan import Area, NamedList, Pin, Plan, Policy, Role, Rule, Seat, Territory, TerritoryType
from metes.plan.order import in_order, pin_order

Content = dict[str, Any]
# Territories read before, by the hashes of their nodes, each with its seats and its children's hashes.
Known: TypeAlias = dict[str, tuple[Territory, tuple[Seat, ...], tuple[str, ...]]]


@uncollected()
def nodes_of(plan: Plan) -> tuple[str, Mapping[str, Content]]:
    """The root's hash, and the JSON content of every node by its hash.

    A territory's node holds its own fields, rules and seats and the hashes of its children; each list and each area is a node, all types are
    one, and pins and exclusions stand in up to 256 buckets by the first byte of SHA-256 of the account. What has its default is
    left out, so that a field added later changes no hash. Linear in the plan; `plan_of` gives the plan back in canonical order.

    Raises
    ------
    InputError
        Where the territories are no tree.
    """
    plan = in_order(plan)
    nodes: dict[str, Content] = {}

    def put(content: Content) -> str:
        key = content_hash(content)
        nodes[key] = content
        return key

    hash_of_territory: dict[str, str] = {}
    for territory in reversed(plan.preorder):
        children = [hash_of_territory[child.key] for child in plan.children_by_key.get(territory.key, ())]
        hash_of_territory[territory.key] = put(_territory(plan, territory, children))
    root = _told(plan, without=("types", "territories", "lists", "areas", "pins", "seats"))
    root |= {
        "is": "plan",
        "types": put({"is": "types", "types": [_told(kind) for kind in plan.types]}),
        "territories": [hash_of_territory[t.key] for t in plan.children_by_key.get(None, ())],
        "lists": [put({"is": "list", **_told(named), "values": list(named.values)}) for named in plan.lists],
        "pins": {name: put({"is": "pins", "pins": pins}) for name, pins in sorted(_buckets(plan.pins).items())},
    }
    if plan.areas:
        root["areas"] = [put({"is": "area", **_told(area)}) for area in plan.areas]
    return put(root), nodes


@uncollected()
def plan_of(root: str, get: Callable[[str], Content], known: Known | None = None) -> Plan:
    """The plan of a root's hash; `get` hands out the content of a node by its hash and is asked once for each place.

    Territories whose nodes are `known` are not asked for: they are those of the plans read before, so that what two plans have in
    common is the same object. Those read now are added.
    """
    known = {} if known is None else known
    content = get(root)
    territories: list[Territory] = []
    seats: list[Seat] = []
    stack: list[tuple[str, str | None]] = [(key, None) for key in reversed(content["territories"])]
    while stack:
        key, parent = stack.pop()
        if key not in known:
            node = get(key)
            own = tuple(_seat_of(seat, node["key"]) for seat in node.get("seats", ()))
            known[key] = (_territory_of(node, parent), own, tuple(node.get("children", ())))
        territory, own, children = known[key]
        territories.append(territory if territory.parent == parent else replace(territory, parent=parent))
        seats.extend(own)
        stack.extend((child, territory.key) for child in reversed(children))
    pins = (_pin_of(pin) for key in content["pins"].values() for pin in get(key)["pins"])
    # What was kept was in order; only pins stand in buckets.
    return Plan(
        **{name: content[name] for name in ("key", "name", "description", "comment") if name in content},
        types=tuple(_type_of(kind) for kind in get(content["types"])["types"]),
        territories=tuple(territories),
        lists=tuple(_list_of(get(key)) for key in content["lists"]),
        areas=tuple(_area_of(get(key)) for key in content.get("areas", ())),
        pins=tuple(sorted(pins, key=pin_order)),
        seats=tuple(seats),
    )


def _told(part: Any, without: Iterable[str] = ()) -> Content:
    """The fields of a part that differ from their defaults, enumerations as text."""
    content = {}
    for field in fields(part):
        value = getattr(part, field.name)
        if field.name not in without and (field.default is MISSING or value != field.default):
            content[field.name] = value.value if isinstance(value, Role | Policy) else value
    return content


def _territory(plan: Plan, territory: Territory, children: list[str]) -> Content:
    content = {"is": "territory", **_told(territory, without=("parent", "rules", "share"))}
    if territory.share is not None:
        content["share"] = float(territory.share)
    if territory.rules:
        content["rules"] = [_rule(rule) for rule in territory.rules]
    if seats := plan.seats_by_territory.get(territory.key, ()):
        content["seats"] = [_seat(seat) for seat in seats]
    if children:
        content["children"] = children
    return content


def _seat(seat: Seat) -> Content:
    content = _told(seat, without=("territory",))
    return content | ({"licences": list(seat.licences)} if seat.licences else {})


def _seat_of(content: Content, territory: str) -> Seat:
    return Seat(**{**content, "licences": tuple(content.get("licences", ()))}, territory=territory)


def _rule(rule: Rule) -> Content:
    return {**_told(rule, without=("condition",)), "condition": condition.to_json(rule.condition)}


def _territory_of(node: Content, parent: str | None) -> Territory:
    own = {name: value for name, value in node.items() if name not in ("is", "rules", "seats", "children")}
    rules = tuple(Rule(**{**rule, "condition": condition.from_json(rule["condition"])}) for rule in node.get("rules", ()))
    return Territory(**own, parent=parent, rules=rules)


def _type_of(content: Content) -> TerritoryType:
    role, policy = Role(content.get("role", Role.PRIMARY)), Policy(content.get("policy", Policy.PRIORITY))
    return TerritoryType(**{**content, "role": role, "policy": policy})


def _list_of(node: Content) -> NamedList:
    own = {name: value for name, value in node.items() if name != "is"}
    return NamedList(**{**own, "values": tuple(node["values"])})


def _area_of(node: Content) -> Area:
    return Area(**{name: value for name, value in node.items() if name != "is"})


def _buckets(pins: Iterable[Pin]) -> dict[str, list[Content]]:
    """Pins and exclusions by the first byte of their account's hash, in two hexadecimal digits."""
    buckets: dict[str, list[Content]] = {}
    for pin in pins:
        bucket = hashlib.sha256(pin.account.encode()).hexdigest()[:2]
        buckets.setdefault(bucket, []).append(_pin(pin))
    return buckets


def _pin(pin: Pin) -> Content:
    content = _told(pin, without=("period",))
    days = {"from": pin.period.start, "to": pin.period.end}
    return content | {name: day.isoformat() for name, day in days.items() if day is not None}


def _pin_of(content: Content) -> Pin:
    start, end = (date.fromisoformat(content[name]) if name in content else None for name in ("from", "to"))
    own = {name: value for name, value in content.items() if name not in ("from", "to")}
    return Pin(**own, period=ALWAYS if start is end is None else Period(start, end))
