"""Hunts for one account: asks the solver, looks at what it found under all rules, and adds only the objections that then come up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from metes.rules.field_test import FieldTest
from metes.rules.prove_boxes import Box, Boxes, Standing, Tests, common, covers
from metes.rules.prove_cells import implies
from metes.rules.prove_formula import All, Answer, Budget, Formula, Found, Impossible, No, Some, Undecided
from metes.rules.prove_overlap import OverlapIndex
from metes.rules.prove_samples import Accounts, Record, boxes_that_hold
from metes.rules.prove_search import search

MAX_ROUNDS: Final = 10
MOST_OBJECTIONS: Final = 30_000
# Numbers of objections that no box raises: the account is pinned; two rules should stand level on it and do not.
_PINNED, _NOT_LEVEL = -1, -2

Objections: TypeAlias = Mapping[int, Formula]


class Hunt:
    """Looks for accounts in one group of types; counts what it asked."""

    def __init__(self, boxes: Boxes, accounts: Accounts, group: int, index: OverlapIndex) -> None:
        self.boxes = boxes
        self.accounts = accounts
        self.group = group
        self.index = index
        self.asked = 0
        self._deeper = _deeper(index)
        pinned = [ids for place, ids in boxes.pinned.items() if boxes.group_of_territory[place] == group]
        self.pinned = frozenset().union(*pinned)

    def held(self, record: Record) -> list[Box]:
        """The boxes of the group that take a record, exclusions counted in."""
        key = record.get("id")
        return [box for box in boxes_that_hold(record, self.index) if key not in box.shut]

    def hunt(
        self,
        wanted: Sequence[Formula],
        objections: Callable[[Record, list[Box]], Objections],
        everything: Callable[[], Objections],
        budget: Budget,
        known: Objections | None = None,
    ) -> Answer:
        """An account that passes all that is wanted and to which nothing objects.

        `objections` gives, by number, what an account found has against it, as formulas that it fails; empty where it is what was looked
        for. `known` are some to begin with. After some rounds `everything` gives all objections there can be. Impossible is a proof, for fewer objections allow more.
        """
        against = dict(known or {})
        is_complete = False
        for round_number in range(MAX_ROUNDS * 2):
            self.asked += 1
            answer = search(All((*wanted, *against.values())), self.accounts.domain_of, budget)
            if not isinstance(answer, Found):
                return answer
            record = self.accounts.completed(answer.values)
            new = self._new_objections(record, objections)
            if not new:
                return Undecided("it depends on how its terms go together") if self.accounts.is_doubtful(record) else Found(record)
            if is_complete or not new.keys() - against.keys():
                return Undecided("it depends on what texts contain")
            against.update(new)
            if round_number >= MAX_ROUNDS:
                against.update(everything())
                is_complete = True
                if len(against) > MOST_OBJECTIONS:
                    return Undecided("too many rules have to be looked at together")
        return Undecided("it is too intricate")

    def _new_objections(self, record: Record, objections: Callable[[Record, list[Box]], Objections]) -> dict[int, Formula]:
        if record.get("id") in self.pinned:
            return {_PINNED: No(_among_ids(self.boxes, self.pinned))}
        return dict(objections(record, self.held(record)))

    def effective(self, box: Box) -> Formula:
        """What an account must pass to be claimed by a box, exclusions counted in."""
        return All((box.formula, No(_among_ids(self.boxes, box.shut)))) if box.shut else box.formula

    def not_taken(self, boxes: Iterable[Box]) -> Objections:
        """The objections that boxes take an account."""
        return {box.number: No(self.effective(box)) for box in boxes}

    def gap(self, wanted: Sequence[Formula], budget: Budget) -> Answer:
        """An account that nothing of the group takes."""
        return self.hunt(wanted, lambda _, held: self.not_taken(held), lambda: self.not_taken(self._topmost()), budget)

    def _topmost(self) -> list[Box]:
        """The boxes under no other territory of the group that claims: what lies deeper takes no account that these leave."""
        claiming = {box.territory for box in self.index.boxes}
        group = self.boxes.group_of_territory

        def is_topmost(territory: int) -> bool:
            return not any(above in claiming and group[above] == self.group for above in self.boxes.ruled_above(territory))

        return [box for box in self.index.boxes if is_topmost(box.territory)]

    def holding(self, box: Box, rivals: Sequence[Box], budget: Budget) -> Answer:
        """An account of a box that its territory holds; `rivals` are boxes to begin with that may come before it."""
        own = self.boxes.boxes_of_territory[box.territory]
        answer: Answer = Impossible()
        for standing in sorted({b.standing for b in own if key_of(b.standing) <= key_of(box.standing)}, key=key_of):
            wanted = [self.effective(box)]
            if standing != box.standing:
                wanted.append(Some(tuple(self.effective(b) for b in own if b.standing == standing)))
            found = self._holding_at(box, standing, wanted, rivals, budget)
            if isinstance(found, Found):
                return found
            if isinstance(found, Undecided):
                answer = found
        return answer

    def _holding_at(self, box: Box, standing: Standing, wanted: Sequence[Formula], rivals: Sequence[Box], budget: Budget) -> Answer:
        target = _Target(self.boxes, box.territory, standing, True)
        known = [b for b in rivals if target.is_beaten_by(b) and common(b, box) is not None]
        for rival in known:
            if covers(rival, box) and (target.is_surely_beaten_by(rival) or not self._escapes(target, rival, box.tests)):
                return Impossible()

        def beaten(found: Iterable[Box]) -> Objections:
            return {b.number: self._beaten(target, b, box.tests) for b in found}

        def objections(_: Record, held: list[Box]) -> Objections:
            return beaten(b for b in held if target.is_beaten_by(b) and not target.is_escaped(b, held))

        def everything() -> Objections:
            return beaten(b for b in self.index.meeting(box.tests) if target.is_beaten_by(b))

        return self.hunt(wanted, objections, everything, budget, beaten(known))

    def _beaten(self, target: _Target, rival: Box, tests: Tests) -> Formula:
        """That a rival does not claim an account, or is kept from it by somebody deeper in its own tree or by a sharer of the target."""
        escapes = [] if target.is_surely_beaten_by(rival) else self._escapes(target, rival, tests)
        return No(All((self._claimed(rival, tests), *(No(self._claimed(b, tests)) for b in escapes))))

    def _claimed(self, box: Box, tests: Tests) -> Formula:
        """What an account of some tests must pass beside them to be claimed by a box."""
        more = [test for name, test in box.tests.items() if name not in tests or not implies(tests[name], test)]
        shut = [No(_among_ids(self.boxes, box.shut))] if box.shut else []
        return All((*more, *box.rest, *shut))

    def _escapes(self, target: _Target, rival: Box, tests: Tests) -> list[Box]:
        """The boxes that may keep a rival from an account of some tests that the target claims."""
        found = self.index.meeting(tests) if target.has_mates else self._deeper.get(rival.territory, ())
        return [b for b in found if target.escapes(rival, b)]

    def tie(self, one: Box, other: Box, tests: Tests, is_tied: Callable[[Record], bool], budget: Budget) -> Answer:
        """An account that two boxes of equal standing claim, none before them; `is_tied` says of a record whether two stand level."""
        targets = [_Target(self.boxes, box.territory, box.standing, False) for box in (one, other)]

        def rivals(found: Iterable[Box]) -> Iterable[tuple[int, _Target, Box]]:
            return ((2 * b.number + i, t, b) for b in found for i, t in enumerate(targets) if t.is_beaten_by(b))

        def objections(record: Record, held: list[Box]) -> Objections:
            if is_tied(record):
                return {}
            found = [(number, t, b) for number, t, b in rivals(held) if not t.is_escaped(b, held)]
            return {number: self._beaten(t, b, tests) for number, t, b in found} or {_NOT_LEVEL: All()}

        def everything() -> Objections:
            return {number: self._beaten(t, b, tests) for number, t, b in rivals(self.index.meeting(tests))}

        return self.hunt([self.effective(one), self.effective(other)], objections, everything, budget)


class _Target:
    """A territory's claim of one standing, and which others come before it; `by_key` lets the territory's key decide at last."""

    def __init__(self, boxes: Boxes, territory: int, standing: Standing, by_key: bool) -> None:
        self.tree = boxes.tree
        self.territory = territory
        self.standing = standing
        self.type = int(self.tree.type[territory])
        self.shares = not self.tree.is_priority_type[self.type]
        self.by_key = by_key
        self.has_mates = by_key and self.shares

    def _order(self, territory: int, standing: Standing) -> tuple[int, int]:
        return standing.priority, int(self.tree.key_rank[territory]) if self.by_key else 0

    def is_before(self, box: Box) -> bool:
        """Whether a box comes before by rule priority, or by key where that counts."""
        return self._order(box.territory, box.standing) < self._order(self.territory, self.standing)

    def is_surely_beaten_by(self, box: Box) -> bool:
        """Whether a box wins whatever others claim: by the kind of claim, the type's priority, or as the deeper in one tree."""
        mine, theirs = self.standing, box.standing
        if box.territory == self.territory:
            return not self.by_key and key_of(theirs) < key_of(mine)
        if theirs.rank != mine.rank:
            return theirs.rank < mine.rank
        if theirs.root != mine.root:
            return False
        if theirs.depth != mine.depth:
            return theirs.depth > mine.depth
        return self._counts(box) and not self.shares and self.is_before(box)

    def is_beaten_by(self, box: Box) -> bool:
        """Whether a box wins unless somebody keeps it from the account."""
        if self.is_surely_beaten_by(box):
            return True
        mine, theirs = self.standing, box.standing
        if box.territory == self.territory or theirs.rank != mine.rank:
            return False
        if theirs.root == mine.root and theirs.depth != mine.depth:
            return False
        return self._counts(box) and self.is_before(box)

    def _counts(self, box: Box) -> bool:
        """Whether a box contends at all: those of one type that splits or shares hold together."""
        return not (self.has_mates and int(self.tree.type[box.territory]) == self.type)

    def escapes(self, rival: Box, box: Box) -> bool:
        """Whether a box would keep a rival from the account: deeper in its tree, or a sharer of the target that comes before it."""
        mine, theirs, third = self.standing, rival.standing, box.standing
        if box.territory in (rival.territory, self.territory) or third.rank != mine.rank:
            return False
        if third.root == theirs.root and third.depth > theirs.depth:
            return True
        is_mate = self.has_mates and int(self.tree.type[box.territory]) == self.type
        return is_mate and self._order(box.territory, third) < self._order(rival.territory, theirs)

    def is_escaped(self, rival: Box, held: Iterable[Box]) -> bool:
        """Whether one of the boxes that hold keeps a rival from the account."""
        return not self.is_surely_beaten_by(rival) and any(self.escapes(rival, box) for box in held)


def _deeper(index: OverlapIndex) -> dict[int, list[Box]]:
    """For each territory that claims, the boxes deeper in its tree, where there are any."""
    of_tree: dict[int, list[Box]] = {}
    for box in index.boxes:
        of_tree.setdefault(box.standing.root, []).append(box)
    out: dict[int, list[Box]] = {}
    for found in of_tree.values():
        by_depth: dict[int, list[Box]] = {}
        for depth in sorted({box.standing.depth for box in found}):
            by_depth[depth] = [box for box in found if box.standing.depth > depth]
        for box in found:
            if by_depth[box.standing.depth]:
                out[box.territory] = by_depth[box.standing.depth]
    return out


def key_of(standing: Standing) -> tuple[int, int, int]:
    """What orders the claims of one territory."""
    return (*standing.rank, standing.priority)


def _among_ids(boxes: Boxes, ids: frozenset[str]) -> FieldTest:
    return FieldTest("id", boxes.compiled.fields["id"].type, is_present=True, among=ids)
