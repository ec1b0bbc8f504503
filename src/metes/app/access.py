"""What a principal may, and where: worked out from the store, and kept on the shelf while nothing it depends on has changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from metes.access.scopes import access_of, dated
from metes.model.access import Access, UserRole
from metes.model.plan import Plan, Seat
from metes.model.scope import NO_NARROWING, Narrowing, Principal, Scope
from metes.store import counters, ledger, links, plans, roles
from metes.store.engine import Store
from metes.store.roles import RoleGrant

if TYPE_CHECKING:
    from metes.app.desk import Shelf

ACCESSES_KEPT = 2_000
# What access depends on, beside the day: who holds which role, who sits where, which plan is in force.
_DEPENDS_ON = (counters.ACCESS, counters.LEDGER, counters.PLAN, counters.DATA)
# Gives the plan of a content's root.
Load = Callable[[str], Plan]


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides what somebody may on a day: the grants in force for them, the person they are, and the seats of that person.

    `more` are roles that nobody gave yet, each with its territory: for what giving them would mean.
    """

    grants: tuple[RoleGrant, ...]
    person: int | None
    seats: tuple[Seat, ...]
    more: tuple[tuple[UserRole, str], ...] = ()

    def access(self, plan: Plan | None, day: date, narrowing: Narrowing = NO_NARROWING) -> Access:
        """What they may where, the plan in force on the day being `plan`: the one way by which it is worked out."""
        held = [*((grant.role, grant.territory) for grant in self.grants), *self.more]
        found = access_of(plan, held, (seat.territory for seat in self.seats), self.person, narrowing)
        return dated(replace(found, seats=frozenset(seat.key for seat in self.seats)), plan, day)


def access_at(store: Store, shelf: Shelf, principal: Principal, now: datetime, load: Load) -> Access:
    """What a principal may at an instant."""
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
        plan = plan_on(connection, day, load)
        found = standing_of(connection, plan, principal.user_id, day).access(plan, day, principal.narrowing)
    with shelf.lock:
        shelf.accesses[key] = found
        while len(shelf.accesses) > ACCESSES_KEPT:
            shelf.accesses.popitem(last=False)
    return found


def plan_on(connection: Connection, day: date, load: Load) -> Plan | None:
    """The plan in force on a day, whole: what somebody sees of it is worked out from all of it. None where there is none."""
    revision = plans.active_revision(connection, day)
    return None if revision is None else load(revision.root_hash)


def standing_of(connection: Connection, plan: Plan | None, user_id: int, day: date) -> Standing:
    """What decides what a user may on a day, the plan in force then being `plan`."""
    person = links.person_of(connection, user_id, day)
    return Standing(roles.grants(connection, user_id=user_id, day=day), person, seats_of(connection, plan, person, day))


def seats_of(connection: Connection, plan: Plan | None, person: int | None, day: date) -> tuple[Seat, ...]:
    """The seats of a plan on which a person sits on a day."""
    if plan is None or person is None:
        return ()
    # To find out what somebody may see, all of their own seats are read.
    own = Scope.everything("the seats of the person who asks")
    sat = {fact.seat for fact in ledger.sittings(connection, own, person_ids=[person], at=day)}
    return tuple(seat for seat in plan.seats if seat.key in sat)
