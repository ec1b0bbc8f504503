"""The verbs of whoever runs a workspace: settings and saved views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from metes.app.desk import require_number
from metes.app.seeing import SeeingVerbs
from metes.base.errors import InputError
from metes.model.workspace import OPTIONAL, SETTING_NAMES, checked_setting, settings_from
from metes.store import assign_trigger, audit, schedules, users
from metes.store import settings as stored


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
        if name == "second_factor" and value != OPTIONAL:  # nobody could set one up, and nobody would get in
            self._seal.require()
        with self.store.write() as connection:
            told = audit.change({"value": stored.read_settings(connection).get(name)}, {"value": value})
            stored.put_setting(connection, name, value)
            self._after_setting(connection, name)
            audit.add_entry(connection, self.principal, "config set", name, {}, self.clock(), **told)
        return value

    def config_unset(self, name: str) -> None:
        """Take one setting back to its default."""
        if name not in SETTING_NAMES:
            raise InputError(f"there is no setting '{name}'; settings are {', '.join(SETTING_NAMES)}")
        with self.store.write() as connection:
            told = audit.change({"value": stored.read_settings(connection).get(name)}, {"value": None})
            stored.put_setting(connection, name, None)
            self._after_setting(connection, name)
            audit.add_entry(connection, self.principal, "config unset", name, {}, self.clock(), **told)

    def _after_setting(self, connection: Connection, name: str) -> None:
        """What follows from a setting: another time zone moves every schedule's turns, other rates move amounts that rules ask for."""
        if name == "time_zone":
            zone = ZoneInfo(settings_from(stored.read_settings(connection)).time_zone)
            schedules.set_zone(connection, self.clock(), zone)
        elif name in ("rates", "reporting_currency"):
            assign_trigger.data_changed(connection, self.principal.name, self.clock(), f"the setting {name} changed")

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
