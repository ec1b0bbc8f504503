"""The audit trail: who did what, when, from where, before and after; whether it is whole; and the way out of it as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from metes.base.errors import InputError
from metes.model.audit import ERASED, AuditEntry, AuditFilter, anchor_line
from metes.web.addresses import Address
from metes.web.tables import Cell, Choice, Column, Filter, Row, Table
from metes.web.visits import SignedIn, Visit

router = APIRouter()

PAGE_ENTRIES = 50
_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_SENTENCES = {"who": "by", "action": "did", "subject": "to", "from": "from", "since": "since", "until": "until"}


@router.get("/audit")
def show_audit(visit: SignedIn, after: int | None = None, verify: bool = False) -> Response:
    """The newest entries that the address asks for, those behind an entry where one is given; `verify` walks the whole trail."""
    error, wanted = "", AuditFilter()
    try:
        wanted = filter_of(visit.address)
    except InputError as wrong:
        error = str(wrong)
    found = () if error else visit.workspace.audit_list(PAGE_ENTRIES + 1, after, wanted)
    table = _table(visit, wanted, found, error)
    verified = visit.workspace.audit_verify() if verify else None
    return visit.page("audit.html", table=table, verified=verified, is_first=after is None)


@router.get("/audit/export.{form}")
def export_audit(form: str, visit: SignedIn) -> Response:
    """The entries that the address asks for as a file: CSV that is safe in a spreadsheet, or lines of JSON."""
    lines = visit.workspace.audit_export(filter_of(visit.address), form)
    headers = {"content-disposition": f'attachment; filename="audit.{form}"'}
    return StreamingResponse(lines, media_type=_TYPES[form], headers=headers)


@router.get("/audit/anchor")
def give_anchor(visit: SignedIn) -> Response:
    """The end of the trail as a file, to be kept elsewhere."""
    found = visit.workspace.audit_anchor()
    text = "" if found is None else anchor_line(found) + "\n"
    headers = {"content-disposition": 'attachment; filename="metes-anchor.jsonl"'}
    return Response(text, media_type=_TYPES["jsonl"], headers=headers)


@router.get("/audit/{number:int}")
def show_entry(number: int, visit: SignedIn) -> Response:
    """One entry with what was before and after."""
    entry = visit.workspace.audit_entry(number)
    changes = [(name, shown(old), shown(new)) for name, old, new in entry.changes]
    detail = [(name, shown(value)) for name, value in entry.detail.items()]
    return visit.page("audit-entry.html", entry=entry, changes=changes, detail=detail, erased=ERASED)


def filter_of(address: Address) -> AuditFilter:
    """The filter that an address asks for; InputError says what is wrong with a day."""
    texts = {name: address.get(name).strip() for name in _SENTENCES}
    return AuditFilter(texts["who"], texts["action"], texts["subject"], texts["from"], _day(texts["since"]), _day(texts["until"]))


def shown(value: Any) -> str:
    """A value of an entry as text; nothing where there was none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"expected a day such as 2026-03-14, got {text[:40]!r}") from None


def _table(visit: Visit, wanted: AuditFilter, found: Sequence[AuditEntry], error: str) -> Table:
    entries = found[:PAGE_ENTRIES]
    address = visit.address.drop("verify")
    chosen = address.values("column") or ("what", "change", "who", "when", "entry")
    moment = visit.environment.filters["moment"]
    total = 0 if error else visit.workspace.audit_count(wanted)
    return Table(
        caption="Audit trail",
        columns=[replace(column, is_shown=column.key in chosen) for column in _COLUMNS],
        rows=[Row(str(e.id), _cells(e, moment(e.at)), href=f"/audit/{e.id}") for e in entries],
        address=address,
        total=total,
        noun=("entry", "entries"),
        first=1 + visit.workspace.audit_count(wanted, entries[0].id) if entries else 1,
        after=str(entries[-1].id) if len(found) > PAGE_ENTRIES else "",
        filters=[Filter(f"{said} {address.get(name)}", name) for name, said in _SENTENCES.items() if address.get(name)],
        choices=_choices(visit.workspace.audit_actions()),
        export=str(Address("/audit/export.csv", address.drop("after").drop("column").query)),
        has_search=False,
        error=error,
        empty_title="Nothing has been done yet",
        empty_text="Every change to plans, the ledger, users and settings leaves an entry here.",
        key="audit",
    )


_COLUMNS = (
    Column("what", "What", Cell.LINK, is_sortable=False, second="subject"),
    Column("change", "What changed", is_sortable=False, on_phone=False),
    Column("who", "Who", is_sortable=False, second="via"),
    Column("from", "From where", is_sortable=False, on_phone=False),
    Column("when", "When", is_sortable=False),
    Column("entry", "Entry", Cell.NUMBER, is_sortable=False, on_phone=False),
    Column("hash", "Hash", Cell.CODE, is_sortable=False, on_phone=False),
)


def _cells(entry: AuditEntry, when: str) -> Mapping[str, Any]:
    changed = [f"{name}: {_short(old) or '–'} → {_short(new) or '–'}" for name, old, new in entry.changes if old or new]
    told = changed or [f"{name}: {_short(value)}" for name, value in entry.detail.items() if value or value is False]
    return {
        "what": entry.action,
        "subject": entry.subject,
        "change": " · ".join(told[:4]) + (f" · {len(told) - 4} more" if len(told) > 4 else ""),
        "who": entry.principal,
        "via": entry.via,
        "from": entry.address,
        "when": when,
        "entry": entry.id,
        "hash": entry.hash[:16],
    }


def _choices(actions: Sequence[str]) -> tuple[Choice, ...]:
    """The filters that can be set; an action's first word stands for all that begin with it."""
    groups = sorted({a.partition(" ")[0] for a in actions} | set(actions))
    return (
        Choice("who", "Who"),
        Choice("action", "What", [(a, a) for a in groups]),
        Choice("subject", "To what, such as user 12"),
        Choice("from", "From which address"),
        Choice("since", "Since, such as 2026-03-14"),
        Choice("until", "Until"),
    )


def _short(value: Any) -> str:
    text = shown(value)
    return text if len(text) <= 40 else text[:24] + "…"
