"""The verbs of notices: what a user was told, what they read, and how they want to be told."""

from __future__ import annotations

from dataclasses import dataclass, replace

from metes.app.desk import require_number
from metes.app.jobs import JobVerbs
from metes.base.errors import InputError
from metes.model.notices import NEVER, NoticeChoice, checked_choice, checked_kind, checked_mail_address
from metes.store import audit, links, notices
from metes.store.notices import Notice

MOST_NOTICES = 500


@dataclass(frozen=True, slots=True)
class NoticePreferences:
    """How a user is told of each kind, and where mail goes: `address` was chosen, `person_address` is that of the user's person."""

    choices: tuple[NoticeChoice, ...]
    address: str | None
    person_address: str | None
    has_mail_server: bool

    @property
    def wants_mail(self) -> bool:
        """Whether anything goes by mail."""
        return any(choice.by_mail != NEVER for choice in self.choices)

    @property
    def mail_goes_to(self) -> str | None:
        """Where mail goes; None where it can go nowhere."""
        return self.address or self.person_address


class NoticeVerbs(JobVerbs):
    """A user's own notices; nobody sees those of somebody else."""

    def notices(
        self, *, kind: str | None = None, unread: bool = False, before: int | None = None, limit: int = 50
    ) -> tuple[Notice, ...]:
        """The principal's notices, newest first: of a kind, unread ones alone, those before one, where it is asked for."""
        user = self._reader()
        if kind is not None:
            checked_kind(kind)
        if before is not None:
            require_number(before, "notice")
        if not 1 <= limit <= MOST_NOTICES:
            raise InputError(f"expected 1 to {MOST_NOTICES} notices at a time, got {limit}")
        with self.store.read() as connection:
            return notices.notices_of(connection, user, kind=kind, unread=unread, before=before, limit=limit)

    def notices_unread(self) -> int:
        """How many notices the principal has not read; 0 for one who is no user."""
        if self.principal.user_id is None:
            return 0
        with self.store.read() as connection:
            return notices.unread_count(connection, self.principal.user_id)

    def notice_read(self, notice_id: int) -> Notice:
        """Note that the principal read a notice."""
        require_number(notice_id, "notice")
        user = self._reader()
        with self.store.touch() as connection:
            return notices.mark_read(connection, user, notice_id, self.clock())

    def notices_read_all(self, *, kind: str | None = None, up_to: int | None = None) -> int:
        """Note that the principal read all notices, those of a kind, or those up to one that they saw; how many were new."""
        user = self._reader()
        if kind is not None:
            checked_kind(kind)
        if up_to is not None:
            require_number(up_to, "notice")
        with self.store.touch() as connection:
            return notices.mark_all_read(connection, user, self.clock(), kind=kind, up_to=up_to)

    def notice_preferences(self) -> NoticePreferences:
        """How the principal is told of each kind, and where mail goes."""
        user = self._reader()
        with self.store.read() as connection:
            chosen, of_person = notices.addresses_of(connection, user, links.day_of(connection, self.clock()))
            return NoticePreferences(notices.choices_of(connection, user), chosen, of_person, self.shelf.mail.is_named)

    def notice_preferences_set(self, kind: str, *, in_app: bool, by_mail: str) -> NoticePreferences:
        """Choose how to be told of a kind from now on; all preferences as they are then."""
        user, choice = self._reader(), checked_choice(kind, in_app, by_mail)
        with self.store.touch() as connection:
            notices.set_choice(connection, user, choice)
        return self.notice_preferences()

    def notice_mail_stop(self) -> NoticePreferences:
        """Be told of nothing by mail from now on; what is told in the app stays as it was chosen."""
        user = self._reader()
        with self.store.touch() as connection:
            for choice in notices.choices_of(connection, user):
                notices.set_choice(connection, user, replace(choice, by_mail=NEVER))
        return self.notice_preferences()

    def notice_address_set(self, address: str | None) -> NoticePreferences:
        """Choose where mail goes; None or nothing takes the address of the principal's person again."""
        user = self._reader()
        chosen = checked_mail_address(address) if address and address.strip() else None
        with self.store.touch() as connection:
            told = audit.change(
                {"address": notices.addresses_of(connection, user, self.today())[0]}, {"address": chosen}, ("address",)
            )
            audit.add_entry(connection, self.principal, "notice address", f"user {user}", {}, self.clock(), **told)
            notices.set_address(connection, user, chosen)
        return self.notice_preferences()

    def _reader(self) -> int:
        """The principal's number; InputError for the command line, which is no user."""
        if self.principal.user_id is None:
            raise InputError("notices belong to a user; say whose with --user NAME")
        return self.principal.user_id
