"""Commands of personal data: what is held and why, on whom, handing it out, erasing it, and how long it is kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from metes.base.errors import Conflict
from metes.base.private import new_text
from metes.cli.output import Console, counted, say

if TYPE_CHECKING:
    from metes.model.privacy import Erasure

privacy_app = typer.Typer(help="Personal data.", no_args_is_help=True, rich_markup_mode=None)

KIND = typer.Argument(..., help="person (of the roster), contact, lead or user.")
WHO = typer.Argument(..., help="The id of a source (SOURCE:ID where several use it), a user's name, or an e-mail address.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(privacy_app, name="privacy")


@privacy_app.command("register")
def privacy_register(context: typer.Context) -> int:
    """List what is held that can identify a person: whose, what for, how long, and what erasing does with it."""
    console: Console = context.obj
    with console.workspace() as workspace:
        held = workspace.privacy_register()
    if console.is_json:
        console.emit(held)
    else:
        console.table(
            ["where", "whose", "what for", "how long", "erasing"],
            [[f"{h.table}.{h.column}", h.whose.value, h.purpose, h.kept, h.way.value] for h in held],
        )
    return 0


@privacy_app.command("find")
def privacy_find(context: typer.Context, text: str = typer.Argument(..., help="An id, or a part of a name or an address.")) -> int:
    """Look for somebody among people, contacts, leads and users."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.privacy_find(text)
    if console.is_json:
        console.emit(found)
    else:
        console.table(
            ["kind", "id", "source", "name", "e-mail"],
            [[one.kind, one.external_id or one.name, one.source, one.name, one.email] for one in found],
        )
    return 0


@privacy_app.command("export")
def privacy_export(
    context: typer.Context,
    kind: str = KIND,
    who: str = WHO,
    out: Path | None = typer.Option(None, "--out", metavar="FILE", help="Write it to this new file; else it is printed."),
) -> int:
    """Give all that is held on somebody, as JSON."""
    console: Console = context.obj
    if out is not None and out.exists():  # said before it is recorded that somebody's data were handed out
        raise Conflict(f"expected a new file, but {out} is there already; name another")
    with console.workspace() as workspace:
        held = workspace.privacy_export(kind, who)
    text = json.dumps(held, ensure_ascii=False, indent=2)
    if out is None:
        print(text)
        return 0
    with new_text(out) as file:
        file.write(text + "\n")
    say(f"all that is held on {kind} {who} stands in {out}")
    return 0


@privacy_app.command("erase")
def privacy_erase(
    context: typer.Context,
    kind: str = KIND,
    who: str = WHO,
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
    preview: bool = typer.Option(False, "--preview", help="Only say what would be destroyed."),
) -> int:
    """Destroy what identifies somebody, for good. Shows what, then asks."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.privacy_preview(kind, who)
        if preview or not console.is_json:
            _show(console, found)
        if preview:
            return 0
        one = found.everybody[0]
        if not yes and not _is_sure(one.name):
            say("nothing was erased")
            return 1
        done = workspace.privacy_erase(kind, who, confirmed=one.name)
    if console.is_json:
        console.emit(done)
    else:
        say(f"{one.subject} is erased: {counted(done.rows, 'row', 'rows')}, entry {done.entry} of the audit trail")
    return 0


@privacy_app.command("retention")
def privacy_retention(
    context: typer.Context, apply: bool = typer.Option(False, "--apply", help="Take out now what is older than the rules allow.")
) -> int:
    """List how long what is kept, and how much is older now."""
    console: Console = context.obj
    with console.workspace() as workspace:
        rules = workspace.privacy_retention()
        done = workspace.privacy_retain() if apply else None
    if console.is_json:
        console.emit(rules if done is None else done)
        return 0
    console.table(
        ["setting", "days", "what", "older now"],
        [[rule.setting, rule.days or "for ever", rule.what, rule.rows] for rule in rules],
    )
    if done is not None:
        say(f"taken out of {counted(sum(done.values()), 'row', 'rows')}")
    return 0


def _show(console: Console, found: Erasure) -> None:
    if console.is_json:
        console.emit(found)
        return
    for one in found.everybody:
        say(f"{one.subject}: {one.name}{f' <{one.email}>' if one.email else ''}")
    console.table(["where", "rows", "what happens"], [[f"{p.table}.{p.column}", p.rows, p.done] for p in found.places])
    if found.uploads:
        say(f"{found.uploads:,} uploads that no job waits for go as well")
    say("an erasure cannot be undone, not by an import either: rows of this id are refused from then on.")
    say("backups made before still hold what is erased: let them run out, and erase again after restoring one.")


def _is_sure(name: str) -> bool:
    if not sys.stdin.isatty():
        say("say --yes to erase without being asked")
        return False
    typed = typer.prompt("type the name to erase it for good", default="", show_default=False)
    return str(typed).strip() == name
