"""Made-up accounts with all that precedence makes of them, settled together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np

from metes.rules.prove_boxes import Boxes
from metes.rules.prove_hunt import Hunt
from metes.rules.prove_overlap import OverlapIndex
from metes.rules.prove_samples import Ints, Record, rules_that_hold
from metes.rules.prove_standing import Bools, Claims, Verdicts, are_among, taking, verdicts, with_bare_catch_alls, without_shut

_SAMPLES_LOOKED_AT: Final = 12


class Settled:
    """Records with all that precedence makes of them."""

    def __init__(
        self, boxes: Boxes, groups: Sequence[Any], hunts: Sequence[Hunt], records: list[Record], index: OverlapIndex
    ) -> None:
        self.boxes = boxes
        self.records = records
        tree = boxes.tree
        self.sample, self.rule = rules_that_hold(records, index, boxes.compiled)
        special = set().union(*boxes.shut.values(), *(hunt.pinned for hunt in hunts))
        id_of = {i: str(record["id"]) for i, record in enumerate(records) if record.get("id") in special}
        claims = without_shut(taking(tree, self.sample, self.rule), id_of, boxes.shut)
        self.verdicts: list[Verdicts] = []
        for number, group in enumerate(groups):
            pinned = [i for i, key in id_of.items() if key in hunts[number].pinned]
            self.verdicts.append(self._verdicts(claims, group, id_of, pinned))
        self.takes = self._are_among(claims)
        held = np.zeros(self.sample.size, bool)
        for found in self.verdicts:
            held |= self._are_among(found.holding)
        size = len(boxes.compiled.rules)
        self.reached = np.zeros(size, bool)
        self.reached[self.rule[self.takes]] = True
        self.held = np.zeros(size, bool)
        self.held[self.rule[self.takes & held]] = True

    def _verdicts(self, claims: Claims, group: Any, id_of: Mapping[int, str], pinned: Sequence[int]) -> Verdicts:
        """The verdicts of one group; samples that are pinned there count as held, and by none of the claims."""
        tree, count = self.boxes.tree, len(self.records)
        everyone = with_bare_catch_alls(tree, claims, count, group[tree.type])
        everyone = without_shut(everyone, id_of, self.boxes.shut)
        if pinned:
            everyone = everyone.where(~np.isin(everyone.sample, pinned))
        found = verdicts(tree, everyone, count, group)
        found.is_held[list(pinned)] = True
        return found

    def _are_among(self, claims: Claims) -> Bools:
        """Whether each pair of a sample and a rule that holds is of a territory among some claims."""
        return are_among(self.boxes.tree, self.sample, self.boxes.tree.territory_of_rule[self.rule], claims)

    def samples_of(self, rule: int) -> Ints:
        """The records that a rule takes, by number; some of them where it takes many."""
        order, starts = self._by_rule
        rows = order[starts[rule] : starts[rule + 1]][:_SAMPLES_LOOKED_AT]
        return self.sample[rows]

    @cached_property
    def _by_rule(self) -> tuple[Ints, Ints]:
        """The rows of rules that take, in the order of rules, and where those of each rule begin."""
        rows = np.flatnonzero(self.takes)
        order = rows[np.argsort(self.rule[rows], kind="stable")]
        return order, np.searchsorted(self.rule[order], np.arange(len(self.boxes.compiled.rules) + 1))

    def winning_rules(self, group: int, sample: int) -> list[int]:
        """The rules, or -1, that speak for the holders of a record."""
        holding = self.verdicts[group].holding
        first, last = np.searchsorted(holding.sample, [sample, sample + 1])
        return [int(rule) for rule in holding.rule[first:last]]

    def holders_of(self, samples: Ints, group: int) -> tuple[int, ...]:
        """The territories that hold some records, the most frequent first."""
        holding = self.verdicts[group].holding
        first, last = np.searchsorted(holding.sample, samples), np.searchsorted(holding.sample, samples, side="right")
        rows = [row for start, end in zip(first.tolist(), last.tolist(), strict=True) for row in range(start, end)]
        counts = Counter(holding.territory[rows].tolist())
        return tuple(territory for territory, _ in counts.most_common())
