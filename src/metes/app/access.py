"""What a principal may, and where: worked out from the store, and kept on the shelf while nothing it depends on has changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from metes.access.scopes import access_of, dated
from metes.model.access import Access
from metes.model.plan import Plan, Seat
from metes.model.scope import Principal, Scope
from metes.store import counters, ledger, links, plans, roles
from metes.store.engine import Store

if TYPE_CHECKING:
    from metes.app.desk import Shelf

ACCESSES_KEPT = 2_000
# What access depends on, beside the day: who holds which role, who sits where, which plan is in force.
_DEPENDS_ON = (counters.ACCESS, counters.LEDGER, counters.PLAN, counters.DATA)


def access_at(store: Store, shelf: Shelf, principal: Principal, now: datetime, load: Callable[[str], Plan]) -> Access:
    """What a principal may at an instant; `load` gives the plan of a content's root."""
    if principal.user_id is None:
        return Access.unrestricted(f"{principal.name} holds the database itself")
    with store.read() as connection:
        day = links.day_of(connection, now)
        key: tuple[Hashable, ...] = (principal.user_id, principal.narrowing, day, *counters.values(connection, _DEPENDS_ON))
        with shelf.lock:
            found = shelf.accesses.get(key)
            if found is not None:
                shelf.accesses.move_to_end(key)
                return found
        found = _worked_out(connection, principal, principal.user_id, day, load)
    with shelf.lock:
        shelf.accesses[key] = found
        while len(shelf.accesses) > ACCESSES_KEPT:
            shelf.accesses.popitem(last=False)
    return found


def _worked_out(connection: Connection, principal: Principal, user_id: int, day: date, load: Callable[[str], Plan]) -> Access:
    person = links.person_of(connection, user_id, day)
    revision = plans.active_revision(connection, day)
    plan = None if revision is None else load(revision.root_hash)
    own = seats_of(connection, plan, person, day)
    found = access_of(plan, roles.roles_on(connection, user_id, day), (s.territory for s in own), person, principal.narrowing)
    return dated(replace(found, seats=frozenset(seat.key for seat in own)), plan, day)


def seats_of(connection: Connection, plan: Plan | None, person: int | None, day: date) -> tuple[Seat, ...]:
    """The seats of a plan on which a person sits on a day."""
    if plan is None or person is None:
        return ()
    # To find out what somebody may see, all of their own seats are read.
    own = Scope.everything("the seats of the person who asks")
    sat = {fact.seat for fact in ledger.sittings(connection, own, person_ids=[person], at=day)}
    return tuple(seat for seat in plan.seats if seat.key in sat)
