"""Who owns an account: a join of what the ledger says of account and territory, the plan of seats, and the ledger of people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.model.plan import Plan
from metes.model.scope import Scope
from metes.store import ledger, plans
from metes.store.ledger import Holding, Sitting
from metes.store.plans import Revision
from metes.store.visible import people_seen


@dataclass(frozen=True, slots=True)
class SeatedPerson:
    """A person on a seat of a territory; `person` is empty for a vacant seat."""

    territory: str
    seat: str
    seat_role: str
    owns: bool
    person: str = ""
    person_key: str = ""
    person_id: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class OwnerAnswer:
    """Who owned an account on a day, as known on a moment (None: now): the territories that held it and the people on their seats."""

    account_id: int
    at: date
    known: datetime | None
    holdings: tuple[Holding, ...]
    seats: tuple[SeatedPerson, ...]

    @property
    def primary(self) -> tuple[Holding, ...]:
        """The facts of the primary territory: none, one, or several where a policy splits."""
        return tuple(h for h in self.holdings if h.role == "primary")

    @property
    def owners(self) -> tuple[SeatedPerson, ...]:
        """The people on owning seats of the primary territory."""
        primary = {h.territory for h in self.primary}
        return tuple(s for s in self.seats if s.owns and s.person and s.territory in primary)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "account_id": self.account_id,
            "at": self.at.isoformat(),
            "known": self.known.isoformat() if self.known else None,
            "territory": self.primary[0].territory if self.primary else None,
            "owners": [_plain(asdict(s)) for s in self.owners],
            "holdings": [_plain(asdict(h)) for h in self.holdings],
            "seats": [_plain(asdict(s)) for s in self.seats],
        }


def the_account(connection: Connection, name: str, scope: Scope) -> int:
    """The number of the account a user names by key or by a source's id; NotFound or Conflict say what to do."""
    found = ledger.find_account(connection, name, scope)
    if not found:
        raise NotFound(f"there is no account '{name}'; 'metes search TEXT' finds accounts by name")
    if len(found) > 1:
        raise Conflict(f"'{name}' names {len(found)} accounts of different sources; use the account's own key")
    return found[0]


def owner_of(
    connection: Connection, account_id: int, load: Callable[[Revision], Plan], scope: Scope, *, at: date, known: datetime | None
) -> OwnerAnswer:
    """Who owned the account on `at` as known on `known`, read from the ledger; seats are those of the whole plan of that day, `load`ed.

    Of territories outside the scope that hold the account too, the owners are told by name and nothing else.
    """
    holdings = ledger.holdings_of(connection, account_id, scope, at=at, known=known)
    revision = plans.active_revision(connection, at, known=known)
    plan = load(revision) if revision else None
    return OwnerAnswer(account_id, at, known, holdings, _holders(connection, plan, holdings, scope, at, known) if plan else ())


def _holders(
    connection: Connection, plan: Plan, holdings: Iterable[Holding], scope: Scope, at: date, known: datetime | None
) -> tuple[SeatedPerson, ...]:
    """Who sits where an account is held."""
    keys = {h.territory for h in holdings}
    if not keys:
        return ()
    told = Scope.everything("whoever sees an account sees who owns it")
    seats = seated(connection, plan, keys, told, at=at, known=known)
    return seen_of(connection, seats, scope)


def seen_of(connection: Connection, seats: Iterable[SeatedPerson], scope: Scope) -> tuple[SeatedPerson, ...]:
    """Seats as a scope shows them where accounts are held: its own whole, of others the owners' names; people without a number have no page."""
    if scope.is_everything:
        return tuple(seats)
    found = [seat for seat in seats if scope.has(seat.territory) or (seat.owns and seat.person)]
    seen = people_seen(connection, {seat.person_id for seat in found if seat.person_id is not None}, scope)
    return tuple(
        (seat if seat.person_id in seen or not seat.person else replace(seat, person_id=None, person_key=""))
        if scope.has(seat.territory)
        else SeatedPerson(seat.territory, "", "", True, seat.person)
        for seat in found
    )


def seated(
    connection: Connection, plan: Plan, territories: Iterable[str], scope: Scope, *, at: date, known: datetime | None = None
) -> tuple[SeatedPerson, ...]:
    """The seats of some territories with the people on them that day; a seat without anybody stands once, with no person."""
    seats = [seat for key in sorted(set(territories)) for seat in plan.seats_by_territory.get(key, ())]
    sitting: dict[str, list[Sitting]] = {}
    if seats:
        for fact in ledger.sittings(connection, scope, seats=[seat.key for seat in seats], at=at, known=known):
            sitting.setdefault(fact.seat, []).append(fact)
    out: list[SeatedPerson] = []
    for seat in seats:
        people = sitting.get(seat.key, [])
        if not people:
            out.append(SeatedPerson(seat.territory, seat.key, seat.role, seat.owns))
        out.extend(
            SeatedPerson(
                seat.territory, seat.key, seat.role, seat.owns, p.person, p.person_key, p.person_id, p.true_from, p.true_until
            )
            for p in people
        )
    return tuple(out)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date | datetime) else v for k, v in values.items()}
