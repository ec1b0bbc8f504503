"""What somebody sees and why: the words of pages about users and their rights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from metes.model.access import Capability, UserRole

IN, OUT, NO_ROLE = "in", "out", "none"


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which users: with every word of `search` in name, mail address or person; of a role ('none': without one); let in or shut out."""

    search: str = ""
    role: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class GrantedRole:
    """A role that somebody was given: `territory` is a place beside the seats, `group` through which it comes (empty: neither)."""

    role: UserRole
    territory: str = ""
    group: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody sees a part of the tree: a role that sees everything (no territory), a place of a role, or a seat.

    `group` is the group through which a role is held; `is_known` says whether the plan in force has the territory at all.
    """

    roles: tuple[UserRole, ...]
    territory: str = ""
    seat: str = ""
    group: str = ""
    until: date | None = None
    is_known: bool = True

    @property
    def is_everything(self) -> bool:
        """Whether nothing is hidden for this reason."""
        return not self.territory

    @property
    def text(self) -> str:
        """The reason in words."""
        roles = " and ".join(filter(None, (", ".join(self.roles[:-1]), self.roles[-1])))
        through = f" through the group {self.group}" if self.group else ""
        until = f", until {self.until}" if self.until else ""
        if self.is_everything:
            return f"the role {roles}{through} sees everything{until}"
        word = "role" if len(self.roles) == 1 else "roles"
        what = f"the role {roles} there{through}" if not self.seat else f"sits on {self.seat}, with the {word} {roles}"
        return f"{what}{until}" if self.is_known else f"{what}{until}; the plan in force has no such territory"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much somebody sees: the number of territories (None: all), and of accounts."""

    territories: int | None
    accounts: int

    @property
    def is_everything(self) -> bool:
        """Whether nothing is hidden."""
        return self.territories is None


@dataclass(frozen=True, slots=True)
class Seeing:
    """What a user may and sees today, and why."""

    user: str
    roles: tuple[UserRole, ...]
    may: tuple[Capability, ...]
    reasons: tuple[Reason, ...]
    extent: Extent
    person: str | None = None
    is_shut_out: bool = False


@dataclass(frozen=True, slots=True)
class SeeingChange:
    """How much a user sees before and after something that was not done yet."""

    user: str
    before: Extent
    after: Extent
