"""Commands that look: accounts, owners, histories, territories, people, search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from metes.base.errors import InputError
from metes.cli.output import Console, money, say

if TYPE_CHECKING:
    from metes.app.workspace import Workspace
    from metes.model.moment import Moment
    from metes.model.query import AccountQuery


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (accounts, owner, history, territories, people, search):
        app.command()(command)
    app.command("as-of")(as_of)


_WHERE = typer.Option("", help="A condition such as \"country = 'US' and employees > 100\".")
_SEARCH = typer.Option("", "--search", help="Words that names or ids begin with.")
_TERRITORY = typer.Option("", help="Held by this territory or one below it; 'none' for those held by none.")
_SORT = typer.Option("name", help="The column to sort by; -COLUMN for descending.")
_COLUMNS = typer.Option("", help="Columns, with commas between; owners and owner_ids are columns too.")
_ROWS = typer.Option(20, min=1, max=1000, help="How many rows to print.")
_AT = typer.Option("", "--at", help="On which day it was true; else today.")
_KNOWN = typer.Option("", "--known", help="As known at the end of which day, or at which instant; else now.")
AS_OF_COLUMNS = ("id", "name", "territory", "owners")


def accounts(
    context: typer.Context,
    where: str = _WHERE,
    text: str = _SEARCH,
    territory: str = _TERRITORY,
    sort: str = _SORT,
    columns: str = _COLUMNS,
    rows: int = _ROWS,
    out: Path | None = typer.Option(None, help="Write all matching accounts to this .csv, .xlsx or .parquet file instead."),
) -> int:
    """List, filter, sort and export accounts."""
    console: Console = context.obj
    with console.workspace() as workspace:
        return _list(console, workspace, _query(workspace, where, text, territory, sort, columns, rows), out)


def as_of(
    context: typer.Context,
    at: str = _AT,
    known: str = _KNOWN,
    where: str = _WHERE,
    text: str = _SEARCH,
    territory: str = _TERRITORY,
    sort: str = _SORT,
    columns: str = _COLUMNS,
    rows: int = _ROWS,
    export: Path | None = typer.Option(None, help="Write all matching accounts to this .csv, .xlsx or .parquet file instead."),
) -> int:
    """List accounts with the territory and owner that each had on a day, as known on another."""
    console: Console = context.obj
    with console.workspace() as now:
        moment = now.when(at, known) or now.when(now.today().isoformat())
        past = now.as_of(moment.at, moment.known) if moment else now
        query = _query(past, where, text, territory, sort, columns or ",".join(AS_OF_COLUMNS), rows)
        say(f"as of {past.seen_on}, as known {known or 'now'}; values of accounts are those of now")
        return _list(console, past, query, export)


def _query(workspace: Workspace, where: str, text: str, territory: str, sort: str, columns: str, rows: int) -> AccountQuery:
    """The accounts that options ask for."""
    from metes.model.query import AccountQuery

    return AccountQuery(
        condition=workspace.rule_parse(where) if where else AccountQuery().condition,
        search=text,
        territories=None if not territory else frozenset({""}) if territory == "none" else workspace.keys_below(territory),
        sort=sort.removeprefix("-"),
        is_descending=sort.startswith("-"),
        columns=tuple(c.strip() for c in columns.split(",")) if columns else AccountQuery().columns,
        rows=rows,
    )


def _list(console: Console, workspace: Workspace, query: AccountQuery, out: Path | None) -> int:
    """Print a page of accounts, or write all to a file."""
    if out is not None:
        written = workspace.accounts_write(query, out)
        say(f"{written:,} accounts written to {out}")
        return 0
    page = workspace.accounts(query)
    if console.is_json:
        console.emit({"total": page.total, "sums": page.sums, "rows": page.rows})
        return 0
    currency = workspace.settings().reporting_currency
    is_money = {name for name, field in workspace.fields().items() if field.type.value == "money"}
    table = [[money(row[c], currency) if c in is_money else row[c] for c in query.columns] for row in page.rows]
    console.table(list(query.columns), table)
    say(f"{len(page.rows):,} of {page.total:,} accounts, potential {money(page.sums['potential'], currency)}")
    return 0


def owner(
    context: typer.Context,
    account: str,
    at: str = _AT,
    known: str = _KNOWN,
) -> int:
    """Say who owned an account on a day, as known on another."""
    console: Console = context.obj
    with console.workspace() as workspace:
        moment = workspace.when(at, known)
        answer = workspace.owner(account, at=moment.at, known=moment.known) if moment else workspace.owner(account)
    if console.is_json:
        console.emit(answer)
        return 0
    if not answer.holdings:
        print(f"{account}: held by no territory on {answer.at}")
    for holding in answer.holdings:
        share = f", share {holding.share:.0%}" if holding.share != 1 else ""
        print(f"{account}: {holding.role} territory {holding.territory} since {holding.true_from} (by {holding.via}{share})")
    for seat in answer.seats:
        who = f"{seat.person} ({seat.person_key}) since {seat.since}" if seat.person else "vacant"
        print(f"  {'owner' if seat.owns else 'helps'}: {who}, seat {seat.seat}, {seat.seat_role} of {seat.territory}")
    return 0


def history(context: typer.Context, account: str) -> int:
    """List every fact about who held an account, in both times."""
    console: Console = context.obj
    with console.workspace() as workspace:
        facts = workspace.history(account)
    if console.is_json:
        console.emit(facts)
    else:
        headers = ["territory", "role", "via", "true from", "true until", "recorded", "superseded"]
        console.table(
            headers, [[f.territory, f.role, f.via, f.true_from, f.true_until, f.recorded_at, f.recorded_until] for f in facts]
        )
    return 0


def territories(
    context: typer.Context,
    at: str = _AT,
    known: str = _KNOWN,
    restated: bool = typer.Option(
        False, "--restated", help="The day as first known (at the end of --known, else of the day) and as known now."
    ),
) -> int:
    """List the tree of territories with counts and sums, also of a day, as known on another."""
    console: Console = context.obj
    with console.workspace() as now:
        moment = now.when(at, known)
        if restated:
            return _restated(console, now, moment)
        workspace = now.as_of(moment.at, moment.known) if moment else now
        tree = workspace.tree()
        unassigned = workspace.unassigned()
        currency = workspace.settings().reporting_currency
    if console.is_json:
        console.emit(
            [
                {
                    "key": n.territory.key,
                    "name": n.territory.label,
                    "depth": n.depth,
                    "role": n.role,
                    "own": n.own,
                    "whole": n.whole,
                }
                for n in tree
            ]
        )
        return 0
    rows = [
        [
            "  " * n.depth + n.territory.label,
            n.territory.key,
            n.role,
            n.whole.accounts,
            money(n.whole.potential, currency),
            money(n.whole.pipeline, currency),
        ]
        for n in tree
    ]
    console.table(["territory", "key", "role", "accounts", "potential", "pipeline"], rows)
    say(f"{unassigned.accounts:,} accounts are held by no territory")
    return 0


def _restated(console: Console, workspace: Workspace, moment: Moment | None) -> int:
    """Print the figures of a day as first known beside those known now, and what made the difference."""
    if moment is None:
        raise InputError("--restated needs the day whose figures are asked for; name it with --at")
    found = workspace.restated(moment.at, moment.known)
    if console.is_json:
        console.emit(found)
        return 0
    currency = workspace.settings().reporting_currency
    rows = []
    for row in found.rows:
        pairs = [
            (row.then.accounts, row.now.accounts),
            (row.then.potential, row.now.potential),
            (row.then.revenue_12m, row.now.revenue_12m),
        ]
        first, *rest = pairs
        money_of = [text for then, now in rest for text in (money(then, currency), money(now, currency))]
        rows.append(["  " * row.depth + row.name, row.key, *first, first[1] - first[0], *money_of])
    headers = ["territory", "key", "accounts then", "now", "difference", "potential then", "now", "revenue then", "now"]
    console.table(headers, rows)
    moved = {m.writer for row in found.rows for m in row.moved}
    for writer in sorted(moved, key=lambda w: (w.at, w.id)):
        count = max(m.gained + m.lost for row in found.rows for m in row.moved if m.writer == writer)
        say(
            f"{writer.kind} {writer.id} of {writer.at:%Y-%m-%d %H:%M} by {writer.author}: {writer.text} ({count:,} accounts gained or lost)"
        )
    say(f"{found.at} as known at {found.since:%Y-%m-%d %H:%M} UTC, and as known now")
    return 0


def people(context: typer.Context, text: str = typer.Argument("", help="Words in name, role or office.")) -> int:
    """List people."""
    console: Console = context.obj
    with console.workspace() as workspace:
        rows, total = workspace.people(text)
    if console.is_json:
        console.emit({"total": total, "rows": rows})
    else:
        console.table(
            ["id", "name", "role", "office", "manager"],
            [[r["external_id"], r["name"], r["role"], r["office"], r["manager"]] for r in rows],
        )
        say(f"{len(rows):,} of {total:,} people")
    return 0


def search(context: typer.Context, text: str) -> int:
    """Find accounts, territories, people and rules."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.search(text)
    if console.is_json:
        console.emit(
            {
                "accounts": found.accounts,
                "territories": [{"key": t.key, "name": t.label} for t in found.territories],
                "people": [{"id": p["external_id"], "name": p["name"]} for p in found.people],
                "rules": [{"territory": t.key, "rule": key, "name": name} for t, key, name in found.rules],
            }
        )
        return 0
    rows = [["account", a["id"], a["name"]] for a in found.accounts]
    rows += [["territory", t.key, t.label] for t in found.territories]
    rows += [["person", p["external_id"], p["name"]] for p in found.people]
    rows += [["rule", f"{t.key}/{key}", name] for t, key, name in found.rules]
    console.table(["kind", "id", "name"], rows)
    return 0
