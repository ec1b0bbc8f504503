"""Where one can go: the rail's sections and the tabs of a phone. A place appears with its capability."""

from __future__ import annotations

from metes.web.shell import Place, Section

HOME = Place("Home", "/", "home")
MAP = Place("Map", "/map", "map")
TERRITORIES = Place("Territories", "/territories", "tree")
ACCOUNTS = Place("Accounts", "/accounts", "list")
PEOPLE = Place("People", "/people", "people")
MORE = Place("More", "/more", "more")

SECTIONS = (
    Section("", (HOME, MAP, TERRITORIES, ACCOUNTS, PEOPLE)),
    Section(
        "Plan",
        (Place("Rules", "/plan"), Place("Design", "/designs"), Place("Scenarios", "/scenarios"), Place("Reviews", "/reviews")),
    ),
    Section("Inbox", (Place("Notices", "/notices"),)),
    Section("Data", (Place("Import", "/import"), Place("Zones", "/zones"))),
    Section("Admin", (Place("Settings", "/settings"), Place("Users", "/users"), Place("Audit", "/audit"), Place("Jobs", "/jobs"))),
)

TABS = (HOME, ACCOUNTS, MAP, TERRITORIES, MORE)
