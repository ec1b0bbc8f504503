"""Sample data of the gallery for the life of a plan: steps side by side, conflicts, what is said and told, and the past."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from metes.model.condition import Equals
from metes.model.moment import Moment
from metes.model.plan import Plan, Rule, Territory, TerritoryType
from metes.plan.diff import diff
from metes.plan.merge import merge
from metes.store.plan_reviews import Comment
from metes.web.addresses import Address
from metes.web.conflicts import conflicts_shown
from metes.web.pages.plan_review import Thread, threads_of
from metes.web.past import Past
from metes.web.plan_steps import groups_of

AT = datetime(2027, 3, 14, 9, 30, tzinfo=UTC)
SUBJECT = "rule desert/main"


def plan(region: str) -> Plan:
    """One territory that takes a region."""
    desert = Territory("desert", "field", "Desert", rules=(Rule("main", Equals("region", region)),), colour=4)
    return Plan("gallery", types=(TerritoryType("field"),), territories=(desert,))


def said(number: int, author: str, text: str, reply_to: int | None = None, by: str | None = None) -> Comment:
    """A comment on Desert's rule."""
    return Comment(number, 1, SUBJECT, text, author, AT, reply_to, by, AT if by else None)


def context() -> dict[str, Any]:
    """What the gallery shows of it."""
    base, ours, theirs = plan("US-NV"), plan("US-AZ"), plan("US-UT")
    comments = [
        said(1, "S. Iyer", "Why not Utah?"),
        said(2, "V. Marsh", "It has nobody who drives there.", reply_to=1),
        said(3, "S. Iyer", "Is Nevada covered?", by="V. Marsh"),
    ]
    threads = threads_of(comments)
    gained = {"accounts": 42, "potential": 412_000_00, "revenue_12m": 0, "pipeline": 0}
    lost = {"accounts": 3, "potential": 9_000_00, "revenue_12m": 0, "pipeline": 0}
    text = "From 1 February 2027 you gain 42 accounts worth 412,000 USD of potential, and you lose 3 accounts."
    address = Address("/gallery")
    return {
        "step_samples": groups_of(diff(base, ours), base, ours),
        "conflict_samples": conflicts_shown(merge(base, ours, theirs).conflicts, {}, ours),
        "thread_sample": threads.get(SUBJECT) or Thread(SUBJECT),
        "told_samples": [{"person": "S. Iyer", "person_id": 1, "gained": gained, "lost": lost, "text": text}],
        "past_samples": [Past(address, today="2027-03-14"), Past(address, "2026-02-01", "", Moment(date(2026, 2, 1), None))],
    }
