"""The command that assigns accounts in files, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import typer

from metes.cli.output import Console, say


def assign_files(
    console: Console,
    accounts: str,
    plan: Path | None,
    out: str | None,
    *,
    engine: str,
    master: str | None,
    day: date | None,
    currency: str,
    orders: str | None,
    products: str | None,
) -> int:
    """Assign the accounts of Parquet files under a plan in text, and say what it came to."""
    from metes.app import files

    if plan is None or out is None:
        raise typer.BadParameter("with --accounts, name the plan with --plan and the file to write with --out")
    with console.progress() as progress:
        report = files.assign_files(
            accounts,
            plan,
            out,
            day=day or datetime.now(UTC).date(),
            currency=currency,
            engine=engine,
            master=master,
            orders=orders,
            products=products,
            progress=progress,
        )
    if console.is_json:
        console.emit({"accounts": report.accounts, "unassigned": report.unassigned, "by_via": dict(report.by_via), "out": out})
    else:
        by_via = ", ".join(f"{count:,} by {via}" for via, count in report.by_via.items()) or "none"
        say(f"{out}: {report.accounts:,} accounts, {report.unassigned:,} held by no territory ({by_via})")
    return 1 if report.unassigned else 0
