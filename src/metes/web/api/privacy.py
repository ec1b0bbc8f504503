"""Personal data: the register, looking somebody up, handing out what is held, erasing it, and how long it is kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from metes.web.api.access import Caller, plain

router = APIRouter(prefix="/privacy", tags=["privacy"])


class Confirmation(BaseModel):
    """The name of who is to be erased, exactly as it stands."""

    confirmed: str = Field(max_length=400)


@router.get("/register")
def show_register(caller: Caller) -> list[dict[str, Any]]:
    """Each column that can hold what identifies a person: whose, what for, how long, and what erasing does."""
    found: list[dict[str, Any]] = plain(caller.privacy_register())
    return found


@router.get("/people")
def look_up(caller: Caller, q: Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]) -> list[dict[str, Any]]:
    """People, contacts, leads and users of an id, or with this in the name or e-mail address."""
    found: list[dict[str, Any]] = plain(caller.privacy_find(q))
    return found


@router.get("/retention")
def show_retention(caller: Caller) -> list[dict[str, Any]]:
    """How long what is kept, and how much is older now."""
    found: list[dict[str, Any]] = plain(caller.privacy_retention())
    return found


@router.post("/retention")
def retain(caller: Caller) -> dict[str, int]:
    """Take out now what is older than the rules allow; rows by rule."""
    return dict(caller.privacy_retain())


@router.get("/{kind}/{number}")
def show_somebody(kind: str, number: int, caller: Caller) -> dict[str, Any]:
    """Somebody by kind (person, contact, lead, user) and number."""
    found: dict[str, Any] = plain(caller.privacy_somebody(kind, number))
    return found


@router.post("/{kind}/{number}/export")
def export(kind: str, number: int, caller: Caller) -> dict[str, Any]:
    """All that is held on somebody; that it was handed out is recorded."""
    return caller.privacy_export(kind, number)


@router.get("/{kind}/{number}/erasure")
def preview(kind: str, number: int, caller: Caller) -> dict[str, Any]:
    """What erasing somebody would destroy. Nothing is changed."""
    found: dict[str, Any] = plain(caller.privacy_preview(kind, number))
    return found


@router.post("/{kind}/{number}/erasure")
def erase(kind: str, number: int, confirmation: Confirmation, caller: Caller) -> dict[str, Any]:
    """Destroy what identifies somebody, for good."""
    found: dict[str, Any] = plain(caller.privacy_erase(kind, number, confirmed=confirmation.confirmed))
    return found
