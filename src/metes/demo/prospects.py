"""Contacts at the accounts, and leads that are no accounts yet."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.demo.accounts import Accounts, phones
from metes.demo.business import CONTACT_TITLES, INDUSTRIES, LEAD_STATUSES, REFERRAL_SOURCES
from metes.demo.columns import days, draw, joined, numbered, pick
from metes.demo.places import Ints, Places
from metes.demo.words import FIRST_NAMES, LAST_NAMES, roots, slug


def make_contacts(rng: np.random.Generator, accounts: Accounts, places: Places) -> tuple[pa.Table, Ints]:
    """One to five contacts per account, more at larger ones, and the row of each account's first contact."""
    number = 1 + np.minimum(4, rng.poisson(0.12 * np.log2(accounts.employees + 1)))
    account = np.repeat(np.arange(len(number)), number)
    first_row = np.cumsum(number) - number
    count = len(account)
    first, last = rng.integers(0, len(FIRST_NAMES), count), rng.integers(0, len(LAST_NAMES), count)
    regions = places.region.dictionary_encode()
    region = np.asarray(regions.indices.to_numpy(), dtype=np.int64)[accounts.place[account]]
    given, family = pick(FIRST_NAMES, first), pick(LAST_NAMES, last)
    email = pc.utf8_lower(joined(given, ".", family, "@", accounts.host.take(pa.array(account))))
    table = pa.table(
        {
            "id": numbered("C-", np.arange(1, count + 1), 7),
            "account": accounts.id.take(pa.array(account)),
            "name": joined(given, " ", family),
            "title": pick(CONTACT_TITLES, rng.integers(0, len(CONTACT_TITLES), count), rng.random(count) < 0.04),
            "email": pc.if_else(pa.array(rng.random(count) < 0.93), email, None),
            "phone": phones(rng, regions.dictionary.to_pylist(), region),
        }
    )
    return table, first_row.astype(np.int64)


def make_leads(rng: np.random.Generator, accounts: Accounts, places: Places, count: int, today: int) -> pa.Table:
    """`count` leads of the last half year, most of them new companies, some from accounts that are there already."""
    place = draw(rng, places.weight, count)
    industry = draw(rng, [i.share for i in INDUSTRIES], count)
    known = rng.random(count) < 0.08
    account = rng.integers(0, len(accounts.place), count)
    place = np.where(known, accounts.place[account], place)
    industry = np.where(known, accounts.industry[account], industry)
    stems, tails = roots(), [tail for i in INDUSTRIES for tail in i.tails]
    root = rng.integers(0, len(stems), count)
    per = len(INDUSTRIES[0].tails)
    invented = joined(pick(stems, root), " ", pick(tails, industry * per + rng.integers(0, per, count)))
    company = pc.if_else(pa.array(known), accounts.name.take(pa.array(account)), invented)
    host = pc.if_else(pa.array(known), accounts.host.take(pa.array(account)), pick([f"{slug(s)}.example" for s in stems], root))
    given = pick(FIRST_NAMES, rng.integers(0, len(FIRST_NAMES), count))
    family = pick(LAST_NAMES, rng.integers(0, len(LAST_NAMES), count))
    size = np.exp(np.log([i.employees for i in INDUSTRIES])[industry] - 0.2 + rng.standard_normal(count))
    regions = places.region.dictionary_encode()
    region = np.asarray(regions.indices.to_numpy(), dtype=np.int64)[place]
    return pa.table(
        {
            "id": numbered("L-", np.arange(1, count + 1), 6),
            "name": joined(given, " ", family),
            "company": company,
            "email": pc.utf8_lower(joined(given, ".", family, "@", host)),
            "phone": phones(rng, regions.dictionary.to_pylist(), region),
            "country": pick(places.country, place),
            "region": pick(places.region, place),
            "city": pick(places.city, place),
            "postal_code": pick(places.postal_code, place),
            "industry": pick([i.name for i in INDUSTRIES], industry, rng.random(count) < 0.2),
            "employees": pa.array(np.maximum(1, np.round(size)).astype(np.int64), mask=rng.random(count) < 0.35),
            "referral_source": pick([r for r, _ in REFERRAL_SOURCES], draw(rng, [w for _, w in REFERRAL_SOURCES], count)),
            "status": pick([s for s, _ in LEAD_STATUSES], draw(rng, [w for _, w in LEAD_STATUSES], count)),
            "created_on": days(np.sort(today - 1 - (rng.power(0.8, count) * 180).astype(np.int64))),
            "account": pick(accounts.id, account, ~known),
        }
    )
