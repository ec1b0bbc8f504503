"""Findings of an import as a list that can be filtered by code and taken away as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi.responses import Response, StreamingResponse

from metes.web.addresses import Address
from metes.web.downloads import csv_lines
from metes.web.tables import Cell, Choice, Column, Filter, Row, Table

PAGE_FINDINGS = 50
COLUMNS = ("severity", "code", "file", "line", "column", "value", "message", "remedy")
_TONES = {"error": "bad", "warning": "warn", "note": ""}


def findings_table(
    items: Sequence[Mapping[str, Any]], address: Address, *, export: str, total: int = 0, codes: Mapping[str, int] | None = None
) -> Table:
    """The findings of the address's code, by page. `total` and `codes` say how many there are where not all were kept."""
    known = Counter(dict(codes)) if codes else Counter(item["code"] for item in items)
    code = address.get("code")
    matching = [item for item in items if not code or item["code"] == code]
    place = address.get("after", "0")
    start = int(place) if place.isdecimal() and len(place) < 10 else 0
    shown = matching[start : start + PAGE_FINDINGS]
    all_of_them = known[code] if code else max(total, len(items))
    kept = f"The first {len(items):,} findings were kept; mend those, then look again." if total > len(items) else ""
    return Table(
        caption="Findings",
        columns=[
            Column("what", "Reason", is_sortable=False, second="remedy"),
            Column("severity", "Severity", Cell.STATUS, is_sortable=False),
            Column("line", "Line", is_sortable=False, second="file"),
            Column("column", "Column", is_sortable=False),
            Column("value", "Value", Cell.CODE, is_sortable=False),
            Column("code", "Code", is_sortable=False, on_phone=False),
        ],
        rows=[_row(start + i, item) for i, item in enumerate(shown)],
        address=address,
        total=all_of_them,
        noun=("finding", "findings"),
        first=start + 1,
        before=str(max(0, start - PAGE_FINDINGS)) if start else "",
        after=str(start + PAGE_FINDINGS) if start + PAGE_FINDINGS < len(matching) else "",
        filters=[Filter(f"Code is {code}", "code", code)] if code else [],
        choices=[Choice("code", "Code", [(name, f"{name} ({count:,})") for name, count in known.most_common()])] if known else [],
        export=export,
        has_search=False,
        too_many=kept,
        empty_title="Nothing was found",
        empty_text="Every row of the file is in order.",
        key="findings",
    )


def _row(number: int, item: Mapping[str, Any]) -> Row:
    return Row(
        str(number),
        {
            "what": _sentence(item["message"]),
            "remedy": _sentence(item.get("remedy")),
            "severity": {"text": item["severity"], "tone": _TONES.get(str(item["severity"]), "")},
            "line": "" if item.get("line") is None else f"{item['line']:,}",
            "file": item.get("file") or item.get("subject") or "",
            "column": item.get("column") or "",
            "value": str(item.get("value") or "")[:80],
            "code": item["code"],
        },
    )


def _sentence(text: Any) -> str:
    words = str(text or "")
    return words[:1].upper() + words[1:]


def findings_csv(items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The findings as CSV, a line at a time; no cell can run as a formula in a spreadsheet."""
    return csv_lines((COLUMNS, *([item.get(name) for name in COLUMNS] for item in items)))


def findings_download(items: Sequence[Mapping[str, Any]], name: str) -> Response:
    """The findings as a CSV file to be saved under a name."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(findings_csv(items), media_type="text/csv; charset=utf-8", headers=headers)
