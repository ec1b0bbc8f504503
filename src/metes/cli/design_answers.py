"""Commands that ask something of a design: how it compares, how fair it is, where its seats would live, what could be traded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from metes.cli.design_words import NUMBER, UNIT_WIDTH, amount, ratio, share
from metes.cli.output import Console, money, say

ROWS_SHOWN = 60
_SUMS = ("potential", "revenue_12m", "pipeline")


def add_to(design_app: typer.Typer) -> None:
    """Add these commands."""
    for name, command in (
        ("compare", design_compare),
        ("fairness", design_fairness),
        ("bases", design_bases),
        ("seats", design_seats),
        ("frontier", design_frontier),
        ("pick", design_pick),
    ):
        design_app.command(name)(command)


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


def design_fairness(context: typer.Context, design: int = NUMBER) -> int:
    """Say what each seat has against the mean, with the indices of Gini, Jain and max over min."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.design_fairness(design)
    if console.is_json:
        console.emit(found)
        return 0
    names = list(found["measures"])
    rows = [[s["name"], s["person"], *(ratio(s["to_mean"][n]) for n in names), s["quota"]] for s in found["seats"]]
    console.table(["territory", "person", *(n.replace("_", " ") for n in names), "quota"], rows)
    headers = ["measure", "lowest", "mean", "highest", "gini", "jain", "max/min"]
    indices = [
        [
            n,
            *(amount(m[k], found["units"][n]) for k in ("lowest", "mean", "highest")),
            *(ratio(m[k]) for k in ("gini", "jain", "max_min")),
        ]
        for n, m in found["measures"].items()
    ]
    console.table(headers, indices)
    return 0


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
            amount(b["load"], found["unit"]),
        ]
        for b in found["bases"]
    ]
    console.table(["base", "name", "region", "place", "units", found["measure"].replace("_", " ")], rows)
    say(f"{found['kilometres']:,.0f} km from {found['units']:,} units to their bases, once each")
    if found["gap"] is not None:
        say(f"at most {share(found['gap'])} above the best possible")
    return 0


def design_seats(
    context: typer.Context,
    design: int = NUMBER,
    cost: float | None = typer.Option(None, "--cost", min=0, help="What a seat costs in a year, in the reporting currency."),
    hours: float | None = typer.Option(None, "--hours", help="The hours of a seat in a year; else the mean of the design's seats."),
    value: str = typer.Option(
        "potential", "--value", help="What is lost where hours do not reach: potential, revenue_12m, pipeline."
    ),
    visits: str = typer.Option(
        "", "--visits", metavar="FIELD", help="The field with an account's visits a year; else the design's rate."
    ),
    returns: float = typer.Option(1.0, "--return-share", help="The share of the value reached that counts as return."),
    new: float = typer.Option(1.0, "--new-share", help="The share of its hours that a seat has while new."),
    span: int = typer.Option(2, "--span", min=1, max=20, help="How many seats more and fewer to look at."),
) -> int:
    """Say what one seat more and one fewer are expected to bring and cost: hours of work against what seats can do."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.design_seats(
            design, seat_cost=cost, seat_hours=hours, value=value, visits=visits, return_share=returns, new_share=new, span=span
        )
    if console.is_json:
        console.emit(found)
        return 0
    unit = found["currency"]
    rows = [
        [
            row["seats"],
            f"{row['capacity_hours']:,.0f}",
            share(row["load_share"]),
            row["accounts_reached"],
            share(row["value_share"]),
            *("" if row[name] is None else amount(row[name], unit) for name in ("brings", "costs", "net", "one_more_adds")),
        ]
        for row in found["rows"]
    ]
    console.table(["seats", "hours", "load", "accounts", "reached", "brings", "costs", "net", "one more adds"], rows)
    for text in found["texts"]:
        say(text)
    return 0


def design_frontier(
    context: typer.Context,
    design: int = NUMBER,
    queue: bool = typer.Option(False, "--queue", help="Leave it to a worker, and print the job's number."),
    last: bool = typer.Option(False, "--last", help="Show the points that a job worked out last; these can be picked."),
) -> int:
    """List designs none of which is better in balance, travel and hand-overs at once."""
    console: Console = context.obj
    with console.workspace() as workspace:
        if queue:
            job = workspace.design_frontier_queue(design)
            if console.is_json:
                console.emit({"job": job})
            else:
                say(f"queued as job {job}; 'metes design frontier {design} --last' shows its points then")
            return 0
        with console.progress() as progress:
            found = workspace.design_frontier_show(design) if last else workspace.design_frontier(design, progress)
    if console.is_json:
        console.emit(found)
        return 0
    if last and not found["points"]:
        state = f"job {found['job']} is {found['state']}" if found["job"] else "no job worked it out yet"
        say(f"no points: {state}; 'metes design frontier {design} --queue' begins")
        return 0
    _show_points(console, found)
    if last:
        say(f"'metes design pick {design} {found['job']} POINT' makes a design of a point")
    return 0


def design_pick(
    context: typer.Context,
    design: int = NUMBER,
    job: int = typer.Argument(..., metavar="JOB", help="The job that worked the frontier out."),
    point: int = typer.Argument(..., metavar="POINT", min=1, help="The point, from 1."),
) -> int:
    """Make a design of its own of a point of a frontier that a job worked out."""
    console: Console = context.obj
    with console.workspace() as workspace:
        made = workspace.design_frontier_pick(design, job, point - 1)
    if console.is_json:
        console.emit(made)
    else:
        say(f"kept as design {made.id}, {made.name}")
    return 0


def _show_points(console: Console, found: Mapping[str, Any]) -> None:
    """Print the points of a frontier."""
    currency = found["currency"]
    headers = ["point", "worst", "travel", "hand-overs", "accounts moved", "within bands", "hand-overs weigh", "bands"]
    rows = [
        [
            at,
            share(p["worst_share"]),
            money(round(p["travel"]), currency),
            money(round(p["disruption_minor"]), currency),
            p["changed_accounts"],
            "yes" if p["is_within"] else "no",
            f"{p['handover_weight']:g} times",
            f"{p['band_width']:g} times",
        ]
        for at, p in enumerate(found["points"], 1)
    ]
    console.table(headers, rows)


def _net(balance: Mapping[str, Any], name: str, currency: str) -> str:
    return money(balance["won"][name] - balance["lost"][name], currency)
