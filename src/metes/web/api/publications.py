"""Publications: what they promised and told, cancelled before their day, taken back after it, read by those they concern."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from metes.web.api.access import Caller, plain

router = APIRouter(tags=["plans"])


class Reason(BaseModel):
    """Why a publication is cancelled."""

    reason: str = Field(min_length=1, max_length=10_000)


class Revert(BaseModel):
    """How conflicts with later changes are settled, by their key, and a note."""

    choices: dict[str, Literal["ours", "theirs", "base"]] = Field(default_factory=dict, max_length=100_000)
    note: str = Field(default="", max_length=2000)


@router.get("/publications")
def list_publications(caller: Caller) -> list[dict[str, Any]]:
    """Every publication, cancelled ones among them, the last recorded first."""
    found: list[dict[str, Any]] = plain(caller.publications())
    return found


@router.get("/publications/{publication}")
def get_publication(
    publication: int,
    caller: Caller,
    at: Annotated[date | None, Query(description="What was true on this day, moves and hand-overs counted; else today.")] = None,
) -> dict[str, Any]:
    """One publication with its messages, and what it promised against what is true."""
    record: dict[str, Any] = plain(caller.publication(publication, at=at))
    return record


@router.get("/plans/{reference}/messages")
def preview_messages(
    reference: str,
    caller: Caller,
    on: Annotated[date | None, Query(description="The day it would take over; else today.")] = None,
    rationale: Annotated[str, Query(max_length=10_000, description="The reason that would be sent.")] = "",
) -> list[dict[str, Any]]:
    """What each person would be told if a scenario were published."""
    told: list[dict[str, Any]] = plain(caller.publish_preview(reference, on=on, rationale=rationale))
    return told


@router.post("/publications/{publication}/cancel")
def cancel_publication(publication: int, body: Reason, caller: Caller) -> dict[str, Any]:
    """Cancel a publication before its day; its revision is a scenario again."""
    revision: dict[str, Any] = plain(caller.plan_cancel(publication, body.reason))
    return revision


@router.post("/publications/{publication}/revert")
def revert_publication(publication: int, body: Revert, caller: Caller) -> dict[str, Any]:
    """Begin a scenario that takes a publication back; conflicts that nobody settled are told, and nothing is begun."""
    made = caller.plan_revert(publication, choices=body.choices, note=body.note)
    return {"revision": plain(made.revision), "conflicts": plain(made.conflicts)}


@router.get("/messages")
def list_messages(caller: Caller) -> list[dict[str, Any]]:
    """What publications told the person whom the caller is linked to, the newest first."""
    told: list[dict[str, Any]] = plain(caller.messages_to_me())
    return told


@router.post("/publications/{publication}/acknowledge", status_code=204)
def acknowledge_publication(publication: int, caller: Caller) -> None:
    """Note that the person whom the caller is linked to has read what a publication told them."""
    caller.publication_acknowledge(publication)
