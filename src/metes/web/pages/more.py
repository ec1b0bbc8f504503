"""Every place in one list, for phones, where the rail does not fit."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from metes.web.navigation import TABS, sections_for
from metes.web.shell import Section
from metes.web.visits import SignedIn

router = APIRouter()


@router.get("/more")
def show(visit: SignedIn) -> Response:
    """The places that are not among the tabs."""
    tabs = {place.href for place in TABS}
    found = sections_for(visit.may, is_viewed=bool(visit.viewer))
    sections = [Section(s.title or "Look", tuple(place for place in s.places if place.href not in tabs)) for s in found]
    return visit.page("more.html", sections=[s for s in sections if s.places])
