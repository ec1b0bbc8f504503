"""The verbs of the audit trail: look into it, take it elsewhere, verify it, and anchor its end where nobody here can change it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from metes.app import policy
from metes.app.desk import Desk, require_number
from metes.base.cells import safe_cell
from metes.base.errors import Conflict, InputError
from metes.base.plain import plain
from metes.base.private import new_text
from metes.model.access import Capability
from metes.model.audit import Anchor, AuditEntry, AuditFilter, Verification, anchor_line
from metes.model.audit_references import Reference
from metes.store import audit, audit_names, audit_reading, audit_verifying

FORMS = ("csv", "jsonl")
ANCHORS = "metes-anchors.jsonl"
_EVERYTHING = AuditFilter()
_COLUMNS = ("entry", "at", "who", "name", "via", "address", "action", "subject", "detail", "before", "after", "request", "hash")


class AuditVerbs(Desk):
    """The audit trail."""

    def audit_list(self, limit: int = 100, before: int | None = None, wanted: AuditFilter = _EVERYTHING) -> tuple[AuditEntry, ...]:
        """The newest entries that a filter lets through, those before an entry where one is named."""
        if before is not None:
            require_number(before, "entry")
        with self.store.read() as connection:
            return audit_reading.page(connection, wanted, limit=limit, before=before, zone=self._audit_zone())

    def audit_count(self, wanted: AuditFilter = _EVERYTHING, behind: int = 0) -> int:
        """How many entries a filter lets through, those behind an entry; of very many 100,000."""
        with self.store.read() as connection:
            return audit_reading.count(connection, wanted, behind=behind, zone=self._audit_zone())

    def audit_entry(self, number: int) -> AuditEntry:
        """One entry; NotFound where there is none."""
        require_number(number, "entry")
        with self.store.read() as connection:
            return audit_reading.one(connection, number)

    def audit_actions(self) -> tuple[str, ...]:
        """Every action of which there is an entry."""
        with self.store.read() as connection:
            return audit_reading.actions(connection)

    def audit_names(self, wanted: Iterable[Reference]) -> Mapping[Reference, str]:
        """What things that entries name by number are called today.

        Without what is gone, who was erased, and what the principal may not know by name.
        """
        hidden = self._kinds_without_names()
        with self.store.read() as connection:
            return audit_names.names(connection, [one for one in wanted if one.kind not in hidden])

    def audit_export(self, wanted: AuditFilter = _EVERYTHING, form: str = "csv") -> Iterator[str]:
        """The entries that a filter lets through as lines of CSV (safe in a spreadsheet) or of JSON, newest first; recorded."""
        if form not in FORMS:
            raise InputError(f"expected one of {', '.join(FORMS)} for an export, got {form[:40]!r}; choose one")
        with self.store.write() as connection:
            detail = {"form": form, "filter": plain({k: v for k, v in _told(wanted).items() if k not in ("who", "address")})}
            named = {k: v for k, v in _told(wanted).items() if k in ("who", "address")}
            audit.add_entry(connection, self.principal, "audit export", "audit", detail, self.clock(), personal=named)
        return self._audit_csv(wanted) if form == "csv" else self._audit_json(wanted)

    def audit_write(self, path: Path, wanted: AuditFilter = _EVERYTHING) -> int:
        """Write the entries that a filter lets through into a new file, .csv or .jsonl; how many."""
        form = path.suffix.lower().removeprefix(".")
        if form not in FORMS:
            raise InputError(f"expected a file that ends in .csv or .jsonl, got {path.name!r}; name another")
        if path.exists():
            raise Conflict(f"expected a new file, but {path} is there already; name another")
        lines = self.audit_export(wanted, form)
        with new_text(path) as file:
            count = sum(file.write(line) > 0 for line in lines)
        return count - (form == "csv")

    def audit_verify(self, anchors: Sequence[Anchor] = ()) -> Verification:
        """Whether an entry was changed, removed or inserted, and where; whether the trail holds what anchors name."""
        return audit_verifying.verify(self.store, anchors)

    def audit_anchor(self) -> Anchor | None:
        """The end of the trail now, to be kept where nobody who runs the database can change it; None before the first entry."""
        with self.store.read() as connection:
            return audit_verifying.anchor(connection, self.clock())

    def audit_anchor_keep(self) -> dict[str, Any]:
        """Append an anchor to the file in the folder that METES_ANCHORS names; what was kept, and where."""
        folder = self.shelf.anchors
        if folder is None:
            raise InputError(
                "no folder is named for anchors; set METES_ANCHORS to one that whoever runs the database cannot write anew"
            )
        found = self.audit_anchor()
        if found is None:
            return {"entry": None}
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ANCHORS).open("a", encoding="utf-8") as file:
            file.write(anchor_line(found) + "\n")
        return {"entry": found.entry, "hash": found.hash, "count": found.count, "file": str(folder / ANCHORS)}

    def _kinds_without_names(self) -> frozenset[str]:
        """Kinds whose names the principal does not see elsewhere either."""
        shown = {
            frozenset({"person", "account", "territory"}): self.scope.is_everything,
            frozenset({"group", "token"}): policy.may(self.principal, self.access, Capability.ADMIN),
            frozenset({"revision", "design", "import"}): policy.may(self.principal, self.access, Capability.PLAN_READ),
        }
        return frozenset(kind for kinds, is_shown in shown.items() if not is_shown for kind in kinds)

    def _audit_zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings().time_zone)

    def _audit_entries(self, wanted: AuditFilter) -> Iterator[AuditEntry]:
        """Page by page, none of which holds the database while the reader is slow."""
        before, zone = None, self._audit_zone()
        while True:
            with self.store.read() as connection:
                found = audit_reading.page(connection, wanted, limit=1000, before=before, zone=zone)
            if not found:
                return
            yield from found
            before = found[-1].id

    def _audit_json(self, wanted: AuditFilter) -> Iterator[str]:
        for entry in self._audit_entries(wanted):
            yield json.dumps(plain(entry), ensure_ascii=False, sort_keys=True) + "\n"

    def _audit_csv(self, wanted: AuditFilter) -> Iterator[str]:
        yield _line(_COLUMNS)
        for e in self._audit_entries(wanted):
            told = (_json(e.detail), _json(e.before), _json(e.after))
            yield _line(
                (e.id, e.at.isoformat(), e.who, e.principal, e.via, e.address, e.action, e.subject, *told, e.request, e.hash)
            )


def _told(wanted: AuditFilter) -> dict[str, Any]:
    """What a filter asks for."""
    names = ("who", "action", "subject", "address", "since", "until")
    return {name: getattr(wanted, name) for name in names if getattr(wanted, name)}


def _json(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True) if value else ""


def _line(cells: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(safe_cell(c) for c in cells)
    return buffer.getvalue()
