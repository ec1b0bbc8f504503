"""Owners as columns of lists: who sits on the owning seats of each account's territory, beside what the Book says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from metes.looking.owners import SeatedPerson
from metes.model.query import AccountPage, AccountQuery

if TYPE_CHECKING:
    import pyarrow as pa

# Names and ids of the owners, several with a semicolon between.
OWNER_COLUMNS = ("owners", "owner_ids")
BETWEEN = "; "
# What the Book must be asked for in their place.
_TERRITORY = "territory"


def asked_of_book(query: AccountQuery, fields: Iterable[str]) -> tuple[AccountQuery, tuple[str, ...]]:
    """The query as the Book can answer it, and which columns of owners it has to be given beside; fields of these names are no such."""
    own = frozenset(fields)
    wanted = tuple(name for name in query.columns if name in OWNER_COLUMNS and name not in own)
    if not wanted:
        return query, ()
    rest = [name for name in query.columns if name not in wanted]
    return replace(query, columns=tuple(dict.fromkeys((*rest, _TERRITORY)))), wanted


def owners_by_territory(seats: Sequence[SeatedPerson]) -> Mapping[str, Mapping[str, str]]:
    """The texts of the owner columns by territory."""
    people: dict[str, dict[int | None, SeatedPerson]] = {}
    for seat in seats:
        if seat.owns and seat.person:
            people.setdefault(seat.territory, {})[seat.person_id] = seat
    return {
        key: {
            "owners": BETWEEN.join(p.person for p in found.values()),
            "owner_ids": BETWEEN.join(p.person_key for p in found.values()),
        }
        for key, found in people.items()
    }


def page_with_owners(page: AccountPage, wanted: Sequence[str], owners: Mapping[str, Mapping[str, str]]) -> AccountPage:
    """A page with columns of owners; None where there is nobody."""
    rows = [{**row, **{name: owners.get(row[_TERRITORY] or "", {}).get(name) for name in wanted}} for row in page.rows]
    return replace(page, rows=rows)


def batches_with_owners(
    batches: Iterable[pa.RecordBatch], columns: Sequence[str], owners: Mapping[str, Mapping[str, str]]
) -> Iterator[pa.RecordBatch]:
    """Batches with columns of owners, all columns in the order asked."""
    import pyarrow as pa  # slow to load, and most commands export nothing
    import pyarrow.compute as pc

    keys = pa.array(sorted(owners), pa.string())
    texts: dict[str, Any] = {
        name: pa.array([owners[key].get(name) for key in keys.to_pylist()], pa.string()) for name in OWNER_COLUMNS
    }
    for batch in batches:
        place = pc.index_in(batch.column(_TERRITORY), value_set=keys)
        here = {name: batch.column(name) for name in batch.schema.names}
        out = [here[name] if name in here else texts[name].take(place) for name in columns]
        yield pa.RecordBatch.from_arrays(out, names=list(columns))
