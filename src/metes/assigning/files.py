"""Assigns accounts in files under a plan in text, without a database, on this machine or on Spark."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from metes.base.errors import InputError
from metes.base.findings import Severity
from metes.base.progress import Progress
from metes.model.catalogue import RuleFields, rule_fields
from metes.model.plan import Plan
from metes.plan.check import check_plan
from metes.plan.text import read_text
from metes.rules.batches import BatchAssigner, FilePaths, FileReport
from metes.rules.compile import compile_plan
from metes.rules.typed import custom_fields_of

if TYPE_CHECKING:
    import pyarrow as pa

ENGINES = ("duckdb", "spark")


def assign_files(
    paths: FilePaths, plan: Path, *, day: date, currency: str, engine: str, master: str | None, threads: int, progress: Progress
) -> FileReport:
    """Who holds the accounts of some files on a day, written as Parquet.

    `engine` is duckdb (this machine, one file out) or spark (`master` or the session that the environment gives, a folder out).
    """
    if engine == "duckdb":
        from metes.intake import parquet_accounts

        assigner = assigner_for(plan, parquet_accounts.schema_of(paths.accounts), day, currency, progress)
        return parquet_accounts.assign(assigner, paths, progress, threads=threads)
    if engine == "spark":
        from metes.cluster import assign, session

        progress.report("starting Spark")
        with session.session(master) as spark:
            assigner = assigner_for(plan, assign.schema_of(spark, paths.accounts), day, currency, progress)
            progress.report("assigning accounts on Spark")
            return assign.assign(spark, assigner, paths)
    raise InputError(f"there is no engine {engine!r}; engines are {' and '.join(ENGINES)}")


def assigner_for(plan: Path, schema: pa.Schema, day: date, currency: str, progress: Progress) -> BatchAssigner:
    """A plan in text made ready for accounts with these columns; InputError with every finding where it has errors."""
    progress.report("compiling the rules")
    known = rule_fields()
    fields = rule_fields(custom_fields_of(schema, known))
    text = read_text(plan, fields)
    findings = (*text.findings, *(text.locate(finding) for finding in check_plan(text.plan, fields, None)))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise InputError(f"the plan in {plan.name} has {len(errors)} errors; mend them and assign again", findings)
    return assigner_of(text.plan, fields, day, currency)


def assigner_of(plan: Plan, fields: RuleFields, day: date, currency: str) -> BatchAssigner:
    """A plan compiled for assigning batches."""
    return BatchAssigner(plan, compile_plan(plan, fields, currency), fields, currency, day)
