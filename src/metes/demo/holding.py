"""Who holds each account by construction: the answer that the plan's rules must give as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from metes.demo.accounts import Accounts
from metes.demo.business import ENTERPRISE_FROM, INDUSTRIES
from metes.demo.carve import Patch, areas
from metes.demo.places import Ints, Places

HOUSE = "house"

# Named-account territories: key, name, industries whose largest families they hold, how many families.
KEY_TERRITORIES = (
    ("key-hospitality", "Hospitality groups", ("Hospitality", "Golf and sports"), 9),
    ("key-property", "Property groups", ("Property management", "Retail"), 9),
    ("key-landscaping", "Landscaping groups", ("Landscaping", "Agriculture"), 10),
    ("key-industry", "Industrial groups", ("Manufacturing", "Logistics", "Utilities"), 9),
    ("key-education", "Education systems", ("Primary and secondary schools", "Higher education"), 8),
    ("key-health", "Health systems", ("Healthcare", "Local government"), 8),
)


def halves(patch: Patch) -> tuple[str, ...]:
    """Keys of the territories that hold a patch's accounts: itself, or its mid-market and its enterprise half."""
    return (f"{patch.key}-mid-market", f"{patch.key}-enterprise") if patch.is_split else (patch.key,)


@dataclass(frozen=True)
class Holding:
    """Territory keys that hold accounts, and for each account the index of its holder before pins. `named` lists accounts per key."""

    keys: tuple[str, ...]
    holder: Ints
    named: dict[str, Ints]


def hold(accounts: Accounts, places: Places) -> Holding:
    """The holder of each account: named list, else patch and size, else area, else house."""
    keys: list[str] = []
    small, large, of_area = [], [], []
    for _, area in areas():
        of_area.append(len(keys))
        keys.append(area.key)
        for patch in area.patches:
            ends = halves(patch)
            small.append(len(keys))
            large.append(len(keys) + len(ends) - 1)
            keys.extend(ends)
    named_base = len(keys)
    keys.extend(key for key, *_ in KEY_TERRITORIES)
    keys.append(HOUSE)

    ground, home = places.patch[accounts.place], places.home_area[accounts.place]
    is_large = (accounts.employees >= ENTERPRISE_FROM) & ~accounts.lacks_employees
    by_patch = np.where(is_large, np.array(large)[ground], np.array(small)[ground])
    holder = np.where((ground < 0) | (accounts.lacks_postal & ~places.whole[accounts.place]), np.array(of_area)[home], by_patch)
    holder[(home < 0) | accounts.lacks_region] = len(keys) - 1
    named = _key_accounts(accounts)
    for offset, members in enumerate(named.values()):
        holder[members] = named_base + offset
    return Holding(tuple(keys), holder.astype(np.int64), named)


def _key_accounts(accounts: Accounts) -> dict[str, Ints]:
    """Per named territory the accounts of the families with the largest potential in its industries, whole families at a time."""
    count = len(accounts.parent)
    family = np.where(accounts.parent >= 0, accounts.parent, np.arange(count))
    potential = np.bincount(family, accounts.potential, minlength=count)
    has_sites = np.bincount(family, minlength=count) > 2
    names = [i.name for i in INDUSTRIES]
    industry_known = np.asarray(pc.is_valid(accounts.table["industry"]).to_numpy())
    named = {}
    for key, _, industries, families in KEY_TERRITORIES:
        inside = np.isin(accounts.industry, [names.index(i) for i in industries]) & has_sites & industry_known
        ranked = np.argsort(np.where(inside, -potential, 1.0), kind="stable")[:families]
        named[key] = np.flatnonzero(np.isin(family, ranked[inside[ranked]])).astype(np.int64)
    return named
