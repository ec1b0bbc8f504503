"""People, and who sat where: a reporting tree of 120, those who left, and the moves of three years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from metes.demo.business import DOMAIN
from metes.demo.carve import areas
from metes.demo.columns import days, numbered, pick
from metes.demo.places import Ints
from metes.demo.words import FIRST_NAMES, LAST_NAMES
from metes.model.plan import Seat

HEADCOUNT = 120
MOVES, LEAVERS = 12, 9


@dataclass(frozen=True, slots=True)
class Sitting:
    """One person on one seat (indices) from a day up to another; `to` is None while it lasts."""

    seat: int
    person: int
    start: int
    to: int | None = None


@dataclass
class Roster:
    """Grows while it is drawn: people as parallel lists, and sittings. Days are since 1970."""

    role: list[str] = field(default_factory=list)
    seat_hint: list[int] = field(default_factory=list)
    hired: list[int] = field(default_factory=list)
    left: list[int | None] = field(default_factory=list)
    sittings: list[Sitting] = field(default_factory=list)

    def add(self, role: str, seat: int, hired: int, left: int | None = None) -> int:
        """A new person with a first seat; the index."""
        self.role.append(role)
        self.seat_hint.append(seat)
        self.hired.append(hired)
        self.left.append(left)
        return len(self.role) - 1

    def sit(self, seat: int, person: int, start: int, to: int | None = None) -> None:
        """Put a person on a seat, not before they were hired."""
        self.sittings.append(Sitting(seat, person, max(start, self.hired[person]), to))


def make_roster(rng: np.random.Generator, seats: Sequence[Seat], start: int, today: int) -> Roster:
    """Everybody since `start`: 120 people today, the rest of the seats vacant or covered by a colleague."""
    roster = Roster()
    executives = [i for i, s in enumerate(seats) if "executive" in s.role]
    vacant = len(seats) - HEADCOUNT
    if vacant < 3:
        raise ValueError(f"the tree needs at least 3 seats more than {HEADCOUNT} people, got {len(seats)} seats")
    shuffled = rng.permutation(executives)
    empty, rest = shuffled[:vacant].tolist(), shuffled[vacant:].tolist()
    origins, targets = rest[:MOVES], rest[MOVES : 2 * MOVES]
    replaced = rest[2 * MOVES : 2 * MOVES + LEAVERS]
    changed = {*empty, *origins, *targets, *replaced}
    for seat, place in enumerate(seats):
        if seat not in changed:
            roster.sit(seat, roster.add(place.role, seat, start - int(rng.integers(30, 4500))), start)
    for origin, target in zip(origins, targets, strict=True):
        _move(rng, roster, seats, origin, target, start, today)
    for seat in replaced:
        leaves = _leaver(rng, roster, seats, seat, start, today)
        arrives = leaves + int(rng.integers(14, 90))
        roster.sit(seat, roster.add(seats[seat].role, seat, arrives), arrives)
    for number, seat in enumerate(empty):
        leaves = _leaver(rng, roster, seats, seat, start, today)
        if number < 3:
            colleague = next(
                s.person for s in roster.sittings if s.to is None and seats[s.seat].territory == _neighbour(seats, seat)
            )
            roster.sit(seat, colleague, leaves)
    return roster


def _leaver(rng: np.random.Generator, roster: Roster, seats: Sequence[Seat], seat: int, start: int, today: int) -> int:
    """Someone held the seat from the start and left within the last two years; the day after their last."""
    leaves = today - int(rng.integers(100, 720))
    roster.sit(seat, roster.add(seats[seat].role, seat, start - int(rng.integers(60, 3000)), leaves), start, leaves)
    return leaves


def _move(
    rng: np.random.Generator, roster: Roster, seats: Sequence[Seat], origin: int, target: int, start: int, today: int
) -> None:
    """Someone leaves `target`, a colleague moves there from `origin`, and a new hire takes `origin`."""
    leaves = _leaver(rng, roster, seats, target, start, today)
    moves = leaves + int(rng.integers(7, 40))
    mover = roster.add(seats[target].role, target, start - int(rng.integers(60, 3000)))
    roster.sit(origin, mover, start, moves)
    roster.sit(target, mover, moves)
    arrives = moves + int(rng.integers(14, 60))
    roster.sit(origin, roster.add(seats[origin].role, origin, arrives), arrives)


def _neighbour(seats: Sequence[Seat], seat: int) -> str:
    """The territory of the nearest manager or leader before a seat in the order of the tree: who covers it."""
    while seats[seat].role not in ("area manager", "vice president"):
        seat -= 1
    return seats[seat].territory


def _managers(roster: Roster, seats: Sequence[Seat]) -> list[int]:
    """The manager of each person by their seat, -1 for the head: executives report to areas, areas to regions, others to the head."""
    holder = {s.seat: s.person for s in roster.sittings if s.to is None}
    head = holder[0]
    boss_of_seat: list[int] = []
    leader = manager = head
    for index, seat in enumerate(seats):
        if seat.role == "regional leader":
            leader = manager = holder[index]
            boss_of_seat.append(head)
        elif seat.role == "area manager":
            manager = holder[index]
            boss_of_seat.append(leader)
        else:
            boss_of_seat.append(manager if seat.role in ("account executive", "sales development") else head)
    return [-1 if person == head else boss_of_seat[hint] for person, hint in enumerate(roster.seat_hint)]


def people_table(rng: np.random.Generator, roster: Roster, seats: Sequence[Seat]) -> pa.Table:
    """The import table of people; ids follow the order of the roster."""
    count = len(roster.role)
    pairs = rng.choice(len(FIRST_NAMES) * len(LAST_NAMES), size=count, replace=False)
    first = [FIRST_NAMES[p % len(FIRST_NAMES)] for p in pairs]
    last = [LAST_NAMES[p // len(FIRST_NAMES)] for p in pairs]
    managers = np.array(_managers(roster, seats), dtype=np.int64)
    ids = person_ids(count)
    left = np.array([day or 0 for day in roster.left], dtype=np.int64)
    return pa.table(
        {
            "id": ids,
            "name": [f"{f} {n}" for f, n in zip(first, last, strict=True)],
            "email": [f"{f}.{n}@{DOMAIN}".lower() for f, n in zip(first, last, strict=True)],
            "role": [role.capitalize() for role in roster.role],
            "manager": pick(ids, np.maximum(managers, 0), managers < 0),
            "office": _offices(roster, seats),
            "from": days(np.array(roster.hired, dtype=np.int64)),
            "to": days(left, left == 0),
        }
    )


def _offices(roster: Roster, seats: Sequence[Seat]) -> list[str]:
    office, offices = "Denver", []
    by_key = {area.key: area.office for _, area in areas()} | {region.key: region.office for region, _ in areas()}
    for seat in seats:
        if seat.role not in ("account executive", "sales development"):
            office = by_key.get(seat.territory, "Denver")
        offices.append(office)
    return [offices[hint] for hint in roster.seat_hint]


def person_ids(count: int) -> pa.Array:
    """The ids of the people in the order of the roster."""
    return numbered("P-", np.arange(1001, 1001 + count), 4)


def seats_table(roster: Roster, seats: Sequence[Seat]) -> pa.Table:
    """The import table of who sits where, from when to when, by seat and day."""
    rows = sorted(roster.sittings, key=lambda s: (s.seat, s.start))
    person = np.array([s.person for s in rows], dtype=np.int64)
    to = np.array([s.to or 0 for s in rows], dtype=np.int64)
    return pa.table(
        {
            "seat": [seats[s.seat].key for s in rows],
            "person": pick(person_ids(len(roster.role)), person),
            "from": days(np.array([s.start for s in rows], dtype=np.int64)),
            "to": days(to, to == 0),
        }
    )


@dataclass(frozen=True)
class Desk:
    """Who sat on which owning seat on which day: sittings ordered by `key` = seat * 100,000 + first day."""

    key: Ints
    person: Ints
    to: Ints
    first_seat: Ints
    seat_count: Ints

    def person_on(self, holder: Ints, day: Ints, turn: Ints) -> Ints:
        """The person who owned for each holder on each day, -1 where the seat was vacant; `turn` chooses among two seats."""
        count = self.seat_count[holder]
        seat = self.first_seat[holder] + turn % np.maximum(count, 1)
        at = np.maximum(np.searchsorted(self.key, seat * 100_000 + day, side="right") - 1, 0)
        sits = (count > 0) & (self.key[at] // 100_000 == seat) & (day < self.to[at])
        return np.where(sits, self.person[at], -1)


def make_desk(roster: Roster, seats: Sequence[Seat], holders: Sequence[str]) -> Desk:
    """The look-up of owners for territories `holders`; owning seats of one territory stand side by side."""
    first: dict[str, int] = {}
    count: dict[str, int] = {}
    for index, seat in enumerate(seats):
        if seat.owns:
            first.setdefault(seat.territory, index)
            count[seat.territory] = count.get(seat.territory, 0) + 1
    rows = sorted(roster.sittings, key=lambda s: (s.seat, s.start))
    return Desk(
        key=np.array([s.seat * 100_000 + s.start for s in rows], dtype=np.int64),
        person=np.array([s.person for s in rows], dtype=np.int64),
        to=np.array([99_999 if s.to is None else s.to for s in rows], dtype=np.int64),
        first_seat=np.array([first.get(key, 0) for key in holders], dtype=np.int64),
        seat_count=np.array([count.get(key, 0) for key in holders], dtype=np.int64),
    )
