"""Commands of users and their tokens: made, found, linked to people, shut out and let in again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from metes.cli import output
from metes.cli.output import Console, counted, say

if TYPE_CHECKING:
    from metes.app.seeing import UserProfile
    from metes.model.seeing import Extent, Seeing

user_app = typer.Typer(help="Users who can sign in.", no_args_is_help=True, rich_markup_mode=None)
token_app = typer.Typer(help="Tokens of the API.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(user_app, name="user")
    app.add_typer(token_app, name="token")


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
    context: typer.Context,
    name: str,
    person: str = typer.Argument("", help="The person's id; none ends the link."),
    since: str | None = typer.Option(None, "--from", help="The first day; else today."),
    until: str | None = typer.Option(None, "--until", help="The first day on which they are nobody; else it holds for good."),
) -> int:
    """Say who of the people a user is, from a day on."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.user_link(name, person or None, since=output.day_of(since), until=output.day_of(until))
    who = f"person {person}" if person else "nobody"
    when = f"from {since} on" if since else "now"
    console.done({"user": name, "person": person or None}, f"{name} is {who} {when}")
    return 0


@user_app.command("email")
def user_email(context: typer.Context, name: str, email: str = typer.Argument("", help="The address; none takes it away.")) -> int:
    """Say where a link to a new password goes."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.user_email(name, email or None)
    console.done({"user": name, "email": email or None}, f"mail to {name} goes to {email or 'nobody'}")
    return 0


@user_app.command("list")
def user_list(
    context: typer.Context,
    search: str = typer.Option("", "--search", help="Only those with these words in name, mail address or person."),
    role: str = typer.Option("", "--role", help="Only those who hold this role today; none: those without one."),
    limit: int = typer.Option(1000, "--limit", min=1, max=10_000, help="At most so many."),
) -> int:
    """List the users with their roles of today."""
    from metes.model.seeing import UserFilter

    console: Console = context.obj
    with console.workspace() as workspace:
        found, total = workspace.users(UserFilter(search, role), limit=limit)
    if console.is_json:
        console.emit(found)
    else:
        rows = [
            [r.user.name, ", ".join(r.roles), r.person, ", ".join(r.groups), r.user.created_at, r.seen_at, r.user.disabled_at]
            for r in found
        ]
        console.table(["user", "roles", "person", "groups", "since", "last seen", "shut out"], rows)
        if total > len(found):
            say(f"{len(found):,} of {total:,} users; --search or --limit shows others")
    return 0


@user_app.command("show")
def user_show(context: typer.Context, name: str) -> int:
    """Show a user: roles, persons, groups, and what they see today and why."""
    console: Console = context.obj
    with console.workspace() as workspace:
        found, seen = workspace.user_show(name), workspace.what_sees(name)
    if console.is_json:
        user = {"user": found.row.user, "roles": found.row.roles, "groups": found.row.groups, "person": found.row.person}
        tokens = {"tokens": found.tokens, "sessions": len(found.sessions), "has_second_factor": found.row.has_second_factor}
        console.emit({**user, **tokens, "grants": found.grants, "links": found.links, "sees": seen})
        return 0
    _show_user(console, found, seen)
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
    console.done({"user": name, "is_disabled": True}, f"{name} is shut out")
    return 0


@user_app.command("enable")
def user_enable(context: typer.Context, name: str) -> int:
    """Let a user in again."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.user_disable(name, is_disabled=False)
    console.done({"user": name, "is_disabled": False}, f"{name} may sign in")
    return 0


@token_app.command("add")
def token_add(
    context: typer.Context,
    name: str = typer.Argument(..., help="What the token is for."),
    user: str = typer.Option(..., help="Whose rights it has."),
    days: int = typer.Option(
        90, min=0, max=3650, help="After how many days it runs out: at most 366; for programs more, or 0 for never."
    ),
    role: str | None = typer.Option(None, "--role", help="One of the user's roles; else all but running the workspace."),
    territory: str = typer.Option("", "--territory", help="Only at and below this territory."),
) -> int:
    """Make a token for the API and print it, this once."""
    console: Console = context.obj
    with console.workspace() as workspace:
        secret = workspace.token_add(name, user, days or None, role=role, territory=territory)
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
        headers = ["token", "name", "user", "role", "at and below", "made", "runs out", "last used", "revoked"]
        rows = [[t.id, t.name, t.user, t.role, t.territory, t.created_at, t.expires_at, t.used_at, t.revoked_at] for t in tokens]
        console.table(headers, rows)
    return 0


@token_app.command("revoke")
def token_revoke(context: typer.Context, token: int) -> int:
    """Make a token useless."""
    console: Console = context.obj
    with console.workspace() as workspace:
        workspace.token_revoke(token)
    console.done({"token": token, "is_revoked": True}, f"token {token} is revoked")
    return 0


def _show_password(console: Console, name: str, made: str | None) -> int:
    if console.is_json:
        console.emit({"user": name, "password": made})
    elif made:
        print(made)
        say(f"this is the password of {name}; it is not shown again, and only lets {name} choose another, for a week")
    else:
        say(f"{name} has the password you gave")
    return 0


def _show_user(console: Console, found: UserProfile, seen: Seeing) -> None:
    row = found.row
    facts: list[list[object]] = [
        ["user", row.user.name], ["mail", row.user.email], ["person", row.person], ["roles", ", ".join(row.roles) or "none"],
        ["groups", ", ".join(row.groups)], ["sees", f"{extent(seen.extent)}{' (shut out now)' if seen.is_shut_out else ''}"],
        ["sessions", len(found.sessions)], ["tokens", len(found.tokens)],
        ["second factor", "yes" if row.has_second_factor else "no"], ["last seen", row.seen_at],
    ]  # fmt: skip
    console.table(["", ""], facts)
    if seen.reasons:
        console.table(["territory", "why"], [[reason.territory or "(everything)", reason.text] for reason in seen.reasons])
    if found.links:
        console.table(["person", "from", "until"], [[link.person, link.true_from, link.true_until] for link in found.links])


def extent(seen: Extent) -> str:
    """How much somebody sees, in words."""
    accounts = counted(seen.accounts, "account", "accounts")
    if seen.territories is None:
        return f"everything: {accounts}"
    return f"{counted(seen.territories, 'territory', 'territories')} with {accounts}" if seen.territories else "nothing"
