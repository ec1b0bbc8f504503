"""An explanation as the why-card shows it: the winner, what helps beside it, and the losers with what decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from metes.web.marks import href_of

NEAREST = 4
_STEPS = {
    "pin": "a pin goes before rules",
    "named account": "a rule that lists the account by name goes first",
    "catch-all": "it takes only what nothing else holds",
    "type priority": "the winner's type goes first",
    "deeper territory": "the winner lies deeper in the tree",
    "rule priority": "the winner's rule has the lower priority number",
    "territory key": "all else being equal, the first key in the alphabet wins",
}


def why_of(explanation: Any) -> dict[str, Any]:
    """What the why-card takes, from an `Explanation`."""
    primaries = explanation.primaries
    losers = [_lost(lost) for lost in explanation.lost] + [_failed(failed) for failed in explanation.failed]
    nearest = max(NEAREST, len(explanation.lost))
    return {
        "title": f"Why {_names(primaries)}" if primaries else "Why nobody",
        "winners": [_held(held, explanation.pins) for held in primaries],
        "helpers": [_held(held, explanation.pins) for held in explanation.held if held.role != "primary"],
        "losers": losers[:nearest],
        "more": losers[nearest:],
        "uncounted": max(0, explanation.failed_count - len(explanation.failed)),
        "sentences": explanation.sentences(),
        "pins": [str(pin) for pin in explanation.pins if pin.is_exclusion or not pin.in_force],
    }


def _names(primaries: Sequence[Any]) -> str:
    return " and ".join(held.territory.label for held in primaries)


def _held(held: Any, pins: Sequence[Any]) -> dict[str, Any]:
    verb = "takes it" if held.role == "primary" else "helps" if held.role == "overlay" else "shares it"
    return {
        "territory": held.territory.label,
        "href": href_of(held.territory.key),
        "sentence": f"{verb} {_reason(held, pins)}{_share(held)}.",
        "literals": [_literal(said) for said in held.rule.literals] if held.rule and held.via != "pin" else [],
        "losers": [],
    }


def _reason(held: Any, pins: Sequence[Any]) -> str:
    if held.via == "pin":
        pin = next((p for p in pins if p.territory.key == held.territory.key and not p.is_exclusion and p.in_force), None)
        author = f", by {pin.author}" if pin and pin.author else ""
        above = " although its rules do not" if held.overrides_parent else ""
        return f"by a pin{above}{f': {pin.reason}{author}' if pin else ''}"
    inherited = f", under {held.path[-1].label}" if held.path else ""
    if held.via == "catch-all":
        return f"because nothing else does{inherited}"
    rule = f"rule {held.rule.name}" if held.rule and held.rule.name else "its rule" if held.rule else "its rules"
    return f"by {rule}{', which lists it by name' if held.via == 'named' else ''}{inherited}"


def _share(held: Any) -> str:
    return f", with a share of {held.share:.0%}" if held.share != 1 else ""


def _lost(lost: Any) -> dict[str, Any]:
    if lost.winner is None:
        sentence = "also matches, but the account is kept out of it."
    else:
        sentence = f"also matches; {_STEPS.get(lost.step, lost.step)}."
    return {"territory": lost.territory.label, "href": href_of(lost.territory.key), "sentence": sentence}


def _failed(failed: Any) -> dict[str, Any]:
    above = "" if failed.stopped_by == failed.territory else f" {failed.stopped_by.label} above it:"
    literal = next((said for said in failed.rule.literals if not said.held), None)
    reason = f"{literal.text} does not hold ({literal.value})" if literal else "its rule can never hold"
    return {"territory": failed.territory.label, "href": href_of(failed.territory.key), "sentence": f"loses:{above} {reason}."}


def _literal(said: Any) -> dict[str, Any]:
    return {"text": said.text, "holds": said.held}
