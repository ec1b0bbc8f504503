"""What an import is asked to do, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pyarrow as pa

from metes.base.findings import Finding, Severity
from metes.model.catalogue import DEFAULT_SOURCE
from metes.records import findings as found
from metes.records.mapping import Mapping

SHOWN_FINDINGS = 200


class State(StrEnum):
    """How an import ended: written, only looked at, nothing new, refused by `strict`, or waiting for answers."""

    IMPORTED = "imported"
    PREVIEW = "preview"
    UP_TO_DATE = "up to date"
    REFUSED = "refused"
    QUESTIONS = "questions"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import.

    `mapping` corrects the guess; `full` closes what the files lack; `strict` takes all rows or none; `exact` takes no row of which a
    value would be left out (with `strict`); `dry_run` writes nothing.
    `known_seats` and `known_territories` are those of the active plan: facts about others are refused (None: not checked).
    """

    source: str = DEFAULT_SOURCE
    mapping: str | None = None
    mapping_name: str = ""
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    full: bool = False
    strict: bool = False
    exact: bool = False
    dry_run: bool = False
    custom_fields: bool = True
    known_seats: frozenset[str] | None = None
    known_territories: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file as it was read: how it is written, and which column became which field."""

    name: str
    digest: str
    rows: int
    dialect: MappingOf[str, str]
    mapping: Mapping

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        columns = [
            {"column": c.column, "target": c.target, "confidence": c.confidence, "reason": c.reason} for c in self.mapping.columns
        ]
        return {"name": self.name, "digest": self.digest, "rows": self.rows, "dialect": dict(self.dialect), "columns": columns}


@dataclass(frozen=True, slots=True)
class SumLine:
    """A number field reconciled: its sum over the file is that of the rows stored and of those refused."""

    field: str
    currency: str
    file: Decimal
    refused: Decimal
    stored: Decimal | None

    @property
    def is_reconciled(self) -> bool:
        """Whether file = stored + refused, as far as anything is stored; fractions may differ in the last digits of a float."""
        if self.stored is None:
            return True
        return abs(self.file - self.refused - self.stored) <= abs(self.file) * Decimal("1e-9")

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; money in minor units, numbers as text."""
        stored = None if self.stored is None else str(self.stored)
        return {
            "field": self.field,
            "currency": self.currency,
            "file": str(self.file),
            "refused": str(self.refused),
            "stored": stored,
        }


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import came to, or would come to.

    `rows_read` = created + changed + unchanged + refused, for records and, counting facts, for the ledger. `reopened` are among the
    changed. `territories` are the rows of a territory file: a draft plan is made of them elsewhere.
    """

    kind: str
    source: str
    state: State
    files: tuple[FileReport, ...] = ()
    import_id: int | None = None
    rows_read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    closed: int = 0
    reopened: int = 0
    findings: pa.Table = field(default_factory=lambda: found.EMPTY)
    questions: tuple[Finding, ...] = ()
    sums: tuple[SumLine, ...] = ()
    custom_fields: tuple[str, ...] = ()
    territories: tuple[MappingOf[str, Any], ...] = ()

    @property
    def errors(self) -> int:
        """How many findings refused a row."""
        return found.count_of(self.findings, Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many findings left a field empty."""
        return found.count_of(self.findings, Severity.WARNING)

    @property
    def is_reconciled(self) -> bool:
        """Whether every row and every sum of the files is accounted for."""
        return self.rows_read == self.created + self.changed + self.unchanged + self.refused and all(
            s.is_reconciled for s in self.sums
        )

    @property
    def has_changes(self) -> bool:
        """Whether anything is, or would be, written but the record of the import."""
        return bool(self.created or self.changed or self.closed)

    @property
    def sentence(self) -> str:
        """What the import came to, in words."""
        if self.state is State.QUESTIONS:
            return f"{len(self.questions)} questions must be answered first, in a mapping file; nothing was written"
        if self.state is State.UP_TO_DATE:
            return f"{self.rows_read:,} rows read, nothing has changed"
        if self.territories and not self.has_changes:
            return f"{self.rows_read:,} rows read, {self.refused:,} refused, {len(self.territories):,} taken into a draft plan"
        parts = [f"{self.created:,} created", f"{self.changed:,} changed", f"{self.unchanged:,} unchanged"]
        parts += [f"{self.closed:,} closed"] if self.closed else []
        parts += [f"{self.refused:,} refused"] if self.refused else []
        parts += [f"{self.warnings:,} warning{'s' * (self.warnings != 1)}"] if self.warnings else []
        start = {State.PREVIEW: "would be: ", State.REFUSED: "refused whole, nothing was written: "}.get(self.state, "")
        number = f" (import {self.import_id})" if self.import_id is not None else ""
        return f"{self.rows_read:,} rows read; {start}{', '.join(parts)}{number}"

    def shown_findings(self, limit: int = SHOWN_FINDINGS) -> tuple[Finding, ...]:
        """The first findings, as values."""
        return found.to_findings(self.findings, limit)

    def counts(self) -> dict[str, int]:
        """The numbers alone."""
        names = ("rows_read", "created", "changed", "unchanged", "refused", "closed", "reopened")
        return {name: getattr(self, name) for name in names} | {"errors": self.errors, "warnings": self.warnings}

    def as_dict(self, limit: int = SHOWN_FINDINGS) -> dict[str, Any]:
        """Plain values for JSON, with the first findings and the count of all by code."""
        by_code = [
            {"code": code, "severity": severity, "column": column, "count": count}
            for (code, severity, column), count in sorted(found.count_by_code(self.findings).items())
        ]
        return {
            "kind": self.kind,
            "source": self.source,
            "state": self.state.value,
            "import": self.import_id,
            "files": [f.as_dict() for f in self.files],
            **self.counts(),
            "is_reconciled": self.is_reconciled,
            "sums": [s.as_dict() for s in self.sums],
            "custom_fields": list(self.custom_fields),
            "questions": [q.as_dict() for q in self.questions],
            "findings_by_code": by_code,
            "findings": [f.as_dict() for f in found.to_findings(self.findings, limit)],
        }
