"""`metes correct`: who sat on a seat, or which territory held an account, on days that are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from metes.cli.output import Console, say
from metes.model.moment import day_in

if TYPE_CHECKING:
    from metes.importing.correcting import Corrected

correct_app = typer.Typer(
    help="Correct what the ledger says of past days; what was known before stays known.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_FROM = typer.Option(..., "--from", help="The first day.")
_REASON = typer.Option("", help="Why the ledger is wrong; needed unless with --dry-run.")
_DRY_RUN = typer.Option(False, "--dry-run", help="Say what would change, write nothing.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(correct_app, name="correct")


@correct_app.command("owner")
def correct_owner(
    context: typer.Context,
    account: str,
    territory: str = typer.Argument(..., help="The territory that held it, or none."),
    start: str = _FROM,
    end: str = typer.Option(..., "--to", help="The day after the last; not after today."),
    reason: str = _REASON,
    dry_run: bool = _DRY_RUN,
) -> int:
    """Say which territory held an account on days that are over."""
    console: Console = context.obj
    with console.workspace() as workspace:
        done = workspace.correct_owner(
            account, territory, start=day_in(start), end=day_in(end), reason=reason, dry_run=dry_run
        )  # fmt: skip
    return _said(console, done, "no territory")


@correct_app.command("seat")
def correct_seat(
    context: typer.Context,
    seat: str,
    person: str = typer.Argument(..., help="The id of the person who sat there, or nobody."),
    start: str = _FROM,
    end: str = typer.Option("", "--to", help="The day after the last; else still there."),
    reason: str = _REASON,
    beside: bool = typer.Option(False, "--beside", help="Beside whoever else sat there; else these give way."),
    dry_run: bool = _DRY_RUN,
) -> int:
    """Say who sat on a seat."""
    console: Console = context.obj
    with console.workspace() as workspace:
        done = workspace.correct_seat(
            seat, person, start=day_in(start), end=day_in(end) if end else None, reason=reason, is_beside=beside, dry_run=dry_run
        )
    return _said(console, done, "nobody")


@correct_app.command("back")
def correct_back(
    context: typer.Context,
    correction: int = typer.Argument(..., help="The number of the correction."),
    reason: str = typer.Option(..., help="Why the correction was wrong."),
) -> int:
    """Take a correction back by another one."""
    console: Console = context.obj
    with console.workspace() as workspace:
        number = workspace.correct_back(correction, reason=reason)
    if console.is_json:
        console.emit({"correction": number, "takes_back": correction})
    else:
        say(f"correction {correction} is taken back by correction {number}")
    return 0


@correct_app.command("list")
def correct_list(context: typer.Context, account: str = typer.Option("", help="Those of one account.")) -> int:
    """List corrections, the newest first."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.correct_list(account=account or None)
    if console.is_json:
        console.emit(found)
        return 0
    headers = ["number", "what", "of", "was", "from", "until", "recorded", "by", "reason", "taken back by"]
    rows = [
        [c.id, c.kind, c.account or c.seat, "" if c.takes_back else c.territory or c.person or "nobody", c.true_from, c.true_until, c.at,
         c.author, c.reason if c.takes_back is None else f"takes back {c.takes_back}: {c.reason}", c.taken_back_by]
        for c in found
    ]  # fmt: skip
    console.table(headers, rows)
    return 0


def _said(console: Console, done: Corrected, nobody: str) -> int:
    """Print the steps of a correction."""
    if console.is_json:
        console.emit(done)
        return 0
    rows = [[s.start, s.end or "still", ", ".join(s.before) or nobody, ", ".join(s.after) or nobody] for s in done.steps]
    console.table(["from", "until", "the ledger said", "it was"], rows)
    say(f"correction {done.id} recorded" if done.id else "nothing was written")
    return 0
