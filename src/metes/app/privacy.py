"""The verbs of personal data: what is held and why, on whom, handing it out, erasing it, and how long it is kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from metes.app.clearing import UPLOADS
from metes.app.desk import Desk, require_number
from metes.base.errors import Conflict, Refused
from metes.base.plain import plain
from metes.model.privacy import Erasure, Retention, Somebody
from metes.store import audit, erasing, jobs, retention, somebody
from metes.store.personal import REGISTER, Held


class PrivacyVerbs(Desk):
    """Personal data."""

    def privacy_register(self) -> tuple[Held, ...]:
        """Each column that can hold what identifies a person: whose, what for, how long, and what an erasure does with it."""
        return REGISTER

    def privacy_find(self, text: str) -> tuple[Somebody, ...]:
        """People, contacts, leads and users by id, or by a part of the name or e-mail address; recorded without the text."""
        with self.store.read() as connection:
            found = somebody.search(connection, text)
        with self.store.write() as connection:
            audit.add_entry(connection, self.principal, "privacy find", "personal data", {"found": len(found)}, self.clock())
        return found

    def privacy_somebody(self, kind: str, who: str | int) -> Somebody:
        """Somebody by kind (person, contact, lead, user) and number, id of a source, user's name or e-mail address."""
        with self.store.read() as connection:
            return _found(connection, kind, who)

    def privacy_export(self, kind: str, who: str | int) -> dict[str, Any]:
        """All that is held on somebody, and on whom they are besides, as JSON knows it; recorded."""
        with self.store.read() as connection:
            everybody = somebody.together(connection, _found(connection, kind, who))
            held: dict[str, Any] = plain(somebody.held_on(connection, everybody))
        with self.store.write() as connection:
            detail = {"together": [one.subject for one in everybody[1:]]}
            audit.add_entry(connection, self.principal, "privacy export", everybody[0].subject, detail, self.clock())
        return {"at": self.clock().isoformat(), **held}

    def privacy_preview(self, kind: str, who: str | int) -> Erasure:
        """What erasing somebody would destroy, place by place. Nothing is changed."""
        with self.store.write() as connection:
            everybody = self._erasable(connection, kind, who)
            places, _ = erasing.erase(connection, everybody, self.principal, self.clock())
            connection.rollback()
        return Erasure(everybody, places, len(self._old_uploads()))

    def privacy_erase(self, kind: str, who: str | int, *, confirmed: str) -> Erasure:
        """Destroy what identifies somebody, for good; `confirmed` must be their name. Decisions, sums and the audit trail stay whole."""
        with self.store.write() as connection:
            everybody = self._erasable(connection, kind, who)
            if confirmed.strip() != everybody[0].name:
                raise Conflict("expected the name of who is to be erased as confirmation, got another; nothing was erased")
            if self.store.is_sqlite:
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            places, entry = erasing.erase(connection, everybody, self.principal, self.clock())
        uploads = self._old_uploads()
        for folder in uploads:
            shutil.rmtree(folder, ignore_errors=True)
        erasing.scrub(self.store)
        return Erasure(everybody, places, len(uploads), entry)

    def privacy_retention(self) -> tuple[Retention, ...]:
        """Each rule of how long something is kept, with how much is older now."""
        with self.store.read() as connection:
            return retention.due(connection, self.settings(), self.clock())

    def privacy_retain(self) -> Mapping[str, int]:
        """Take out what is older than the rules allow; rows by rule. Recorded."""
        settings, now = self.settings(), self.clock()
        with self.store.write() as connection:
            done = retention.retain(connection, settings, now)
            if any(done.values()):
                audit.add_entry(connection, self.principal, "privacy retain", "personal data", done, now)
        return done

    def _erasable(self, connection: Connection, kind: str, who: str | int) -> tuple[Somebody, ...]:
        """Somebody with whom they are besides; Refused where they are erased already, or are who asks."""
        one = _found(connection, kind, who)
        if one.is_erased:
            raise Refused(f"{one.subject} is erased already")
        everybody = tuple(other for other in somebody.together(connection, one) if not other.is_erased)
        if any(other.kind == "user" and other.number == self.principal.user_id for other in everybody):
            raise Refused("nobody erases themselves: let another administrator do it, so that somebody can still sign in")
        return everybody

    def _old_uploads(self) -> list[Path]:
        """Files that were sent and that no job waits for: they may hold anybody's rows."""
        return list(_idle(self.shelf.books / UPLOADS, self._needed_uploads()))

    def _needed_uploads(self) -> frozenset[str]:
        with self.store.read() as connection:
            waiting = [job for job in jobs.recent(connection, 1000) if not job.has_ended]
        return frozenset(Path(file).parent.name for job in waiting for file in job.payload.get("files", ()))


def _found(connection: Connection, kind: str, who: str | int) -> Somebody:
    if isinstance(who, int):
        require_number(who, kind)
        return somebody.of_number(connection, kind, who)
    return somebody.named(connection, kind, who)


def _idle(folder: Path, needed: frozenset[str]) -> Iterator[Path]:
    for upload in folder.iterdir() if folder.is_dir() else ():
        if upload.is_dir() and upload.name not in needed:
            yield upload
