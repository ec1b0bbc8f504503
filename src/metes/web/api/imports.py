"""Imports: files sent, queued, followed as jobs, looked at, taken back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile

from metes.web.api.access import Caller, plain

router = APIRouter(tags=["imports"])


@router.post("/imports", status_code=202)
def start_import(
    caller: Caller,
    kind: Annotated[str, Form(description="accounts, contacts, people, seats, products, …", max_length=40)],
    file: Annotated[UploadFile, File(description="CSV, Excel, Parquet, JSON or JSON lines")],
    source: Annotated[str, Form(max_length=100)] = "files",
    mapping: Annotated[str | None, Form(description="A mapping file's text.", max_length=200_000)] = None,
    dry_run: Annotated[bool, Form()] = False,
    strict: Annotated[bool, Form()] = False,
    full: Annotated[bool, Form(description="Close what the file lacks.")] = False,
) -> dict[str, Any]:
    """Send a file to be imported; follow it at /jobs/{job}, whose result is the report."""
    path = caller.upload_keep(file.filename or "file", file.file)
    options = {"source": source, "mapping": mapping, "dry_run": dry_run, "strict": strict, "full": full}
    return {"job": caller.import_queue(kind, [path], options)}


@router.get("/imports")
def list_imports(caller: Caller) -> list[dict[str, Any]]:
    """The newest imports."""
    found: list[dict[str, Any]] = plain(caller.imports())
    return found


@router.get("/imports/{number}")
def get_import(number: int, caller: Caller) -> dict[str, Any]:
    """One import with the findings kept of it."""
    past, findings = caller.import_show(number)
    return {"import": plain(past), "findings": plain(findings)}


@router.post("/imports/{number}/undo")
def undo_import(number: int, caller: Caller, dry_run: bool = False) -> dict[str, Any]:
    """Take an import back as a whole; `dry_run` says what that would do."""
    report: dict[str, Any] = plain(caller.import_undo(number, dry_run=dry_run))
    return report
