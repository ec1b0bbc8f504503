"""Commands of plans as text: what differs, also for a review, and a folder applied in one go."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from metes.cli import output, previews
from metes.cli.merging import ALL, TAKE, choices_of, counted
from metes.cli.output import Console, say

if TYPE_CHECKING:
    from metes.app.plans import Imported
    from metes.app.texts import Applied, Foreseen
    from metes.app.workspace import Workspace
    from metes.plan.diff import Step
    from metes.store.plans import Revision

ROWS = 1_000
NOT_CONFIRMED = 1
WHOLE = typer.Option(False, "--whole", help="Take the text for all there is, whatever it was written from.")


def plan_diff(
    context: typer.Context,
    before: str = typer.Argument("active", help="A revision, or a plan folder."),
    after: str = typer.Argument("draft", help="The same."),
    markdown: bool = typer.Option(False, "--markdown", help="As a comment for a review: counts, then each territory folded."),
    consequences: bool = typer.Option(
        False, "--consequences", help="Say too what it would change account by account; revisions only."
    ),
    start: int = typer.Option(0, "--from", min=0, help="Leave out so many steps."),
    rows: int = typer.Option(ROWS, "--rows", min=0, help="Print so many steps; 0 for all."),
) -> int:
    """Say in sentences what differs between two revisions or plan folders."""
    console: Console = context.obj
    one, other = _side(before), _side(after)
    with console.workspace() as workspace, console.progress() as progress:
        if markdown:
            print(workspace.plan_markdown(one, other, has_consequences=consequences, progress=progress), end="")
            return 0
        steps = workspace.plan_diff(one, other)
        found = workspace.plan_compare(before, after, progress) if consequences else None
        names = workspace.plan_names(one, other) if found is not None else {}
        currency = workspace.settings().reporting_currency
    if console.is_json:
        console.emit(steps if found is None else {"steps": steps, "consequences": found})
        return 0
    show_steps(steps, start, rows)
    if found is not None:
        previews.show(console, found, names, (), currency, by_person=False)
    return 0


def plan_compare(
    context: typer.Context,
    before: str = typer.Argument("active", help="A revision."),
    after: str = typer.Argument("draft", help="A revision."),
    people: bool = typer.Option(False, "--people", help="By person instead of by territory."),
) -> int:
    """Say what one revision would change against another, both run over all accounts; nothing is written."""
    console: Console = context.obj
    with console.workspace() as workspace, console.progress() as progress:
        steps = workspace.plan_diff(before, after)
        found = workspace.plan_compare(before, after, progress)
        names = workspace.plan_names(before, after)
        currency = workspace.settings().reporting_currency
    if console.is_json:
        console.emit({"steps": steps, "consequences": found})
        return 0
    previews.compared(console, found, names, currency, by_person=people)
    say(f"{counted(len(steps), 'step')}; 'metes plan diff {before} {after}' prints them")
    return 0


def plan_apply(
    context: typer.Context,
    folder: Path = typer.Argument(..., help="The plan's folder, or file."),
    on: str | None = typer.Option(None, "--on", help="From which day (2026-03-14); else today."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
    note: str = typer.Option("", help="Why; sent to the people it concerns."),
    take: list[str] = TAKE,
    rest: str | None = ALL,
    whole: bool = WHOLE,
) -> int:
    """Import a folder, say what it would change, ask, publish and assign; where it says nothing new nothing is done."""
    console: Console = context.obj
    with console.workspace() as workspace, console.progress() as progress:

        def confirmed(foreseen: Foreseen) -> bool:
            progress.close()
            _show_foreseen(console, workspace, foreseen)
            return yes or (sys.stdin.isatty() and not console.is_json and typer.confirm("Publish and assign?", err=True))

        applied = workspace.plan_apply(
            folder,
            on=output.day_of(on),
            note=note,
            choices=choices_of(take),
            rest=rest,
            is_whole=whole,
            confirm=confirmed,
            progress=progress,
        )
    if console.is_json:
        console.emit(applied)
    else:
        output.say_findings(applied.findings)
        say(_outcome(applied))
    return NOT_CONFIRMED if applied.steps and not applied.is_applied else 0


def plan_log(
    context: typer.Context,
    plan: str = typer.Argument(
        "active", metavar="[PLAN]", help="A revision's number, a scenario's name, active, scheduled or draft."
    ),
    rows: int = typer.Option(ROWS, "--rows", min=0, help="Print so many entries; 0 for all."),
) -> int:
    """List what happened to a revision and to those it came from, newest first."""
    console: Console = context.obj
    with console.workspace() as workspace:
        entries = workspace.plan_log(plan)
    if console.is_json:
        console.emit(entries)
        return 0
    shown = entries[: rows or None]
    console.table(["at", "author", "what", "revision", "note"], [[e.at, e.author, e.kind, e.revision, e.note] for e in shown])
    if len(entries) > len(shown):
        say(f"… and {len(entries) - len(shown):,} older ones (--rows 0 prints all)")
    return 0


def say_imported(imported: Imported, revision: Revision) -> None:
    """Say what became of a text that was taken in."""
    name = imported.plan.name or imported.plan.key
    if not revision.is_open:
        say(f"nothing to take in: {name} is revision {revision.id} already, {revision.state} from {revision.effective_on}")
    else:
        what = "is" if imported.is_new else "is the same as the open" if not imported.is_changed else "is now"
        say(f"{name} {what} draft {revision.id}; 'metes plan preview draft', then 'metes plan publish draft'")
    if imported.beyond:
        say(
            f"the plan has {counted(len(imported.beyond), 'change')} that came after the text was written; 'metes plan export' brings them in"
        )


def show_steps(steps: Sequence[Step], start: int = 0, rows: int = ROWS) -> None:
    """Print some of many steps, and how many there are."""
    shown = steps[start : start + rows if rows else None]
    sys.stdout.writelines(f"{step.sentence}\n" for step in shown)
    total = f"{len(steps):,} steps" if len(steps) != 1 else "1 step"
    if start + len(shown) < len(steps):
        say(
            f"{total}; these are {start + 1:,} to {start + len(shown):,}, '--from {start + len(shown)}' prints the next, '--rows 0' all"
        )
    else:
        say(total if steps else "no difference")


def _side(text: str) -> str | Path:
    return Path(text) if Path(text).exists() else text


def _show_foreseen(console: Console, workspace: Workspace, foreseen: Foreseen) -> None:
    """Print the steps of a text and what they come to."""
    if console.is_json:
        return
    show_steps(foreseen.steps)
    names = workspace.plan_names(str(foreseen.revision.id))
    currency = workspace.settings().reporting_currency
    previews.show(console, foreseen.consequences, names, (), currency, by_person=False)


def _outcome(applied: Applied) -> str:
    """What came of applying a text, in a sentence."""
    revision = applied.revision
    if applied.steps and not applied.is_applied:
        return "nothing was published; 'metes plan apply FOLDER --yes' does not ask"
    if revision is None:
        return "nothing to apply"
    beyond = (
        f"; the plan has {counted(len(applied.beyond), 'change')} that the text lacks, 'metes plan export' brings them in"
        if applied.beyond
        else ""
    )
    if not applied.is_applied:
        return f"nothing to apply: revision {revision.id}, {revision.state} from {revision.effective_on}, says this already{beyond}"
    moved = f", {applied.report.moved:,} accounts moved" if applied.report is not None else ""
    return f"{revision.name} (revision {revision.id}) is {revision.state} from {revision.effective_on}{moved}{beyond}"
