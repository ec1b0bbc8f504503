"""The verbs of corrections: who sat where, and which territory held an account, on days that are over."""

from __future__ import annotations

from datetime import date

from metes.app.reading import ReadingVerbs
from metes.importing import correcting
from metes.importing.correcting import NOBODY, Corrected
from metes.looking import owners
from metes.store import ledger, ledger_corrections
from metes.store.ledger_corrections import PastCorrection

__all__ = ["NOBODY", "Corrected", "CorrectionVerbs"]


class CorrectionVerbs(ReadingVerbs):
    """What sets right what the ledger says of the past; what was known before stays known."""

    def correct_owner(
        self, account: str, territory: str, *, start: date, end: date, reason: str = "", dry_run: bool = False
    ) -> Corrected:
        """Say that a territory ('none': none) held an account from a day up to, not including, another one that is not after today.

        `dry_run` says what would change and needs no reason.
        """
        known = {t.key for day in (None, start) if (active := self.active(day)) for t in active[1].territories}
        with self.store.read() as connection:
            number = owners.the_account(connection, account, self.scope)
            known |= ledger.known_territories(connection).keys()
        return correcting.correct_owner(
            self.store, number, account, territory, start=start, end=end, reason=reason, known_territories=known, today=self.today(),
            now=self.clock(), principal=self.principal, dry_run=dry_run,
        )  # fmt: skip

    def correct_seat(
        self,
        seat: str,
        person: str,
        *,
        start: date,
        end: date | None = None,
        reason: str = "",
        is_beside: bool = False,
        dry_run: bool = False,
    ) -> Corrected:
        """Say that a person ('nobody': no one) sat on a seat from a day up to, not including, another (None: still there).

        Whoever else sat there gives way, unless `is_beside`. `dry_run` says what would change and needs no reason.
        """
        return correcting.correct_seat(
            self.store, seat, person, start=start, end=end, reason=reason, known_seats=self.seats_known(), is_beside=is_beside,
            now=self.clock(), principal=self.principal, dry_run=dry_run,
        )  # fmt: skip

    def correct_back(self, number: int, *, reason: str) -> int:
        """Take a correction back by another one, whose number is the answer; what was recorded since of the same days stays."""
        return correcting.take_back(self.store, number, reason=reason, now=self.clock(), principal=self.principal)

    def correct_list(self, *, account: str | None = None, person: int | None = None) -> tuple[PastCorrection, ...]:
        """All corrections, the newest first; those of an account, or of a person and the seats they sat on, where these are named."""
        with self.store.read() as connection:
            number = None if account is None else owners.the_account(connection, account, self.scope)
            sat = ledger.sittings(connection, self.scope, person_ids=[person], whole_history=True) if person is not None else ()
            seats = sorted({fact.seat for fact in sat})
            return ledger_corrections.corrections(connection, account_id=number, person_id=person, seats=seats)

    def seats_known(self) -> tuple[str, ...]:
        """The seats of the active plan, and those that the ledger knows besides."""
        active = self.active()
        keys = [seat.key for seat in active[1].seats] if active else []
        with self.store.read() as connection:
            keys += [fact.seat for fact in ledger.sittings(connection, self.scope)]
        return tuple(dict.fromkeys(keys))
