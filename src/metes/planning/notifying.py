"""Who is told of what happens to a scenario, in the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from metes.model.access import REVIEWERS, UserRole
from metes.model.notices import LONGEST_SUBJECT
from metes.model.plan import Plan
from metes.model.scope import Principal, Scope
from metes.plan.parts import Part
from metes.store import links, notices, plan_rights, roles, users
from metes.store.notices import News
from metes.store.plans import Revision

# Where a user, by number, may read of scenarios today.
Where = Callable[[int], Scope]


def review_asked(
    connection: Connection,
    revision: Revision,
    parts: Sequence[Part],
    plans: tuple[Plan, Plan],
    rationale: str,
    due_on: date | None,
    now: datetime,
    principal: Principal,
    where: Where,
) -> None:
    """Tell those who may approve a part; whoever plans where nobody has been given the right."""
    rights = plan_rights.rights(connection)
    readers: set[int] = set()
    for part in parts:
        above = (t.key for plan in plans if part.key in plan.territory_by_key for t in plan.ancestors(part.key))
        holders = rights.holders("approve", (part.key, *above))
        readers |= in_sight(holders if holders is not None else _planners(connection, now), [part], where)
    due = f" It is wanted by {due_on}." if due_on else ""
    _tell(
        connection,
        "review-asked",
        f"{principal.name} asks you to review {revision.label}",
        f"{rationale}{due}",
        f"/plan/{revision.id}/review",
        readers,
        now,
        principal,
    )


def review_decided(
    connection: Connection,
    revision: Revision,
    who: Iterable[str],
    part: Part,
    what: str,
    comment: str,
    now: datetime,
    principal: Principal,
    where: Where,
) -> None:
    """Tell those who wrote or proposed a scenario what was decided of a part of it."""
    subject = f"{principal.name} {what} of {revision.label}"
    _tell(
        connection,
        "review-decided",
        subject,
        comment or subject,
        f"/plan/{revision.id}/review",
        in_sight(_numbers(connection, who), [part], where),
        now,
        principal,
    )


def commented(
    connection: Connection,
    revision: Revision,
    who: Iterable[str],
    parts: Sequence[Part],
    subject: str,
    text: str,
    now: datetime,
    principal: Principal,
    where: Where,
) -> None:
    """Tell those who wrote a scenario, or wrote about it, of a comment on an item that belongs to some parts."""
    about = f" on {subject}" if subject else ""
    headline = f"{principal.name} wrote about {revision.label}{about}"
    readers = in_sight(_numbers(connection, who), parts, where)
    _tell(connection, "comment", headline, text, f"/plan/{revision.id}/review", readers, now, principal)


def published(
    connection: Connection,
    revision: Revision,
    publication: int,
    on: date,
    rationale: str,
    who: Iterable[str],
    told: Sequence[Mapping[str, Any]],
    now: datetime,
    principal: Principal,
) -> None:
    """Tell those who took part that a plan was published, and each person what it means for them."""
    link = f"/publications/{publication}"
    text = rationale or "No reason was given."
    _tell(
        connection,
        "published",
        f"{revision.label} is the plan from {on}",
        text,
        link,
        _numbers(connection, who),
        now,
        principal,
    )
    news = [
        News("your-accounts", f"Your accounts from {on}", row["text"], "/my/changes", person_ids=[row["person_id"]]) for row in told
    ]
    notices.add_all(connection, news, now)


def cancelled(
    connection: Connection, revision: Revision, on: date, reason: str, people: Sequence[int], who: Iterable[str], now: datetime
) -> None:
    """Tell everybody who was told of a publication that it will not be."""
    notices.add_notices(
        connection,
        kind="cancelled",
        subject=f"{revision.label} does not take over on {on}",
        text=reason,
        link=f"/plan?revision={revision.id}",
        now=now,
        user_ids=sorted(roles.holders(connection, REVIEWERS, links.day_of(connection, now)) & set(_numbers(connection, who))),
        person_ids=people,
    )


def _tell(
    connection: Connection,
    kind: str,
    subject: str,
    text: str,
    link: str,
    readers: Iterable[int],
    now: datetime,
    principal: Principal,
) -> None:
    """Tell users of what somebody else did: those who may read of it today."""
    may_read = roles.holders(connection, REVIEWERS, links.day_of(connection, now))
    others = sorted((set(readers) & may_read) - {principal.user_id})
    if others:
        short = subject if len(subject) <= LONGEST_SUBJECT else subject[: LONGEST_SUBJECT - 1] + "…"
        notices.add_notices(connection, kind=kind, subject=short, text=text, link=link, now=now, user_ids=others)


def in_sight(readers: Iterable[int], parts: Iterable[Part], where: Where) -> set[int]:
    """Those of some users in whose sight one of the parts lies."""
    keys = {part.key for part in parts}
    return {number for number in readers if (seen := where(number).territories) is None or keys & seen}


def _planners(connection: Connection, now: datetime) -> frozenset[int]:
    return roles.holders(connection, (UserRole.ADMINISTRATOR, UserRole.PLANNER), links.day_of(connection, now))


def _numbers(connection: Connection, names: Iterable[str]) -> list[int]:
    wanted = set(names)
    return [user.id for user in users.all_users(connection) if user.disabled_at is None and user.name in wanted]
