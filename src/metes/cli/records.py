"""Commands that change single records."""

from __future__ import annotations

import typer

from metes.cli.output import Console, say

account_app = typer.Typer(help="One account.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(account_app, name="account")


@account_app.command("set")
def account_set(
    context: typer.Context,
    account: str,
    values: list[str] = typer.Argument(
        ..., metavar="FIELD=VALUE...", help="Such as segment=Enterprise; 'phone=' clears the field."
    ),
) -> int:
    """Change fields of an account, and assign it."""
    from metes.base.errors import InputError

    wrong = [text for text in values if "=" not in text]
    if wrong:
        raise InputError(f"expected FIELD=VALUE, got {wrong[0]!r}; write for example segment=Enterprise")
    console: Console = context.obj
    told = {name.strip(): value for name, _, value in (text.partition("=") for text in values)}
    with console.workspace() as workspace:
        edited = workspace.account_edit(account, told)
    if console.is_json:
        assigned = edited.assigned.as_dict() if edited.assigned else None
        console.emit({"account": account, "import": edited.report, "assigned": assigned, "job": edited.job})
        return 0
    say(f"{account}: changed by import {edited.report.import_id}" if edited.is_changed else f"{account}: every value was as it is")
    for change in edited.assigned.territories if edited.assigned else ():
        say(f"  {change.territory}: " + ("won it" if change.won else "lost it"))
    if edited.job is not None:
        say(f"  {waiting_for(edited.job)}")
    return 0


def waiting_for(job: int) -> str:
    """What to say of an assignment that waits."""
    return f"an assignment is queued (job {job}): 'metes worker' or a server runs it, 'metes assign' runs it now"
