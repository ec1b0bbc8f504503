"""Corrections of past days, and figures as first known beside those known now."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from metes.base.errors import InputError
from metes.web.api.access import Caller, plain

router = APIRouter(tags=["history"])


class NewCorrection(BaseModel):
    """What was true: a `territory` (or none) held an `account`, or a `person` (or nobody) sat on a `seat`, from `start` up to `end`."""

    account: str = Field("", max_length=400)
    territory: str = Field("", max_length=200)
    seat: str = Field("", max_length=200)
    person: str = Field("", max_length=400)
    start: date
    end: date | None = None
    reason: str = Field("", max_length=2000)
    beside: bool = False
    dry_run: bool = False


class TakenBack(BaseModel):
    """Why a correction was wrong."""

    reason: str = Field(max_length=2000)


@router.get("/corrections")
def list_corrections(caller: Caller, account: Annotated[str, Query(max_length=400)] = "") -> list[dict[str, Any]]:
    """Corrections, the newest first; those of an account, where one is named."""
    found: list[dict[str, Any]] = plain(caller.correct_list(account=account or None))
    return found


@router.post("/corrections")
def add_correction(correction: NewCorrection, caller: Caller) -> dict[str, Any]:
    """Record what was true on past days, or with `dry_run` say what would change."""
    given = correction
    if bool(given.account) == bool(given.seat):
        raise InputError("expected either an account with the territory that held it, or a seat with the person who sat there")
    if given.account:
        if given.end is None:
            raise InputError(
                "expected the day after the last, `end`: who holds an account from today on is for rules and pins to say"
            )
        done = caller.correct_owner(
            given.account, given.territory, start=given.start, end=given.end, reason=given.reason, dry_run=given.dry_run
        )
    else:
        done = caller.correct_seat(
            given.seat, given.person, start=given.start, end=given.end, reason=given.reason, is_beside=given.beside,
            dry_run=given.dry_run,
        )  # fmt: skip
    answer: dict[str, Any] = plain(done)
    return answer


@router.post("/corrections/{correction}/back")
def take_back(correction: int, why: TakenBack, caller: Caller) -> dict[str, Any]:
    """Take a correction back by another one."""
    return {"id": caller.correct_back(correction, reason=why.reason), "takes_back": correction}


@router.get("/restated")
def restated(
    caller: Caller,
    at: Annotated[str, Query(description="The day.", max_length=10)],
    known: Annotated[
        str, Query(description="As first known at the end of this day, or at this instant; else when the day ended.", max_length=40)
    ] = "",
    territory: Annotated[str, Query(description="One territory alone.", max_length=200)] = "",
) -> dict[str, Any]:
    """The territories' figures of a past day as first known and as known now, and what made the difference."""
    moment = caller.when(at, known)
    if moment is None:
        raise InputError("expected the day `at`, such as 2026-03-14")
    found = caller.restated(moment.at, moment.known)
    rows = [row for row in found.rows if not territory or row.key == territory]
    return {"at": plain(found.at), "since": plain(found.since), "rows": plain(rows)}
