"""Orders, opportunities and activities: three years with trend, season, growth and loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from metes.demo.accounts import Accounts
from metes.demo.business import (
    ACTIVITY_KINDS,
    ACTIVITY_MINUTES,
    ACTIVITY_SUBJECTS,
    FAMILIES,
    INDUSTRIES,
    OPEN_STAGES,
    PRODUCTS,
    SEASON,
    SEGMENTS,
)
from metes.demo.columns import EPOCH, days, dollars, draw, draw_rows, joined, numbered, pick
from metes.demo.places import Bools, Floats, Ints
from metes.demo.roster import Desk, person_ids

HISTORY_DAYS = 1096
COMPANY_GROWTH = 0.06
# Yearly growth of an account against its area's: shrinking, steady, growing.
PACES = (-0.16, 0.0, 0.18)
AFFORDABLE = (500, 1500, 5000, 15_000, 40_000, 1e12)

# What each account has of facts in three years, before the cap; the cap keeps these proportions.
OPPORTUNITIES_PER_ACCOUNT = 1.0
ACTIVITIES_PER_ACCOUNT = 5.0


@dataclass(frozen=True)
class Market:
    """What facts are drawn from. `holder` indexes the territories that own, `growth` is each account's yearly trend class.

    `first_day` is the first of the history, `today` the day after its last.
    """

    accounts: Accounts
    holder: Ints
    desk: Desk
    pace: Ints
    people: int
    first_day: int
    today: int

    def owners(self, account: Ints, day: Ints) -> pa.Array:
        """Ids of the owners of the accounts on the days; null where the seat was vacant."""
        person = self.desk.person_on(self.holder[account], day, account)
        return pick(person_ids(self.people), np.maximum(person, 0), person < 0)


def make_paces(rng: np.random.Generator, area_growth: Floats) -> Ints:
    """The trend class of each account, tilted by the growth of its area."""
    tilt = np.clip(area_growth * 4, -0.25, 0.3)
    chance = rng.random(len(area_growth))
    return np.where(chance < 0.28 - tilt * 0.8, 0, np.where(chance < 0.72 - tilt, 1, 2)).astype(np.int64)


def _calendar(first_day: int) -> Floats:
    """Demand by (family and pace, day), each row as cumulative shares: season, trend, few orders at week-ends."""
    stamps = EPOCH + np.arange(first_day, first_day + HISTORY_DAYS)
    month = stamps.astype("datetime64[M]").astype(np.int64) % 12
    weekday = (np.arange(first_day, first_day + HISTORY_DAYS) + 3) % 7
    open_share = np.array([1.05, 1.15, 1.1, 1.05, 0.9, 0.1, 0.04])[weekday]
    years = np.arange(HISTORY_DAYS) / 365.25
    trend = np.exp(np.outer(np.array(PACES) + COMPANY_GROWTH, years))
    season = np.array(SEASON)[:, month]
    demand = (season[:, None, :] * trend[None, :, :] * open_share).reshape(len(FAMILIES) * len(PACES), HISTORY_DAYS)
    heights: Floats = np.cumsum(demand, axis=1)
    heights /= heights[:, -1:]
    return heights


def _order_days(rng: np.random.Generator, market: Market, family: Ints, account: Ints) -> Ints:
    """A day for each order, by season and trend within the days its account was a customer."""
    calendar = _calendar(market.first_day)
    row = family * len(PACES) + market.pace[account]
    start = np.clip(market.accounts.active_from[account] - market.first_day, 0, HISTORY_DAYS - 1)
    end = np.clip(market.accounts.active_to[account] - market.first_day, start + 1, HISTORY_DAYS)
    low = np.where(start > 0, calendar[row, np.maximum(start - 1, 0)], 0.0)
    share = low + rng.random(len(row)) * (calendar[row, end - 1] - low)
    flat = (calendar + np.arange(len(calendar))[:, None]).ravel()
    day = np.searchsorted(flat, row + share, side="right") - row * HISTORY_DAYS
    days_in: Ints = np.minimum(np.maximum(day, start), end - 1)
    return market.first_day + days_in


def _active_years(market: Market) -> Floats:
    end = np.minimum(market.accounts.active_to, market.today)
    start = np.maximum(market.accounts.active_from, market.first_day)
    active: Floats = np.maximum(0, end - start) / 365.25
    return active


def order_rates(market: Market) -> Floats:
    """Orders expected of each account in the whole history; large customers order more often, not in proportion."""
    yearly = np.clip(0.95 * (market.accounts.spend / 2000) ** 0.42, 0.5, 48)
    return np.where(market.accounts.spend > 0, yearly * _active_years(market), 0.0)


def make_orders(rng: np.random.Generator, market: Market, count: int) -> pa.Table:
    """`count` orders by day: who buys, what, when and for how much."""
    rates = order_rates(market)
    account = draw(rng, rates, count)
    expected = rates * (count / rates.sum())
    size = (market.accounts.spend * _active_years(market) / np.maximum(expected, 1.0))[account]
    wanted = size * np.exp(0.55 * rng.standard_normal(count) - 0.15)
    product = _products(rng, market.accounts.industry[account], wanted)
    family = np.array([p.family for p in PRODUCTS])[product]
    day = _order_days(rng, market, family, account)
    order = np.lexsort((account, day))
    account, product, day, wanted = account[order], product[order], day[order], wanted[order]
    price = np.array([p.price for p in PRODUCTS])[product]
    quantity = np.maximum(1, np.round(wanted / price)).astype(np.int64)
    discount = np.round(np.minimum(0.18, rng.gamma(1.5, 0.02, count) + 0.015 * np.log1p(quantity)), 3)
    cents = np.round(quantity * price * 100 * (1 - discount)).astype(np.int64)
    return pa.table(
        {
            "id": numbered("SO-", np.arange(1, count + 1), 7),
            "account": market.accounts.id.take(pa.array(account)),
            "product": pick([p.id for p in PRODUCTS], product),
            "person": market.owners(account, day),
            "ordered_on": days(day),
            "amount": dollars(cents),
            "currency": pick(["USD"], np.zeros(count, dtype=np.int64)),
            "quantity": pa.array(quantity),
        }
    )


def _products(rng: np.random.Generator, industry: Ints, wanted: Floats) -> Ints:
    """A product for each order: the industry's mix among what is not far above the amount wanted."""
    price = np.array([p.price for p in PRODUCTS])
    base = np.array([[i.mix[p.family] * p.weight for p in PRODUCTS] for i in INDUSTRIES])
    limit = np.array(AFFORDABLE)[None, :, None]
    # Dear things are bought when there is money for them: weight grows with price below the limit.
    lean = np.where(price <= limit * 0.9, (price / np.minimum(limit, 60_000)) ** 0.35, 0.0)
    table = (base[:, None, :] * lean).reshape(-1, len(PRODUCTS))
    table += (table.sum(axis=1, keepdims=True) == 0) * (price == price.min())
    step = np.searchsorted(AFFORDABLE, wanted)
    return draw_rows(rng, table, industry * len(AFFORDABLE) + step)


def make_opportunities(rng: np.random.Generator, market: Market, count: int) -> pa.Table:
    """`count` opportunities by day opened: won and lost ones, and the pipeline that is open around today."""
    accounts = market.accounts
    account = draw(rng, np.sqrt(accounts.potential) * (1 + 0.5 * accounts.is_customer), count)
    segment = accounts.segment[account]
    opened = market.first_day - 60 + np.sort((rng.power(1.15, count) * (HISTORY_DAYS + 60)).astype(np.int64))
    cycle = np.array([s.cycle_days for s in SEGMENTS])[segment] * np.exp(0.55 * rng.standard_normal(count) - 0.1)
    closing = opened + np.maximum(2, cycle).astype(np.int64)
    closing -= (closing + 3) % 7 // 5 * 2
    closing = np.maximum(closing, opened + 1)
    is_open = closing >= market.today
    stale = ~is_open & (market.today - closing < 45) & (rng.random(count) < 0.25)
    is_open |= stale
    share = np.clip((market.today - opened) / np.maximum(closing - opened, 1) + 0.18 * rng.standard_normal(count), 0, 0.999)
    chance = np.array([s.win_rate for s in SEGMENTS])[segment] + 0.12 * accounts.is_customer[account]
    chance += 0.06 * (market.pace[account] - 1) + _skill(rng, market, account, closing)
    won = rng.random(count) < chance
    step = np.where(is_open, (share * len(OPEN_STAGES)).astype(np.int64), np.where(won, 4, 5))
    stages = [*OPEN_STAGES, ("Won", 1.0), ("Lost", 0.0)]
    half: Floats = accounts.potential[account] / 2.0
    product = _products(rng, accounts.industry[account], half)
    wanted = accounts.potential[account] * rng.beta(1.6, 5.0, count)
    cents = np.maximum(150, np.round(wanted / 50) * 50).astype(np.int64) * 100
    family = pick(FAMILIES, np.array([p.family for p in PRODUCTS])[product])
    return pa.table(
        {
            "id": numbered("OP-", np.arange(1, count + 1), 7),
            "name": joined(family, " for ", accounts.name.take(pa.array(account))),
            "account": accounts.id.take(pa.array(account)),
            "person": market.owners(account, np.clip(closing, market.first_day, market.today)),
            "product": pick([p.id for p in PRODUCTS], product),
            "stage": pick([s for s, _ in stages], step),
            "amount": dollars(cents),
            "currency": pick(["USD"], np.zeros(count, dtype=np.int64)),
            "opened_on": days(opened),
            "closed_on": days(closing),
            "probability_share": pa.array(np.array([p for _, p in stages])[step]),
        }
    )


def _skill(rng: np.random.Generator, market: Market, account: Ints, day: Ints) -> Floats:
    """What the person on the seat adds to the chance to win; nobody on it takes a tenth away."""
    skill = 0.06 * rng.standard_normal(market.people)
    person = market.desk.person_on(market.holder[account], np.clip(day, market.first_day, market.today), account)
    return np.where(person >= 0, skill[np.maximum(person, 0)], -0.1)


def make_activities(rng: np.random.Generator, market: Market, count: int, contact_of: Ints) -> pa.Table:
    """`count` activities on working days by whoever owned the account; `contact_of` is the first contact row of each account."""
    accounts = market.accounts
    weight = np.array([s.activity_weight for s in SEGMENTS])[accounts.segment] * (1 + 1.2 * accounts.is_customer)
    # Some accounts are courted, others forgotten.
    account = draw(rng, weight * rng.gamma(0.7, 1.0, len(weight)), count)
    day = market.first_day + np.sort((rng.power(1.1, count) * HISTORY_DAYS).astype(np.int64))
    weekday = (day + 3) % 7
    day -= np.where(weekday >= 5, weekday - 4, 0)
    day = np.maximum(day, market.first_day)
    kind = draw(rng, [w for _, w in ACTIVITY_KINDS], count)
    centre, spread = np.array(ACTIVITY_MINUTES).T
    minutes = np.maximum(2, np.round(centre[kind] + spread[kind] * rng.standard_normal(count))).astype(np.int64)
    subjects = [s for row in ACTIVITY_SUBJECTS for s in row]
    per = len(ACTIVITY_SUBJECTS[0])
    no_contact: Bools = rng.random(count) < 0.15
    return pa.table(
        {
            "id": numbered("AC-", np.arange(1, count + 1), 7),
            "account": accounts.id.take(pa.array(account)),
            "contact": numbered("C-", contact_of[account] + 1, 7, no_contact),
            "person": market.owners(account, day),
            "kind": pick([k for k, _ in ACTIVITY_KINDS], kind),
            "occurred_on": days(day),
            "subject": pick(subjects, kind * per + rng.integers(0, per, count)),
            "minutes": pa.array(minutes),
        }
    )
