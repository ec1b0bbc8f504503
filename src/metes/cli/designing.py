"""Commands of designs: begin one, work it out, look at it, make a draft of it, keep and remove."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from metes.cli import design_answers, design_steps, output
from metes.cli.design_words import NUMBER, share, show
from metes.cli.output import Console, say

design_app = typer.Typer(
    help="Territories designed: balanced, compact, contiguous, with what no design can beat.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    design_steps.add_to(design_app)
    design_answers.add_to(design_app)
    app.add_typer(design_app, name="design")


@design_app.command("new")
def design_new(
    context: typer.Context,
    file: Path | None = typer.Argument(
        None, metavar="[FILE]", help="What is asked, in YAML or JSON; options go before what it says."
    ),
    name: str | None = typer.Option(None, help="The design's name."),
    units: str | None = typer.Option(None, help="'accounts', or the key of a set of zones such as us-counties."),
    territories: str | None = typer.Option(None, help="How many, or 'capacity' for as many as capacity asks for."),
    measure: list[str] = typer.Option([], help="A measure with its band, such as potential:0.05; several times for several."),
    seat: list[str] = typer.Option([], help="A seat that a territory carries; several times for several."),
    within: str | None = typer.Option(None, help="A territory; only what stands below it takes part."),
    region: list[str] = typer.Option([], help="A region such as US-CO; only these take part."),
    contiguous: bool | None = typer.Option(None, "--contiguous/--scattered", help="Whether each territory is one piece."),
    walls: str | None = typer.Option(None, help="'region', or a type of territories, that none of the new ones crosses."),
    parents: int | None = typer.Option(None, help="So many parents are designed first, then the territories inside each."),
    start: str | None = typer.Option(None, help="'today', 'scratch', or another design such as design:7."),
    seed: int | None = typer.Option(None, help="Another seed, another search."),
    seconds: float | None = typer.Option(None, help="The longest that the search may take."),
    run: bool = typer.Option(False, "--run", help="Work it out at once."),
) -> int:
    """Begin a design of accounts or zones."""
    asked: dict[str, Any] = {}
    given = {
        "name": name,
        "units": units,
        "territories": int(territories) if territories is not None and territories.isdecimal() else territories,
        "seats": seat or None,
        "measures": [_measure(text) for text in measure] or None,
        "within": within,
        "regions": region or None,
        "contiguous": contiguous,
        "walls": walls,
        "parents": parents,
        "start": start,
        "seed": seed,
        "seconds": seconds,
    }
    console: Console = context.obj
    with console.workspace() as workspace, console.progress() as progress:
        if file is not None:
            asked = workspace.design_read(_text_of(file))
        row = workspace.design_new({**asked, **{key: value for key, value in given.items() if value is not None}})
        answer = workspace.design_run(row.id, progress) if run else None
        shown = workspace.design_show(row.id)
    if console.is_json:
        console.emit(shown)
    else:
        output.say_findings(row.findings)
        if answer is not None:
            show(console, shown)
        else:
            head = f"design {row.id}: {shown['units']['count']:,} units, {len(shown['territories']):,} territories"
            say(f"{head}; 'metes design run {row.id}' works it out")
    return 1 if row.findings else 0


@design_app.command("run")
def design_run(
    context: typer.Context,
    design: int = NUMBER,
    queue: bool = typer.Option(False, "--queue", help="Leave it to a worker, and print the job's number."),
) -> int:
    """Work a design out from where it is; the answer is one step that can be undone."""
    console: Console = context.obj
    with console.workspace() as workspace:
        if queue:
            job = workspace.design_queue(design)
            if console.is_json:
                console.emit({"job": job})
            else:
                say(f"queued as job {job}; 'metes jobs show {job}' tells how far it is")
            return 0
        with console.progress() as progress:
            workspace.design_run(design, progress)
        shown = workspace.design_show(design)
    if console.is_json:
        console.emit(shown)
    else:
        show(console, shown)
    return 0


@design_app.command("list")
def design_list(context: typer.Context) -> int:
    """List the designs, newest first."""
    console: Console = context.obj
    with console.workspace() as workspace:
        rows = workspace.design_list()
    if console.is_json:
        console.emit(rows)
        return 0
    headers = ["design", "name", "state", "units", "territories", "worst", "gap", "accounts moved", "changed", "by"]
    console.table(
        headers,
        [
            [
                row.id,
                row.name,
                row.state,
                row.summary.get("units", 0),
                row.summary.get("territories", 0),
                share(max((v or 0 for v in row.summary.get("worst_share", {}).values()), default=None)),
                share(row.summary.get("gap")),
                row.summary.get("changed_accounts", 0),
                row.updated_at,
                row.updated_by,
            ]
            for row in rows
        ],
    )
    return 0


@design_app.command("show")
def design_show(
    context: typer.Context,
    design: int = NUMBER,
    spec: bool = typer.Option(False, "--spec", help="Print what is asked of it, as YAML to change and begin another with."),
    why: bool = typer.Option(False, "--why", help="Say what keeps it from its bands, and what would have to give."),
) -> int:
    """Show a design's territories with what they hold against their bands, and its figures."""
    console: Console = context.obj
    with console.workspace() as workspace:
        if spec:
            print(workspace.design_spec(design), end="")
            return 0
        if why:
            with console.progress() as progress:
                return _say_why(console, workspace.design_reasons(design, progress))
        shown = workspace.design_show(design)
    if console.is_json:
        console.emit(shown)
    else:
        show(console, shown)
    return 0


@design_app.command("to-plan")
def design_to_plan(
    context: typer.Context, design: int = NUMBER, note: str = typer.Option("", help="Why, for the list of revisions.")
) -> int:
    """Make a draft of the active plan with a design's territories: named lists and rules, then accounts by name."""
    console: Console = context.obj
    with console.workspace() as workspace:
        drafted = workspace.design_to_plan(design, note=note)
    if console.is_json:
        console.emit(drafted)
    else:
        output.say_findings(drafted.findings)
        number = drafted.revision.id
        say(
            f"draft {number} has {drafted.accounts - drafted.elsewhere:,} of {drafted.accounts:,} accounts where the design has them"
        )
        say(f"'metes plan preview {number}' tells what it changes, 'metes plan publish {number}' puts it in force")
    return 1 if drafted.findings else 0


@design_app.command("export")
def design_export(
    context: typer.Context,
    design: int = NUMBER,
    file: Path = typer.Argument(..., metavar="FILE", help="A new .csv, .xlsx, .parquet or .geojson file."),
) -> int:
    """Write a design unit by unit, or its territories as shapes."""
    console: Console = context.obj
    with console.workspace() as workspace:
        rows = workspace.design_export(design, file)
    if console.is_json:
        console.emit({"file": file, "rows": rows})
    else:
        say(f"{rows:,} rows written to {file}")
    return 0


@design_app.command("save-as")
def design_save_as(
    context: typer.Context, design: int = NUMBER, name: str = typer.Argument(..., metavar="NAME", help="The new design's name.")
) -> int:
    """Keep a design as it is under another name."""
    console: Console = context.obj
    with console.workspace() as workspace:
        row = workspace.design_save_as(design, name)
    if console.is_json:
        console.emit(row)
    else:
        say(f"kept as design {row.id}, {row.name}")
    return 0


@design_app.command("remove")
def design_remove(
    context: typer.Context, design: int = NUMBER, undo: bool = typer.Option(False, "--undo", help="Bring a removed design back.")
) -> int:
    """Remove a design."""
    console: Console = context.obj
    with console.workspace() as workspace:
        if undo:
            workspace.design_restore(design)
        else:
            workspace.design_remove(design)
    if console.is_json:
        console.emit({"design": design, "removed": not undo})
    else:
        say(
            f"design {design} is back" if undo else f"design {design} removed; 'metes design remove {design} --undo' brings it back"
        )
    return 0


def _measure(text: str) -> dict[str, Any]:
    """A measure of `name`, `name:band` or `name:band:weight`."""
    from metes.base.errors import InputError

    name, *numbers = text.split(":")
    try:
        values = [float(number) for number in numbers]
    except ValueError:
        values = [0.0] * 3
    if len(values) > 2:
        raise InputError(f"expected a measure such as potential:0.05 or potential:0.05:2, got {text!r}")
    return {"measure": name, **dict(zip(("band", "weight"), values, strict=False))}


def _text_of(file: Path) -> str:
    from metes.base.errors import InputError

    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"expected a file with a design, {file} cannot be read: {error}") from None


def _say_why(console: Console, found: Mapping[str, Any]) -> int:
    """Print what keeps a design from its bands."""
    if console.is_json:
        console.emit(found)
        return 0
    for one in (*found["obstacles"], *found["relaxations"]):
        print(one["text"])
    if not found["obstacles"] and not found["relaxations"]:
        say("nothing stands in its way that is known")
    return 0
