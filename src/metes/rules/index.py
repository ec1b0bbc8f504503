"""An index over compiled rules: which rules hold for one account or lead, without a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metes.model.condition import And, Condition, Everything, Not, Or
from metes.rules.codes import FLAGS
from metes.rules.compile import CompiledRules
from metes.rules.packs import GOLDEN, Pack


class RuleIndex:
    """The rules of a plan in memory, found by the same tables as `evaluate_table` finds them.

    Asking takes a look-up per signature and a few tests per candidate. Safe to share between threads: asking changes nothing.
    """

    def __init__(self, compiled: CompiledRules) -> None:
        self.compiled = compiled

    def matches(self, record: Mapping[str, Any]) -> list[int]:
        """The numbers of the rules that hold for a record (as `predicate` describes it), ascending."""
        return sorted({number for pack in self.compiled.packs for number in _held(pack, record)})


def _held(pack: Pack, record: Mapping[str, Any]) -> Iterator[int]:
    """The numbers, in the plan, of a pack's rules that hold."""
    held: set[int] = set()
    for conjunction in _candidates(pack, record):
        rule = pack.rules_of_conjunctions[conjunction]
        if rule not in held and all(test.holds(record.get(test.field)) for test in pack.conjunctions[conjunction].tests):
            held.add(rule)
    held.update(number for number, tree in pack.trees if _tree_holds(pack, tree, held))
    for local in held:
        if local < pack.rule_count and pack.number_of_rule[local] >= 0:
            yield int(pack.number_of_rule[local])


def _candidates(pack: Pack, record: Mapping[str, Any]) -> Iterator[int]:
    """The conjunctions whose keys a record has."""
    tables, codes = pack.tables, _codes(pack, record)
    for signature in tables.signatures.tolist():
        for key in _keys(pack, signature, codes):
            bits, hashed, first = signature[13:16]
            entry = key
            if bits >= 0:
                slot = (key * GOLDEN % 2**64) >> (64 - bits)
                while tables.hashed_keys[hashed + slot] not in (key, -1):
                    slot = (slot + 1) % (1 << bits)
                if tables.hashed_keys[hashed + slot] < 0:
                    continue
                entry = int(tables.hashed_entries[hashed + slot])
            begin, end = tables.first_of_key[first + entry], tables.first_of_key[first + entry + 1]
            yield from tables.candidates[begin:end].tolist()


def _codes(pack: Pack, record: Mapping[str, Any]) -> list[Any]:
    """The record's code in each column; for a column of texts the list of those that its value contains."""
    out: list[Any] = []
    for column in pack.columns:
        own, value = pack.codes[column.field], record.get(column.field)
        if column.field == FLAGS:
            out.append([number for name, number in own.number_of_text.items() if record.get(name)])
            continue
        match column.kind:
            case "atom":
                out.append(own.atom(value))
            case "order":
                out.append(own.order(value))
            case _:
                out.append(own.held_texts(value))
    return out


def _keys(pack: Pack, signature: list[int], codes: list[Any]) -> Iterator[int]:
    """The combined keys of a record in one signature: one, one for each text that its value contains, or none."""
    cell_of_code = pack.tables.cell_of_code
    key = 0
    for j in range(signature[0]):
        column, offset, stride = signature[1 + 3 * j : 4 + 3 * j]
        cell = int(cell_of_code[offset + 1 + codes[column]])
        if cell < 0:
            return
        key += cell * stride
    column, offset, stride = signature[10:13]
    if column < 0:
        yield key
        return
    for text in codes[column]:
        cell = int(cell_of_code[offset + 1 + text])
        if cell >= 0:
            yield key + cell * stride


def _tree_holds(pack: Pack, node: Condition, held: set[int]) -> bool:
    """Whether a tree holds, by the numbers of its literals that do."""
    match node:
        case Everything():
            return True
        case And(parts):
            return all(_tree_holds(pack, part, held) for part in parts)
        case Or(parts):
            return any(_tree_holds(pack, part, held) for part in parts)
        case Not(part):
            return not _tree_holds(pack, part, held)
        case _:
            return pack.number_of_literal[node] in held
