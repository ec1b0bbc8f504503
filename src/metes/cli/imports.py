"""Commands that take data in and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from metes.cli import output
from metes.cli.output import Console, say
from metes.cli.records import waiting_for

FINDINGS_SHOWN = 10

if TYPE_CHECKING:
    from metes.importing.report import ImportReport


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("import")(import_)
    app.command("imports")(imports)
    app.command("import-show")(import_show)
    app.command("import-undo")(import_undo)


def import_(
    context: typer.Context,
    kind: str = typer.Argument(
        ...,
        help="accounts, contacts, people, seats, products, opportunities, orders, activities, leads, zones, territories or assignments.",
    ),
    files: list[Path] = typer.Argument(..., help="CSV, Excel, Parquet, JSON or JSON-lines files."),
    source: str = typer.Option("files", help="The system the files come from; ids are unique per source."),
    mapping: Path | None = typer.Option(None, "--map", help="A mapping file that corrects the guess; remembered per source."),
    save_map: Path | None = typer.Option(None, "--save-map", help="Write the mapping used to this file, to change and give back."),
    encoding: str | None = typer.Option(None, help="The files' encoding; else detected."),
    delimiter: str | None = typer.Option(None, help="What separates cells; else detected."),
    sheet: str | None = typer.Option(None, help="The sheet of an Excel file; else the first."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what would change; write nothing."),
    strict: bool = typer.Option(False, "--strict", help="Take all rows or none."),
    full: bool = typer.Option(False, "--full", help="Close what the files lack; see it first with --dry-run."),
    yes: bool = typer.Option(False, "--yes", help="With --full: close without asking."),
    custom_fields: bool = typer.Option(True, "--custom-fields/--no-custom-fields", help="Make custom fields of unknown columns."),
    findings: Path | None = typer.Option(None, "--findings", help="Write every finding to this .csv file."),
) -> int:
    """Take files in: columns are matched, rows checked, differences written as one change."""
    console: Console = context.obj
    options = {
        "source": source, "mapping_file": mapping, "encoding": encoding, "delimiter": delimiter, "sheet": sheet, "full": full,
        "strict": strict, "custom_fields": custom_fields,
    }  # fmt: skip
    with console.workspace() as workspace, console.progress() as progress:
        if full and not dry_run and not yes:
            preview = workspace.import_(kind, files, dry_run=True, progress=progress, **options)  # type: ignore[arg-type]
            if preview.closed and not typer.confirm(
                f"{preview.closed:,} {kind} that the files lack would be closed. Close them?", err=True
            ):
                say("nothing was written")
                return 2
        report = workspace.import_(kind, files, dry_run=dry_run, progress=progress, **options)  # type: ignore[arg-type]
        if findings is not None:
            workspace.findings_write(report, findings)
        if save_map is not None:
            workspace.mapping_write(report, save_map)
        job = workspace.assign_waiting(kind) if report.import_id is not None and report.has_changes else None
    if console.is_json:
        console.emit(report)
    else:
        _show(report)
        if job is not None:
            say(waiting_for(job))
    if report.state in {"refused", "questions"}:
        return 2
    return 1 if report.errors or report.warnings else 0


def imports(context: typer.Context) -> int:
    """List the newest imports."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.imports()
    if console.is_json:
        console.emit(found)
    else:
        rows = [
            [
                i.id,
                i.kind,
                i.source,
                ", ".join(i.files),
                i.imported_at,
                i.principal,
                i.counts.get("created", 0),
                i.counts.get("changed", 0),
                i.undone_at,
            ]
            for i in found
        ]
        console.table(["import", "kind", "source", "files", "at", "who", "created", "changed", "undone"], rows)
    return 0


def import_show(context: typer.Context, number: int = typer.Argument(..., metavar="IMPORT")) -> int:
    """Show one import with its findings."""
    console: Console = context.obj
    with console.workspace() as workspace:
        past, findings = workspace.import_show(number)
    if console.is_json:
        console.emit({"import": past, "findings": findings})
    else:
        say(f"import {past.id}: {past.kind} of {past.source} from {', '.join(past.files)}")
        console.table(
            ["line", "column", "severity", "code", "value", "message"],
            [[f["line"], f["column"], f["severity"], f["code"], f["value"], f["message"]] for f in findings],
        )
    return 0


def import_undo(
    context: typer.Context,
    number: int = typer.Argument(..., metavar="IMPORT"),
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what would be taken back; write nothing."),
    yes: bool = typer.Option(False, "--yes", help="Do it without asking."),
) -> int:
    """Take an import back as a whole."""
    console: Console = context.obj
    with console.workspace() as workspace, console.progress() as progress:
        report = workspace.import_undo(number, dry_run=True, progress=progress)
        if not dry_run:
            if not yes and not typer.confirm(f"{report.sentence}. Take import {number} back?", err=True):
                say("nothing was written")
                return 2
            report = workspace.import_undo(number, progress=progress)
    console.emit(report) if console.is_json else say(report.sentence)
    return 0


def _show(report: ImportReport) -> None:
    for file in report.files:
        say(f"{file.name}: {file.rows:,} rows ({', '.join(_said(*part) for part in file.dialect.items())})")
        for column in file.mapping.columns:
            say(f"  {column.column} -> {column.target} ({column.reason})")
    for question in report.questions:
        say(f"  question: {question}")
    for group in report.as_dict()["findings_by_code"]:
        where = f" in column {group['column']}" if group["column"] else ""
        say(f"  {group['count']:,} {group['severity']}{'s' * (group['count'] != 1)} {group['code']}{where}")
    output.say_findings(report.shown_findings(FINDINGS_SHOWN), total=report.errors + report.warnings)
    say(report.sentence)


def _said(name: str, value: str) -> str:
    """One part of how a file is written; a delimiter or quote stands in quotes, for it may be a comma or a blank."""
    return f"{name} {value}" if value.isalnum() or len(value) > 1 else f"{name} {value!r}"
