"""Who asks, and which part of the tree they see. No query runs without a scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a token may less than its user: one role of theirs, and a territory with all below it (empty: everywhere)."""

    role: str | None = None
    territory: str = ""


NO_NARROWING = Narrowing()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a user of the workspace, or (without a number) the command line of whoever holds the database.

    `address` and `request` say from where, `via` by what ('token 12', 'view as 7'); `narrowing` takes away from what the user may.
    """

    name: str
    user_id: int | None = None
    address: str = ""
    request: str = ""
    via: str = ""
    narrowing: Narrowing = NO_NARROWING

    @property
    def is_token(self) -> bool:
        """Whether a program asks with a token of the user's."""
        return self.via.startswith("token ")

    @property
    def is_viewed(self) -> bool:
        """Whether an administrator looks at the workspace as this user: nothing is written then, nor shown what is the user's alone."""
        return self.via.startswith("view as ")


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the tree a principal sees: the keys of its territories; None is everything.

    A scope is made from preorder intervals by `metes.access`. An unrestricted one is made by `Scope.everything(reason)`, so that
    whoever lifts the restriction says why.

    What it shows beside territories goes by the `day` on which it is one's scope: the accounts that its territories hold that day, and of
    the people those who sit on its `seats` that day, oneself (`person_id`), and whoever reports to oneself.
    """

    territories: frozenset[str] | None
    reason: str = ""
    day: date | None = None
    seats: frozenset[str] = frozenset()
    person_id: int | None = None

    @classmethod
    def everything(cls, reason: str) -> Scope:
        """The unrestricted scope, with the reason for it."""
        if not reason:
            raise ValueError("an unrestricted scope needs a reason, got none")
        return cls(None, reason)

    @classmethod
    def nothing(cls) -> Scope:
        """The scope in which nothing lies."""
        return cls(frozenset())

    @classmethod
    def union(cls, scopes: Iterable[Scope]) -> Scope:
        """What lies in any of some scopes."""
        return reduce(cls._or, scopes, cls.nothing())

    @property
    def is_everything(self) -> bool:
        """Whether nothing is hidden."""
        return self.territories is None

    @property
    def is_nothing(self) -> bool:
        """Whether everything is hidden."""
        return self.territories is not None and not self.territories

    @property
    def on(self) -> date:
        """The day whose holdings and seats decide; ValueError for a narrow scope that was given none."""
        if self.day is None:
            raise ValueError("a narrow scope needs the day on which it is one's scope, got none")
        return self.day

    def has(self, territory: str) -> bool:
        """Whether a territory lies in it."""
        return self.territories is None or territory in self.territories

    def _or(self, other: Scope) -> Scope:
        if self.territories is None or other.territories is None:
            return self if self.territories is None else other
        if other.territories <= self.territories and self.day is not None:
            return self
        return Scope(
            self.territories | other.territories,
            self.reason or other.reason,
            self.day or other.day,
            self.seats | other.seats,
            self.person_id or other.person_id,
        )
