"""The audit trail: who did what when, and whether the chain of entries is whole."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.web.tables import Cell, Column, Row, Table
from metes.web.visits import SignedIn

router = APIRouter()

PAGE_ENTRIES = 50


@router.get("/audit")
def show_audit(visit: SignedIn, after: int | None = None, verify: bool = False) -> Response:
    """The newest entries, those behind an entry where one is given; `verify` walks the whole chain."""
    found = visit.workspace.audit_list(PAGE_ENTRIES + 1, after)
    shown = found[:PAGE_ENTRIES]
    newest = visit.workspace.audit_list(1)
    total = newest[0]["id"] if newest else 0
    chosen = visit.address.values("column") or ("what", "who", "when", "detail", "entry")
    columns = [
        Column("what", "What", is_sortable=False, second="subject"),
        Column("who", "Who", is_sortable=False),
        Column("when", "When", is_sortable=False),
        Column("detail", "Detail", Cell.CODE, is_sortable=False, on_phone=False),
        Column("entry", "Entry", Cell.NUMBER, is_sortable=False, on_phone=False),
        Column("hash", "Hash", Cell.CODE, is_sortable=False, on_phone=False),
    ]
    columns = [replace(column, is_shown=column.key in chosen) for column in columns]
    moment = visit.environment.filters["moment"]
    rows = [
        Row(
            str(entry["id"]),
            {
                "what": entry["action"],
                "subject": entry["subject"],
                "who": entry["principal"],
                "when": moment(entry["at"]),
                "detail": _detail(entry["detail"]),
                "entry": entry["id"],
                "hash": entry["hash"][:16],
            },
        )
        for entry in shown
    ]
    table = Table(
        caption="Audit trail",
        columns=columns,
        rows=rows,
        address=visit.address.drop("verify"),
        total=total,
        noun=("entry", "entries"),
        first=total - shown[0]["id"] + 1 if shown else 1,
        after=str(shown[-1]["id"]) if len(found) > PAGE_ENTRIES else "",
        has_search=False,
        empty_title="Nothing has been done yet",
        empty_text="Every change to plans, the ledger, users and settings leaves an entry here.",
        key="audit",
    )
    broken = visit.workspace.audit_verify() if verify else None
    return visit.page("audit.html", table=table, total=total, is_verified=verify, broken=broken, is_first=after is None)


def _detail(text: str) -> str:
    """An entry's detail as `name: value` pairs, long values cut."""
    data: dict[str, Any] = json.loads(text)
    return ", ".join(f"{name}: {_short(value)}" for name, value in data.items())


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:12] + "…"
