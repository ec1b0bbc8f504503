"""What each part of a plan's text may hold: the one table behind the reader and the JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

from metes.model.plan import Policy, Role
from metes.plan.limits import COLOURS


class Form(StrEnum):
    """What a property holds, in the words of a finding."""

    KEY = "a key"
    TEXT = "a text"
    INTEGER = "a whole number"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    DAY = "a day such as 2024-03-14"
    RULE = "the text of a rule"
    TEXTS = "a list of texts"
    ITEMS = "a list of mappings"
    GEOMETRY = "GeoJSON with polygons"


@dataclass(frozen=True, slots=True)
class Property:
    """One line of a mapping. `shape` names the shape of each item where the form is ITEMS; `synonyms` are what people write instead."""

    name: str
    form: Form
    description: str
    is_required: bool = False
    choices: tuple[str, ...] = ()
    shape: str = ""
    synonyms: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Shape:
    """A mapping with its properties in canonical order."""

    name: str
    title: str
    properties: tuple[Property, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Property]:
        """Properties by name."""
        return MappingProxyType({p.name: p for p in self.properties})

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The names that must be there."""
        return tuple(p.name for p in self.properties if p.is_required)

    @cached_property
    def by_synonym(self) -> Mapping[str, str]:
        """What people write instead, to the name meant."""
        return MappingProxyType({word: p.name for p in self.properties for word in p.synonyms})


def _key(what: str, *synonyms: str) -> Property:
    return Property("key", Form.KEY, f"Stable key of the {what}; never reused.", is_required=True, synonyms=("id", *synonyms))


def _name(what: str) -> Property:
    return Property("name", Form.TEXT, f"Name of the {what} for people.", synonyms=("label", "title"))


TYPE: Final = Shape(
    "type",
    "type",
    (
        _key("type"),
        _name("type"),
        Property("role", Form.TEXT, "What its territories are to their accounts.", choices=tuple(Role)),
        Property("policy", Form.TEXT, "How overlap within the type is settled.", choices=tuple(Policy)),
        Property("priority", Form.INTEGER, "Precedence among primary types, the lower number first.", synonyms=("rank", "order")),
        Property("kind", Form.TEXT, "What cuts its territories, such as geographic or industry."),
    ),
)

RULE: Final = Shape(
    "rule",
    "rule",
    (
        _key("rule"),
        _name("rule"),
        Property("priority", Form.INTEGER, "Precedence among rules, the lower number first.", synonyms=("rank", "order")),
        Property(
            "when",
            Form.RULE,
            "The condition, such as: country = 'US' and region in ('US-CA', 'US-OR').",
            is_required=True,
            synonyms=("condition", "criteria", "where", "if", "rule"),
        ),
        Property("note", Form.TEXT, "Why the rule is as it is."),
    ),
)

SEAT: Final = Shape(
    "seat",
    "seat",
    (
        _key("seat"),
        _name("seat"),
        Property("role", Form.TEXT, "What who sits here does, such as account executive."),
        Property("owns", Form.BOOLEAN, "Whether who sits here owns the territory's accounts.", synonyms=("owner", "is_owner")),
        Property("capacity_hours", Form.INTEGER, "Hours in a year.", synonyms=("capacity", "hours"), low=0),
        Property(
            "base_latitude",
            Form.NUMBER,
            "Latitude of the home base in degrees, with its longitude.",
            synonyms=("latitude", "lat"),
            low=-90,
            high=90,
        ),
        Property(
            "base_longitude",
            Form.NUMBER,
            "Longitude of the home base in degrees, with its latitude.",
            synonyms=("longitude", "lon", "lng"),
            low=-180,
            high=180,
        ),
        Property("ramp_share", Form.NUMBER, "Share of the capacity while new, above 0 to 1.", synonyms=("ramp",), low=0, high=1),
        Property(
            "licences", Form.TEXTS, "What may be sold or done from here, as tags.", synonyms=("licenses", "licence", "license")
        ),
    ),
)

TERRITORY: Final = Shape(
    "territory",
    "territory",
    (
        _key("territory"),
        _name("territory"),
        Property("type", Form.KEY, "Key of its type.", is_required=True),
        Property("share", Form.NUMBER, "Its share under the policy 'split', from 0 to 1.", low=0, high=1),
        Property("colour", Form.INTEGER, f"Its colour on the map, 0 to {COLOURS - 1}.", synonyms=("color",)),
        Property("catch_all", Form.BOOLEAN, "Whether it takes what nothing else takes.", synonyms=("catchall", "is_catch_all")),
        Property("description", Form.TEXT, "What the territory is for."),
        Property("rules", Form.ITEMS, "Conditions that claim accounts.", shape="rule", synonyms=("rule",)),
        Property("seats", Form.ITEMS, "Positions on the territory.", shape="seat", synonyms=("seat",)),
        Property("children", Form.ITEMS, "Territories below it.", shape="territory", synonyms=("territories",)),
    ),
)

LIST: Final = Shape(
    "list",
    "named list",
    (
        _key("list"),
        _name("list"),
        Property("values", Form.TEXTS, "The codes, one a line.", is_required=True, synonyms=("codes", "items")),
    ),
)

AREA: Final = Shape(
    "area",
    "area",
    (
        _key("area"),
        _name("area"),
        Property(
            "geometry", Form.GEOMETRY, "GeoJSON with polygons, in degrees.", is_required=True, synonyms=("geojson", "polygon")
        ),
    ),
)

PIN: Final = Shape(
    "pin",
    "pin or exclusion",
    (
        Property("account", Form.TEXT, "Key of the account.", is_required=True),
        Property("territory", Form.KEY, "Key of the territory.", is_required=True),
        Property("reason", Form.TEXT, "Why.", is_required=True, synonyms=("note", "because")),
        Property("author", Form.TEXT, "Who decided.", synonyms=("by",)),
        Property("from", Form.DAY, "First day on which it holds.", synonyms=("start", "since")),
        Property("to", Form.DAY, "First day on which it no longer holds.", synonyms=("end", "until")),
    ),
)

PINS: Final = Shape(
    "pins",
    "file of pins",
    (
        Property("pins", Form.ITEMS, "Accounts fixed to a territory by hand.", shape="pin"),
        Property("exclusions", Form.ITEMS, "Accounts kept out of a territory by hand.", shape="pin"),
    ),
)

PLAN: Final = Shape(
    "plan",
    "plan",
    (
        _key("plan"),
        _name("plan"),
        Property("description", Form.TEXT, "What the plan is for."),
        Property("types", Form.ITEMS, "Classes of territories.", shape="type"),
        Property("territories", Form.ITEMS, "The roots of the tree, when the plan is one file.", shape="territory"),
        Property("lists", Form.ITEMS, "Named lists, when the plan is one file.", shape="list"),
        Property("areas", Form.ITEMS, "Named parts of the map, when the plan is one file.", shape="area"),
        *PINS.properties,
    ),
)

SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {shape.name: shape for shape in (PLAN, TYPE, TERRITORY, RULE, SEAT, LIST, AREA, PINS, PIN)}
)
