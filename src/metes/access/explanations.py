"""An explanation as somebody with a scope may read it: who holds the account, and of the others and of the rules those in scope."""

from __future__ import annotations

import re
from dataclasses import replace

from metes.model.scope import Scope
from metes.rules.explanation import Above, Explanation, FlipSaid, Held, LiteralSaid, RuleSaid

# What is said of the account that stands above, which may be one that is hidden.
_OF_KIN = re.compile(r"\b(family|parent)\b")
HIDDEN_VALUE = "a value that is hidden from you"


def explained(found: Explanation, scope: Scope) -> Explanation:
    """The explanation without what lies outside the scope.

    Whoever sees the account sees which territories hold it. Rules, pins, losers and the changes that lead elsewhere are told of the
    scope's own territories alone, and values of a family's topmost account not at all. What failed is left to who made it, for it
    is counted there.
    """
    if scope.is_everything:
        return found
    return replace(
        found,
        held=tuple(_held(held, scope) for held in found.held),
        lost=tuple(replace(one, rule=_rule(one.rule)) for one in found.lost if scope.has(one.territory.key)),
        failed=tuple(replace(one, rule=_plain_rule(one.rule)) for one in found.failed),
        pins=tuple(pin for pin in found.pins if scope.has(pin.territory.key)),
        flips=None if found.flips is None else tuple(flip for flip in found.flips if leads_within(flip, scope)),
    )


def leads_within(flip: FlipSaid, scope: Scope) -> bool:
    """Whether a change leads nowhere but to territories in scope, or to none, and is of the account itself."""
    if scope.is_everything:
        return True
    return not _OF_KIN.match(flip.field) and all(scope.has(territory.key) for territory in flip.territories)


def _held(held: Held, scope: Scope) -> Held:
    """A holder: outside the scope its name, role and share, and how it came to hold."""
    if not scope.has(held.territory.key):
        return replace(held, inherited=(), rule=None, overrides_parent=False)
    return replace(held, inherited=tuple(_above(above, scope) for above in held.inherited), rule=_rule(held.rule))


def _above(above: Above, scope: Scope) -> Above:
    if scope.has(above.territory.key):
        return replace(above, rule=_rule(above.rule))
    return Above(above.territory, None, True)


def _rule(rule: RuleSaid | None) -> RuleSaid | None:
    return None if rule is None else _plain_rule(rule)


def _plain_rule(rule: RuleSaid) -> RuleSaid:
    """A rule whose comparisons say nothing of values of the topmost account of the family."""
    return replace(rule, literals=tuple(_literal(literal) for literal in rule.literals))


def _literal(literal: LiteralSaid) -> LiteralSaid:
    return replace(literal, value=HIDDEN_VALUE) if _OF_KIN.search(literal.text) else literal
