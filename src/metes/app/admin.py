"""The verbs of whoever runs a workspace: settings, users, tokens, sign-in, views, audit."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from metes.app.desk import require_number
from metes.app.seeing import SeeingVerbs
from metes.base.errors import InputError, Refused
from metes.identity import secrets
from metes.model.scope import Principal
from metes.model.workspace import SETTING_NAMES, checked_setting, settings_from
from metes.store import assign_trigger, audit, links, schedules, users
from metes.store import settings as stored
from metes.store.users import Session, User

SESSION_SECONDS = users.SESSION_DAYS * 86_400
WRONG_SIGN_IN = "this name and password do not go together"
log = logging.getLogger("metes.app")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun: the secret for the browser's cookie, and whose it is."""

    secret: str
    user: User


class AdminVerbs(SeeingVerbs):
    """What an administrator does."""

    def config_list(self) -> dict[str, Any]:
        """Every setting with its value."""
        settings = self.settings()
        values = {f.name: getattr(settings, f.name) for f in fields(settings)}
        values["rates"] = ", ".join(f"{currency}={rate}" for currency, rate in sorted(settings.rates.items()))
        return values

    def config_set(self, name: str, text: str) -> Any:
        """Set one setting from text; the value kept."""
        value = checked_setting(name, text)
        with self.store.write() as connection:
            stored.put_setting(connection, name, value)
            self._after_setting(connection, name)
            audit.add_entry(connection, self.principal, "config set", name, {"value": value}, self.clock())
        return value

    def config_unset(self, name: str) -> None:
        """Take one setting back to its default."""
        if name not in SETTING_NAMES:
            raise InputError(f"there is no setting '{name}'; settings are {', '.join(SETTING_NAMES)}")
        with self.store.write() as connection:
            stored.put_setting(connection, name, None)
            self._after_setting(connection, name)
            audit.add_entry(connection, self.principal, "config unset", name, {}, self.clock())

    def _after_setting(self, connection: Connection, name: str) -> None:
        """What follows from a setting: another time zone moves every schedule's turns, other rates move amounts that rules ask for."""
        if name == "time_zone":
            zone = ZoneInfo(settings_from(stored.read_settings(connection)).time_zone)
            schedules.set_zone(connection, self.clock(), zone)
        elif name in ("rates", "reporting_currency"):
            assign_trigger.data_changed(connection, self.principal.name, self.clock(), f"the setting {name} changed")

    def user_password(self, name: str, password: str | None = None) -> str:
        """Give a user another password, ending all sessions; the password."""
        chosen = password or secrets.new_password()
        hashed = secrets.hash_password(chosen)
        with self.store.write() as connection:
            user_id = users.set_password(connection, name, hashed, self.clock())
            audit.add_entry(connection, self.principal, "user password", f"user {user_id}", {}, self.clock())
        return chosen

    def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Begin a session; Refused says no more than that name and password do not go together, or how long to wait."""
        now = self.clock()
        if not name.isprintable():  # no name of a user, and not every database can even look for it
            raise Refused(WRONG_SIGN_IN)
        with self.store.read() as connection:
            found = users.find_user(connection, name)
            failed = users.failed_sign_ins(connection, name, address, now)
        if failed >= users.LOCKOUT_TRIES:
            raise Refused(f"too many tries; wait {users.LOCKOUT_MINUTES} minutes, then try again")
        is_right = secrets.is_password(password, found[1] if found else None)
        is_right = is_right and found is not None and found[0].disabled_at is None
        secret = secrets.new_secret()
        with self.store.touch() as connection:
            users.note_sign_in(connection, name, address, is_right, now)
            if is_right and found is not None:
                users.add_session(
                    connection,
                    found[0].id,
                    secrets.digest(secret),
                    secrets.new_secret(),
                    now,
                    address=address,
                    number=secrets.new_number(),
                )
        who = f"user {found[0].id}" if found else "an unknown name"
        if not is_right or found is None:
            log.warning("sign-in failed", extra={"subject": who, "address": address})
            if failed + 1 == users.LOCKOUT_TRIES:
                # The same for known and unknown names, so that the time it takes tells nothing.
                with self.store.write() as connection:
                    audit.add_entry(connection, Principal("sign-in"), "sign-in locked", who, {"tries": failed + 1}, now)
            raise Refused(WRONG_SIGN_IN)
        log.info("signed in", extra={"subject": who, "address": address})
        return SignedIn(secret, found[0])

    def session(self, secret: str) -> Session | None:
        """The session of a browser's cookie; None where it has ended."""
        with self.store.read() as connection:
            now = self.clock()
            return users.find_session(connection, secrets.digest(secret), now, links.day_of(connection, now))

    def sign_out(self, secret: str) -> None:
        """End a session."""
        with self.store.touch() as connection:
            users.end_session(connection, secrets.digest(secret))

    def preferences_set(self, user_id: int, preferences: Mapping[str, Any]) -> None:
        """Keep what a user likes."""
        with self.store.touch() as connection:
            users.set_preferences(connection, user_id, preferences)

    def views(self, page: str) -> Sequence[Any]:
        """The principal's saved views of a page: rows with id, name and query."""
        if self.principal.user_id is None or self.principal.is_viewed:
            return ()
        with self.store.read() as connection:
            return users.views_of(connection, self.principal.user_id, page)

    def view_save(self, page: str, name: str, query: str) -> None:
        """Save a list's address under a name for the principal."""
        if self.principal.user_id is None or not 1 <= len(name.strip()) <= 80 or len(query) > 4000:
            raise InputError("expected a name of 1 to 80 characters for the view")
        with self.store.touch() as connection:
            users.save_view(connection, self.principal.user_id, page, name.strip(), query, self.clock())

    def view_delete(self, view_id: int) -> None:
        """Drop one of the principal's saved views."""
        require_number(view_id, "view")
        if self.principal.user_id is not None:
            with self.store.touch() as connection:
                users.delete_view(connection, self.principal.user_id, view_id)
