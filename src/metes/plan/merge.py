"""Three-way merge of plans: per part and field, with every conflict told in the field's words and settled by choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.memory import uncollected
from metes.model.condition import InList, literals
from metes.model.plan import Pin, Plan, Seat
from metes.plan import subjects
from metes.plan.check_areas import areas_asked
from metes.plan.conform import suggestion
from metes.plan.diff import pins_by_place
from metes.plan.merge_parts import (
    AREA,
    LIST,
    PIN,
    PLAN,
    SEAT,
    TYPE,
    Clash,
    Form,
    MergeConflict,
    Settling,
    Side,
    chosen,
    merge_each,
    merge_fields,
    merge_one,
    merged_order,
    same,
    shortened,
    told,
)
from metes.plan.merge_tree import Fate, Three, Tree, merge_tree, preorder
from metes.plan.order import in_order

__all__ = ["Clash", "MergeConflict", "Merged", "Side", "merge", "settle", "settle_all"]


@dataclass(frozen=True)
class Merged:
    """What a merge comes to: the plan proposed, and every conflict met, settled or not.

    A conflict that nobody settled stands in `plan` as ours has it; such a plan is a proposal and not yet the merge.
    """

    plan: Plan
    conflicts: tuple[MergeConflict, ...]
    unsettled: tuple[MergeConflict, ...]
    three: Three

    @property
    def is_settled(self) -> bool:
        """Whether the plan may be taken."""
        return not self.unsettled


def merge(base: Plan, ours: Plan, theirs: Plan) -> Merged:
    """The plan that has what both sides changed since `base`, and the conflicts where both cannot have their way.

    Parts are matched by key (rules within their territory, pins by account, territory and first day) and merged field by field; list values
    and licences as sets; where one side removed what the other changed or uses is a conflict, and so are a key that both added, a
    key used again for something else, and moves that make a circle. Parts that only one side changed are taken over as they are.
    Linear in the plans; parts that are the same object cost next to nothing.

    Raises
    ------
    InputError
        Where one of the plans is no tree or has a key twice, or the merged tree would nest past the limit.
    """
    return _merged(Three(base, ours, theirs), Settling({}))


def settle(merged: Merged, choices: Mapping[str, Side | str]) -> Merged:
    """The merge anew with conflicts settled: 'ours', 'theirs' or 'base' by the conflict's key.

    Settling one conflict may uncover another, which then stands among the unsettled. InputError names every choice that is for no
    conflict of this merge or for no side.
    """
    _refuse_sides(choices)
    found = _merged(merged.three, Settling({key: Side(side) for key, side in choices.items()}))
    known = {c.key for c in (*merged.conflicts, *found.conflicts)}
    if unknown := [key for key in choices if key not in known]:
        findings = [_no_such_conflict(key, known) for key in unknown]
        raise InputError(f"there is no conflict '{unknown[0]}' in this merge; {findings[0].remedy}", findings)
    return found


def settle_all(merged: Merged, side: Side | str, choices: Mapping[str, Side | str] | None = None) -> Merged:
    """The merge with the conflicts named in `choices` settled so, and every other one, whatever comes up, for one side."""
    _refuse_sides({"every conflict": side, **(choices or {})})
    settle(merged, choices or {})
    return _merged(merged.three, Settling({key: Side(one) for key, one in (choices or {}).items()}, Side(side)))


def _refuse_sides(choices: Mapping[str, Side | str]) -> None:
    wrong = {key: side for key, side in choices.items() if side not in set(Side)}
    if wrong:
        key, side = next(iter(wrong.items()))
        raise InputError(f"expected ours, theirs or base for {key}, got '{side}'")


def _no_such_conflict(key: str, known: Iterable[str]) -> Finding:
    remedy = suggestion(key, known) or "Merge without choices to see the conflicts there are."
    return Finding("plan-unknown-conflict", Severity.ERROR, f"there is no conflict '{key[:80]}'", Place(), key[:80], remedy)


@uncollected()
def _merged(three: Three, settling: Settling) -> Merged:
    for plan in (three.base, three.ours, three.theirs):
        _refuse_repeats(plan)
    if same(three.ours, three.theirs) or same(three.theirs, three.base):
        return Merged(three.ours, (), (), three)
    if same(three.ours, three.base):
        return Merged(three.theirs, (), (), three)
    own = merge_fields(PLAN, three.base, three.ours, three.theirs, settling)
    tree = merge_tree(three, settling)
    plan = replace(
        own,
        territories=tuple(preorder(tree)),
        seats=_seats(tree),
        pins=tuple(_pins(tree)),
    )
    plan = replace(
        plan,
        types=_named(three, "types", TYPE, _asked_types, plan, settling),
        lists=_named(three, "lists", LIST, _asked_lists, plan, settling),
        areas=_named(three, "areas", AREA, _asked_areas, plan, settling),
    )
    conflicts = tuple(settling.met.values())
    return Merged(in_order(plan), conflicts, tuple(c for c in conflicts if settling.is_open(c)), three)


def _refuse_repeats(plan: Plan) -> None:
    """InputError where two parts of a kind share a key, of which a merge would keep one."""
    keyed: list[tuple[str, Iterable[str]]] = [
        ("type", (t.key for t in plan.types)),
        ("territory", (t.key for t in plan.territories)),
        ("rule", (f"{t.key}/{rule.key}" for t in plan.territories if len(t.rules) > 1 for rule in t.rules)),
        ("seat", (s.key for s in plan.seats)),
        ("list", (n.key for n in plan.lists)),
        ("area", (a.key for a in plan.areas)),
    ]
    for kind, keys in keyed:
        repeated = [key for key, times in Counter(keys).items() if times > 1]
        if repeated:
            findings = [
                Finding("plan-duplicate", Severity.ERROR, f"the key '{k}' is used twice", Place(subject=f"{kind} {k}"), k)
                for k in repeated
            ]
            raise InputError(
                f"the plan {plan.key} has the {kind} '{repeated[0]}' twice; give one another key, then merge", findings
            )


# --- types, lists and areas -------------------------------------------------------------------------------------------------------


def _asked_types(plan: Plan) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = {}
    for territory in plan.territories:
        asked.setdefault(territory.type, []).append(subjects.of_territory(territory.key))
    return asked


def _asked_lists(plan: Plan) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = {}
    for territory in plan.territories:
        for rule in territory.rules:
            for key in dict.fromkeys(part.list for part in literals(rule.condition) if isinstance(part, InList)):
                asked.setdefault(key, []).append(subjects.of_rule(territory.key, rule.key))
    return asked


def _asked_areas(plan: Plan) -> dict[str, list[str]]:
    return {key: [subjects.of_rule(*rule) for rule in rules] for key, rules in areas_asked(plan).items()}


def _named(
    three: Three, name: str, form: Form, asked: Callable[[Plan], dict[str, list[str]]], merged: Plan, settling: Settling
) -> tuple[Any, ...]:
    """The types, lists or areas of a plan merged; what one side removed and the other began to ask for is a conflict."""
    sides = {side: {part.key: part for part in getattr(three.of(side), name)} for side in Side}
    base, ours, theirs = sides[Side.BASE], sides[Side.OURS], sides[Side.THEIRS]
    parts = merge_each(form, base, ours, theirs, settling)
    for remover in (Side.OURS, Side.THEIRS):
        gone = [key for key in base if key not in sides[remover] and key in sides[remover.other] and key not in parts]
        if gone := [key for key in gone if form.key(base[key]) not in settling.met]:
            askers, before = asked(merged), asked(three.of(remover))
            for key in gone:
                if key in askers and key not in before:
                    side = settling.side(_clash_of_asked(form, base[key], remover, askers[key]))
                    if side is not remover:
                        parts[key] = sides[side][key]
    return tuple(parts[key] for key in merged_order(tuple(base), tuple(ours), tuple(theirs), parts))


def _clash_of_asked(form: Form, part: Any, remover: Side, askers: list[str]) -> MergeConflict:
    subject, by = form.subject(part), ", ".join(shortened(askers))
    texts = ("removed", f"used by {by}") if remover is Side.OURS else (f"used by {by}", "removed")
    sentence = f"{remover.capitalize()} removed {subject}; {remover.other} uses it in {by}."
    return MergeConflict(form.key(part), Clash.REMOVED, subject, "", told(part), *texts, sentence)


# --- seats and pins, which share the fate of their territory -----------------------------------------------------------------------


def _seats(tree: Tree) -> tuple[Seat, ...]:
    """The seats merged, in the order of each territory."""
    three = tree.three
    base, ours, theirs = ({seat.key: seat for seat in plan.seats} for plan in (three.base, three.ours, three.theirs))
    merged: dict[str, Seat] = {}
    for key in {**ours, **theirs}:
        sides = (base.get(key), ours.get(key), theirs.get(key))
        seat = _sharing(tree, sides) if _fate(tree, sides) else merge_one(SEAT, *sides, tree.settling)
        if seat is not None and seat.territory not in tree.territories:
            seat = _seat_elsewhere(tree, seat, sides)
        if seat is not None:
            merged[key] = seat
    orders = (tuple(base), tuple(ours), tuple(theirs))
    return tuple(merged[key] for key in merged_order(*orders, merged))


def _pins(tree: Tree) -> Iterator[Pin]:
    """The pins merged, then the exclusions."""
    three = tree.three
    for is_exclusion in (False, True):
        base, ours, theirs = (pins_by_place(plan, is_exclusion) for plan in (three.base, three.ours, three.theirs))
        for place in {**ours, **theirs}:
            sides = (base.get(place), ours.get(place), theirs.get(place))
            pin = _sharing(tree, sides) if _fate(tree, sides) else merge_one(PIN, *sides, tree.settling)
            if pin is not None and not _is_on_what_was_left_out(tree, pin, sides):
                yield pin


def _is_on_what_was_left_out(tree: Tree, pin: Pin, sides: tuple[Pin | None, Pin | None, Pin | None]) -> bool:
    """Whether a pin was added on a territory that was added with it and is not taken over."""
    base, ours, _ = sides
    side = Side.OURS if ours is not None else Side.THEIRS
    had = tree.three.of(side).territory_by_key
    return base is None and pin.territory not in tree.territories and pin.territory in had


def _fate(tree: Tree, sides: tuple[Any, Any, Any]) -> Fate | None:
    """The fate that a seat or pin shares: that of the territory it is on where whoever removed this lacks it too."""
    _, ours, theirs = sides
    if (ours is None) == (theirs is None):
        return None
    lacking, part = (Side.OURS, theirs) if ours is None else (Side.THEIRS, ours)
    fate = tree.fates.get(part.territory)
    return fate if fate is not None and fate.remover is lacking else None


def _sharing(tree: Tree, sides: tuple[Any, Any, Any]) -> Any:
    """A seat or pin as the side has it that the fate of its territory was settled for."""
    fate = _fate(tree, sides)
    return None if fate is None else chosen(fate.side, *sides)


def _seat_elsewhere(tree: Tree, seat: Seat, sides: tuple[Seat | None, Seat | None, Seat | None]) -> Seat | None:
    """A seat whose territory is gone: where a side has it, else on the nearest territory above; None where it was only added there."""
    base, ours, theirs = sides
    places = [side.territory for side in (ours, theirs, base) if side is not None]
    there = [place for place in places if place in tree.territories]
    if there:
        return replace(seat, territory=there[0])
    if base is None:
        return None
    nearest = [tree.nearest(side, place) for side, place in zip((Side.OURS, Side.THEIRS), places, strict=False)]
    texts = [place or "nowhere" for place in (tree.nearest(Side.BASE, base.territory), *nearest)]
    subject = subjects.of_seat(seat.key)
    sentence = f"Every territory that {subject} could stand on is removed; the nearest left is {texts[1]} in ours and {texts[-1]} in theirs."
    clash = MergeConflict(
        f"seat:{seat.key}:place", Clash.PLACE, subject, "territory", texts[0], texts[1], texts[-1], sentence, seat.territory
    )
    side = tree.settling.side(clash)
    place = chosen(side, tree.nearest(Side.BASE, base.territory), nearest[0], nearest[-1])
    return None if place is None else replace(seat, territory=place)
