"""Commands of notices: what a user was told and how they want to be told, and a test of the mail server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from metes.cli.output import Console, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metes.app.notices import NoticePreferences
    from metes.app.workspace import Workspace

notices_app = typer.Typer(help="What users are told, in the app and by mail.", no_args_is_help=True, rich_markup_mode=None)
_USER = typer.Option(..., "--user", metavar="NAME", help="Whose notices.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(notices_app, name="notices")


@notices_app.command("list")
def notices_list(
    context: typer.Context,
    user: str = _USER,
    kind: str | None = typer.Option(None, help="Only notices of this kind, such as review-asked."),
    unread: bool = typer.Option(False, "--unread", help="Only those not read yet."),
    before: int | None = typer.Option(None, min=1, metavar="NOTICE", help="Only those older than this one."),
    rows: int = typer.Option(50, min=1, max=500, help="At most so many."),
) -> int:
    """List a user's notices, newest first."""
    console: Console = context.obj
    with _acting(console, user) as workspace:
        found = workspace.notices(kind=kind, unread=unread, before=before, limit=rows)
    if console.is_json:
        console.emit(found)
    else:
        headers = ["notice", "at (UTC)", "kind", "subject", "page", "read"]
        console.table(headers, [[n.id, n.created_at, n.kind, n.subject, n.link, "" if n.read_at is None else "yes"] for n in found])
    return 0


@notices_app.command("read")
def notices_read(
    context: typer.Context,
    notice: int | None = typer.Argument(None, help="The notice's number."),
    user: str = _USER,
    all_: bool = typer.Option(False, "--all", help="Note that the user read all of them."),
    kind: str | None = typer.Option(None, help="With --all: only those of this kind."),
) -> int:
    """Print a notice and note that its user read it, or note that they read all."""
    from metes.base.errors import InputError

    console: Console = context.obj
    if (notice is None) != all_ or (kind is not None and not all_):
        raise InputError("expected the number of a notice, or --all, with --kind where wanted")
    with _acting(console, user) as workspace:
        if notice is None:
            count = workspace.notices_read_all(kind=kind)
            console.emit({"read": count}) if console.is_json else say(f"{count} notices are read")
            return 0
        found = workspace.notice_read(notice)
    if console.is_json:
        console.emit(found)
    else:
        print(f"{found.subject}\n\n{found.text}\n\n{found.link}")
    return 0


@notices_app.command("preferences")
def notices_preferences(
    context: typer.Context,
    kind: str | None = typer.Argument(None, help="The kind to choose for; without it all are listed."),
    user: str = _USER,
    app: bool | None = typer.Option(None, "--app/--no-app", help="Whether to be told in the app."),
    mail: str | None = typer.Option(None, help="'at once', daily, weekly or never."),
    address: str | None = typer.Option(None, help="Where mail goes; '' takes the address of the user's person again."),
) -> int:
    """Show how a user is told of each kind, or choose it."""
    from metes.base.errors import InputError
    from metes.model.notices import checked_kind

    console: Console = context.obj
    if (kind is None) != (app is None and mail is None):
        raise InputError("expected a kind together with --app, --no-app or --mail; or neither, to list what is chosen")
    with _acting(console, user) as workspace:
        if address is not None:
            workspace.notice_address_set(address)
        found = workspace.notice_preferences()
        if kind is not None:
            checked_kind(kind)
            before = next(choice for choice in found.choices if choice.kind == kind)
            found = workspace.notice_preferences_set(
                kind, in_app=before.in_app if app is None else app, by_mail=before.by_mail if mail is None else mail
            )
    return _show(console, found)


@notices_app.command("test-mail")
def notices_test_mail(context: typer.Context, address: str = typer.Argument(..., help="Where the mail goes.")) -> int:
    """Send one mail at once and say what the mail server answered."""
    console: Console = context.obj
    with console.workspace() as workspace:
        server = workspace.mail_test(address)
    console.emit({"server": server, "address": address}) if console.is_json else say(f"{server} took a mail to {address}")
    return 0


@notices_app.command("retry-mail")
def notices_retry_mail(context: typer.Context) -> int:
    """Try mail that was given up in the last 14 days once more."""
    console: Console = context.obj
    with console.workspace() as workspace:
        count = workspace.mail_retry()
    console.emit({"mails": count}) if console.is_json else say(f"{count} mails wait to be tried again by a worker")
    return 0


@contextmanager
def _acting(console: Console, user: str) -> Iterator[Workspace]:
    """The workspace in a user's name; NotFound where there is none."""
    from metes.base.errors import NotFound
    from metes.model.scope import Principal

    with console.workspace() as workspace:
        found = next((u for u in workspace.user_list() if u.name == user), None)
        if found is None:
            raise NotFound(f"there is no user '{user}'; 'metes user list' shows those there are")
        yield workspace.acting_as(Principal(found.name, found.id))


def _show(console: Console, found: NoticePreferences) -> int:
    if console.is_json:
        console.emit(found)
        return 0
    console.table(["kind", "in the app", "by mail"], [[c.kind, c.in_app, c.by_mail] for c in found.choices])
    say(f"mail goes to {found.mail_goes_to}" if found.mail_goes_to else "there is no address for mail; give one with --address")
    if not found.has_mail_server:
        say("no mail server is named in METES_SMTP_URL here")
    return 0
