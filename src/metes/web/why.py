"""An explanation as pages show it: the winner, what helps beside it, what would change it, and the losers with what decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metes.model.catalogue import Field, FieldType
from metes.web.formatting import Reader
from metes.web.marks import Marks

NEAREST = 4
FLIPS = 4
_STEPS = {
    "pin": "a pin goes before rules",
    "named account": "a rule that lists the account by name goes first",
    "catch-all": "it takes only what nothing else holds",
    "type priority": "the winner's type goes first",
    "deeper territory": "the winner lies deeper in the tree",
    "rule priority": "the winner's rule has the lower priority number",
    "territory key": "all else being equal, the first key in the alphabet wins",
}
_SHORT_STEPS = {
    "exclusion": "kept out by an exclusion",
    "pin": "a pin goes first",
    "named account": "a list by name goes first",
    "type priority": "the type goes first",
    "deeper territory": "a deeper territory goes first",
    "rule priority": "a lower priority number goes first",
    "territory key": "the first key goes first",
}
_SHORT_VIAS = {"pin": "by a pin", "named": "by a list of names", "rule": "by a rule", "catch-all": "because nothing else does"}


def why_of(explanation: Any, fields: Mapping[str, Field], reader: Reader, marks: Marks) -> dict[str, Any]:
    """What the why-card takes, from an `Explanation`; territories that the marks do not know have no address."""
    primaries = explanation.primaries
    losers = [_lost(lost, marks) for lost in explanation.lost] + [_failed(failed, marks) for failed in explanation.failed]
    nearest = max(NEAREST, len(explanation.lost))
    flips = [_flip(flip, fields, reader, marks) for flip in explanation.flips or ()]
    return {
        "title": f"Why {_names(primaries)}" if primaries else "Why nobody",
        "winners": [_held(held, explanation.pins, marks) for held in primaries],
        "helpers": [_held(held, explanation.pins, marks) for held in explanation.held if held.role != "primary"],
        "losers": losers[:nearest],
        "matching": [_lost(lost, marks) for lost in explanation.lost],
        "flips": flips,
        "would": None if explanation.flips is None else flips[:FLIPS],
        "more_flips": max(0, len(flips) - FLIPS),
        "others": explanation.failed_count,
        "sentences": explanation.sentences(),
        "pins": [str(pin) for pin in explanation.pins if pin.is_exclusion or not pin.in_force],
        "recorded": None if explanation.is_recorded else [_named(name, marks) for name in explanation.recorded],
    }


def _named(name: Any, marks: Marks) -> dict[str, str]:
    mark = marks.of(name.key)
    return {"territory": name.label, "href": str(mark["href"]) if mark else ""}


def _flip(flip: Any, fields: Mapping[str, Field], reader: Reader, marks: Marks) -> dict[str, Any]:
    """A change of one field, and the territories that it leads to (none: a gap)."""
    return {"territories": [_named(name, marks) for name in flip.territories], "sentence": _phrase(flip, fields, reader)}


def _phrase(flip: Any, fields: Mapping[str, Field], reader: Reader) -> str:
    """The change in words, numbers, amounts and days of plain fields as the reader writes them."""
    field = fields[flip.field]
    writers: dict[FieldType, Any] = {FieldType.INTEGER: reader.number, FieldType.MONEY: reader.money, FieldType.DATE: reader.day}
    write = writers.get(field.type)
    if write is None or flip.after is None or flip.field not in set(fields):  # a term is no field of its own
        return str(flip.phrase)
    was = "" if flip.before is None else f" instead of {write(flip.before)}"
    return f"with {field.title[:1].lower()}{field.title[1:]} {write(flip.after)}{was}"


def _names(primaries: Sequence[Any]) -> str:
    return " and ".join(held.territory.label for held in primaries)


def _held(held: Any, pins: Sequence[Any], marks: Marks) -> dict[str, Any]:
    verb = "takes it" if held.role == "primary" else "helps" if held.role == "overlay" else "shares it"
    return {
        **_named(held.territory, marks),
        "sentence": f"{verb} {_reason(held, pins)}{_share(held)}.",
        "literals": [_literal(said) for said in held.rule.literals] if held.rule and held.via != "pin" else [],
        "above": [_above(above, marks) for above in held.inherited if above.rule is not None or not above.takes],
    }


def _above(above: Any, marks: Marks) -> dict[str, Any]:
    """How a territory above came to pass the account on, or that it does not take it."""
    if above.rule is None:
        return {**_named(above.territory, marks), "sentence": "above it does not take it.", "literals": []}
    rule = f"rule {above.rule.name}" if above.rule.name else "its rule"
    return {
        **_named(above.territory, marks),
        "sentence": f"above it takes it by {rule}.",
        "literals": [_literal(said) for said in above.rule.literals],
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


def _lost(lost: Any, marks: Marks) -> dict[str, Any]:
    """A territory that claims the account too, with the step that decided."""
    if lost.winner is None:
        sentence = "also matches, but the account is kept out of it."
    else:
        sentence = f"also matches; {_STEPS.get(lost.step, lost.step)}."
    return {**_named(lost.territory, marks), "sentence": sentence}


def _failed(failed: Any, marks: Marks) -> dict[str, Any]:
    """A territory that does not take the account, with its first comparison that fails."""
    above = "" if failed.stopped_by == failed.territory else f" {failed.stopped_by.label} above it:"
    literal = next((said for said in failed.rule.literals if not said.held), None)
    reason = f"{literal.text} does not hold ({literal.value})" if literal else "its rule can never hold"
    return {**_named(failed.territory, marks), "sentence": f"loses:{above} {reason}."}


def _literal(said: Any) -> dict[str, Any]:
    return {"text": said.text, "holds": said.held}


def step_said(step: str) -> str:
    """The step by which a claim lost, in words; empty where none did."""
    return f"lost: {_SHORT_STEPS[step]}" if step else ""


def tallies_said(found: Any, marks: Any, reader: Reader) -> dict[str, Any]:
    """What a territory's summary shows: rows of (what, how, cells) by what they are about."""

    def cells(tally: Any) -> list[str]:
        return [reader.number(tally.accounts), reader.money_compact(tally.potential), reader.money_compact(tally.revenue_12m)]

    def others(rows: Sequence[Any]) -> list[dict[str, Any]]:
        return [{"mark": marks.of(key), "how": _SHORT_STEPS[step], "cells": cells(tally)} for key, step, tally in rows]

    return {
        "by_via": [{"text": _SHORT_VIAS.get(via, via), "cells": cells(tally)} for via, tally in found.by_via],
        "by_rule": [{"mark": marks.of(key), "rule": rule, "key": key, "cells": cells(tally)} for key, rule, tally in found.by_rule],
        "lost": others(found.lost),
        "won": others(found.won),
        "edges": found.edges,
    }
