"""Who signed in: from where, by what, and how the session ended."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse

from metes.model.sign_ins import SignInFilter
from metes.web.api.access import Caller, plain

router = APIRouter(tags=["audit"])

_Text = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]


def wanted(
    user: _Text = "",
    address: Annotated[str, Query(alias="from", max_length=200, pattern=r"^[^\x00]*$")] = "",
    method: _Text = "",
    since: date | None = None,
    until: date | None = None,
) -> SignInFilter:
    """Which sign-ins: of whom, from where, by what, between which days."""
    return SignInFilter(user, address, method, since, until)


Wanted = Annotated[SignInFilter, Depends(wanted)]


@router.get("/sign-ins")
def list_sign_ins(
    caller: Caller,
    sign_ins: Wanted,
    rows: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> list[dict[str, Any]]:
    """The newest sign-ins that are asked for, those before the one of a number where it is given."""
    found: list[dict[str, Any]] = plain(caller.sign_in_list(rows, before, sign_ins))
    return found


@router.get("/sign-ins/export.csv", response_class=Response)
def export_sign_ins(caller: Caller, sign_ins: Wanted) -> Response:
    """The sign-ins that are asked for as CSV that is safe in a spreadsheet, newest first."""
    return StreamingResponse(caller.sign_in_export(sign_ins), media_type="text/csv; charset=utf-8")
