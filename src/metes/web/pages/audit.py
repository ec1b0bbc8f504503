"""The audit trail: who did what, when, from where, before and after; whether it is whole; and the way out of it as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from metes.base.errors import InputError
from metes.model.audit import AuditEntry, AuditFilter, anchor_line
from metes.web.addresses import Address
from metes.web.audit_telling import Teller
from metes.web.audit_words import SYSTEM, action_choices, action_words
from metes.web.tables import Cell, Choice, Column, Filter, Row, Table
from metes.web.user_forms import sentence
from metes.web.visits import SignedIn, Visit

router = APIRouter()

PAGE_ENTRIES = 50
_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
VALUES_SHOWN = 5
_FILTERS = ("who", "action", "subject", "from", "since", "until")


@router.get("/audit")
def show_audit(visit: SignedIn, after: int | None = None, verify: bool = False) -> Response:
    """The newest entries that the address asks for, those behind an entry where one is given; `verify` walks the whole trail."""
    error, wanted = "", AuditFilter()
    try:
        wanted = filter_of(visit.address)
    except InputError as wrong:
        error = sentence(wrong)
    found = () if error else visit.workspace.audit_list(PAGE_ENTRIES + 1, after, wanted)
    table = _table(visit, wanted, found, error)
    verified = visit.workspace.audit_verify() if verify else None
    return visit.page("audit.html", table=table, verified=verified, is_first=after is None, values=VALUES_SHOWN)


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
    told = Teller.of(visit, [entry]).told(entry)
    return visit.page("audit-entry.html", entry=entry, told=told)


def filter_of(address: Address) -> AuditFilter:
    """The filter that an address asks for; InputError says what is wrong with a day."""
    texts = {name: address.get(name).strip() for name in _FILTERS}
    return AuditFilter(texts["who"], texts["action"], texts["subject"], texts["from"], _day(texts["since"]), _day(texts["until"]))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"expected a day such as 2026-03-14, got {text[:40]!r}") from None


def _table(visit: Visit, wanted: AuditFilter, found: Sequence[AuditEntry], error: str) -> Table:
    entries = found[:PAGE_ENTRIES]
    address = visit.address.drop("verify")
    teller = Teller.of(visit, entries, wanted.who, wanted.subject)
    chosen = address.values("column") or ("what", "change", "who", "when", "entry")
    total = 0 if error else visit.workspace.audit_count(wanted)
    return Table(
        caption="Audit trail",
        columns=[replace(column, is_shown=column.key in chosen) for column in _COLUMNS],
        rows=[Row(str(e.id), {"told": teller.told(e)}, href=f"/audit/{e.id}") for e in entries],
        address=address,
        total=total,
        noun=("entry", "entries"),
        first=1 + visit.workspace.audit_count(wanted, entries[0].id) if entries else 1,
        after=str(entries[-1].id) if len(found) > PAGE_ENTRIES else "",
        filters=[Filter(_in_force(teller, name, address.get(name).strip()), name) for name in _FILTERS if address.get(name)],
        choices=_choices(visit.workspace.audit_actions()),
        export=str(Address("/audit/export.csv", address.drop("after").drop("column").query)),
        has_search=False,
        error=error,
        empty_title="Nothing has been done yet",
        empty_text="Every change to plans, the ledger, users and settings leaves an entry here.",
        key="audit",
    )


_COLUMNS = (
    Column("what", "What", is_sortable=False),
    Column("change", "What changed", is_sortable=False),
    Column("who", "Who", is_sortable=False),
    Column("from", "From where", is_sortable=False, on_phone=False),
    Column("when", "When", is_sortable=False),
    Column("entry", "Entry", Cell.NUMBER, is_sortable=False, on_phone=False),
    Column("hash", "Hash", Cell.CODE, is_sortable=False, on_phone=False),
)


def _in_force(teller: Teller, name: str, text: str) -> str:
    """A filter in force as a sentence."""
    match name:
        case "who":
            return f"By {SYSTEM.get(text) or teller.subject_called(text)}"
        case "action":
            return action_words(text)
        case "subject":
            return f"To {teller.subject_called(text)}"
        case "since" | "until":
            day = _day_or_none(text)
            return f"{name.capitalize()} {teller.write['day'](day) if day else text}"
    return f"From {text}"


def _choices(actions: Sequence[str]) -> tuple[Choice, ...]:
    """The filters that can be set."""
    return (
        Choice("who", "Who, such as ann, or local for the command line"),
        Choice("action", "What", action_choices(actions)),
        Choice("subject", "To what, such as user ann, or revision 3"),
        Choice("from", "From which address"),
        Choice("since", "Since, such as 2026-03-14"),
        Choice("until", "Until"),
    )


def _day_or_none(text: str) -> date | None:
    try:
        return _day(text)
    except InputError:
        return None
