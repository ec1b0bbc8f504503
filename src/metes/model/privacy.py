"""Somebody of whom personal data are held, and what erasing or exporting them comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("person", "contact", "lead", "user")
# So many of each kind does looking for somebody show.
MOST_FOUND = 50


@dataclass(frozen=True, slots=True)
class Somebody:
    """One record that identifies a person: a person of the roster, a contact, a lead or a user, by its number.

    `source` and `external_id` are empty for users, whose `name` is what they sign in with.
    """

    kind: str
    number: int
    name: str
    email: str = ""
    phone: str = ""
    source: str = ""
    source_id: int = 0
    external_id: str = ""
    is_erased: bool = False

    @property
    def pseudonym(self) -> str:
        """What stands for the name once it is erased; names of users hold no blanks."""
        return f"erased-user-{self.number}" if self.kind == "user" else f"Erased {self.kind} {self.number}"

    @property
    def pseudonymous_id(self) -> str:
        """What stands for the id that its source gave it."""
        return f"erased-{self.kind}-{self.number}"

    @property
    def subject(self) -> str:
        """How the audit trail calls it."""
        return f"{self.kind} {self.number}"


@dataclass(frozen=True, slots=True)
class ErasedPlace:
    """Where an erasure found something: a table and column, what is done there, and in how many rows."""

    table: str
    column: str
    done: str
    rows: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure does, or did: who belongs together, and the places; `entry` is its entry in the audit trail, None in a preview.

    `uploads` are the files waiting to be imported that go as well.
    """

    everybody: tuple[Somebody, ...]
    places: tuple[ErasedPlace, ...]
    uploads: int = 0
    entry: int | None = None

    @property
    def rows(self) -> int:
        """In how many rows something is destroyed."""
        return sum(place.rows for place in self.places)


@dataclass(frozen=True, slots=True)
class Retention:
    """One rule of how long something is kept: its setting with the days (0: for ever), and how many rows are older now."""

    setting: str
    days: int
    what: str
    rows: int

    def as_dict(self) -> Mapping[str, Any]:
        """For JSON."""
        return {"setting": self.setting, "days": self.days, "what": self.what, "rows": self.rows}
