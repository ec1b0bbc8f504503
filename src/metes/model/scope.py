"""Who asks, and which part of the tree they see. No query runs without a scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
    """

    territories: frozenset[str] | None
    reason: str = ""

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

    def has(self, territory: str) -> bool:
        """Whether a territory lies in it."""
        return self.territories is None or territory in self.territories

    def _or(self, other: Scope) -> Scope:
        if self.territories is None or other.territories is None:
            return self if self.territories is None else other
        if not other.territories <= self.territories:
            return Scope(self.territories | other.territories, self.reason or other.reason)
        return self
