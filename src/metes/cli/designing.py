"""Commands of designs: begin one, work it out, look at it, move units, undo, keep, remove."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from metes.cli import output
from metes.cli.output import Console, money, say

design_app = typer.Typer(
    help="Territories designed: balanced, compact, contiguous, with what no design can beat.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
NUMBER = typer.Argument(..., metavar="DESIGN", help="The design's number.")
UNIT_WIDTH = 40
ROWS_SHOWN = 60
_SUMS = ("potential", "revenue_12m", "pipeline")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
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
            _show(console, shown)
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
        _show(console, shown)
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
                _share(max((v or 0 for v in row.summary.get("worst_share", {}).values()), default=None)),
                _share(row.summary.get("gap")),
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
        _show(console, shown)
    return 0


@design_app.command("move")
def design_move(
    context: typer.Context,
    design: int = NUMBER,
    territory: str = typer.Argument(..., metavar="TERRITORY", help="The key, seat or name of a territory; 'none' for none."),
    units: list[str] = typer.Argument(..., metavar="UNITS", help="Ids of zones or accounts."),
) -> int:
    """Give units to a territory."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _answer(console, workspace.design_move(design, units, territory))


@design_app.command("undo")
def design_undo(context: typer.Context, design: int = NUMBER) -> int:
    """Take the last step back."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _answer(console, workspace.design_undo(design))


@design_app.command("redo")
def design_redo(context: typer.Context, design: int = NUMBER) -> int:
    """Do again what was taken back."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _answer(console, workspace.design_redo(design))


@design_app.command("compare")
def design_compare(
    context: typer.Context,
    design: int = NUMBER,
    to: str = typer.Argument("today", metavar="[TO]", help="Another design's number, or today."),
    accounts: int = typer.Option(0, "--accounts", min=0, help="List so many of the accounts that differ, most potential first."),
) -> int:
    """Say what differs from today, or from another design: accounts, and which territories and people gain and lose."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.design_compare(design, to, accounts=accounts)
    if console.is_json:
        console.emit(found)
        return 0
    currency = found["currency"]
    for kind, key in (("territory", "territories"), ("person", "people")):
        rows = [
            [
                one["name"] or "(none)",
                one["won"]["accounts"],
                one["lost"]["accounts"],
                *(_net(one, name, currency) for name in _SUMS),
            ]
            for one in found[key][:ROWS_SHOWN]
        ]
        if rows:
            console.table([kind, "won", "lost", "potential", "revenue 12m", "pipeline"], rows)
    if found["listed"]:
        rows = [
            [a["id"], a["name"], a["before"] or "(none)", a["after"] or "(none)", money(a["potential"], currency)]
            for a in found["listed"]
        ]
        console.table(["account", "name", "from", "to", "potential"], rows)
    say(f"{found['accounts']:,} accounts are elsewhere in {found['a']} than in {found['b']}")
    return 0


@design_app.command("fairness")
def design_fairness(context: typer.Context, design: int = NUMBER) -> int:
    """Say what each seat has against the mean, with the indices of Gini, Jain and max over min."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.design_fairness(design)
    if console.is_json:
        console.emit(found)
        return 0
    names = list(found["measures"])
    rows = [[s["name"], s["person"], *(_ratio(s["to_mean"][n]) for n in names), s["quota"]] for s in found["seats"]]
    console.table(["territory", "person", *(n.replace("_", " ") for n in names), "quota"], rows)
    headers = ["measure", "lowest", "mean", "highest", "gini", "jain", "max/min"]
    indices = [
        [
            n,
            *(_amount(m[k], found["units"][n]) for k in ("lowest", "mean", "highest")),
            *(_ratio(m[k]) for k in ("gini", "jain", "max_min")),
        ]
        for n, m in found["measures"].items()
    ]
    console.table(headers, indices)
    return 0


@design_app.command("bases")
def design_bases(
    context: typer.Context,
    design: int = NUMBER,
    slack: float = typer.Option(0.2, "--slack", min=0, max=10, help="How much more than its target a base may serve, as a share."),
    seconds: float = typer.Option(10.0, "--seconds", min=1, max=600, help="The longest that the search may take."),
) -> int:
    """Say where the seats would best live: a base among the units for each territory, so that kilometres are least."""
    console: Console = context.obj
    with console.workspace() as workspace, console.progress() as progress:
        found = workspace.design_bases(design, slack_share=slack, seconds=seconds, progress=progress)
    if console.is_json:
        console.emit(found)
        return 0
    rows = [
        [
            b["unit"],
            b["name"][:UNIT_WIDTH],
            b["region"],
            f"{b['latitude']:.4f}, {b['longitude']:.4f}",
            b["units"],
            _amount(b["load"], found["unit"]),
        ]
        for b in found["bases"]
    ]
    console.table(["base", "name", "region", "place", "units", found["measure"].replace("_", " ")], rows)
    say(f"{found['kilometres']:,.0f} km from {found['units']:,} units to their bases, once each")
    if found["gap"] is not None:
        say(f"at most {_share(found['gap'])} above the best possible")
    return 0


@design_app.command("frontier")
def design_frontier(context: typer.Context, design: int = NUMBER) -> int:
    """List designs none of which is better in balance, travel and hand-overs at once; nothing is kept."""
    console: Console = context.obj
    with console.workspace() as workspace, console.progress() as progress:
        found = workspace.design_frontier(design, progress)
    if console.is_json:
        console.emit(found)
        return 0
    currency = found["currency"]
    headers = ["worst", "travel", "hand-overs", "accounts moved", "within bands", "hand-overs weigh", "bands"]
    rows = [
        [
            _share(p["worst_share"]),
            money(round(p["travel"]), currency),
            money(round(p["disruption_minor"]), currency),
            p["changed_accounts"],
            "yes" if p["is_within"] else "no",
            f"{p['handover_weight']:g} times",
            f"{p['band_width']:g} times",
        ]
        for p in found["points"]
    ]
    console.table(headers, rows)
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


def _answer(console: Console, answer: Mapping[str, Any]) -> int:
    if console.is_json:
        console.emit(answer)
    else:
        say(answer["text"])
    return 0


def _show(console: Console, shown: Mapping[str, Any]) -> None:
    """Print territories against their bands, then the figures."""
    measures, figures = shown["measures"], shown["figures"]
    headers = ["territory", "name", "person", "units", *(m["title"].lower() for m in measures), "off target", "moved", "pieces"]
    rows = []
    for t in shown["territories"]:
        off = [load / target - 1 if target else 0.0 for load, target in zip(t["loads"], t["targets"], strict=True)]
        marks = ["!" if over else "" for over in t["over"]]
        loads = [_amount(load, m["unit"]) + mark for load, m, mark in zip(t["loads"], measures, marks, strict=True)]
        worst = max(off, key=abs, default=0.0)
        rows.append(
            [
                t["key"],
                t["name"][:UNIT_WIDTH],
                t["person"][:UNIT_WIDTH],
                t["units"],
                *loads,
                f"{worst:+.1%}",
                t["moved"],
                t["pieces"],
            ]
        )
    console.table(headers, rows)
    for line in sentences(shown["currency"], figures, shown["today"]):
        say(line)


def sentences(currency: str, figures: Mapping[str, Any], today: Mapping[str, Any] | None) -> list[str]:
    """A design's figures, a line each."""
    lines = [
        f"{one['measure']}: worst {_share(one['worst_share'])} off its target, {one['over']} beyond their band"
        for one in figures["balance"]
    ]
    lines.append(
        f"{figures['changed_accounts']:,} accounts ({_share(figures['changed_share'])}) change territory, "
        f"which is expected to lose {money(round(figures['disruption_minor']), currency)}"
    )
    lines.append(f"travel costs {money(round(figures['travel']), currency)} a year{_against(figures['travel'], today)}")
    if not figures["is_within"]:
        lines.append("not every band is met, so the bound, which is for designs that meet them, says nothing of this one")
    if figures["gap"] is not None:
        lines.append(f"at most {_share(figures['gap'])} above the best possible for these centres")
    if figures["broken"]:
        lines.append(f"{figures['broken']:,} territories are not in one piece")
    if figures["unassigned"]:
        lines.append(f"{figures['unassigned']:,} {'unit is' if figures['unassigned'] == 1 else 'units are'} in no territory")
    if figures["accounts_off_map"]:
        lines.append(f"{figures['accounts_off_map']:,} accounts are not on the map")
    return [*lines, *figures["notes"]]


def _against(travel: float, today: Mapping[str, Any] | None) -> str:
    """How travel is against that of today, where territories are those of today."""
    if today is None or today["travel"] <= 0:
        return ""
    return f", {travel / today['travel'] - 1:+.1%} against today"


def _amount(value: float, unit: str) -> str:
    return money(round(value), unit) if len(unit) == 3 and unit.isupper() else f"{value:,.0f}"


def _net(balance: Mapping[str, Any], name: str, currency: str) -> str:
    return money(balance["won"][name] - balance["lost"][name], currency)


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
