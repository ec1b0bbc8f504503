"""The `metes` command: its groups, its two global options, and how errors become exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from metes.cli import output
from metes.cli.administration import add_to as add_administration
from metes.cli.auditing import add_to as add_auditing
from metes.cli.correcting import add_to as add_correcting
from metes.cli.designing import add_to as add_designing
from metes.cli.imports import add_to as add_imports
from metes.cli.jobs import add_to as add_jobs
from metes.cli.notices import add_to as add_notices
from metes.cli.planning import add_to as add_planning
from metes.cli.privacy import add_to as add_privacy
from metes.cli.reading import add_to as add_reading
from metes.cli.records import add_to as add_records
from metes.cli.roles import add_to as add_roles
from metes.cli.scenarios import add_to as add_scenarios
from metes.cli.seats import add_to as add_seats
from metes.cli.serving import add_to as add_serving
from metes.cli.signing import add_to as add_signing
from metes.cli.sso import add_to as add_sso
from metes.cli.users import add_to as add_users
from metes.cli.why import add_to as add_why
from metes.cli.zones import add_to as add_zones

DONE, DONE_WITH_FINDINGS, CANNOT_GO_ON = 0, 1, 2

app = typer.Typer(
    name="metes",
    help="Territory management: from market to map to owner to credit.",
    epilog="Everywhere: --db URL names the database (else METES_DB, else sqlite:///metes.db); --json prints one JSON document.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def globals_(
    context: typer.Context,
    db: str | None = typer.Option(None, "--db", metavar="URL", help="The database; else METES_DB, else sqlite:///metes.db."),
    json: bool = typer.Option(False, "--json", help="Print one JSON document on standard output."),
) -> None:
    """Take what every command takes."""
    context.obj = output.Console(database=db, is_json=json)


for _add in (
    add_imports,
    add_planning,
    add_scenarios,
    add_seats,
    add_why,
    add_reading,
    add_records,
    add_correcting,
    add_administration,
    add_users,
    add_signing,
    add_roles,
    add_sso,
    add_auditing,
    add_privacy,
    add_notices,
    add_jobs,
    add_serving,
    add_zones,
    add_designing,
):
    _add(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 done with findings, 2 cannot go on."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Run one command; its exit code. Expected errors go to standard error with their findings."""
    from metes.base.errors import Cancelled, InputError, MetesError

    try:
        code = app(hoisted(arguments), standalone_mode=False)
        return int(code or 0)
    except InputError as error:
        output.say_error(str(error), error.findings)
    except Cancelled:
        output.say("cancelled; nothing was written")
    except MetesError as error:
        output.say_error(str(error))
    except (KeyboardInterrupt, typer.Abort):
        output.say("\ninterrupted; nothing was written")
    except typer.Exit as stop:
        return stop.exit_code
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        output.say_error(error.format_message())
    return CANNOT_GO_ON


def hoisted(arguments: Sequence[str]) -> list[str]:
    """The arguments with --db and --json in front, so that they may stand anywhere in the line."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest.extend([word, *words])
        elif word == "--json" or word.startswith("--db="):
            front.append(word)
        elif word == "--db":
            front.extend([word, *[value for value in [next(words, None)] if value is not None]])
        else:
            rest.append(word)
    return front + rest
