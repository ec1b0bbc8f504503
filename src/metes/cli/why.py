"""`metes explain`: why one account is where it is, a selection as a table, a territory as a summary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from metes.base.errors import InputError
from metes.cli.output import Console, money, say

if TYPE_CHECKING:
    from metes.app.workspace import Workspace
    from metes.looking.why import TerritoryWhy

_SHOWN = 12


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    context: typer.Context,
    account: str = typer.Argument("", metavar="[ACCOUNT]", help="One account, by its key or a source's id."),
    plan: str = typer.Option("active", help="Under which revision."),
    all_: bool = typer.Option(False, "--all", help="Name every territory that does not take the account, not the nearest 20."),
    text: str = typer.Option("", "--search", help="Of those, name the ones whose name or key has these words."),
    where: str = typer.Option("", help="Instead of one account, all that a condition takes, as a table."),
    territory: str = typer.Option("", help="Instead of accounts, why this territory with all below it holds what it holds."),
    rows: int = typer.Option(20, min=1, max=1000, help="With --where: how many rows to print."),
    out: Path | None = typer.Option(None, help="With --where: write all rows to this .csv, .xlsx or .parquet file instead."),
) -> int:
    """Say why accounts are where they are: the winning rule, the losers and why they lost, and what would change it."""
    if sum(map(bool, (account, where, territory))) != 1:
        raise InputError("expected one of an account, --where CONDITION or --territory KEY; name one of them")
    if out is not None and not where:
        raise InputError("--out writes a selection; name it with --where")
    console: Console = context.obj
    with console.workspace() as workspace:
        if territory:
            _territory(console, workspace, territory)
        elif where:
            _selection(console, workspace, where, plan, rows, out)
        else:
            found = workspace.explain(account, reference=plan, limit=None if all_ else 20, words=text)
            if console.is_json:
                console.emit(found)
            else:
                print("\n".join(found.sentences()))
    return 0


def _selection(console: Console, workspace: Workspace, where: str, plan: str, rows: int, out: Path | None) -> None:
    from metes.model.query import AccountQuery

    query = AccountQuery(condition=workspace.rule_parse(where), rows=rows)
    if out is not None:
        with console.progress() as progress:
            written = workspace.explain_write(query, out, reference=plan, progress=progress)
        say(f"{written:,} rows written to {out}")
        return
    page = workspace.explain_page(query, reference=plan)
    if console.is_json:
        console.emit({"total": page.total, "rows": page.rows})
        return
    headers = ["id", "territory", "via", "rule", "priority", "runner-up", "decided by", "would go to", "with this change"]
    table = [[r.id, _holder(r), r.via, r.rule, r.priority, r.runner_up, r.decided_by, _target(r), r.change] for r in page.rows]
    console.table(headers, table)
    say(f"{len(page.rows):,} of {page.total:,} accounts")


def _holder(row: Any) -> str:
    """The territory, with how many others hold beside it."""
    return f"{row.territory} (+{row.holders - 1})" if row.holders > 1 else row.territory or "none"


def _target(row: Any) -> str:
    """The territories to which the nearest change would give the account."""
    return (" and ".join(row.would_go_to) or "none") if row.change else ""


def _territory(console: Console, workspace: Workspace, key: str) -> None:
    with console.progress() as progress:
        found = workspace.explain_territory(key, progress=progress)
    if console.is_json or found is None:
        console.emit(found)
        return
    _print_territory(console, found, workspace.settings().reporting_currency)


def _print_territory(console: Console, found: TerritoryWhy, currency: str) -> None:
    def figures(tally: Any) -> list[Any]:
        return [tally.accounts, money(tally.potential, currency), money(tally.revenue_12m, currency)]

    rows: list[list[Any]] = [["held", via, "", *figures(tally)] for via, tally in found.by_via]
    rows += [["by rule", territory, rule, *figures(tally)] for territory, rule, tally in found.by_rule[:_SHOWN]]
    rows += [["lost to", other or "an exclusion", step, *figures(tally)] for other, step, tally in found.lost[:_SHOWN]]
    rows += [["held against", other, step, *figures(tally)] for other, step, tally in found.won[:_SHOWN]]
    rows += [["near an end", edge.comparison, edge.condition, edge.accounts, "", ""] for edge in found.edges]
    console.table(["what", "who", "how", "accounts", "potential", "revenue, 12 months"], rows)
    more = sum(max(0, len(part) - _SHOWN) for part in (found.by_rule, found.lost, found.won))
    if more:
        say(f"… and {more:,} more rows (--json lists all)")
    say(f"{found.key}: {found.total.accounts:,} accounts, as the active plan gives them today")
