"""What surrounds every page: where one can go, who one is, which plan one is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metes.model.access import Capability
from metes.web.past import Past

THEMES = frozenset({"light", "dark"})


def theme_of(cookies: Mapping[str, str]) -> str:
    """The theme that a browser's cookies ask for: `light`, `dark`, or empty for the system's."""
    theme = cookies.get("metes_theme", "")
    return theme if theme in THEMES else ""


@dataclass(frozen=True, slots=True)
class Place:
    """A page one can go to; `symbol` is its icon among the tabs of a phone, `badge` a count of what waits there.

    `asks` is the capability without which there is nothing there (None: it is for everybody); `is_own` says that it shows what is one's own
    alone, which nobody sees who looks at the pages as somebody else; `also` are pages that belong to it without standing below it.
    """

    text: str
    href: str
    symbol: str = "list"
    badge: int = 0
    asks: Capability | None = None
    is_own: bool = False
    also: tuple[str, ...] = ()
    # Pages below it that are no part of it.
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Places under one heading of the rail; the first section has none."""

    title: str
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Shell:
    """The surroundings of a page. Without sections (sign-in, errors before it) only the page stands there.

    `past` is the day of a page that can show another one. `plan` is the pill's text and address, `theme` is `light`, `dark` or empty for the system's, notices are (tone, text),
    `unread` counts the notices that the bell tells of. `viewer` is the administrator who looks at the page as `person`.
    """

    path: str
    csrf_token: str = ""
    person: str = ""
    role: str = ""
    plan: tuple[str, str] | None = None
    sections: Sequence[Section] = ()
    tabs: Sequence[Place] = ()
    theme: str = ""
    notices: Sequence[tuple[str, str]] = ()
    past: Past | None = None
    unread: int = 0
    viewer: str = ""

    def is_here(self, place: Place) -> bool:
        """Whether the page belongs to the place: its own address or one below it, unless it is nearer to another."""
        reach = self._reach(place)
        others = (other for section in self.sections for other in section.places)
        return reach > 0 and reach >= max(map(self._reach, others), default=0)

    def _reach(self, place: Place) -> int:
        """How much of the page's address a place stands for; 0 where the page is no part of it."""
        if any(self.path == href or self.path.startswith(f"{href}/") for href in place.without):
            return 0
        found = [
            href for href in (place.href, *place.also) if self.path == href or (href != "/" and self.path.startswith(f"{href}/"))
        ]
        return max(map(len, found), default=0)
