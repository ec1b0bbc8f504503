"""Commands that run and keep a workspace: serve, worker, doctor, backup, restore, db upgrade, demo."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import typer

from metes.cli import output
from metes.cli.output import Console, say

db_app = typer.Typer(help="The database's schema.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(db_app, name="db")
    for command in (serve, worker, doctor, backup, restore, demo):
        app.command()(command)


def serve(
    context: typer.Context,
    host: str = typer.Option("127.0.0.1", help="The address to listen on."),
    port: int = typer.Option(8420, min=0, max=65535, help="The port to listen on."),
    with_worker: bool = typer.Option(True, "--worker/--no-worker", help="Run a worker beside the server."),
    proxy: str | None = typer.Option(None, help="Believe what the proxy at this address says of the client: address and https."),
    certificate: Path | None = typer.Option(None, help="Speak https with the certificate in this file, its chain below it."),
    key: Path | None = typer.Option(None, help="The file with the certificate's key, where it is not in the same one."),
    plain: bool = typer.Option(False, "--plain", help="Let names other than this machine's own be reached without encryption."),
    metrics: bool = typer.Option(False, "--metrics/--no-metrics", help="Show counts of requests at /metrics to everybody."),
) -> int:
    """Serve the web app and the API."""
    from contextlib import ExitStack

    import uvicorn

    from metes.app.settings import settings_from_environment
    from metes.app.workspace import open_workspace
    from metes.web.application import create_app
    from metes.web.protection import protection_of
    from metes.web.server import server_config
    from metes.worker.companion import Companion

    console: Console = context.obj
    os.umask(0o077)
    settings = settings_from_environment(os.environ, console.database)
    is_encrypted = certificate is not None or proxy is not None
    refuse_plain(host, is_allowed=plain or is_encrypted)
    workspace = open_workspace(settings)
    workspace.shelf.serves_stale = True
    with ExitStack() as stack:
        stack.callback(workspace.close)
        if with_worker:
            # The database goes by the environment: an argument, which may hold a password, could be read by every user of the machine.
            command = [sys.executable, "-m", "metes", "worker", "--beside", str(os.getpid())]
            stack.enter_context(Companion(command, {**os.environ, "METES_DB": settings.database}))
        protection = protection_of(
            [host, *settings.hosts, workspace.settings().base_url], is_plain_allowed=plain, has_metrics=metrics
        )
        config = server_config(
            create_app(workspace, protection), protection, host=host, port=port, proxy=proxy, certificate=certificate, key=key
        )
        say(f"Metes is served at {'https' if certificate else 'http'}://{host}:{port} (Ctrl C ends it)")
        uvicorn.Server(config).run()
    return 0


def refuse_plain(host: str, *, is_allowed: bool) -> None:
    """InputError where passwords would go over a network as they are typed."""
    from metes.base.errors import InputError
    from metes.web.protection import is_loopback

    if not is_allowed and not is_loopback(host):
        raise InputError(
            f"other machines would reach Metes at {host} without encryption; name a certificate with --certificate, "
            "or the proxy that encrypts with --proxy, or say --plain in a network where nobody listens"
        )


def worker(
    context: typer.Context, beside: int | None = typer.Option(None, help="End when this parent process is gone.", hidden=True)
) -> int:
    """Run long work from the database's queue until interrupted."""
    import logging.config
    import signal
    import threading

    from metes.web.application import log_config
    from metes.worker.loop import work

    console: Console = context.obj
    logging.config.dictConfig(log_config())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    os.umask(0o077)
    with console.workspace() as workspace:
        work(workspace, stop, parent=beside)
    return 0


def doctor(context: typer.Context, mend: bool = typer.Option(False, "--mend", help="Drop what stopped loads left behind.")) -> int:
    """Look whether the workspace is well."""
    from metes.app.doctor import about_mail, about_provider, examine
    from metes.app.settings import settings_from_environment

    console: Console = context.obj
    settings = settings_from_environment(os.environ, console.database)
    findings = examine(settings, mend=mend)
    if console.is_json:
        console.emit({"findings": findings, "mail": about_mail(settings), "sign_in": about_provider(settings)})
    else:
        output.say_findings(findings)
        say(about_mail(settings))
        say(about_provider(settings))
        say("all is well" if not findings else f"{len(findings)} findings")
    return 1 if findings else 0


def backup(context: typer.Context, file: Path = typer.Argument(..., help="The new file, such as metes-2026-03-14.zip.")) -> int:
    """Write everything into one file that restores on SQLite and PostgreSQL."""
    from datetime import UTC, datetime

    from metes.app.doctor import back_up
    from metes.app.settings import settings_from_environment

    console: Console = context.obj
    with console.progress() as progress:
        rows = back_up(settings_from_environment(os.environ, console.database), file, datetime.now(UTC), progress)
    console.emit({"file": file, "rows": rows}) if console.is_json else say(
        f"{sum(rows.values()):,} rows of {len(rows)} tables are in {file}"
    )
    return 0


def restore(context: typer.Context, file: Path = typer.Argument(..., exists=True, dir_okay=False)) -> int:
    """Bring a backup into a new, empty database."""
    from metes.app.doctor import bring_back
    from metes.app.settings import settings_from_environment

    console: Console = context.obj
    with console.progress() as progress:
        rows = bring_back(settings_from_environment(os.environ, console.database), file, progress)
    console.emit({"file": file, "rows": rows}) if console.is_json else say(
        f"{sum(rows.values()):,} rows of {len(rows)} tables were restored"
    )
    return 0


@db_app.command("upgrade")
def db_upgrade(context: typer.Context) -> int:
    """Bring the database to this version's schema; refuses one that is newer."""
    from metes.app.doctor import upgrade
    from metes.app.settings import settings_from_environment

    console: Console = context.obj
    before, after = upgrade(settings_from_environment(os.environ, console.database))
    console.emit({"before": before, "after": after}) if console.is_json else say(f"schema {before or 'none'} -> {after}")
    return 0


def demo(
    context: typer.Context,
    folder: Path = typer.Option(Path("demo"), help="Where the company's files go."),
    accounts: int = typer.Option(20_000, min=100, max=5_000_000, help="How many accounts."),
    seed: int = typer.Option(7, help="Another seed, another company."),
    today: str | None = typer.Option(None, help="The day its facts lead up to; else today."),
) -> int:
    """Make a believable company, import it, publish its plan and assign; running it again changes nothing."""
    from metes.app.demo import load_company, write_company

    console: Console = context.obj
    day = output.day_of(today) or date.today()  # noqa: DTZ011  the command line is where the day comes from
    with console.progress() as progress:
        company = write_company(folder, accounts=accounts, seed=seed, today=day, progress=progress)
        with console.workspace() as workspace:
            result = load_company(workspace, company, progress=progress, say=say)
    if console.is_json:
        console.emit(result)
    else:
        say("sign in as one of these; each sees what their role and seat show")
        rows = [[u["user"], u["password"], u["role"], u["seat"] or "(everything)"] for u in result["users"]]
        console.table(["user", "password", "role", "seat"], rows)
    return 0
