"""Import: files sent, looked at, their columns mapped, taken in as a job, listed, and taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from metes.base.errors import Conflict, NotFound
from metes.base.ids import key_from
from metes.model.catalogue import KINDS, FieldType
from metes.model.terms import RESERVED_NAMES
from metes.web.findings_table import findings_download, findings_table
from metes.web.pages.jobs import findings_of, job_bar
from metes.web.tables import Cell, Column, Row, Table
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()

ACCEPTED = ".csv,.tsv,.txt,.xlsx,.parquet,.json,.jsonl,.ndjson"
KIND_HINTS = {
    "accounts": "Customers and prospects, with places and sizes",
    "contacts": "People at accounts",
    "people": "Your own people",
    "seats": "Who sits where, from when to when",
    "products": "What is sold, with families and prices",
    "opportunities": "Possible sales, with stage and amount",
    "orders": "Sales that happened",
    "activities": "Calls, visits, messages, meetings",
    "leads": "Interests that are no accounts yet",
    "zones": "Areas, such as counties",
    "territories": "Becomes a draft of a plan",
    "assignments": "Which territory held which account when",
}
COUNTS = (
    ("rows_read", "rows read", ""), ("created", "new", ""), ("changed", "changed", ""), ("unchanged", "as they were", ""),
    ("refused", "refused", "bad"), ("closed", "closed", "warn"),
)  # fmt: skip
DATE_ORDERS = (("dmy", "day first (31.12.2026)"), ("mdy", "month first (12/31/2026)"), ("ymd", "year first (2026-12-31)"))
DECIMAL_MARKS = ((".", "1,234.50"), (",", "1.234,50"))
IGNORE = "ignore"


@router.get("/import")
def show_import(visit: SignedIn, kind: str = "accounts", source: str = "files") -> Response:
    """What to import, from which files."""
    visit.require("data_import")
    return _start_page(visit, kind if kind in KINDS else "accounts", source)


@router.post("/import")
def send_files(visit: SignedIn, form: Form) -> Response:
    """Take the files and look at them as a job; nothing is written before the mapping is seen."""
    visit.require("data_import")
    kind, source = str(form.get("kind", "")), str(form.get("source", "")).strip() or "files"
    getlist = getattr(form, "getlist", None)
    files = [f for f in (getlist("file") if getlist else []) if isinstance(f, UploadFile) and f.filename]
    if kind not in KINDS:
        return _start_page(visit, "accounts", source, "Choose what the rows are.")
    if not files:
        return _start_page(visit, kind, source, "Choose a file first.")
    if len(source) > 80:
        return _start_page(visit, kind, source, "The source's name has at most 80 characters.")
    paths = [visit.workspace.upload_keep(file.filename or "file", file.file) for file in files]
    return _look(visit, kind, paths, {"source": source})


@router.get("/import/history")
def show_history(visit: SignedIn) -> Response:
    """The imports that were written, newest first."""
    found = visit.workspace.imports(200)
    moment = visit.environment.filters["moment"]
    columns = [
        Column("import", "Import", Cell.LINK, is_sortable=False, second="files"),
        Column("state", "State", Cell.STATUS, is_sortable=False),
        Column("created", "New", Cell.NUMBER, is_sortable=False),
        Column("changed", "Changed", Cell.NUMBER, is_sortable=False),
        Column("refused", "Refused", Cell.NUMBER, is_sortable=False, on_phone=False),
        Column("source", "Source", is_sortable=False, on_phone=False),
        Column("by", "By", is_sortable=False, on_phone=False),
        Column("when", "When", is_sortable=False),
    ]
    chosen = visit.address.values("column")
    rows = [
        Row(
            str(past.id),
            {
                "import": past.kind.capitalize(),
                "files": ", ".join(past.files),
                "state": {"text": "taken back", "tone": "warn"} if past.undone_at else {"text": "in force", "tone": "good"},
                **{name: past.counts.get(name, 0) for name in ("created", "changed", "refused")},
                "source": past.source,
                "by": past.principal,
                "when": moment(past.imported_at),
            },
            href=f"/import/{past.id}",
        )
        for past in found
    ]
    table = Table(
        caption="Imports",
        columns=[c for c in columns if not chosen or c.key in chosen],
        rows=rows,
        address=visit.address,
        total=len(rows),
        noun=("import", "imports"),
        has_search=False,
        empty_title="Nothing was imported yet",
        empty_text="Each import stands here with what it changed, and can be taken back as a whole.",
        key="imports",
    )
    return visit.page("import-history.html", table=table)


@router.get("/import/review/{number}")
def review(number: int, visit: SignedIn) -> Response:
    """What was seen of the files: mapping, questions, counts, sums, findings."""
    visit.require("data_import")
    return _review_page(visit, _look_job(visit, number))


@router.get("/import/review/{number}/findings.csv")
def review_findings(number: int, visit: SignedIn) -> Response:
    """The findings of a look at files, as CSV."""
    job = _look_job(visit, number)
    return findings_download((job.result or {}).get("findings", []), f"findings-{number}.csv")


@router.post("/import/review/{number}")
def decide(number: int, visit: SignedIn, form: Form) -> Response:
    """Look again with another mapping, or take the files in."""
    job = _look_job(visit, number)
    kind, files = job.payload["kind"], [Path(f) for f in job.payload["files"]]
    before = job.payload.get("options", {})
    if form.get("act") == "drop":
        visit.workspace.uploads_drop(files)
        return visit.go(f"/import?kind={kind}", ("info", "The files were dropped; nothing was written."))
    mapping, problem = _mapping_of(form, job)
    if problem:
        return _review_page(visit, job, status=422, error=problem, typed=form)
    options = {
        "source": before.get("source", "files"),
        "mapping": json.dumps(mapping, ensure_ascii=False) if mapping else None,
        "full": bool(form.get("full")),
        "strict": bool(form.get("strict")),
    }
    has_seen_closing = bool(before.get("full")) or not options["full"]
    if form.get("act") == "import" and has_seen_closing:
        return visit.go(f"/jobs/{visit.workspace.import_queue(kind, files, options)}")
    notice = ("info", "Look at what would be closed, then import.") if form.get("act") == "import" else None
    return _look(visit, kind, files, options, notice)


@router.get("/import/{number}")
def show_past(number: int, visit: SignedIn) -> Response:
    """One import: what it changed, its findings, and the way back."""
    past, findings = visit.workspace.import_show(number)
    by_code: dict[str, int] = {}
    for item in findings:
        by_code[item["code"]] = by_code.get(item["code"], 0) + 1
    total = past.counts.get("errors", 0) + past.counts.get("warnings", 0)
    table = findings_table(findings, visit.address, export=f"/import/{number}/findings.csv", total=total)
    figures = [
        {"value": visit.environment.filters["number"](past.counts.get(name, 0)), "label": label, "tone": tone}
        for name, label, tone in COUNTS
        if past.counts.get(name, 0) or name in {"rows_read", "created"}
    ]
    return visit.page(
        "import-past.html", past=past, figures=figures, table=table if findings else None, active=visit.workspace.active()
    )


@router.get("/import/{number}/findings.csv")
def past_findings(number: int, visit: SignedIn) -> Response:
    """The findings kept of an import, as CSV."""
    return findings_download(visit.workspace.import_show(number)[1], f"findings-import-{number}.csv")


@router.get("/import/{number}/undo")
def ask_undo(number: int, visit: SignedIn) -> Response:
    """What taking an import back would do, or why it cannot be done."""
    visit.require("data_import")
    past = visit.workspace.import_show(number)[0]
    try:
        report, reason = visit.workspace.import_undo(number, dry_run=True), ""
    except Conflict as conflict:
        report, reason = None, str(conflict)
    return visit.page("import-undo.html", past=past, report=report, reason=reason)


@router.post("/import/{number}/undo")
def undo(number: int, visit: SignedIn) -> Response:
    """Take an import back as a whole, as a job."""
    visit.workspace.import_show(number)
    return visit.go(f"/jobs/{visit.workspace.job_add('undo', {'import': number})}")


def _look(
    visit: Visit, kind: str, paths: Sequence[Path], options: Mapping[str, Any], notice: tuple[str, str] | None = None
) -> Response:
    job = visit.workspace.import_queue(kind, list(paths), {**options, "dry_run": True})
    return visit.go(f"/import/review/{job}", notice)


def _start_page(visit: Visit, kind: str, source: str, error: str = "") -> Response:
    return visit.page(
        "import.html",
        status=422 if error else 200,
        kinds=[(name, name.capitalize(), KIND_HINTS[name]) for name in KIND_HINTS],
        kind=kind,
        source=source,
        error=error,
        accepted=ACCEPTED,
        recent=visit.workspace.imports(5),
        sources=sorted({past.source for past in visit.workspace.imports(50)}),
    )


def _look_job(visit: Visit, number: int) -> Any:
    job = visit.workspace.job(number)
    if job.kind != "import":
        raise NotFound(f"job {number} is no import; the page of jobs lists what each is")
    return job


def _review_page(visit: Visit, job: Any, *, status: int = 200, error: str = "", typed: Mapping[str, Any] | None = None) -> Response:
    bar = job_bar(visit, job, next_page=f"/import/review/{job.id}")
    options = {"full": False, "strict": False, **job.payload.get("options", {})}
    common = {"job": job, "bar": bar, "kind": job.payload["kind"], "source": options.get("source", "files"), "options": options}
    result = job.result or {}
    if not job.has_ended or "files" not in result:
        return visit.page("import-wait.html", findings=findings_of(result), **common)
    counts = {item["code"]: 0 for item in result["findings_by_code"]}
    for item in result["findings_by_code"]:
        counts[item["code"]] += item["count"]
    total = result["errors"] + result["warnings"]
    export = f"/import/review/{job.id}/findings.csv"
    return visit.page(
        "import-review.html",
        status=status,
        error=error,
        result=result,
        files_are_here=all(Path(f).is_file() for f in job.payload["files"]),
        figures=[
            {"value": visit.environment.filters["number"](result[name]), "label": label, "tone": tone if result[name] else ""}
            for name, label, tone in COUNTS
            if result[name] or name not in {"closed"}
        ],
        columns=_columns(visit, job, result, typed),
        questions=result["questions"],
        sums=[_sum_row(visit, line) for line in result["sums"]],
        table=findings_table(result["findings"], visit.address, export=export, total=total, codes=counts) if total else None,
        full=bool(typed.get("full")) if typed is not None else bool(options.get("full")),
        strict=bool(typed.get("strict")) if typed is not None else bool(options.get("strict")),
        given=_given(job),
        dialect=_dialect(result),
        date_orders=DATE_ORDERS,
        decimal_marks=DECIMAL_MARKS,
        **common,
    )


def _columns(visit: Visit, job: Any, result: Mapping[str, Any], typed: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Each column with its guess, its reason, what it can be, and the questions about it."""
    kind = KINDS[job.payload["kind"]]
    fields = [*kind.fields, *(visit.workspace.custom_fields() if kind.name == "accounts" else ())]
    own = [(f.name, f.title + (" *" if f.is_required else "")) for f in fields]
    asked: dict[str, set[str]] = {}
    for question in result["questions"]:
        asked.setdefault(question["column"], set()).add(question["code"])
    answers = _given(job).get("columns", {})
    columns = []
    for number, guess in enumerate(_guesses(result)):
        name = guess["column"]
        answer = answers.get(name) if isinstance(answers.get(name), dict) else {}
        target = str(typed.get(f"to:{number}", guess["target"])) if typed is not None else guess["target"]
        columns.append(
            {
                **guess,
                "number": number,
                "target": target,
                "own": own,
                "custom": _custom_choices(guess) if kind.name == "accounts" else [],
                "asks_date": "date-ambiguous" in asked.get(name, ()) or bool(answer.get("date_format")),
                "asks_mark": "number-ambiguous" in asked.get(name, ()) or bool(answer.get("decimal_mark")),
                "date_format": answer.get("date_format", ""),
                "decimal_mark": answer.get("decimal_mark", ""),
                "is_open": bool(asked.get(name)),
            }
        )
    return columns


def _guesses(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The columns of all files, each name once."""
    seen: dict[str, Mapping[str, Any]] = {}
    for file in result["files"]:
        for column in file["columns"]:
            seen.setdefault(column["column"], column)
    return list(seen.values())


def _dialect(result: Mapping[str, Any]) -> str:
    """How the first file is written, as far as it was found out: `csv, utf-8, delimiter semicolon`."""
    dialect = result["files"][0]["dialect"] if result["files"] else {}
    marks = {"\t": "tab", " ": "blank", ",": "comma", ";": "semicolon", "|": "bar"}
    return ", ".join(
        f"delimiter {marks.get(value, value)}" if name == "delimiter" else str(value)
        for name, value in dialect.items()
        if name in {"format", "encoding", "delimiter", "sheet"} and value
    )


def _custom_choices(guess: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The new fields that a column can become, one for each type."""
    target = str(guess["target"])
    if target.startswith("custom:"):
        name = target.split(":")[1]
    else:
        name = key_from(str(guess["column"])).replace("-", "_").replace(".", "_")[:60]
        name = name if name.isidentifier() and name not in RESERVED_NAMES else f"x_{name}"
    return [(f"custom:{name}:{kind.value}", f"{name} ({kind.value})") for kind in FieldType]


def _given(job: Any) -> dict[str, Any]:
    """The mapping that was sent with a look."""
    text = job.payload.get("options", {}).get("mapping")
    data = json.loads(text) if text else {}
    return data if isinstance(data, dict) else {}


def _mapping_of(form: Mapping[str, Any], job: Any) -> tuple[dict[str, Any], str]:
    """What the form says other than the guess, over what was said before; and what is wrong with it."""
    given = _given(job)
    columns: dict[str, Any] = dict(given.get("columns", {}))
    taken: dict[str, str] = {}
    for number, guess in enumerate(_guesses(job.result or {"files": []})):
        name = guess["column"]
        target = str(form.get(f"to:{number}", guess["target"]))
        said = columns.get(name)
        before = said if isinstance(said, dict) else {}
        special = {key: str(form.get(f"{key}:{number}", before.get(key, ""))) for key in ("date_format", "decimal_mark")}
        special = {key: value for key, value in special.items() if value}
        if special:
            columns[name] = {"to": target, **special}
        elif target != guess["target"] or name in columns:
            columns[name] = target
        field = target.split(":")[1] if target.startswith("custom:") else target
        if field != IGNORE and field in taken:
            return {}, f"The columns '{taken[field]}' and '{name}' cannot both be {field}; ignore one of them."
        taken[field] = name
    options = {n: str(form.get(n, "")).strip() for n in ("default_country", "default_currency", "last_day")}
    for option, length in (("default_country", 2), ("default_currency", 3)):
        if options[option] and (len(options[option]) != length or not options[option].isalpha()):
            return {}, f"Expected {length} letters of ISO for the {option.replace('_', ' ')}, got {options[option][:20]!r}."
    mapping = {"columns": columns, **{name: value for name, value in options.items() if value and value != "included"}}
    return (mapping if columns or len(mapping) > 1 else {}), ""


def _sum_row(visit: Visit, line: Mapping[str, Any]) -> dict[str, Any]:
    """One sum reconciled, its figures written."""
    filters = visit.environment.filters

    def shown(text: str | None) -> str:
        if text is None:
            return "–"
        value = Decimal(text)
        return str(filters["money"](int(value), line["currency"])) if line["currency"] else str(filters["number"](value, 2))

    stored = line["stored"]
    difference = Decimal(line["file"]) - Decimal(line["refused"]) - Decimal(stored or 0)
    is_right = stored is None or abs(difference) <= abs(Decimal(line["file"])) * Decimal("1e-9")
    return {
        "field": line["field"].replace("_", " "),
        "currency": line["currency"],
        **{name: shown(line[name]) for name in ("file", "refused", "stored")},
        "is_right": is_right,
    }
