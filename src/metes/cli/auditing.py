"""Commands of the audit trail: look into it, take it elsewhere, verify it, anchor it."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from metes.cli.output import Console, counted, day_of, say

if TYPE_CHECKING:
    from metes.model.audit import AuditEntry, AuditFilter

audit_app = typer.Typer(help="The audit trail: who did what.", no_args_is_help=True, rich_markup_mode=None)

WHO = typer.Option("", "--who", help="Whose: a user's name, 'user 12', 'local', 'schedule'.")
ACTION = typer.Option("", "--action", help="What was done, such as 'plan publish'; 'plan' means all of plans.")
SUBJECT = typer.Option("", "--subject", help="To what, such as 'user 12'.")
ADDRESS = typer.Option("", "--from", help="From which address.")
SINCE = typer.Option(None, "--since", metavar="DAY", help="From this day on.")
UNTIL = typer.Option(None, "--until", metavar="DAY", help="To this day.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(audit_app, name="audit")


@audit_app.command("list")
def audit_list(
    context: typer.Context,
    who: str = WHO,
    action: str = ACTION,
    subject: str = SUBJECT,
    address: str = ADDRESS,
    since: str | None = SINCE,
    until: str | None = UNTIL,
    rows: int = typer.Option(50, min=1, max=1000),
    before: int | None = typer.Option(None, "--before", min=1, help="Only entries before this one."),
) -> int:
    """List the newest entries."""
    console: Console = context.obj
    with console.workspace() as workspace:
        entries = workspace.audit_list(rows, before, _filter(who, action, subject, address, since, until))
    if console.is_json:
        console.emit(entries)
    else:
        console.table(
            ["entry", "at", "who", "from", "action", "subject"],
            [[e.id, e.at, _who(e), e.address, e.action, e.subject] for e in entries],
        )
    return 0


@audit_app.command("show")
def audit_show(context: typer.Context, entry: int) -> int:
    """Show one entry with what was before and after."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.audit_entry(entry)
    if console.is_json:
        console.emit(found)
        return 0
    for name, value in (
        ("entry", found.id),
        ("at", found.at.isoformat()),
        ("who", _who(found)),
        ("from", found.address),
        ("request", found.request),
        ("action", found.action),
        ("subject", found.subject),
        *found.detail.items(),
        ("hash", found.hash),
    ):
        if value not in ("", None):
            print(f"{name}: {value}")
    if found.changes:
        console.table(["field", "before", "after"], [[name, _shown(old), _shown(new)] for name, old, new in found.changes])
    return 0


@audit_app.command("export")
def audit_export(
    context: typer.Context,
    file: Path = typer.Argument(..., help="A new file that ends in .csv or .jsonl."),
    who: str = WHO,
    action: str = ACTION,
    subject: str = SUBJECT,
    address: str = ADDRESS,
    since: str | None = SINCE,
    until: str | None = UNTIL,
) -> int:
    """Write entries into a file, newest first."""
    console: Console = context.obj
    with console.workspace() as workspace:
        count = workspace.audit_write(file, _filter(who, action, subject, address, since, until))
    console.done({"file": str(file), "entries": count}, f"wrote {counted(count, 'entry', 'entries')} to {file}")
    return 0


@audit_app.command("sign-ins")
def audit_sign_ins(
    context: typer.Context,
    user: str = typer.Option("", "--who", metavar="USER", help="Of this user alone."),
    address: str = ADDRESS,
    method: str = typer.Option("", "--by", metavar="METHOD", help="By 'password', or 'provider', the company's sign-in."),
    since: str | None = SINCE,
    until: str | None = UNTIL,
    rows: int = typer.Option(50, min=1, max=1000),
    before: int | None = typer.Option(None, "--before", min=1, help="Only sign-ins before the one of this number."),
    out: Path | None = typer.Option(None, "--out", metavar="FILE", help="Write all of them into this new CSV file."),
) -> int:
    """List who signed in, from where, by what, and how the session ended."""
    from metes.model.sign_ins import SignInFilter

    console: Console = context.obj
    wanted = SignInFilter(user, address, method, day_of(since), day_of(until))
    with console.workspace() as workspace:
        if out is not None:
            count = workspace.sign_in_write(out, wanted)
            console.done({"file": str(out), "sign_ins": count}, f"wrote {counted(count, 'sign-in', 'sign-ins')} to {out}")
            return 0
        found = workspace.sign_in_list(rows, before, wanted)
    if console.is_json:
        console.emit(found)
    else:
        console.table(
            ["number", "at", "who", "from", "by", "ended", "how"],
            [[s.number, s.begun_at, s.user, s.address, s.method, s.ended_at, s.ended_how or "open"] for s in found],
        )
    return 0


@audit_app.command("verify")
def audit_verify(
    context: typer.Context,
    anchor: list[Path] = typer.Option([], "--anchor", metavar="FILE", help="Hold the trail against anchors kept elsewhere."),
) -> int:
    """Say whether an entry was changed, removed or inserted, and where."""
    from metes.model.audit import anchors_from

    console: Console = context.obj
    anchors = [one for file in anchor for one in anchors_from(_text(file))]
    with console.workspace() as workspace:
        found = workspace.audit_verify(anchors)
    if console.is_json:
        console.emit(found)
    elif found.is_whole:
        held = f", and {counted(len(anchors), 'anchor holds', 'anchors hold')}" if anchors else ""
        say(f"the audit trail is whole: {counted(found.entries, 'entry', 'entries')}{held}")
    else:
        say("the audit trail was tampered with:")
        for fault in found.faults:
            say(f"  {fault.text}")
    return 0 if found.is_whole else 1


@audit_app.command("anchor")
def audit_anchor(
    context: typer.Context,
    out: Path | None = typer.Option(None, "--out", metavar="FILE", help="Append it to this file; else it is printed."),
) -> int:
    """Give the end of the trail, to be kept where nobody who runs the database can change it."""
    from metes.model.audit import anchor_line

    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.audit_anchor()
    if found is None:
        console.done(None, "there is no entry yet, so there is nothing to anchor")
        return 0
    if out is not None:
        with out.open("a", encoding="utf-8") as file:
            file.write(anchor_line(found) + "\n")
        say(f"entry {found.entry:,} is anchored in {out}; keep the file elsewhere")
    elif console.is_json:
        console.emit(found)
    else:
        print(anchor_line(found))
    return 0


def _filter(who: str, action: str, subject: str, address: str, since: str | None, until: str | None) -> AuditFilter:
    from metes.model.audit import AuditFilter

    first: date | None = day_of(since)
    return AuditFilter(who, action, subject, address, first, day_of(until))


def _text(file: Path) -> str:
    from metes.base.errors import InputError

    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {file}: {error}; name the file that holds the anchors") from None


def _who(entry: AuditEntry) -> str:
    return f"{entry.principal} ({entry.via})" if entry.via else entry.principal


def _shown(value: Any) -> Any:
    return "—" if value is None else value
