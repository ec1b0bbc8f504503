"""Resolves the rules that hold to one answer per account: hierarchy, pins, exclusions and policies, on whole columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metes.model.plan import Plan, Role
from metes.rules.compile import CompiledRules
from metes.rules.contest import Rows, contest
from metes.rules.precedence import Via
from metes.rules.tree import TreeArrays, tree_arrays

VIAS: Final = tuple(via.value for via in Via)
ROLES: Final = tuple(role.value for role in Role)
_PIN, _NAMED, _RULE, _CATCH_ALL = range(4)

_Ints = NDArray[np.int64]
AccountOfKey: TypeAlias = Mapping[str, int] | pa.Table


def resolve(
    matches: pa.Table, compiled: CompiledRules, plan: Plan, day: date, account_of_key: AccountOfKey, accounts: pa.Array
) -> pa.Table:
    """One row per (account, territory) that holds it, by ARCHITECTURE's precedence, sorted by account and then by role.

    Parameters
    ----------
    matches
        What `evaluate` gave: `account` int64 and `rule` int32, sorted, each pair once.
    compiled, plan
        The rules of `matches` and the plan that they were compiled from.
    day
        The day on which pins and exclusions must be in force.
    account_of_key
        The account number of each key that pins name: a mapping, or a table with columns `account` (the key) and `id`. Pins of keys
        that it lacks do nothing.
    accounts
        All account numbers, shape (n_accounts,); catch-all territories take from these.

    Returns
    -------
    pa.Table
        `account` int64; `territory` int32, an index into `plan.territories`; `role` and `via` as dictionaries of text; `share`
        float64; `rule` int32, the rule that spoke for the territory, or -1. An account without a primary row is a gap.

    Notes
    -----
    Source: ours; `precedence.settle` is the same for one account. O(matches + accounts) but for one search per level of ruled
    territories.
    """
    tree = tree_arrays(plan, compiled)
    groups = contenders(tree, matches, plan, day, account_of_key, accounts)
    return _table(tree, [contest(tree, rows) for group in groups for rows in (group.claims, group.spare)])


class Contenders(NamedTuple):
    """Who contends for accounts within one group of types: claims; those that an exclusion shuts out; catch-alls where there is no claim."""

    claims: Rows
    shut: Rows
    spare: Rows


def contenders(
    tree: TreeArrays, matches: pa.Table, plan: Plan, day: date, account_of_key: AccountOfKey, accounts: pa.Array
) -> Iterator[Contenders]:
    """The candidates that `resolve`, whose arguments these are, chooses from: group by group, in the order of `TreeArrays.groups`."""
    taking = _taking(tree, _claims(tree, matches))
    pins, exclusions = map(_pin_rows, fixed_pairs(tree, plan, day, account_of_key))
    claimed = _with_pins(taking.where(~tree.is_catch_all[taking.territory]), pins)
    is_shut = _is_shut(tree, claimed, exclusions)
    shut, claimed = claimed.at(np.flatnonzero(is_shut)), claimed.where(~is_shut)
    everyone = np.sort(np.asarray(accounts.to_numpy(zero_copy_only=False), np.int64))
    for group in tree.groups():
        own = claimed.where(group[tree.type[claimed.territory]])
        catch_alls = np.flatnonzero(tree.is_catch_all & group[tree.type])
        left = np.setdiff1d(everyone, own.account, assume_unique=False) if catch_alls.size else everyone[:0]
        spare = _fallback(tree, taking, catch_alls, left)
        yield Contenders(own, shut.where(group[tree.type[shut.territory]]), spare.where(~_is_shut(tree, spare, exclusions)))


def _claims(tree: TreeArrays, matches: pa.Table) -> Rows:
    """The pairs of accounts and territories of which a rule holds, with the rule that speaks: the first, as rules are numbered."""
    account = matches["account"].to_numpy()
    rule = matches["rule"].to_numpy()
    territory = tree.territory_of_rule[rule]
    is_first = np.ones(account.size, bool)
    is_first[1:] = (account[1:] != account[:-1]) | (territory[1:] != territory[:-1])
    account, rule, territory = account[is_first], rule[is_first].astype(np.int64), territory[is_first]
    return Rows(account, territory, np.where(tree.is_named_rule[rule], _NAMED, _RULE), rule)


def _taking(tree: TreeArrays, claims: Rows) -> Rows:
    """The claims whose territory's parent takes the account too, level by level of territories with rules."""
    level = tree.ruled_level[claims.territory]
    if not level.any():
        return claims
    group = np.cumsum(np.diff(claims.account, prepend=claims.account[:1]) != 0)
    key = group * tree.size + claims.territory
    takes = level == 0
    for depth in range(1, int(level.max()) + 1):
        here = np.flatnonzero(level == depth)
        wanted = group[here] * tree.size + tree.ruled_parent[claims.territory[here]]
        at = np.minimum(np.searchsorted(key, wanted), key.size - 1)
        takes[here] = (key[at] == wanted) & takes[at]
    return claims.where(takes)


def fixed_pairs(
    tree: TreeArrays, plan: Plan, day: date, account_of_key: AccountOfKey
) -> tuple[tuple[_Ints, _Ints], tuple[_Ints, _Ints]]:
    """The pins, and the exclusions, in force on the day: accounts and territories, sorted by both, each pair once."""
    in_force = [pin for pin in plan.pins if pin.holds_on(day) and pin.territory in tree.position_of_key]
    number = numbers_of({pin.account for pin in in_force}, account_of_key)

    def pairs(is_exclusion: bool) -> tuple[_Ints, _Ints]:
        pins = (pin for pin in in_force if pin.is_exclusion is is_exclusion and pin.account in number)
        found = sorted({(number[pin.account], tree.position_of_key[pin.territory]) for pin in pins})
        account, territory = np.array(found, np.int64).reshape(-1, 2).T
        return np.ascontiguousarray(account), np.ascontiguousarray(territory)

    return pairs(False), pairs(True)


def _pin_rows(pairs: tuple[_Ints, _Ints]) -> Rows:
    """Pairs of accounts and territories as candidates."""
    account, territory = pairs
    return Rows(account, territory, np.full(account.size, _PIN), np.full(account.size, -1))


def numbers_of(keys: set[str], account_of_key: AccountOfKey) -> Mapping[str, int]:
    """The account numbers of the keys that are known."""
    if not isinstance(account_of_key, pa.Table):
        return {key: account_of_key[key] for key in keys if key in account_of_key}
    if not keys:
        return {}
    wanted = account_of_key.filter(pc.is_in(account_of_key["account"], pa.array(sorted(keys), pa.string())))
    return dict(zip(wanted["account"].to_pylist(), wanted["id"].to_pylist(), strict=True))


def _is_shut(tree: TreeArrays, rows: Rows, exclusions: Rows) -> NDArray[np.bool_]:
    """Whether a row's account is excluded from its territory, or from one above it."""
    is_shut = np.zeros(rows.account.size, bool)
    if not exclusions.account.size or not rows.account.size:
        return is_shut
    first = np.searchsorted(exclusions.account, rows.account, side="left")
    count = np.searchsorted(exclusions.account, rows.account, side="right") - first
    row = np.repeat(np.arange(rows.account.size), count)
    offset = np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    above = exclusions.territory[first[row] + offset]
    own = rows.territory[row]
    is_shut[row[(above <= own) & (own < tree.last[above])]] = True
    return is_shut


def _with_pins(rows: Rows, pins: Rows) -> Rows:
    """The rows with the pins put in front of those of their accounts."""
    at = np.searchsorted(rows.account, pins.account, side="left")
    return Rows(*(np.insert(column, at, more) for column, more in zip(rows.columns, pins.columns, strict=True)))


def _fallback(tree: TreeArrays, taking: Rows, catch_alls: _Ints, accounts: _Ints) -> Rows:
    """What the catch-all territories may take of the accounts (sorted) that nothing else of their group holds."""
    none = np.zeros(0, np.int64)
    out = [Rows(none, none, none, none)]
    for territory in catch_alls:
        source = territory if tree.has_rules[territory] else tree.ruled_parent[territory]
        if source < 0:
            found, rule = accounts, np.full(accounts.size, -1)
        else:
            of_source = taking.where(taking.territory == source)
            found, _, at = np.intersect1d(accounts, of_source.account, assume_unique=True, return_indices=True)
            rule = of_source.rule[at] if source == territory else np.full(found.size, -1)
        size = found.size
        out.append(Rows(found, np.full(size, territory), np.full(size, _CATCH_ALL), rule))
    joined = Rows(*(np.concatenate(parts) for parts in zip(*(rows.columns for rows in out), strict=True)))
    return joined.at(np.argsort(joined.account, kind="stable"))


def _table(tree: TreeArrays, held: list[tuple[Rows, NDArray[np.float64]]]) -> pa.Table:
    """All holdings as one table, by account and role."""
    rows = Rows(*(np.concatenate(parts) for parts in zip(*(own.columns for own, _ in held), strict=True)))
    share = np.concatenate([own for _, own in held])
    role = tree.role[rows.territory]
    order: Any = np.argsort(rows.account, kind="stable")
    rows, share, role = rows.at(order), share[order], role[order]

    def dictionary(codes: NDArray[np.integer], values: tuple[str, ...]) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), pa.array(values))

    return pa.table(
        {
            "account": pa.array(rows.account),
            "territory": pa.array(tree.index[rows.territory].astype(np.int32)),
            "role": dictionary(role, ROLES),
            "share": pa.array(share),
            "via": dictionary(rows.via, VIAS),
            "rule": pa.array(rows.rule.astype(np.int32)),
        }
    )
