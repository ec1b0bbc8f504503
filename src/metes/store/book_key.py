"""Which Book is which: what one is made of, and where its files are. Light to load, for most commands need no Book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from metes.model.catalogue import Field
from metes.store import counters
from metes.store.engine import Store

FORMAT = 5


@dataclass(frozen=True, slots=True)
class BookShape:
    """What else decides the Book's content: the reporting currency, rates into it by currency, and the custom fields."""

    currency: str
    rates: Mapping[str, Decimal]
    custom: Sequence[Field]


@dataclass(frozen=True, slots=True)
class BookKey:
    """What a Book is made of: the counters of data and ledger, the day its ownership and sums are as of, and the currency."""

    data: int
    ledger: int
    day: date
    shape: str

    def has_same_data(self, other: BookKey) -> bool:
        """Whether the two differ in nothing but whose accounts they are."""
        return (self.data, self.shape) == (other.data, other.shape)

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return f"book-{FORMAT}-{self.data}-{self.ledger}-{self.day:%Y%m%d}-{self.shape}.duckdb"


def current_key(store: Store, day: date, shape_digest: str) -> BookKey:
    """The key of the Book of this moment."""
    with store.read() as connection:
        return BookKey(counters.value(connection, counters.DATA), counters.value(connection, counters.LEDGER), day, shape_digest)


def find_book(folder: Path, key: BookKey, *, any_ledger: bool = False) -> tuple[BookKey, Path] | None:
    """The Book of a key where it is there already; `any_ledger` takes the newest with the same data."""
    path = folder / key.file_name
    if path.exists() or not any_ledger:
        return (key, path) if path.exists() else None
    found = sorted(folder.glob(f"book-{FORMAT}-{key.data}-*-{key.shape}.duckdb"), key=lambda p: p.stat().st_mtime)
    if not found:
        return None
    return replace(key, ledger=int(found[-1].name.split("-")[3]), day=day_of(found[-1])), found[-1]


def day_of(path: Path) -> date:
    """The day that the ownership and the sums of a Book are as of, from the name of its file."""
    return date.fromisoformat(path.name.split("-")[4])


def newest_book(folder: Path, shape: str) -> tuple[BookKey, Path] | None:
    """The Book of the newest data and ledger that there is of a shape."""
    found: list[tuple[int, int, date, Path]] = []
    for path in folder.glob(f"book-{FORMAT}-*-{shape}.duckdb"):
        data, ledger = map(int, path.name.split("-")[2:4])
        found.append((data, ledger, day_of(path), path))
    return (BookKey(*max(found)[:3], shape), max(found)[3]) if found else None
