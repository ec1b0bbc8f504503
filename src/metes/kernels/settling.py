"""Settles who holds each of many accounts: hierarchy, pins, exclusions, policies and catch-alls, one account after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metes.kernels.jit import float64, int8, int32, int64, kernel, read, written

Ints32 = NDArray[np.int32]
Ints64 = NDArray[np.int64]

# Columns of `territories`, of `rules` and of `types`.
RULED_PARENT, IS_OPEN, GROUP, ARENA, DEPTH, TYPE, ORDER_ALONE, LAST = range(8)
TERRITORY, RANK, ORDER = range(3)
TYPE_RANK, POLICY = range(2)
# Ways to claim, the first beating the later ones, and policies.
PIN, NAMED, RULE, CATCH_ALL = range(4)
ONE_HOLDS, SPLIT, SHARE = range(3)


@kernel(int64, read(int32, 2), read(int64), int64, int64)
def takes(territories: Ints32, seen_in: Ints64, turn: int, territory: int) -> int:
    """Whether a territory, and all above it that have rules, have one that holds: those seen in this turn; 1 or 0."""
    while territory >= 0 and seen_in[territory] == turn:
        territory = territories[territory, RULED_PARENT]
    return 1 if territory < 0 else 0


@kernel(int64, read(int32, 2), read(int32), int64, int64, int64)
def is_shut(territories: Ints32, shut: Ints32, begin: int, end: int, territory: int) -> int:
    """Whether a territory is, or lies below, one of those that the account is kept out of, `shut[begin:end]`; 1 or 0."""
    for e in range(begin, end):
        if shut[e] <= territory < territories[shut[e], LAST]:
            return 1
    return 0


@kernel(
    int64,
    read(int64),
    read(int32),
    read(int32, 2),
    read(int32, 2),
    read(int32, 2),
    read(float64),
    read(int32, 2),
    read(int32),
    read(int64),
    read(int64),
    read(int32),
    read(int64),
    read(int32),
    written(int32),
    written(int32),
    written(int8),
    written(int32),
    written(float64),
)
def settle(
    first: Ints64,
    held_rules: Ints32,
    rules: Ints32,
    territories: Ints32,
    types: Ints32,
    share_of_territory: NDArray[np.float64],
    catch_alls: Ints32,
    first_catch_all: Ints32,
    sizes: Ints64,
    first_pin: Ints64,
    pinned: Ints32,
    first_shut: Ints64,
    shut: Ints32,
    out_row: Ints32,
    out_territory: Ints32,
    out_via: NDArray[np.int8],
    out_rule: Ints32,
    out_share: NDArray[np.float64],
) -> int:
    """Write who holds each row, by row and group, territories of one group ascending; the number of holdings, -1 where they do not fit.

    Parameters
    ----------
    first, held_rules
        (n_rows + 1,): the rules that hold for row i are `held_rules[first[i]:first[i + 1]]`, in any order, some perhaps repeated.
    rules
        (n_rules, 3): territory; rank, which is way to claim x number of ranks of types + rank of the type; order, in which rules of
        one rank win, by priority and territory key.
    territories
        (n_territories, 8), in preorder: nearest territory above with rules or -1; whether it claims by its rules; group of types that
        contend with each other; number of its group and tree together; depth; type; order of a claim without a rule; end of what
        lies below it.
    types
        (n_types, 2): rank of priority, policy.
    share_of_territory
        (n_territories,): its share under split, NaN where it has none.
    catch_alls, first_catch_all
        (n, 2): territory, and the one whose taking it needs, itself or one above, or -1; those of group g stand from
        `first_catch_all[g]` on.
    sizes
        (4,): numbers of groups, of arenas (group and tree), of ranks of types, and whether depth decides anything.
    first_pin, pinned, first_shut, shut
        By row, as rules are: the territories that it is pinned to and kept out of, ascending.

    Notes
    -----
    Source: ours; `metes.rules.precedence` is the same for one account, slow and obvious. O(matches x ruled levels above).
    """
    n_territories, n_groups, n_ranks = territories.shape[0], sizes[0], sizes[2]
    # What stands in `…_in` is the row for which the rest of the array holds.
    seen_in, best_rule = np.full(n_territories, -1, np.int64), np.empty(n_territories, np.int32)
    touched = np.empty(n_territories, np.int32)
    room = 2 * n_territories
    claim, rule = np.empty(room, np.int32), np.empty(room, np.int32)
    ranks, orders = np.empty(room, np.int32), np.empty(room, np.int32)
    group_in, lowest, winner = np.full(n_groups, -1, np.int64), np.empty(n_groups, np.int32), np.empty(n_groups, np.int32)
    arena_in, deepest = np.full(sizes[1], -1, np.int64), np.empty(sizes[1], np.int32)
    found = 0
    for i in range(first.shape[0] - 1):
        shut_begin, shut_end = first_shut[i], first_shut[i + 1]
        claims = 0
        for p in range(first_pin[i], first_pin[i + 1]):
            t = pinned[p]
            if not is_shut(territories, shut, shut_begin, shut_end, t):
                claim[claims], rule[claims], ranks[claims], orders[claims] = t, -1, 0, territories[t, ORDER_ALONE]
                claims += 1
        # The rule that speaks for a territory is the first of those that hold.
        n_touched = 0
        for q in range(first[i], first[i + 1]):
            r = held_rules[q]
            t = rules[r, TERRITORY]
            if seen_in[t] != i:
                seen_in[t] = i
                best_rule[t] = r
                touched[n_touched] = t
                n_touched += 1
            elif r < best_rule[t]:
                best_rule[t] = r
        for q in range(n_touched):
            t = touched[q]
            if not territories[t, IS_OPEN]:
                continue
            above = territories[t, RULED_PARENT]
            if above >= 0 and not takes(territories, seen_in, i, above):
                continue
            if shut_begin < shut_end and is_shut(territories, shut, shut_begin, shut_end, t):
                continue
            r = best_rule[t]
            claim[claims], rule[claims], ranks[claims], orders[claims] = t, r, rules[r, RANK], rules[r, ORDER]
            claims += 1
        for c in range(claims):
            g = territories[claim[c], GROUP]
            if group_in[g] != i:
                group_in[g], winner[g], lowest[g] = i, -1, ranks[c]
            elif ranks[c] < lowest[g]:
                lowest[g] = ranks[c]
        if catch_alls.shape[0]:
            for g in range(n_groups):
                if group_in[g] == i:
                    continue
                for q in range(first_catch_all[g], first_catch_all[g + 1]):
                    t, source = catch_alls[q, 0], catch_alls[q, 1]
                    if not takes(territories, seen_in, i, source) or is_shut(territories, shut, shut_begin, shut_end, t):
                        continue
                    r = best_rule[t] if source == t else np.int32(-1)
                    claim[claims], rule[claims] = t, r
                    ranks[claims] = CATCH_ALL * n_ranks + types[territories[t, TYPE], TYPE_RANK]
                    orders[claims] = rules[r, ORDER] if r >= 0 else territories[t, ORDER_ALONE]
                    if group_in[g] != i:
                        group_in[g], winner[g], lowest[g] = i, -1, ranks[claims]
                    elif ranks[claims] < lowest[g]:
                        lowest[g] = ranks[claims]
                    claims += 1
        # In each group the lowest way and type, then the deepest of each tree, pins apart, then the first in order.
        if sizes[3]:
            for c in range(claims):
                t = claim[c]
                a = territories[t, ARENA]
                if ranks[c] == lowest[territories[t, GROUP]] and (arena_in[a] != i or territories[t, DEPTH] > deepest[a]):
                    arena_in[a], deepest[a] = i, territories[t, DEPTH]
        left = 0
        for c in range(claims):
            t = claim[c]
            g = territories[t, GROUP]
            if ranks[c] != lowest[g] or (sizes[3] and ranks[c] and territories[t, DEPTH] != deepest[territories[t, ARENA]]):
                continue
            claim[left], rule[left], ranks[left], orders[left] = t, rule[c], ranks[c], orders[c]
            if winner[g] < 0 or orders[left] < orders[winner[g]]:
                winner[g] = left
            left += 1
        for g in range(n_groups):
            if group_in[g] != i:
                continue
            w = winner[g]
            winning_type = territories[claim[w], TYPE]
            policy = types[winning_type, POLICY]
            begin = found
            for c in range(w if policy == ONE_HOLDS else 0, w + 1 if policy == ONE_HOLDS else left):
                if territories[claim[c], TYPE] != winning_type:
                    continue
                if found == out_row.shape[0]:
                    return -1
                place = found
                while place > begin and out_territory[place - 1] > claim[c]:
                    out_territory[place], out_via[place] = out_territory[place - 1], out_via[place - 1]
                    out_rule[place] = out_rule[place - 1]
                    place -= 1
                out_row[found], out_territory[place], out_rule[place] = i, claim[c], rule[c]
                out_via[place] = ranks[c] // n_ranks
                out_share[found] = 1.0
                found += 1
            if policy == SPLIT:
                equal, total = 1.0 / (found - begin), 0.0
                for p in range(begin, found):
                    weight = share_of_territory[out_territory[p]]
                    out_share[p] = equal if np.isnan(weight) else weight
                    total += out_share[p]
                for p in range(begin, found):
                    out_share[p] = out_share[p] / total if total > 0.0 else equal
    return found
