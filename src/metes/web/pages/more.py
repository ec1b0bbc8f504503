"""Every place in one list, for phones, where the rail does not fit."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from metes.web.navigation import SECTIONS, TABS
from metes.web.shell import Section
from metes.web.visits import SignedIn

router = APIRouter()


@router.get("/more")
def show(visit: SignedIn) -> Response:
    """The places that are not among the tabs."""
    tabs = {place.href for place in TABS}
    sections = [Section(s.title or "Look", [place for place in s.places if place.href not in tabs]) for s in SECTIONS]
    return visit.page("more.html", sections=[s for s in sections if s.places])
