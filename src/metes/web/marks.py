"""Territories as pages show them: name, colour and address by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from metes.model.plan import Plan, Territory
from metes.web.rendering import TERRITORY_COLOURS


@dataclass(frozen=True, slots=True)
class Marks:
    """The territories of one plan; without a plan, and for territories gone from it, the key stands alone.

    Of territories that the reader does not see `names` may give the name; they have no address.
    """

    plan: Plan | None
    names: Mapping[str, str] = field(default_factory=dict)

    def of(self, key: str | None) -> dict[str, Any] | None:
        """Name, colour and address of a territory; None where there is no key."""
        if not key:
            return None
        territory = self.plan.territory_by_key.get(key) if self.plan else None
        if territory is None:
            return {"name": self.names.get(key, key), "colour": None, "href": "", "key": key}
        return {"name": territory.label, "colour": colour_of(territory), "href": href_of(key), "key": key}

    def name(self, key: str) -> str:
        """The territory's name."""
        mark = self.of(key)
        return str(mark["name"]) if mark else ""


def colour_of(territory: Territory) -> int:
    """The territory's colour; one made from its key, so that it never changes, where the plan names none."""
    return territory.colour if territory.colour is not None else crc32(territory.key.encode()) % TERRITORY_COLOURS


def href_of(key: str) -> str:
    """The address of a territory's page; keys hold nothing that needs quoting."""
    return f"/territories/{key}"
