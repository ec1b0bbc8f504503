"""Commands of roles and groups: who is what to the workspace, where, from when until when."""

from __future__ import annotations

import typer

from metes.cli import output
from metes.cli.output import Console

role_app = typer.Typer(help="Roles of users and groups.", no_args_is_help=True, rich_markup_mode=None)
group_app = typer.Typer(help="Groups of users, who get their roles together.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(role_app, name="role")
    app.add_typer(group_app, name="group")


@role_app.command("list")
def role_list(
    context: typer.Context, user: str = typer.Argument("", help="Of one user alone, those of the user's groups too.")
) -> int:
    """List the roles that were given and not taken back."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.role_list(user or None)
    if console.is_json:
        console.emit(found)
    else:
        rows = [
            [g.id, g.user or f"group {g.group}", g.role, g.territory or "(the seats)", g.true_from, g.true_until, g.granted_by]
            for g in found
        ]
        console.table(["number", "who", "role", "beside the seats", "from", "until", "by"], rows)
    return 0


@role_app.command("grant")
def role_grant(
    context: typer.Context,
    role: str = typer.Argument(..., help="administrator, planner, leader, manager, rep, marketing, auditor or integration."),
    user: str | None = typer.Option(None, "--user", help="Whom it is given to."),
    group: str | None = typer.Option(None, "--group", help="The group it is given to, in place of a user."),
    territory: str = typer.Option("", "--territory", help="A place beside the seats, with all below it."),
    since: str | None = typer.Option(None, "--from", help="The first day; else today."),
    until: str | None = typer.Option(None, "--until", help="The first day without it; else it holds for good."),
) -> int:
    """Give a user or a group a role."""
    console: Console = context.obj
    with console.workspace() as workspace:
        number = workspace.role_grant(
            role, user=user, group=group, territory=territory, since=output.day_of(since), until=output.day_of(until)
        )
    when = "".join(f" {word} {day}" for word, day in (("from", since), ("until", until)) if day)
    console.done({"role": number}, f"role {number}: {user or f'the group {group}'} is {role}{when}")
    return 0


@role_app.command("revoke")
def role_revoke(context: typer.Context, number: int) -> int:
    """Take a role back."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.role_revoke(number)
    console.done({"role": number, "is_revoked": True}, f"{found.user or f'the group {found.group}'} is no longer {found.role}")
    return 0


@group_app.command("list")
def group_list(context: typer.Context) -> int:
    """List the groups with their members."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found = workspace.group_list()
    if console.is_json:
        console.emit(found)
    else:
        rows = [[g.name, g.external_name, len(g.members), ", ".join(g.members[:10])] for g in found]
        console.table(["group", "outside", "members", "who"], rows)
    return 0


@group_app.command("add")
def group_add(
    context: typer.Context,
    name: str,
    external: str | None = typer.Option(None, "--external", help="What the company's sign-in calls it, which then fills it."),
) -> int:
    """Add a group."""
    console: Console = context.obj
    with console.workspace() as workspace:
        number = workspace.group_add(name, external)
    console.done({"group": number, "name": name}, f"group {name} was added")
    return 0


@group_app.command("remove")
def group_remove(context: typer.Context, name: str) -> int:
    """Drop a group with the roles it gave; its users stay."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.group_remove(name)
    console.done({"name": name, "is_removed": True}, f"group {name} is gone")
    return 0


@group_app.command("join")
def group_join(context: typer.Context, name: str, user: str) -> int:
    """Put a user into a group."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.group_join(name, user)
    console.done({"name": name, "user": user}, f"{user} is in the group {name}")
    return 0


@group_app.command("leave")
def group_leave(context: typer.Context, name: str, user: str) -> int:
    """Take a user out of a group."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.group_leave(name, user)
    console.done({"name": name, "user": user}, f"{user} is no longer in the group {name}")
    return 0
