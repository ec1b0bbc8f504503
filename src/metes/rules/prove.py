"""Proves that a plan leaves no gap and no double, or finds accounts that show where it does; and which of its rules never hold anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, TypeAlias

import numpy as np

from metes.base.progress import SILENT, Progress
from metes.model.plan import Plan
from metes.rules.compile import CompiledRules
from metes.rules.field_test import FieldTest
from metes.rules.prove_boxes import NO_RULE, Box, Boxes, Tests, common
from metes.rules.prove_formula import All, Budget, Found, Impossible, Undecided
from metes.rules.prove_hunt import Hunt
from metes.rules.prove_overlap import OverlapIndex
from metes.rules.prove_samples import Accounts, Ints, Record
from metes.rules.prove_search import search
from metes.rules.prove_settled import Settled
from metes.rules.prove_standing import Verdicts

FOR_A_RULE: Final = Budget(1_000, 200_000)
FOR_THE_PLAN: Final = Budget(50_000, 20_000_000)
PAIRS_LOOKED_AT: Final = 20_000
PAIRS_ASKED: Final = 2_000
# Where a double is known the plan is refuted, and what is left to ask only makes the list longer.
PAIRS_ASKED_ONCE_REFUTED: Final = 200
_OPEN_PAIRS_TOLD: Final = 5
_BOXES_ASKED: Final = 16
_ROUNDS: Final = 3

PRIMARY: Final = 0
NumberedRule: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Double:
    """Two territories, by their places in preorder, that stand level on an account, so that the alphabet decides; with the rules that
    speak for them, or -1."""

    winner: int
    winner_rule: NumberedRule
    loser: int
    loser_rule: NumberedRule
    example: Record


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A rule that takes nothing because the territory at a place above never takes what it asks for; -1 where it is all above together,
    None where the rule takes nothing by itself."""

    rule: NumberedRule
    above: int | None


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A rule whose accounts are all held by others: their places in preorder, the most frequent first, and one such account.

    The rules of a territory above others that claim are none of these: they say what those can take.
    """

    rule: NumberedRule
    holders: tuple[int, ...]
    example: Record


@dataclass(frozen=True, slots=True)
class Open:
    """What was not decided: `what` is gap, double, reach or hold; the rules it is about, and what stood in the way."""

    what: str
    rules: tuple[NumberedRule, ...]
    why: str


@dataclass
class Proof:
    """What is proved of a plan, found against it, and left open."""

    boxes: Boxes
    gaps: list[Record] = field(default_factory=list)
    doubles: list[Double] = field(default_factory=list)
    unreachable: list[Unreachable] = field(default_factory=list)
    shadowed: list[Shadowed] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)
    samples: int = 0
    questions: int = 0

    @property
    def is_proved(self) -> bool:
        """Whether every possible account has exactly one primary territory, or exactly one type that splits or shares it."""
        return not (self.gaps or self.doubles or self.is_open)

    @property
    def is_open(self) -> bool:
        """Whether it was not decided if there is a gap or a double."""
        return any(left.what in ("gap", "double") for left in self.open)


def prove(
    plan: Plan,
    compiled: CompiledRules,
    day: date,
    *,
    prefer: Mapping[str, Sequence[Any]] | None = None,
    progress: Progress = SILENT,
) -> Proof:
    """What every possible account would meet under a plan, with the pins and exclusions in force on a day; no data is needed.

    Parameters
    ----------
    prefer
        Known values by field, which examples use where any value will do.

    Notes
    -----
    Source: ours. Accounts made up for each rule are settled together first, and show most rules to hold something. What is left is asked
    of a SAT solver over the cells into which the rules cut each field, each question within a fixed budget of work. A text's contents
    are independent in the solver and put together afterwards, so that "proved" is a proof, an example is an account that was
    settled, and all else is left open. An account is possible whose values its fields can hold as imports make sure of it
    (`prove_domain`).
    """
    lists = {key: frozenset(named.values) for key, named in plan.list_by_key.items()}
    boxes = Boxes(plan, compiled, day, lists.__getitem__)
    return _Prover(boxes, prefer or {}, progress).run()


class _Prover:
    """The steps of one proof."""

    def __init__(self, boxes: Boxes, prefer: Mapping[str, Sequence[Any]], progress: Progress) -> None:
        self.boxes = boxes
        self.tree = boxes.tree
        self.progress = progress
        taken = [ids for group in (boxes.shut, boxes.pinned) for ids in group.values()]
        self.accounts = Accounts(boxes.compiled, frozenset().union(*taken), prefer)
        self.groups = list(self.tree.groups())
        self.index = OverlapIndex(boxes.boxes)
        of_group: dict[int, list[Box]] = defaultdict(list)
        for box in boxes.boxes:
            of_group[boxes.group_of_territory[box.territory]].append(box)
        indexes = [
            self.index if len(of_group[g]) == len(boxes.boxes) else OverlapIndex(of_group[g]) for g in range(len(self.groups))
        ]
        self.hunts = [Hunt(boxes, self.accounts, g, index) for g, index in enumerate(indexes)]
        self.proof = Proof(boxes)
        self.level_pairs: set[frozenset[int]] = set()
        self.in_doubles: set[int] = set()
        self.losers: set[int] = set()

    def run(self) -> Proof:
        """All steps."""
        self.progress.report("making accounts up")
        records = self._records()
        settled = self._settle(records)
        self._note_doubles(settled)
        self.progress.report("looking for gaps")
        self._gaps(settled)
        self._reach_and_hold(settled)
        self._pinned_twice()
        self._doubles()
        self.proof.questions += sum(hunt.asked for hunt in self.hunts)
        return self.proof

    def _records(self) -> list[Record]:
        """Two accounts for each box: one of which nothing else is known, and one with values that no rule names."""
        records = [self.accounts.nothing_known, self.accounts.anything_else]
        for box in self.boxes.boxes:
            for rest, is_random in ((self.accounts.nothing_known, False), (self.accounts.anything_else, True)):
                record = self.accounts.of_box(box, rest, is_random)
                if record is not None:
                    records.append(record)
        return records

    def _settle(self, records: list[Record]) -> Settled:
        return Settled(self.boxes, self.groups, self.hunts, records, self.index)

    def _note_doubles(self, settled: Settled) -> None:
        """Keep the doubles among settled accounts, each pair of territories once."""
        level = settled.verdicts[PRIMARY].level
        holding = settled.verdicts[PRIMARY].holding
        winner_of = dict(
            zip(holding.sample.tolist(), zip(holding.territory.tolist(), holding.rule.tolist(), strict=True), strict=True)
        )
        rows = zip(level.sample.tolist(), level.territory.tolist(), level.rule.tolist(), strict=True)
        for sample, territory, rule in rows:
            winner, winner_rule = winner_of[sample]
            pair = frozenset((winner, territory))
            if pair not in self.level_pairs and not self.accounts.is_doubtful(settled.records[sample]):
                self.level_pairs.add(pair)
                self.in_doubles |= pair
                self._add_double(Double(winner, winner_rule, territory, rule, settled.records[sample]))

    def _add_double(self, found: Double) -> None:
        """Keep a double, the first of each losing territory: of ten thousand level rules there are fifty million pairs."""
        if found.loser not in self.losers:
            self.losers.add(found.loser)
            self.proof.doubles.append(found)

    def _gaps(self, settled: Settled) -> None:
        """An account of which all is known that nothing takes, and one of which little is known, where there are such."""
        hunt = self.hunts[PRIMARY]
        fields = self.boxes.compiled.fields
        known = [FieldTest(n, fields[n].type, is_present=True) for n in self.accounts.names if n in dict(fields)]
        whole = hunt.gap(known, FOR_THE_PLAN)
        if isinstance(whole, Found):
            self.proof.gaps.append(whole.values)
        if self._is_gap(settled, 0):
            self.proof.gaps.append(settled.records[0])
        if self.proof.gaps:
            return
        found = hunt.gap((), FOR_THE_PLAN)
        if isinstance(found, Found):
            self.proof.gaps.append(found.values)
        elif isinstance(found, Undecided):
            self.proof.open.append(Open("gap", (), found.why))

    @staticmethod
    def _is_gap(settled: Settled, sample: int) -> bool:
        return not settled.verdicts[PRIMARY].is_held[sample]

    def _reach_and_hold(self, settled: Settled) -> None:
        """Which rules take nothing within what their parents take, and which hold nothing of what they take."""
        unreached = np.flatnonzero(~settled.reached).tolist()
        more = [record for rule in unreached if (record := self._reach(rule)) is not None]
        reached, held = settled.reached, settled.held
        records = settled.records
        for _ in range(_ROUNDS):
            found = self._settle(more)
            reached, held = reached | found.reached, held | found.held
            records = [*records, *more]
            more = self._more_records(np.flatnonzero(reached & ~held).tolist())
        settled = self._settle([*records, *more])
        self._note_doubles(settled)
        self.proof.samples = len(settled.records)
        silent = np.flatnonzero(settled.reached & ~settled.held).tolist()
        left = [rule for rule in silent if not self._narrows_others(rule)]
        for number, rule in enumerate(left):
            self.progress.report("asking which rules hold nothing", number, len(left))
            self._hold(rule, settled)

    def _narrows_others(self, rule: int) -> bool:
        """Whether territories below claim within what the rule takes: then it has its use, whoever holds the accounts."""
        territory = int(self.tree.territory_of_rule[rule])
        below = range(territory + 1, int(self.tree.last[territory]))
        return any(self.boxes.boxes_of_territory.get(place) for place in below)

    def _more_records(self, rules: Sequence[int]) -> list[Record]:
        """More accounts of rules that have held none so far."""
        usual = (self.accounts.anything_else, self.accounts.nothing_known)
        tried = (
            self.accounts.of_box(box, rest, True)
            for rule in rules
            for box in self.boxes.boxes_of_rule[rule][:2]
            for rest in (*usual, *usual)
        )
        return [record for record in tried if record is not None]

    def _reach(self, rule: int) -> Record | None:
        """An account that a rule takes; where there is none, who is in the way."""
        open_why = ""
        for box in self.boxes.boxes_of_rule.get(rule, ())[:_BOXES_ASKED]:
            self.proof.questions += 1
            answer = search(box.formula, self.accounts.domain_of, FOR_A_RULE)
            if isinstance(answer, Found):
                return self.accounts.completed(answer.values)
            open_why = answer.why if isinstance(answer, Undecided) else open_why
        if open_why or len(self.boxes.boxes_of_rule.get(rule, ())) > _BOXES_ASKED:
            self.proof.open.append(Open("reach", (rule,), open_why or "it has too many parts"))
        else:
            self.proof.unreachable.append(Unreachable(rule, self._in_the_way(rule)))
        return None

    def _in_the_way(self, rule: int) -> int | None:
        own = self.boxes.rule_formula(rule)
        if isinstance(search(own, self.accounts.domain_of, FOR_A_RULE), Impossible):
            return None
        for above in self.boxes.ruled_above(int(self.tree.territory_of_rule[rule])):
            self.proof.questions += 1
            together = All((own, self.boxes.taken_by(above)))
            if isinstance(search(together, self.accounts.domain_of, FOR_A_RULE), Impossible):
                return above
        return NO_RULE

    def _hold(self, rule: int, settled: Settled) -> None:
        """Whether a rule holds anything; where it does not, who holds its accounts."""
        hunt = self.hunts[self._group_of(rule)]
        boxes = self.boxes.boxes_of_rule.get(rule, ())
        samples = settled.samples_of(rule)
        rivals = self._rivals(rule, samples, settled)
        why = "it has too many parts" if len(boxes) > _BOXES_ASKED else ""
        for box in boxes[:_BOXES_ASKED]:
            answer = hunt.holding(box, rivals, FOR_A_RULE)
            if isinstance(answer, Found):
                return
            why = answer.why if isinstance(answer, Undecided) else why
        if why:
            self.proof.open.append(Open("hold", (rule,), why))
            return
        example = settled.records[int(samples[0])]
        self.proof.shadowed.append(Shadowed(rule, settled.holders_of(samples, hunt.group), example))

    def _rivals(self, rule: int, samples: Ints, settled: Settled) -> list[Box]:
        """A few boxes that hold the samples of a rule in its stead."""
        group, chosen = self._group_of(rule), dict[int, None]()
        for sample in samples.tolist():
            holders = settled.winning_rules(group, sample)
            if not any(other in chosen for other in holders):
                chosen.update(dict.fromkeys(holders[:1]))
        return [box for other in chosen if other >= 0 for box in self.boxes.boxes_of_rule[other][:_BOXES_ASKED]]

    def _group_of(self, rule: int) -> int:
        return self.boxes.group_of_territory[int(self.tree.territory_of_rule[rule])]

    def _pinned_twice(self) -> None:
        """Accounts that are pinned to two primary territories at once."""
        places_of: dict[str, list[int]] = defaultdict(list)
        for place, accounts in self.boxes.pinned.items():
            if self.boxes.group_of_territory[place] == PRIMARY:
                for account in accounts:
                    places_of[account].append(place)
        for account, places in sorted(places_of.items()):
            winner, *others = sorted(places, key=lambda place: int(self.tree.key_rank[place]))
            for loser in others:
                if not self._hold_together(winner, loser):
                    self._add_double(Double(winner, NO_RULE, loser, NO_RULE, self.accounts.completed({"id": account})))

    def _hold_together(self, one: int, other: int) -> bool:
        """Whether two territories are of one type that splits or shares."""
        types = self.tree.type[[one, other]].tolist()
        return types[0] == types[1] and not self.tree.is_priority_type[types[0]]

    def _doubles(self) -> None:
        """Ask of each pair of equal standing that may share an account whether two can stand level on one."""
        pairs = self._pairs()
        records = [self._shared(one, other, tests) for one, other, tests in pairs]
        self._note_doubles(self._settle([record for record in records if record is not None]))
        asked = 0
        left_open: list[Open] = []
        for number, (one, other, tests) in enumerate(pairs):
            self.progress.report("asking which rules stand level", number, len(pairs))
            if {one.territory, other.territory} <= self.in_doubles:
                continue
            asked += 1
            if asked > (PAIRS_ASKED_ONCE_REFUTED if self.proof.doubles else PAIRS_ASKED):
                left_open.append(
                    Open("double", (), f"{len(pairs) - number:,} more pairs of rules of equal priority take accounts together")
                )
                break
            left_open += self._ask_pair(one, other, tests)
        self.proof.open += left_open[:_OPEN_PAIRS_TOLD]
        if len(left_open) > _OPEN_PAIRS_TOLD:
            more = len(left_open) - _OPEN_PAIRS_TOLD
            self.proof.open.append(Open("double", (), f"{more:,} more pairs of rules are like those before"))

    def _ask_pair(self, one: Box, other: Box, tests: Tests) -> list[Open]:
        """Ask of one pair; what was not decided."""
        hunt = self.hunts[PRIMARY]
        answer = hunt.tie(one, other, tests, lambda record: bool(self._settled_one(record).level.sample.size), FOR_A_RULE)
        if isinstance(answer, Found):
            self._note_doubles(self._settle([answer.values]))
        return [Open("double", (one.rule, other.rule), answer.why)] if isinstance(answer, Undecided) else []

    def _settled_one(self, record: Record) -> Verdicts:
        return Settled(self.boxes, self.groups[:1], self.hunts, [record], self.hunts[PRIMARY].index).verdicts[PRIMARY]

    def _shared(self, one: Box, other: Box, tests: Tests) -> Record | None:
        return self.accounts.of_box(replace(one, tests=tests, rest=(*one.rest, *other.rest)), self.accounts.nothing_known, False)

    def _pairs(self) -> list[tuple[Box, Box, Tests]]:
        """The pairs of boxes of equal standing that may share an account, and what they share."""
        found: list[tuple[Box, Box, Tests]] = []
        for pair in self._level_boxes():
            found.append(pair)
            if len(found) == PAIRS_LOOKED_AT:
                why = f"more than {PAIRS_LOOKED_AT:,} pairs of rules of equal priority take accounts together"
                self.proof.open.append(Open("double", (), why))
                break
        return found

    def _level_boxes(self) -> Iterator[tuple[Box, Box, Tests]]:
        by_standing: dict[tuple[int, ...], list[Box]] = defaultdict(list)
        for box in self.hunts[PRIMARY].index.boxes:
            by_standing[(*box.standing.rank, box.standing.priority)].append(box)
        for boxes in by_standing.values():
            if len({box.territory for box in boxes}) == 1:
                continue
            index = OverlapIndex(boxes)
            for box in boxes:
                for other in index.meeting(box.tests):
                    if box.number < other.number and self._may_be_level(box, other):
                        tests = common(box, other)
                        if tests is not None:
                            yield box, other, tests

    def _may_be_level(self, one: Box, other: Box) -> bool:
        """Whether neither comes before the other, nor do they hold together."""
        if one.territory == other.territory:
            return False
        if one.standing.root == other.standing.root and one.standing.depth != other.standing.depth:
            return False
        return not self._hold_together(one.territory, other.territory)
