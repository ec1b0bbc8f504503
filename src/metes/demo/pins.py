"""Accounts fixed to a territory or kept out of one by hand, each for a reason that a manager would write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from metes.base.dates import Period
from metes.demo.accounts import Accounts
from metes.demo.holding import HOUSE, KEY_TERRITORIES, Holding
from metes.demo.places import Ints
from metes.model.plan import Pin

PIN_REASONS = (
    "Buying centre is in the neighbouring territory",
    "Long relationship, agreed with both executives",
    "Headquarters moved; stays until the contract ends",
    "Joint tender with a sister site",
    "Specialist knowledge of their fleet",
    "Customer asked to keep their contact",
)
EXCLUSION_REASONS = (
    "Conflict of interest: family of the executive",
    "Served by the area manager during arbitration",
    "Reference site, handled by the area",
)


@dataclass(frozen=True)
class Pinned:
    """The pins and exclusions, and the holder of each account with those of today applied."""

    pins: tuple[Pin, ...]
    holder: Ints


def make_pins(
    rng: np.random.Generator,
    accounts: Accounts,
    holding: Holding,
    area_of_holder: dict[str, str],
    authors: Sequence[str],
    today: date,
) -> Pinned:
    """Pins to a sister territory of the same area (one of them over already) and exclusions, which fall to the area."""
    fixed = {HOUSE, *(key for key, *_ in KEY_TERRITORIES), *area_of_holder.values()}
    movable = [i for i, key in enumerate(holding.keys) if key not in fixed]
    candidates = np.flatnonzero(np.isin(holding.holder, movable) & (accounts.potential > np.median(accounts.potential)))
    wanted = min(len(candidates), 2 * len(PIN_REASONS) + len(EXCLUSION_REASONS))
    chosen = rng.choice(candidates, size=wanted, replace=False).tolist() if wanted else []
    index = {key: i for i, key in enumerate(holding.keys)}
    holder = holding.holder.copy()
    pins = []
    for number, account in enumerate(chosen):
        at = holding.keys[int(holder[account])]
        area = area_of_holder[at]
        since = today - timedelta(days=int(rng.integers(20, 700)))
        author = authors[number % len(authors)]
        pin = Pin(accounts.id[account].as_py(), at, "", author, Period(since))
        if number < len(EXCLUSION_REASONS):
            pins.append(replace(pin, reason=EXCLUSION_REASONS[number], is_exclusion=True))
            holder[account] = index[area]
            continue
        sisters = [k for k, a in area_of_holder.items() if a == area and k not in (at, area)]
        target = sisters[int(rng.integers(len(sisters)))]
        reason = PIN_REASONS[number % len(PIN_REASONS)]
        if number == wanted - 1:
            pins.append(replace(pin, territory=target, reason=reason, period=Period(since, today)))
            continue
        pins.append(replace(pin, territory=target, reason=reason))
        holder[account] = index[target]
    return Pinned(tuple(sorted(pins, key=lambda p: (p.account, p.territory))), holder)
