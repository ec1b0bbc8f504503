"""Microsoft's history of who held which sales territory, entered late and out of order, held against a plain list of what was said when."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from metes.base.dates import day_after
from metes.model.scope import Scope
from metes.store import ledger
from metes.store.engine import Store
from metes.store.ledger import Cause
from metes.store.ledger_imports import Sits, record_sittings
from metes.store.tables import people
from tests.conftest import NOW
from tests.store.rows import row_of

ALL = Scope.everything("tests see everything")
Answer = set[tuple[int, str]]


@dataclass(frozen=True)
class Said:
    """One line of the history as it was entered: the day behind the last is None where the end was not known yet."""

    person: int
    territory: str
    start: date
    end: date | None


@pytest.fixture
def history(real_data: Path) -> list[Said]:
    """The 17 lines; Microsoft's end is the last day."""
    with (real_data / "adventureworks_oltp" / "SalesTerritoryHistory.csv").open() as file:
        return [
            Said(
                int(row["BusinessEntityID"]),
                row["TerritoryID"],
                date.fromisoformat(row["StartDate"][:10]),
                day_after(date.fromisoformat(row["EndDate"][:10])) if row["EndDate"] else None,
            )
            for row in csv.DictReader(file)
        ]


def entered(history: list[Said], seed: int) -> list[list[Said]]:
    """The lines in files of one to four, in an order of chance; of some the end is told only by a later file."""
    random_ = random.Random(seed)
    lines = [(random_.random(), line) for line in history]
    for at, line in list(lines):
        if line.end is not None and random_.random() < 0.7:
            lines.append((random_.uniform(0, at), Said(line.person, line.territory, line.start, None)))
    ordered = [line for _, line in sorted(lines, key=lambda pair: pair[0])]
    files: list[list[Said]] = []
    while ordered:
        size = random_.randint(1, 4)
        # One file says of a person on a seat from a day on one thing.
        taken: dict[tuple[int, str, date], Said] = {(s.person, s.territory, s.start): s for s in ordered[:size]}
        files.append(list(taken.values()))
        ordered = ordered[size:]
    return files


def known_after(files: list[list[Said]], day: date) -> Answer:
    """Who held what on a day when these files had been entered: of a person, place and first day the last word counts."""
    last: dict[tuple[int, str, date], date | None] = {}
    for file in files:
        for line in file:
            last[(line.person, line.territory, line.start)] = line.end
    return {(person, place) for (person, place, start), end in last.items() if start <= day and (end is None or day < end)}


def answer(store: Store, day: date, known: datetime | None) -> Answer:
    """The same by the ledger."""
    with store.read() as connection:
        return {(int(s.person_key), s.seat) for s in ledger.sittings(connection, ALL, at=day, known=known)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_day_is_answered_as_it_was_known_after_each_file(store: Store, history: list[Said], seed: int) -> None:
    numbers = {person: place for place, person in enumerate(sorted({line.person for line in history}), 1)}
    with store.write() as connection:
        rows = [row_of(people, number, name=str(person), external_id=str(person)) for person, number in numbers.items()]
        connection.execute(sa.insert(people), rows)
    files = entered(history, seed)
    for number, file in enumerate(files):
        facts = [Sits(line.territory, numbers[line.person], line.start, line.end) for line in file]
        with store.write() as connection:
            record_sittings(connection, facts, NOW + timedelta(days=number), Cause("import", number))
    turns = {day for line in history for day in (line.start, line.end) if day}
    days = sorted({turn + timedelta(days=step) for turn in turns for step in (-1, 0, 1)})
    for number in range(len(files)):
        for day in days:
            known = NOW + timedelta(days=number, hours=1)
            assert answer(store, day, known) == known_after(files[: number + 1], day), (day, number)
    assert answer(store, days[-1], NOW - timedelta(days=1)) == set()
    first = min(turns) - timedelta(days=3)
    every_day = [first + timedelta(days=number) for number in range((max(turns) - first).days + 30)]
    truth = [{(s.person, s.territory) for s in history if s.start <= day and (s.end is None or day < s.end)} for day in every_day]
    assert [answer(store, day, None) for day in every_day] == truth
