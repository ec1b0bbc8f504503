"""Imports: files sent, queued, followed as jobs, looked at, taken back."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from metes.app.workspace import Workspace
from metes.web.api.access import Caller, plain
from metes.web.visits import read_form

router = APIRouter(tags=["imports"])


class ImportForm(BaseModel):
    """What is sent beside the file."""

    kind: str = Field(description="accounts, contacts, people, seats, products, …", max_length=40)
    source: str = Field("files", max_length=100)
    mapping: str | None = Field(None, description="A mapping file's text.", max_length=200_000)
    dry_run: bool = False
    strict: bool = False
    full: bool = Field(False, description="Close what the file lacks.")


def _described() -> dict[str, Any]:
    """The form as OpenAPI tells of it. It is read by hand, because a declared body is taken in before the caller is known."""
    schema = ImportForm.model_json_schema()
    file = {"type": "string", "format": "binary", "description": "CSV, Excel, Parquet, JSON or JSON lines"}
    schema = {**schema, "properties": {**schema["properties"], "file": file}, "required": ["kind", "file"]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


@router.post("/imports", status_code=202, openapi_extra=_described())
async def start_import(request: Request, caller: Caller) -> dict[str, Any]:
    """Send a file to be imported; follow it at /jobs/{job}, whose result is the report."""
    sent = await read_form(request)
    file = sent.get("file")
    try:
        form = ImportForm.model_validate({name: value for name, value in sent.items() if isinstance(value, str)})
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from None
    if not isinstance(file, UploadFile):
        raise RequestValidationError([{"loc": ("body", "file"), "msg": "expected a file", "type": "missing"}])
    return {"job": await run_in_threadpool(_queue, caller, form, file)}


def _queue(caller: Workspace, form: ImportForm, file: UploadFile) -> int:
    path = caller.upload_keep(file.filename or "file", file.file)
    return caller.import_queue(form.kind, [path], form.model_dump(exclude={"kind"}))


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
