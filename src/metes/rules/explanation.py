"""What is said about one account: who holds it and why, and why each other territory does not."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from metes.rules.precedence import Step


@dataclass(frozen=True, slots=True)
class TerritoryName:
    """A territory by key, and by the name that people know it by."""

    key: str
    label: str

    def __str__(self) -> str:
        return self.label if self.label == self.key else f"{self.label} ({self.key})"


@dataclass(frozen=True, slots=True)
class LiteralSaid:
    """A comparison of a rule as text, whether it held, and the account's value as text."""

    text: str
    held: bool
    value: str

    def __str__(self) -> str:
        return f"{self.text} {'holds' if self.held else 'fails'} (the account has {self.value})"


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """A rule with the comparisons that decided."""

    key: str
    name: str
    priority: int
    text: str
    literals: tuple[LiteralSaid, ...]


@dataclass(frozen=True, slots=True)
class PinSaid:
    """A pin or exclusion of the account, with who made it, why and for which days [start, end)."""

    territory: TerritoryName
    is_exclusion: bool
    reason: str
    author: str
    start: date | None
    end: date | None
    in_force: bool

    def __str__(self) -> str:
        verb = "is kept out of" if self.is_exclusion else "is pinned to"
        days = f"{f' from {self.start}' if self.start else ''}{f' until {self.end}' if self.end else ''}"
        author = f" by {self.author}" if self.author else ""
        standing = "" if self.in_force else ", which is not in force that day"
        return f"The account {verb} {self.territory}{days}{author}: {self.reason}{standing}."


@dataclass(frozen=True, slots=True)
class Above:
    """A territory above a holder: the rule by which it takes the account and passes it on, None where it has no rules.

    `takes` is False where none of its rules holds, and only a pin below keeps the account there.
    """

    territory: TerritoryName
    rule: RuleSaid | None
    takes: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A territory that holds the account. `overrides_parent` where a pin puts it there against a rule above or its own.

    `inherited` are the territories above it, the topmost first.
    """

    territory: TerritoryName
    role: str
    share: float
    via: str
    inherited: tuple[Above, ...]
    rule: RuleSaid | None
    overrides_parent: bool

    @property
    def path(self) -> tuple[TerritoryName, ...]:
        """The names of the territories above it, the topmost first."""
        return tuple(above.territory for above in self.inherited)


@dataclass(frozen=True, slots=True)
class Lost:
    """A territory that claims the account and does not hold it, with the step of precedence that decided and who won by it."""

    territory: TerritoryName
    via: str
    step: str
    winner: TerritoryName | None
    rule: RuleSaid | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A territory that does not take the account: the rule that came nearest and its first comparison that failed.

    `stopped_by` is the territory whose rule it is: this one or, where its own rules hold, one above it. `held_share` is the share of
    the rule's comparisons that held.
    """

    territory: TerritoryName
    stopped_by: TerritoryName
    rule: RuleSaid
    held_share: float


@dataclass(frozen=True, slots=True)
class FlipSaid:
    """A change of one field that gives the account other primary territories (none: it becomes a gap), and that change in words.

    Values are as the book holds them, None for a missing one. `is_known` says that some account has the value; `is_other` that any
    value will do which no rule names, `after` being none then. `phrase` is the change as it stands behind "it would go there".
    """

    field: str
    before: Any
    after: Any
    is_known: bool
    is_other: bool
    territories: tuple[TerritoryName, ...]
    phrase: str

    def __str__(self) -> str:
        target = f"go to {' and '.join(map(str, self.territories))}" if self.territories else "be held by no primary territory"
        return f"It would {target} {self.phrase}."


_STEPS = {
    Step.PIN: "a pin goes before rules",
    Step.NAMED: "a rule that lists the account by name goes before others",
    Step.CATCH_ALL: "it takes only what nothing else holds",
    Step.TYPE_PRIORITY: "the winner's type goes first",
    Step.DEPTH: "the winner lies deeper in the tree",
    Step.RULE_PRIORITY: "the winner's rule has the lower priority number",
    Step.TERRITORY_KEY: "all else being equal, the first key in the alphabet wins",
}
_VIAS = {
    "pin": "by a pin",
    "named": "because a rule lists it by name",
    "rule": "because a rule holds",
    "catch-all": "because nothing else takes it",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the account stands where it does on a day.

    `failed` names some of the `failed_count` territories that do not take it, the nearest first. `flips` are the smallest changes of
    one field that would give it to another, the smallest first; None where nobody asked. `recorded` are the primary territories that
    the ledger names for the day, None where nobody asked: they differ where the plan has not been assigned since something changed.
    """

    account: str
    day: date
    held: tuple[Held, ...]
    lost: tuple[Lost, ...]
    failed: tuple[Failed, ...]
    failed_count: int
    pins: tuple[PinSaid, ...]
    flips: tuple[FlipSaid, ...] | None = None
    recorded: tuple[TerritoryName, ...] | None = None

    @property
    def primaries(self) -> tuple[Held, ...]:
        """The primary territories: one, several under split or share, or none."""
        return tuple(h for h in self.held if h.role == "primary")

    @property
    def is_gap(self) -> bool:
        """Whether no primary territory holds the account."""
        return not self.primaries

    @property
    def is_recorded(self) -> bool:
        """Whether the ledger says the same, as far as somebody asked."""
        return self.recorded is None or {t.key for t in self.recorded} == {h.territory.key for h in self.primaries}

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain values for JSON; days as ISO text."""
        return {**_plain(asdict(self)), "is_gap": self.is_gap, "is_recorded": self.is_recorded, "sentences": list(self.sentences())}

    def sentences(self) -> tuple[str, ...]:
        """The explanation in plain words, the outcome first."""
        out: list[str] = []
        if self.is_gap:
            out.append(f"No primary territory holds account {self.account} on {self.day}: it is a gap.")
        for held in self.held:
            out += self._held(held)
        if not self.is_recorded:
            out.append(_recorded(self.recorded or ()))
        out += [str(pin) for pin in self.pins]
        out += [_lost(lost) for lost in self.lost]
        if self.flips is not None:
            out += [str(flip) for flip in self.flips] or ["No change of a single field would give it to another primary territory."]
        out += [_failed(failed) for failed in self.failed]
        if self.failed_count > len(self.failed):
            out.append(f"{self.failed_count - len(self.failed):,} more territories do not take it.")
        return tuple(out)

    def _held(self, held: Held) -> list[str]:
        role = "holds" if held.role == "primary" else f"is {held.role} to"
        share = f" with a share of {held.share:.0%}" if held.share != 1.0 else ""
        out = [f"{held.territory} {role} account {self.account} on {self.day}{share} {_VIAS[held.via]}."]
        if held.overrides_parent:
            out.append("The pin holds although the territory's rules, or those above it, do not take the account.")
        if held.rule is not None:
            out.append(f"Its rule {held.rule.key} (priority {held.rule.priority}): {held.rule.text}")
            out += [f"- {literal}" for literal in held.rule.literals]
        if held.path:
            out.append(f"It lies under {' > '.join(map(str, held.path))}.")
        out += [_above(above) for above in held.inherited if above.rule is not None or not above.takes]
        return out


def _above(above: Above) -> str:
    """How a territory above came to pass the account on."""
    if above.rule is None or not above.takes:
        return f"{above.territory} above it does not take it."
    return f"{above.territory} above it takes it by rule {above.rule.key} (priority {above.rule.priority}): {above.rule.text}"


def _recorded(territories: tuple[TerritoryName, ...]) -> str:
    """What the ledger says where the plan says something else."""
    held = f"{' and '.join(map(str, territories))} still holds it" if territories else "no territory holds it yet"
    return f"In the ledger {held}: the plan has not been assigned since this changed."


def _lost(lost: Lost) -> str:
    """Why a claim did not win."""
    if lost.winner is None:
        return f"{lost.territory} claims it too, but the account is kept out of it or of a territory above."
    return f"{lost.territory} claims it too and loses to {lost.winner}: {_STEPS[Step(lost.step)]}."


def _failed(failed: Failed) -> str:
    """Why a territory does not take the account."""
    above = "" if failed.stopped_by == failed.territory else f" because {failed.stopped_by} above it does not"
    literals = "; ".join(map(str, failed.rule.literals)) or "its rule can never hold"
    return f"{failed.territory} does not take it{above}: {literals}."


def _plain(value: Any) -> Any:
    """A value with days as text and tuples as lists, all the way down."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
