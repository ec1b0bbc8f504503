"""Commands of whoever runs a workspace: its settings."""

from __future__ import annotations

import typer

from metes.cli.output import Console, say

config_app = typer.Typer(help="Settings of the workspace.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(config_app, name="config")


@config_app.command("list")
def config_list(context: typer.Context) -> int:
    """List every setting with its value."""
    console: Console = context.obj
    with console.workspace() as workspace:
        values = workspace.config_list()
    if console.is_json:
        console.emit(values)
    else:
        console.table(["setting", "value"], [[name, str(value)] for name, value in values.items()])
    return 0


@config_app.command("set")
def config_set(context: typer.Context, name: str, value: str) -> int:
    """Set one setting."""
    console: Console = context.obj
    with console.workspace() as workspace:
        kept = workspace.config_set(name, value)
    console.emit({name: kept}) if console.is_json else say(f"{name} is {kept}")
    return 0


@config_app.command("unset")
def config_unset(context: typer.Context, name: str) -> int:
    """Take one setting back to its default."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.config_unset(name)
    console.emit({name: None}) if console.is_json else say(f"{name} has its default again")
    return 0
