"""Where one can go: the rail's sections and the tabs of a phone. A place appears for whoever can use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from metes.model.access import Capability
from metes.web.shell import Place, Section

_C = Capability
May = Callable[[Capability], bool]
HOME = Place("Home", "/", "home")
MAP = Place("Map", "/map", "map", asks=_C.LOOK)
TERRITORIES = Place("Territories", "/territories", "tree", asks=_C.LOOK)
ACCOUNTS = Place("Accounts", "/accounts", "list", asks=_C.LOOK)
PEOPLE = Place("People", "/people", "people", asks=_C.LOOK)
# Pages of one's own settings: the menu under one's name leads there.
ONES_OWN = ("/settings/access", "/settings/notices", "/settings/security", "/settings/tokens")
MORE = Place("More", "/more", "more")

SECTIONS = (
    Section("", (HOME, MAP, TERRITORIES, ACCOUNTS, PEOPLE)),
    Section(
        "Plan",
        (
            Place("Rules", "/plan", asks=_C.PLAN_READ),
            Place("Design", "/designs", asks=_C.PLAN_READ),
            Place("Scenarios", "/scenarios", asks=_C.PLAN_READ),
            Place("Reviews", "/reviews", asks=_C.REVIEW),
        ),
    ),
    Section("Inbox", (Place("Notices", "/notices", is_own=True),)),
    Section("Data", (Place("Import", "/import", asks=_C.DATA_IMPORT), Place("Zones", "/zones", asks=_C.PLAN_READ))),
    Section(
        "Admin",
        (
            Place("Settings", "/settings", asks=_C.ADMIN, without=ONES_OWN),
            Place("Users", "/users", asks=_C.ADMIN, also=("/groups", "/roles", "/settings/rights")),
            Place("Audit", "/audit", asks=_C.AUDIT_READ),
            Place("Personal data", "/privacy", asks=_C.PRIVACY),
            Place("Jobs", "/jobs", asks=_C.PLAN_READ),
        ),
    ),
)

TABS = (HOME, ACCOUNTS, MAP, TERRITORIES, MORE)


def sections_for(may: May, *, is_viewed: bool = False) -> tuple[Section, ...]:
    """The sections with the places that somebody can use; those without any are left out."""
    found = (
        Section(section.title, [p for p in _usable(section.places, may) if not (is_viewed and p.is_own)]) for section in SECTIONS
    )
    return tuple(section for section in found if section.places)


def tabs_for(may: May) -> tuple[Place, ...]:
    """The tabs of a phone that somebody can use."""
    return _usable(TABS, may)


def _usable(places: Sequence[Place], may: May) -> tuple[Place, ...]:
    return tuple(place for place in places if place.asks is None or may(place.asks))
