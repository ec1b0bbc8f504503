"""Commands of long work: jobs with their logs, and schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from metes.cli.output import Console, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metes.store.job_log import LogLine
    from metes.store.schedules import Schedule

LINES_SHOWN = 20

jobs_app = typer.Typer(help="Long work: imports, assignments, previews.", no_args_is_help=True, rich_markup_mode=None)
schedule_app = typer.Typer(help="What happens by itself, and when.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(jobs_app, name="jobs")
    app.add_typer(schedule_app, name="schedule")


@jobs_app.command("list")
def jobs_list(context: typer.Context) -> int:
    """List the newest jobs."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.jobs()
    if console.is_json:
        console.emit(found)
    else:
        rows = [
            [j.id, j.kind, j.state, j.stage, f"{j.done} of {j.total}" if j.total else "", j.principal, j.created_at, j.error]
            for j in found
        ]
        console.table(["job", "kind", "state", "stage", "progress", "who", "queued", "error"], rows)
    return 0


@jobs_app.command("show")
def jobs_show(context: typer.Context, job: int) -> int:
    """Show one job with the last lines of its log."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.job(job)
        lines, total = workspace.job_log_end(job, limit=LINES_SHOWN)
    if console.is_json:
        console.emit({"job": found, "log": lines, "lines": total})
        return 0
    progress = f" ({found.done:,} of {found.total:,})" if found.total else ""
    say(f"job {found.id}: {found.kind}, {found.state}, attempt {found.attempts}; asked for by {found.principal}")
    say(f"error: {found.error}" if found.error else f"stage: {found.stage}{progress}")
    if total > len(lines):
        say(f"the last {len(lines)} of {total:,} lines; 'metes jobs log {job}' prints all")
    _print_lines(console, lines)
    return 0


@jobs_app.command("log")
def jobs_log(
    context: typer.Context,
    job: int,
    after: int = typer.Option(0, min=0, metavar="LINE", help="Only the lines behind this number."),
    rows: int = typer.Option(1000, min=1, max=100_000, help="At most so many lines."),
) -> int:
    """Print a job's log."""
    console: Console = context.obj
    with console.workspace() as workspace:
        lines = workspace.job_log(job, after=after, limit=rows)
    console.emit(lines) if console.is_json else _print_lines(console, lines)
    return 0


@jobs_app.command("cancel")
def jobs_cancel(context: typer.Context, job: int) -> int:
    """Ask a job to stop."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.job_cancel(job)
    console.emit(found) if console.is_json else say(
        f"job {job} is {found.state}" + ("" if found.has_ended else " and stops at its next step")
    )
    return 0


@jobs_app.command("resume")
def jobs_resume(context: typer.Context, job: int) -> int:
    """Let a failed or cancelled job go on."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.job_resume(job)
    console.emit(found) if console.is_json else say(
        f"job {job} waits for a worker and goes on from {'its checkpoint' if found.checkpoint else 'the beginning'}"
    )
    return 0


@schedule_app.command("list")
def schedule_list(context: typer.Context) -> int:
    """List the schedules."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.schedule_list()
        states = {s.last_job: workspace.job(s.last_job).state for s in found if s.last_job is not None}
        zone = workspace.settings().time_zone
    if console.is_json:
        console.emit([_plain(schedule) for schedule in found])
        return 0
    rows = [
        [
            s.name,
            s.kind,
            str(s.cadence),
            s.next_at if s.is_enabled else "paused",
            s.last_at,
            s.last_job,
            states.get(s.last_job or 0),
        ]
        for s in found
    ]
    console.table(["schedule", "runs", "when", "next turn (UTC)", "last turn (UTC)", "job", "ended"], rows)
    say(f"times of day are those of {zone}; a worker ('metes worker' or 'metes serve') must run for a turn to be taken")
    return 0


@schedule_app.command("add")
def schedule_add(
    context: typer.Context,
    name: str,
    kind: str = typer.Argument(..., help="assign, clean-up, drop-logs, reminders, daily-digest or weekly-digest."),
    cadence: str = typer.Argument(..., help="'nightly 02:00', 'weekly monday 02:00' or 'monthly 1 02:00'."),
) -> int:
    """Add a schedule."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _show(console, workspace.schedule_add(name, kind, cadence))


@schedule_app.command("pause")
def schedule_pause(context: typer.Context, name: str) -> int:
    """Let a schedule rest."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _show(console, workspace.schedule_pause(name))


@schedule_app.command("resume")
def schedule_resume(context: typer.Context, name: str) -> int:
    """Let a schedule go on with its next turn."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _show(console, workspace.schedule_resume(name))


@schedule_app.command("run")
def schedule_run(context: typer.Context, name: str) -> int:
    """Queue a schedule's job now."""
    console: Console = context.obj
    with console.workspace() as workspace:
        job = workspace.schedule_run(name)
    console.emit({"job": job}) if console.is_json else say(f"job {job} waits for a worker")
    return 0


@schedule_app.command("remove")
def schedule_remove(context: typer.Context, name: str) -> int:
    """Remove a schedule."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.schedule_remove(name)
    console.emit({"schedule": name, "is_removed": True}) if console.is_json else say(f"the schedule {name} is removed")
    return 0


def _show(console: Console, schedule: Schedule) -> int:
    if console.is_json:
        console.emit(_plain(schedule))
    else:
        when = f"its next turn is {schedule.next_at:%Y-%m-%d %H:%M} UTC" if schedule.is_enabled else "it is paused"
        say(f"{schedule.name} runs {schedule.kind} {schedule.cadence}; {when}")
    return 0


def _plain(schedule: Schedule) -> dict[str, object]:
    names = ("id", "name", "kind", "is_enabled", "principal", "next_at", "last_at", "last_job")
    return {name: getattr(schedule, name) for name in names} | {"cadence": str(schedule.cadence)}


def _print_lines(console: Console, lines: Sequence[LogLine]) -> None:
    console.table(
        ["line", "at (UTC)", "level", "stage", "text"],
        [[ln.number, f"{ln.at:%Y-%m-%d %H:%M:%S}", ln.level, ln.stage, ln.text] for ln in lines],
    )
