"""The audit trail: its entries, its verification, its end as an anchor, and all of it as a file."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from metes.model.audit import Anchor, AuditFilter
from metes.web.api.access import Caller, plain

router = APIRouter(tags=["audit"])

_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_Text = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]


class KeptAnchor(BaseModel):
    """An anchor as it was given: an entry's number and hash, how many entries led to it, and when."""

    entry: int = Field(ge=1, lt=2**63)
    hash: str = Field(min_length=64, max_length=64)
    count: int = Field(ge=1, lt=2**63)
    at: datetime


def wanted(
    who: _Text = "",
    action: _Text = "",
    subject: _Text = "",
    address: Annotated[str, Query(alias="from", max_length=200, pattern=r"^[^\x00]*$")] = "",
    since: date | None = None,
    until: date | None = None,
) -> AuditFilter:
    """Which entries: whose, of which action (`plan` for all of plans), to what, from where, between which days."""
    return AuditFilter(who, action, subject, address, since, until)


Wanted = Annotated[AuditFilter, Depends(wanted)]


@router.get("/audit")
def list_audit(
    caller: Caller,
    entries: Wanted,
    rows: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> list[dict[str, Any]]:
    """The newest entries of the audit trail that are asked for, those before one where it is given."""
    found: list[dict[str, Any]] = plain(caller.audit_list(rows, before, entries))
    return found


@router.get("/audit/export.{form}", response_class=Response)
def export_audit(form: str, caller: Caller, entries: Wanted) -> Response:
    """The entries that are asked for as CSV (safe in a spreadsheet) or as lines of JSON, newest first."""
    return StreamingResponse(caller.audit_export(entries, form), media_type=_TYPES[form])


@router.get("/audit/verification")
def verify_audit(caller: Caller) -> dict[str, Any]:
    """Whether an entry of the audit trail was changed, removed or inserted, and where."""
    return caller.audit_verify().as_dict()


@router.post("/audit/verification")
def verify_by_anchors(anchors: Annotated[list[KeptAnchor], Field(max_length=1000)], caller: Caller) -> dict[str, Any]:
    """The same, and whether the trail still holds what anchors kept elsewhere name."""
    return caller.audit_verify([Anchor(a.entry, a.hash, a.count, a.at) for a in anchors]).as_dict()


@router.get("/audit/anchor")
def give_anchor(caller: Caller) -> dict[str, Any] | None:
    """The end of the trail, to be kept elsewhere; nothing before the first entry."""
    found = caller.audit_anchor()
    return None if found is None else plain(found)


@router.get("/audit/{number}")
def show_entry(number: int, caller: Caller) -> dict[str, Any]:
    """One entry with what was before and after."""
    found: dict[str, Any] = plain(caller.audit_entry(number))
    return found
