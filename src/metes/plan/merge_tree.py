"""Three-way merge of a plan's tree: which territories there are, and under which parent each stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count

from metes.model.plan import Plan, Rule, Territory
from metes.plan import subjects
from metes.plan.diff import Act, Step, diff
from metes.plan.merge_parts import (
    TERRITORY,
    Clash,
    MergeConflict,
    Settling,
    Side,
    chosen,
    clash_of_whole,
    is_reused,
    merge_each,
    merge_fields,
    merged_order,
    rule_form,
    same,
    shortened,
    told,
)

_TOP = "the top"


@dataclass(frozen=True)
class Three:
    """The three plans of a merge."""

    base: Plan
    ours: Plan
    theirs: Plan

    def of(self, side: Side) -> Plan:
        """The plan of a side."""
        return chosen(side, self.base, self.ours, self.theirs)

    @cached_property
    def steps(self) -> Mapping[Side, tuple[Step, ...]]:
        """What each side changed."""
        return {side: diff(self.base, self.of(side)) for side in (Side.OURS, Side.THEIRS)}


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a territory that one side removed and the other needs: who removed it, and whose version counts."""

    remover: Side
    side: Side

    @property
    def is_gone(self) -> bool:
        """Whether the removal stands."""
        return self.side is self.remover


@dataclass
class Tree:
    """The tree in the making: territories without a say on where they stand, the parent of each, and fates that seats and pins share."""

    three: Three
    settling: Settling
    territories: dict[str, Territory] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    fates: dict[str, Fate] = field(default_factory=dict)
    held_to: dict[str, Side] = field(default_factory=dict)

    def nearest(self, side: Side, key: str | None) -> str | None:
        """The nearest territory above one in a side's plan that is still there; None where the top is."""
        plan = self.three.of(side)
        territory = plan.territory_by_key.get(key or "")
        while territory is not None and territory.parent is not None:
            if territory.parent in self.territories:
                return territory.parent
            territory = plan.territory_by_key.get(territory.parent)
        return None


def merge_tree(three: Three, settling: Settling) -> Tree:
    """The tree that three plans give, with its conflicts noted; it is a tree whatever is settled how. Linear in the plans."""
    tree = Tree(three, settling)
    for remover in (Side.OURS, Side.THEIRS):
        _settle_removed(tree, remover)
    for key in {**three.ours.territory_by_key, **three.theirs.territory_by_key}:
        _merge_territory(tree, key)
    for rank in count():
        _find_places(tree)
        circles = _circles(tree.parents)
        if not circles:
            return tree
        for circle in circles:
            _break(tree, circle, is_last=rank > 0)
    raise AssertionError("the loop returns")


def preorder(tree: Tree) -> list[Territory]:
    """The territories under their parents, each parent before its children."""
    children: dict[str | None, list[str]] = {}
    for key, parent in tree.parents.items():
        children.setdefault(parent, []).append(key)
    three = tree.three
    base, ours, theirs = (
        {p: [t.key for t in c] for p, c in plan.children_by_key.items()} for plan in (three.base, three.ours, three.theirs)
    )
    ordered: list[Territory] = []
    stack: list[str | None] = [None]
    while stack:
        parent = stack.pop()
        if parent is not None:
            territory = tree.territories[parent]
            above = tree.parents[parent]
            ordered.append(territory if territory.parent == above else replace(territory, parent=above))
        if below := children.get(parent):
            stack.extend(reversed(merged_order(base.get(parent, []), ours.get(parent, []), theirs.get(parent, []), below)))
    return ordered


# --- removed here, needed there ---------------------------------------------------------------------------------------------------


def _removed_groups(three: Three, remover: Side) -> list[list[str]]:
    """What a side removed and the other still has, in groups that hang together in the base or in the other side."""
    left, other = three.of(remover).territory_by_key, three.of(remover.other).territory_by_key
    removed = [t.key for t in three.base.preorder if t.key not in left and t.key in other]
    group_of: dict[str, str] = {}

    def head(key: str) -> str:
        while group_of[key] != key:
            group_of[key] = group_of[group_of[key]]
            key = group_of[key]
        return key

    group_of.update({key: key for key in removed})
    for key in removed:
        for parent in (three.base.territory_by_key[key].parent, other[key].parent):
            if parent in group_of:
                group_of[head(key)] = head(parent)
    groups: dict[str, list[str]] = {}
    for key in removed:
        groups.setdefault(head(key), []).append(key)
    return list(groups.values())


def _settle_removed(tree: Tree, remover: Side) -> None:
    """Note a conflict for each group that the other side changed or uses, and what becomes of the group and what was added to it."""
    three, user = tree.three, remover.other
    groups = _removed_groups(three, remover)
    if not groups:
        return
    plan, left = three.of(user), three.of(remover).territory_by_key
    group_of = {key: number for number, group in enumerate(groups) for key in group}
    added: dict[int, list[str]] = {}
    for territory in plan.preorder:
        number = group_of.get(territory.parent or "")
        if number is not None and territory.key not in three.base.territory_by_key and territory.key not in left:
            group_of[territory.key] = number
            added.setdefault(number, []).append(territory.key)
    for number, uses in sorted(_uses(three.steps[user], group_of, plan).items()):
        side = tree.settling.side(_clash_of_removal(three, groups[number], remover, uses))
        tree.fates.update(dict.fromkeys([*groups[number], *added.get(number, ())], Fate(remover, side)))


def _uses(steps: Sequence[Step], group_of: Mapping[str, int], plan: Plan) -> dict[int, list[Step]]:
    """What a side changed in territories of a group, or put under, onto or into them, by group."""
    uses: dict[int, list[Step]] = {}
    for step in steps:
        is_undone_too = step.act is Act.REMOVE and step.kind in ("seat", "pin", "exclusion")
        own = None if is_undone_too else group_of.get(step.territory)
        if step.kind == "territory" and step.act in (Act.ADD, Act.MOVE):
            above = group_of.get(plan.territory_by_key[step.territory].parent or "")
            if above is not None and above != own:
                uses.setdefault(above, []).append(step)
        if own is not None:
            uses.setdefault(own, []).append(step)
    return uses


def _clash_of_removal(three: Three, group: Sequence[str], remover: Side, uses: Sequence[Step]) -> MergeConflict:
    root = group[0]
    base, other = three.base.territory_by_key[root], three.of(remover.other).territory_by_key[root]
    subject = subjects.of_territory(root)
    with_all = f" with {len(group) - 1:,} below it" if len(group) > 1 else ""
    used = " ".join(shortened([step.sentence for step in uses]))
    is_another = TERRITORY.is_another(base, other)
    did = "uses its key for something else" if is_another else "changed or uses it"
    removed = f"removed{with_all}"
    ours, theirs = (removed, used) if remover is Side.OURS else (used, removed)
    sentence = f"{remover.capitalize()} removed {subject}{with_all}; {remover.other} {did}: {used}"
    kind = Clash.REUSED if is_another else Clash.REMOVED
    return MergeConflict(TERRITORY.key(base), kind, subject, "", told(base), ours, theirs, sentence, root)


# --- one territory ----------------------------------------------------------------------------------------------------------------


def _merge_territory(tree: Tree, key: str) -> None:
    """Enter one territory, its fields and rules merged, and its parent."""
    base, ours, theirs = (plan.territory_by_key.get(key) for plan in (tree.three.base, tree.three.ours, tree.three.theirs))
    fate = tree.fates.get(key)
    if fate is not None:
        _enter(tree, None if fate.is_gone else chosen(fate.side, base, ours, theirs))
    elif same(ours, theirs) or same(theirs, base):
        _enter(tree, ours)
    elif same(ours, base):
        _enter(tree, theirs)
    elif base is None:
        _enter(tree, chosen(tree.settling.side(clash_of_whole(TERRITORY, base, ours, theirs)), base, ours, theirs))
    elif ours is not None and theirs is not None:
        _merge_changed(tree, base, ours, theirs)
    # What one side removed and the other neither changed nor uses is gone.


def _enter(tree: Tree, territory: Territory | None) -> None:
    if territory is not None:
        tree.territories[territory.key] = territory
        tree.parents[territory.key] = territory.parent


def _merge_changed(tree: Tree, base: Territory, ours: Territory, theirs: Territory) -> None:
    """Enter a territory that both sides have and changed."""
    settling = tree.settling
    if is_reused(TERRITORY, base, ours, theirs):
        _enter(tree, chosen(settling.side(clash_of_whole(TERRITORY, base, ours, theirs)), base, ours, theirs))
        return
    merged = merge_fields(TERRITORY, base, ours, theirs, settling)
    rules = _merged_rules(base, ours, theirs, settling)
    if rules != merged.rules:
        merged = replace(merged, rules=rules)
    _enter(tree, merged)
    tree.parents[base.key] = _merged_parent(base, ours, theirs, settling)


def _merged_rules(base: Territory, ours: Territory, theirs: Territory, settling: Settling) -> tuple[Rule, ...]:
    if same(theirs.rules, base.rules) or same(ours.rules, theirs.rules):
        return ours.rules
    if same(ours.rules, base.rules):
        return theirs.rules
    was, one, other = ({rule.key: rule for rule in territory.rules} for territory in (base, ours, theirs))
    merged = merge_each(rule_form(base.key), was, one, other, settling)
    return tuple(merged[key] for key in merged_order(tuple(was), tuple(one), tuple(other), merged))


def _merged_parent(base: Territory, ours: Territory, theirs: Territory, settling: Settling) -> str | None:
    if theirs.parent in (base.parent, ours.parent):
        return ours.parent
    if ours.parent == base.parent:
        return theirs.parent
    was, one, other = (territory.parent or _TOP for territory in (base, ours, theirs))
    subject = subjects.of_territory(base.key)
    sentence = f"Both moved {subject}: it stood under {was}; ours put it under {one}, theirs under {other}."
    clash = MergeConflict(f"{TERRITORY.key(base)}:parent", Clash.MOVED, subject, "parent", was, one, other, sentence, base.key)
    return chosen(settling.side(clash), base.parent, ours.parent, theirs.parent)


# --- where each stands ------------------------------------------------------------------------------------------------------------


def _find_places(tree: Tree) -> None:
    """Give each territory whose parent is not there another place; what was added below what is gone goes with it."""
    while lost := [key for key, parent in tree.parents.items() if parent is not None and parent not in tree.territories]:
        for key in lost:
            _find_place(tree, key)


def _find_place(tree: Tree, key: str) -> None:
    three = tree.three
    having = [side for side in (Side.OURS, Side.THEIRS) if key in three.of(side).territory_by_key]
    if key in tree.held_to:
        tree.parents[key] = tree.nearest(tree.held_to[key], key)
    elif key not in three.base.territory_by_key and len(having) == 1:
        del tree.territories[key], tree.parents[key]
    else:
        fate = tree.fates.get(tree.parents[key] or "")
        order = sorted(having, key=lambda side: fate is None or side is not fate.remover)
        places = [three.of(side).territory_by_key[key].parent for side in order]
        there = [place for place in places if place is None or place in tree.territories]
        tree.parents[key] = there[0] if there else _settled_place(tree, key)


def _settled_place(tree: Tree, key: str) -> str | None:
    """The nearest place left to a territory, all of whose own are gone; told as a conflict."""
    sides = [side for side in Side if key in tree.three.of(side).territory_by_key]
    nearest = {side: tree.nearest(side, key) for side in sides}
    base, ours, theirs = (nearest.get(side) or _TOP for side in (Side.BASE, Side.OURS, Side.THEIRS))
    subject = subjects.of_territory(key)
    sentence = (
        f"Every territory that {subject} could stand under is removed; "
        f"the nearest left above it is {ours} in ours and {theirs} in theirs."
    )
    clash = MergeConflict(f"territory:{key}:place", Clash.PLACE, subject, "parent", base, ours, theirs, sentence, key)
    side = tree.settling.side(clash)
    return nearest[side] if side in nearest else nearest[sides[0]]


def _circles(parents: Mapping[str, str | None]) -> list[list[str]]:
    """The circles among parents, each as the keys on it."""
    done: set[str] = set()
    circles: list[list[str]] = []
    for start in parents:
        path: list[str] = []
        on_path: set[str] = set()
        key: str | None = start
        while key is not None and key not in done and key not in on_path:
            path.append(key)
            on_path.add(key)
            key = parents[key]
        if key is not None and key in on_path:
            circles.append(path[path.index(key) :])
        done.update(path)
    return circles


def _break(tree: Tree, circle: Sequence[str], *, is_last: bool) -> None:
    """Put the territories of a circle where the side chosen has them; a circle that comes of that is broken as ours has it."""
    three = tree.three
    moved = [key for key in sorted(circle) if any(_is_moved(three, side, key) for side in (Side.OURS, Side.THEIRS))]
    moved = moved or sorted(circle)
    moves = {
        side: [_move_told(three, side, key) for key in moved if _is_moved(three, side, key)] for side in (Side.OURS, Side.THEIRS)
    }
    mine, yours = (", ".join(shortened(moves[side])) or "nothing" for side in (Side.OURS, Side.THEIRS))
    was = ", ".join(shortened([f"{key} under {_parent_in(three.base, key)}" for key in moved]))
    sentence = f"The moves of both sides together make a circle: ours moved {mine}; theirs moved {yours}."
    subject = subjects.of_territory(moved[0])
    clash = MergeConflict(f"circle:{moved[0]}", Clash.CIRCLE, subject, "parent", was, mine, yours, sentence, moved[0])
    side = tree.settling.side(clash)
    for key in circle:
        held = Side.OURS if is_last and key in tree.held_to else side
        if key in three.of(held).territory_by_key:
            tree.held_to[key] = held
            tree.parents[key] = three.of(held).territory_by_key[key].parent


def _is_moved(three: Three, side: Side, key: str) -> bool:
    before, after = three.base.territory_by_key.get(key), three.of(side).territory_by_key.get(key)
    return after is not None and (before is None or before.parent != after.parent)


def _move_told(three: Three, side: Side, key: str) -> str:
    return f"{key} under {_parent_in(three.of(side), key)}"


def _parent_in(plan: Plan, key: str) -> str:
    territory = plan.territory_by_key.get(key)
    return (territory.parent or _TOP) if territory is not None else "nothing"
