"""Commands of single sign-on: whether the provider answers, and which user is who there."""

from __future__ import annotations

import typer

from metes.cli.output import Console, say

sso_app = typer.Typer(help="Single sign-on.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(sso_app, name="sso")


@sso_app.command("check")
def sso_check(context: typer.Context) -> int:
    """Ask the provider what it offers, and say what was set."""
    console: Console = context.obj
    with console.workspace() as workspace:
        told = workspace.provider_check()
    if console.is_json:
        console.emit(told)
        return 0
    console.table(["", ""], [[name.replace("_", " "), _said(value)] for name, value in told.items()])
    say("the provider answers")
    return 0


@sso_app.command("list")
def sso_list(context: typer.Context) -> int:
    """List which users are who at a provider."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.identity_list()
    if console.is_json:
        console.emit(found)
        return 0
    rows = [[one.user, one.issuer, one.subject, f"{one.seen_at:%Y-%m-%d %H:%M}"] for one in found]
    console.table(["user", "provider", "subject", "seen"], rows)
    return 0


@sso_app.command("link")
def sso_link(context: typer.Context, name: str, subject: str) -> int:
    """Say that a user is a subject of the provider."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.identity_link(name, subject)
    console.done({"user": name, "subject": subject}, f"{name} is {subject} at the provider")
    return 0


@sso_app.command("unlink")
def sso_unlink(context: typer.Context, name: str) -> int:
    """Let a user be nobody at a provider, and end the user's sessions."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.identity_unlink(name)
    console.done({"user": name, "subject": None}, f"{name} is nobody at the provider")
    return 0


def _said(value: object) -> str:
    """A value for a reader."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value) or "-"
