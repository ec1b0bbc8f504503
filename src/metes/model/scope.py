"""Who asks, and which part of the tree they see. No query runs without a scope."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a user of the workspace, or the command line of whoever holds the database."""

    name: str
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the tree a principal sees: the keys of its territories; None is everything.

    Wherever the tree is at hand a scope is made from preorder intervals. An unrestricted scope is made by
    `Scope.everything(reason)`, so that whoever lifts the restriction says why.
    """

    territories: frozenset[str] | None
    reason: str = ""

    @classmethod
    def everything(cls, reason: str) -> Scope:
        """The unrestricted scope, with the reason for it."""
        if not reason:
            raise ValueError("an unrestricted scope needs a reason, got none")
        return cls(None, reason)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is hidden."""
        return self.territories is None
