"""Commands of whoever runs a workspace: settings, users, tokens."""

from __future__ import annotations

import sys

import typer

from metes.cli.output import Console, say

config_app = typer.Typer(help="Settings of the workspace.", no_args_is_help=True, rich_markup_mode=None)
user_app = typer.Typer(help="Users who can sign in.", no_args_is_help=True, rich_markup_mode=None)
token_app = typer.Typer(help="Tokens of the API.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(config_app, name="config")
    app.add_typer(user_app, name="user")
    app.add_typer(token_app, name="token")


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


@user_app.command("add")
def user_add(
    context: typer.Context,
    name: str,
    password_stdin: bool = typer.Option(False, "--password-stdin", help="Read the password from standard input; else one is made."),
    person: str | None = typer.Option(None, "--person", help="Who of the people this is, by id."),
    role: list[str] = typer.Option([], "--role", help="What the user is to the workspace; may be given several times."),
    territory: str = typer.Option("", "--territory", help="Where the roles hold, beside the seats of the person."),
    email: str | None = typer.Option(None, "--email", help="Where a link to a new password goes."),
) -> int:
    """Add a user and print the password; the first one is an administrator."""
    console: Console = context.obj
    given = sys.stdin.readline().rstrip("\n") if password_stdin else None
    with console.workspace() as workspace:
        password = workspace.user_add(name, given, person=person, roles=role or None, territory=territory, email=email)
    return _show_password(console, name, None if given else password)


@user_app.command("link")
def user_link(
    context: typer.Context, name: str, person: str = typer.Argument("", help="The person's id; none ends the link.")
) -> int:
    """Say who of the people a user is."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.user_link(name, person or None)
    who = f"person {person}" if person else "nobody"
    console.emit({"user": name, "person": person or None}) if console.is_json else say(f"{name} is {who} now")
    return 0


@user_app.command("list")
def user_list(context: typer.Context) -> int:
    """List the users."""
    console: Console = context.obj
    with console.workspace() as workspace:
        users = workspace.user_list()
    if console.is_json:
        console.emit(users)
    else:
        console.table(
            ["user", "since", "shut out"],
            [[u.name, u.created_at, u.disabled_at] for u in users],
        )
    return 0


@user_app.command("password")
def user_password(
    context: typer.Context,
    name: str,
    password_stdin: bool = typer.Option(False, "--password-stdin", help="Read it from standard input."),
) -> int:
    """Give a user another password and end all sessions."""
    console: Console = context.obj
    given = sys.stdin.readline().rstrip("\n") if password_stdin else None
    with console.workspace() as workspace:
        password = workspace.user_password(name, given)
    return _show_password(console, name, None if given else password)


@user_app.command("disable")
def user_disable(context: typer.Context, name: str) -> int:
    """Shut a user out."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.user_disable(name)
    console.emit({"user": name, "is_disabled": True}) if console.is_json else say(f"{name} is shut out")
    return 0


@user_app.command("enable")
def user_enable(context: typer.Context, name: str) -> int:
    """Let a user in again."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.user_disable(name, is_disabled=False)
    console.emit({"user": name, "is_disabled": False}) if console.is_json else say(f"{name} may sign in")
    return 0


@token_app.command("add")
def token_add(
    context: typer.Context,
    name: str = typer.Argument(..., help="What the token is for."),
    user: str = typer.Option(..., help="Whose rights it has."),
    days: int | None = typer.Option(None, min=1, max=3650, help="After how many days it runs out; else never."),
) -> int:
    """Make a token for the API and print it, this once."""
    console: Console = context.obj
    with console.workspace() as workspace:
        secret = workspace.token_add(name, user, days)
    if console.is_json:
        console.emit({"name": name, "token": secret})
    else:
        print(secret)
        say("keep it: it is not shown again; send it as 'Authorization: Bearer TOKEN'")
    return 0


@token_app.command("list")
def token_list(context: typer.Context) -> int:
    """List the tokens, without their secrets."""
    console: Console = context.obj
    with console.workspace() as workspace:
        tokens = workspace.token_list()
    if console.is_json:
        console.emit(tokens)
    else:
        headers = ["token", "name", "user", "made", "runs out", "last used", "revoked"]
        console.table(headers, [[t.id, t.name, t.user, t.created_at, t.expires_at, t.used_at, t.revoked_at] for t in tokens])
    return 0


@token_app.command("revoke")
def token_revoke(context: typer.Context, token: int) -> int:
    """Make a token useless."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.token_revoke(token)
    console.emit({"token": token, "is_revoked": True}) if console.is_json else say(f"token {token} is revoked")
    return 0


def _show_password(console: Console, name: str, made: str | None) -> int:
    if console.is_json:
        console.emit({"user": name, "password": made})
    elif made:
        print(made)
        say(f"this is the password of {name}; it is not shown again")
    else:
        say(f"{name} has the password you gave")
    return 0
