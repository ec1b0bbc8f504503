"""What commands share: opening the workspace, tables, JSON, progress and errors."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from metes.base.findings import Finding, Severity
from metes.base.plain import plain

if TYPE_CHECKING:
    from metes.app.workspace import Workspace

FINDINGS_SHOWN = 20
ERRORS_OF_A_CODE, WARNINGS_OF_A_CODE = 20, 5
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass
class Console:
    """The global options, and what a command prints through."""

    database: str | None = None
    is_json: bool = False

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The workspace of the database named."""
        from metes.app.settings import settings_from_environment
        from metes.app.workspace import open_workspace

        workspace = open_workspace(settings_from_environment(os.environ, self.database))
        try:
            yield workspace
        finally:
            workspace.close()

    def emit(self, value: Any) -> None:
        """Print a value as the one JSON document."""
        print(json.dumps(plain(value), ensure_ascii=False, indent=2))

    def done(self, value: Any, text: str) -> None:
        """Tell what was done: the value where JSON was asked for, the text to people else."""
        if self.is_json:
            self.emit(value)
        else:
            say(text)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print rows in aligned columns, numbers to the right."""
        texts = [[_text(cell) for cell in row] for row in rows]
        widths = [max([len(h), *(len(row[i]) for row in texts)]) for i, h in enumerate(headers)]
        is_number = [bool(texts) and all(_is_number(row[i]) for row in texts) for i in range(len(headers))]
        for row in [list(headers), *texts]:
            cells = [c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, is_number, strict=True)]
            print("  ".join(cells).rstrip())

    @contextmanager
    def progress(self) -> Iterator[Bar]:
        """A progress bar on standard error, where that is a terminal."""
        bar = Bar(is_shown=sys.stderr.isatty())
        try:
            yield bar
        finally:
            bar.close()


class Bar:
    """Shows the stage of long work on one line of the terminal."""

    def __init__(self, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._width = 0
        self._last = 0.0

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Draw the line anew, at most ten times a second."""
        now = time.monotonic()
        if not self._is_shown or (now - self._last < 0.1 and done != total):
            return
        self._last = now
        filled = 20 * done // total if total else 0
        line = f"[{'#' * filled}{'.' * (20 - filled)}] {stage}" + (f" {done:,} of {total:,}" if total > 9 else "")
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)

    def close(self) -> None:
        """Wipe the line."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()


def say(message: str) -> None:
    """A message for people, on standard error."""
    print(message, file=sys.stderr)


def say_error(message: str, findings: Sequence[Finding] = ()) -> None:
    """An error with its findings, on standard error."""
    say(f"metes: {message}")
    say_findings(findings)


def say_findings(findings: Sequence[Finding], shown: int = FINDINGS_SHOWN, total: int | None = None) -> None:
    """Findings on standard error, errors first; where they are more than `shown` the first few of each code, and how many more it has.

    `total` counts all where these are only the first.
    """
    of_code: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        of_code.setdefault((_ORDER[finding.severity], finding.code), []).append(finding)
    is_long = len(findings) > shown
    for (rank, code), group in sorted(of_code.items(), key=lambda item: item[0][0]):
        most = len(group) if not is_long else ERRORS_OF_A_CODE if rank == 0 else WARNINGS_OF_A_CODE
        for finding in group[:most]:
            say(f"  {finding}")
        if len(group) > most:
            say(f"  … and {len(group) - most:,} more {code} (--json lists all)")
    left = (total or len(findings)) - len(findings)
    if left > 0:
        say(f"  … and {left:,} more")


def counted(count: int, one: str, several: str) -> str:
    """A count with its noun: `1 entry`, `3,107 entries`."""
    return f"{count:,} {one if count == 1 else several}"


def day_of(text: str | None) -> date | None:
    """A day from an option; InputError says which form."""
    from metes.base.errors import InputError

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"expected a day such as 2026-03-14, got {text!r}") from None


def money(minor: int | None, currency: str) -> str:
    """An amount for people: whole units with thousands marks."""
    from metes.base.money import from_minor

    return "" if minor is None else f"{from_minor(minor, currency):,.0f} {currency}"


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.2f}"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M")
    return str(cell).replace("\n", " ")


def _is_number(text: str) -> bool:
    return bool(text) and text.replace(",", "").replace(".", "").replace("-", "").split(" ")[0].isdecimal()
