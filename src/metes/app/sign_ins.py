"""The verbs of who signed in: looked through, counted, taken away as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from metes.app.desk import Desk, require_number
from metes.base.cells import safe_cell
from metes.base.errors import Conflict
from metes.base.private import new_text
from metes.model.sign_ins import SignIn, SignInFilter
from metes.store import sign_in_log
from metes.store.sign_in_log import Before

COLUMNS = ("session", "user", "begun_at", "completed_at", "method", "address", "agent", "ended_at", "ended_how")
_EVERYBODY = SignInFilter()


class SignInVerbs(Desk):
    """What can be asked of who signed in, from where, by what, and how it ended."""

    def sign_in_list(self, rows: int = 100, before: int | None = None, wanted: SignInFilter = _EVERYBODY) -> tuple[SignIn, ...]:
        """The newest sign-ins that a filter lets through, those before the one of a number where it is given."""
        with self.store.read() as connection:
            place = None if before is None else sign_in_log.place_of(connection, self._known(before))
            return sign_in_log.page(connection, wanted, limit=rows, before=place, **self._clocks())

    def sign_in_count(self, wanted: SignInFilter = _EVERYBODY, behind: int | None = None) -> int:
        """How many sign-ins a filter lets through, those after the one of a number; of very many it says 100,000."""
        with self.store.read() as connection:
            place: Before | None = None if behind is None else sign_in_log.place_of(connection, self._known(behind))
            return sign_in_log.count(connection, wanted, zone=self._clocks()["zone"], behind=place)

    def sign_in_export(self, wanted: SignInFilter = _EVERYBODY) -> Iterator[str]:
        """The sign-ins that a filter lets through as lines of CSV that no spreadsheet runs, newest first; recorded."""
        asked = ", ".join(f"{field.name} {value}" for field in fields(wanted) if (value := getattr(wanted, field.name)))
        self._note_export("sign-ins", {}, asked)
        return self._sign_in_lines(wanted)

    def sign_in_write(self, path: Path, wanted: SignInFilter = _EVERYBODY) -> int:
        """Write the sign-ins that a filter lets through into a new file; how many."""
        if path.exists():
            raise Conflict(f"expected a new file, but {path} is there already; name another")
        with new_text(path) as file:
            return sum(file.write(line) > 0 for line in self.sign_in_export(wanted)) - 1

    def _sign_in_lines(self, wanted: SignInFilter) -> Iterator[str]:
        yield _line(COLUMNS)
        with self.store.read() as connection:
            for one in sign_in_log.every(connection, wanted, **self._clocks()):
                instants = [None if at is None else at.isoformat() for at in (one.begun_at, one.completed_at, one.ended_at)]
                begun, completed, ended = instants
                yield _line((one.number, one.user, begun, completed, one.method, one.address, one.agent, ended, one.ended_how))

    def _clocks(self) -> dict[str, Any]:
        settings = self.settings()
        idle = timedelta(minutes=settings.session_idle_minutes)
        return {"now": self.clock(), "idle": idle, "zone": ZoneInfo(settings.time_zone)}

    def _known(self, number: int) -> int:
        require_number(number, "sign-in")
        return number


def _line(cells: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow("" if cell is None else safe_cell(cell) for cell in cells)
    return buffer.getvalue()
