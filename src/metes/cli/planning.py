"""Commands of plans and of assignment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from metes.base.findings import Finding, Severity
from metes.cli import output, previews, proving, texts
from metes.cli.areas import area_app
from metes.cli.files import assign_files
from metes.cli.merging import ALL, TAKE, choices_of, plan_merge
from metes.cli.output import Console, money, say
from metes.model.query import MovesQuery

if TYPE_CHECKING:
    from metes.assigning.report import AssignReport

plan_app = typer.Typer(
    help="Plans as text: begin, check, show, import, export, publish.", no_args_is_help=True, rich_markup_mode=None
)
REFERENCE = typer.Argument("active", metavar="[PLAN]", help="A revision's number, a plan's key, active, scheduled or draft.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    plan_app.add_typer(area_app, name="area")
    for name, command in (
        ("diff", texts.plan_diff),
        ("compare", texts.plan_compare),
        ("merge", plan_merge),
        ("apply", texts.plan_apply),
        ("log", texts.plan_log),
    ):
        plan_app.command(name)(command)
    app.add_typer(plan_app, name="plan")
    app.command()(assign)


@plan_app.command("init")
def plan_init(
    context: typer.Context,
    folder: Path = typer.Argument(..., help="The folder to write; made when missing."),
    key: str = typer.Option("plan", help="The plan's stable key."),
    name: str = typer.Option("", help="The plan's name for people."),
) -> int:
    """Write a commented starter plan to change and import."""
    console: Console = context.obj
    with console.workspace() as workspace:
        files = workspace.plan_init(folder, key, name or key)
    if console.is_json:
        console.emit({"files": files})
    else:
        say(f"wrote {', '.join(str(f) for f in files)}; change them, then 'metes plan check {folder}'")
    return 0


@plan_app.command("check")
def plan_check(
    context: typer.Context,
    plan: str = typer.Argument("active", help="A plan folder, or a plan in the store."),
    prove: bool = typer.Option(
        False, "--prove", help="Prove too that every possible account has exactly one primary territory, and analyse the rules."
    ),
) -> int:
    """Say what is wrong or doubtful in a plan; nothing is kept."""
    console: Console = context.obj
    with console.workspace() as workspace:
        if prove:
            return proving.check_and_prove(console, workspace, plan)
        read, findings = workspace.plan_check(Path(plan) if Path(plan).exists() else plan)
    if console.is_json:
        console.emit({"plan": read.key if read else None, "findings": findings})
    else:
        output.say_findings(findings, shown=100)
        if read is not None:
            say(
                f"{read.name or read.key}: {len(read.territories):,} territories, {sum(len(t.rules) for t in read.territories):,} rules, {_tally(findings)}"
            )
    return _code(findings)


@plan_app.command("import")
def plan_import(
    context: typer.Context,
    folder: Path,
    note: str = typer.Option("", help="Why, for the list of revisions."),
    take: list[str] = TAKE,
    rest: str | None = ALL,
    whole: bool = texts.WHOLE,
) -> int:
    """Take a plan folder in as a draft, merged with what changed since it was written."""
    console: Console = context.obj
    with console.workspace() as workspace:
        imported = workspace.plan_import(folder, note=note, choices=choices_of(take), rest=rest, is_whole=whole)
        revision = workspace.plan_find(str(imported.revision))
    if console.is_json:
        console.emit(
            {"revision": imported.revision, "is_new": imported.is_new, "findings": imported.findings, "beyond": imported.beyond}
        )
    else:
        output.say_findings(imported.findings)
        texts.say_imported(imported, revision)
    return 1 if imported.findings else 0


@plan_app.command("export")
def plan_export(context: typer.Context, folder: Path, plan: str = REFERENCE) -> int:
    """Write a plan as text; files whose content has not changed stay untouched."""
    console: Console = context.obj
    with console.workspace() as workspace:
        files = workspace.plan_export(folder, plan)
    if console.is_json:
        console.emit({"files": files})
    else:
        say(f"{len(files)} files written to {folder}" if files else f"{folder} holds this plan already; nothing was written")
    return 0


@plan_app.command("list")
def plan_list(context: typer.Context) -> int:
    """List the revisions, newest first."""
    console: Console = context.obj
    with console.workspace() as workspace:
        revisions = workspace.plan_list()
    if console.is_json:
        console.emit(revisions)
    else:
        headers = ["revision", "scenario", "plan", "state", "effective on", "author", "changed", "note"]
        rows = [[r.id, r.title, r.plan_key, r.state, r.effective_on, r.author, r.changed_at, r.note] for r in revisions]
        console.table(headers, rows)
    return 0


@plan_app.command("show")
def plan_show(context: typer.Context, plan: str = REFERENCE) -> int:
    """Show a plan's tree with its rules."""
    console: Console = context.obj
    with console.workspace() as workspace:
        revision, found = workspace.plan_show(plan)
        if console.is_json:
            from metes.model.condition import to_json

            territories: list[dict[str, Any]] = [
                {
                    "key": t.key,
                    "name": t.name,
                    "type": t.type,
                    "parent": t.parent,
                    "catch_all": t.is_catch_all,
                    "rules": [
                        {
                            "key": r.key,
                            "priority": r.priority,
                            "when": workspace.rule_text(r.condition),
                            "tree": to_json(r.condition),
                        }
                        for r in t.rules
                    ],
                    "seats": [s.key for s in found.seats_by_territory.get(t.key, ())],
                }
                for t in found.preorder
            ]
            console.emit(
                {"revision": revision, "key": found.key, "types": found.types, "territories": territories, "pins": found.pins}
            )
            return 0
        print(f"{found.name or found.key} (revision {revision.id}, {revision.state})")
        for t in found.preorder:
            indent = "  " * (1 + sum(1 for _ in found.ancestors(t.key)))
            mark = " [catch-all]" if t.is_catch_all else ""
            print(f"{indent}{t.label} ({t.key}, {t.type}){mark}")
            for rule in t.rules:
                print(f"{indent}  · {rule.key}: {_shortened(workspace.rule_text(rule.condition))}")
    return 0


@plan_app.command("preview")
def plan_preview(
    context: typer.Context,
    plan: str = typer.Argument("draft"),
    people: bool = typer.Option(False, "--people", help="By person instead of by territory."),
    accounts: int = typer.Option(
        0, "--accounts", min=0, help="List so many of the accounts that would move, most potential first."
    ),
    out: Path | None = typer.Option(None, help="Write all accounts that would move to this .csv, .xlsx or .parquet file."),
) -> int:
    """Say which territories and people would win and lose what if a revision were the plan; nothing is written."""
    console: Console = context.obj
    with console.workspace() as workspace, console.progress() as progress:
        found = workspace.preview(plan, progress)
        moves = workspace.preview_moves(found, MovesQuery(), start=0, rows=accounts)[0] if accounts else []
        written = workspace.preview_write(found, MovesQuery(), out) if out is not None else None
        names = {t.key: t.label for t in workspace.plan_show(plan)[1].territories}
        currency = workspace.settings().reporting_currency
    if console.is_json:
        console.emit({**found.as_dict(), "accounts_listed": moves})
    else:
        previews.show(console, found, names, moves, currency, by_person=people)
        if written is not None:
            say(f"{written:,} accounts written to {out}")
    return 0


@plan_app.command("publish")
def plan_publish(
    context: typer.Context,
    plan: str = typer.Argument("draft"),
    on: str | None = typer.Option(None, help="From which day (2026-03-14); else today. Only the first plan may begin in the past."),
    why: str = typer.Option("", "--why", help="The reason, sent to each person whose accounts change."),
    correction: str = typer.Option("", "--correction", help="The reason for a day that has passed: restates who held what since."),
) -> int:
    """Make a checked draft the plan from a day on."""
    console: Console = context.obj
    with console.workspace() as workspace:
        proving.say_verdict(workspace, plan)
        revision = workspace.plan_publish(plan, on=output.day_of(on), rationale=why, correction=correction)
    if console.is_json:
        console.emit(revision)
    else:
        verb = "is active since" if revision.state == "active" else "becomes active on"
        say(
            f"{revision.title or revision.name} (revision {revision.id}) {verb} {revision.effective_on}; 'metes assign' writes its owners into the ledger"
        )
    return 0


@plan_app.command("discard")
def plan_discard(context: typer.Context, plan: str = typer.Argument("draft")) -> int:
    """Put a draft away; it stays in the history."""
    console: Console = context.obj
    with console.workspace() as workspace:
        revision = workspace.plan_discard(plan)
    if console.is_json:
        console.emit(revision)
    else:
        say(f"draft {revision.id} was put away")
    return 0


@plan_app.command("schema")
def plan_schema(context: typer.Context) -> int:
    """Print the JSON schema of plan files, for editors."""
    console: Console = context.obj
    with console.workspace() as workspace:
        console.emit(workspace.plan_schema())
    return 0


def assign(
    context: typer.Context,
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what would change; write nothing."),
    force: bool = typer.Option(False, "--force", help="Evaluate all accounts, whatever changed since the last run."),
    accounts: str | None = typer.Option(None, help="Assign Parquet files instead, without a database: a file, folder or pattern."),
    plan: Path | None = typer.Option(None, help="With --accounts: the plan as text, a folder or a file."),
    out: str | None = typer.Option(None, help="With --accounts: the Parquet to write; a file, with Spark a folder."),
    engine: str = typer.Option("duckdb", help="With --accounts: duckdb (this machine) or spark."),
    master: str | None = typer.Option(None, help="With --engine spark: where it runs; else as the environment says."),
    day: str | None = typer.Option(None, help="With --accounts: the day asked (2026-03-14); else today."),
    currency: str = typer.Option("USD", help="With --accounts: the currency of its amounts and of the rules."),
    orders: str | None = typer.Option(None, help="With --accounts: Parquet with account, ordered_on, amount and product."),
    products: str | None = typer.Option(None, help="With --accounts: Parquet with id and family, for rules on product families."),
) -> int:
    """Run the active plan over all accounts and write who holds what into the ledger, or do the same for files."""
    console: Console = context.obj
    if accounts is not None:
        return assign_files(
            console, accounts, plan, out, engine=engine, master=master, day=output.day_of(day), currency=currency, orders=orders,
            products=products,
        )  # fmt: skip
    with console.workspace() as workspace, console.progress() as progress:
        report = workspace.assign(progress, dry_run=True) if dry_run else workspace.assign_now(progress, is_forced=force)
        currency = workspace.settings().reporting_currency
    _show_assignment(console, report, currency)
    return 1 if report.unassigned else 0


def _show_assignment(console: Console, report: AssignReport, currency: str) -> None:
    if console.is_json:
        console.emit(report)
        return
    if report.is_up_to_date:
        say(
            f"nothing changed since run {report.run}: {report.accounts:,} accounts, {report.unassigned:,} of them held by no territory"
        )
        return
    if report.territories:
        rows = [
            [c.territory, c.won, c.lost, money(c.won_potential, currency), money(c.lost_potential, currency)]
            for c in sorted(report.territories, key=lambda c: -(c.won + c.lost))
        ]
        console.table(["territory", "won", "lost", "potential won", "potential lost"], rows[:60])
        if len(rows) > 60:
            say(f"… and {len(rows) - 60} more territories (--json lists all)")
    verb = "would move" if report.is_preview else "moved"
    by_via = ", ".join(f"{count:,} by {via}" for via, count in report.by_via.items())
    say(
        f"{report.plan}, true from {report.day}: {report.accounts:,} accounts, {report.moved:,} {verb}, "
        f"{report.unassigned:,} held by no territory ({by_via}); {report.opened:,} facts opened, {report.closed:,} closed, {report.unchanged:,} unchanged"
    )
    looked_at = (
        "all accounts were"
        if report.mode == "full"
        else f"{report.evaluated:,} account{'s were' if report.evaluated != 1 else ' was'}"
    )
    say(f"{looked_at} looked at: {report.reason}")


def _tally(findings: tuple[Finding, ...]) -> str:
    errors = sum(f.severity is Severity.ERROR for f in findings)
    warnings = sum(f.severity is Severity.WARNING for f in findings)
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"


def _code(findings: tuple[Finding, ...]) -> int:
    if any(f.severity is Severity.ERROR for f in findings):
        return 2
    return 1 if findings else 0


def _shortened(text: str, width: int = 160) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
