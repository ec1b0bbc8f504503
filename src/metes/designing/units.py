"""The units of a design with what they add up to: accounts one by one, or zones with the accounts in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.spatial import KDTree

from metes.base.findings import Finding, Place, Severity
from metes.designing.given import BOOK_SUMS
from metes.designing.spec import DesignSpec
from metes.model.catalogue import Field
from metes.model.zones import ZoneSet
from metes.partition.links import joining_links
from metes.partition.neighbours import nearest_pairs
from metes.partition.problem import Floats, Ints, on_earth

# Read of every account, whatever is measured.
ACCOUNT_COLUMNS = (
    "account",
    "id",
    "name",
    "city",
    "region",
    "latitude",
    "longitude",
    "family",
    "territory",
    "potential",
    "pipeline",
)
COUNTED = ("accounts", "units", "workload")
_ALIASES = {"revenue": "revenue_12m"}
_NEIGHBOURS = 8
_IDS_TOLD = 20


@dataclass(frozen=True, eq=False)
class Units:
    """n units before it is known who shall have them.

    `measure_of` are the measures asked for, (n,) each. `unit_of_account` numbers the unit of each row of the accounts' table, -1 for
    none. `held` are sums by unit and holder of today: `unit`, `holder` (a number in `holders`), `sums` (h, 4).
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    regions: tuple[str, ...]
    latitude: Floats
    longitude: Floats
    measure_of: Mapping[str, Floats]
    book: Floats
    unit_of_account: Ints
    holders: tuple[str, ...]
    held_unit: Ints
    held_by: Ints
    held: Floats
    pairs: Ints
    off_map: tuple[float, ...]
    off_map_ids: tuple[str, ...]
    families: tuple[str | None, ...] = ()
    places: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many units there are."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Part:
    """Which accounts take part by who holds them: those of the territories `within` (None: all) that are not `staying` with theirs."""

    within: frozenset[str] | None = None
    staying: frozenset[str] = frozenset()


def columns_for(spec: DesignSpec, fields: Mapping[str, Field]) -> tuple[str, ...]:
    """The columns of accounts that a design needs."""
    asked = [_ALIASES.get(measure.name, measure.name) for measure in spec.measures]
    more = [name for name in (*asked, _ALIASES.get(spec.rates.revenue, spec.rates.revenue)) if is_number(name, fields)]
    return tuple(dict.fromkeys((*ACCOUNT_COLUMNS, *more)))


def units_of_accounts(
    spec: DesignSpec, accounts: pa.Table, fields: Mapping[str, Field], part: Part, findings: list[Finding]
) -> Units:
    """The accounts of a table as units; those without a place are told and left off the map."""
    kept = _kept(spec, accounts, part, findings)
    latitude, longitude = (numbers_in(accounts, name, missing=np.nan) for name in ("latitude", "longitude"))
    has_place = np.isfinite(latitude) & np.isfinite(longitude)
    chosen = np.flatnonzero(kept & has_place)
    unit_of_account = np.full(len(kept), -1, np.int32)
    unit_of_account[chosen] = np.arange(len(chosen), dtype=np.int32)
    rows = accounts.take(pa.array(chosen))
    pairs = _nearest(latitude[chosen], longitude[chosen]) if spec.is_contiguous else np.zeros((0, 2), np.int32)
    lost = kept & ~has_place
    return _summed(
        spec,
        accounts,
        fields,
        None,
        findings,
        ids=tuple(rows["id"].to_pylist()),
        names=tuple(rows["name"].to_pylist()),
        regions=tuple(region or "" for region in rows["region"].to_pylist()),
        latitude=latitude[chosen],
        longitude=longitude[chosen],
        unit_of_account=unit_of_account,
        pairs=pairs,
        lost=lost,
        families=tuple(rows["family"].to_pylist()) if spec.families else (),
        places=tuple(city or "" for city in rows["city"].to_pylist()),
    )


def units_of_zones(
    spec: DesignSpec,
    zones: ZoneSet,
    accounts: pa.Table,
    zone_of_account: Ints,
    fields: Mapping[str, Field],
    part: Part,
    findings: list[Finding],
) -> Units:
    """Zones as units with what the accounts in them add up to; accounts in no zone are told and left off the map.

    Within a territory, zones without accounts go with the nearest zone that has some.
    """
    kept = _kept(spec, accounts, part, findings, by_region=False)
    chosen = np.ones(len(zones), bool)
    if spec.regions:
        chosen &= np.isin(np.array(zones.regions, object), list(spec.regions))
    if part.within is not None:
        chosen &= _zones_below(zones, zone_of_account, kept)
    unit_of_zone = np.full(len(zones) + 1, -1, np.int32)  # the last stands for no zone
    unit_of_zone[:-1][chosen] = np.arange(int(chosen.sum()), dtype=np.int32)
    unit_of_account = np.where(kept, unit_of_zone[zone_of_account], -1).astype(np.int32)
    at = np.flatnonzero(chosen)
    lost = kept & (unit_of_account < 0)
    if spec.regions:  # what lies in another region was left out on purpose
        lost &= (zone_of_account < 0) & np.isin(_texts(accounts, "region"), list(spec.regions))
    return _summed(
        spec,
        accounts,
        fields,
        zones,
        findings,
        ids=tuple(zones.ids[i] for i in at),
        names=tuple(zones.names[i] or zones.ids[i] for i in at),
        regions=tuple(zones.regions[i] for i in at),
        latitude=zones.latitude[at],
        longitude=zones.longitude[at],
        unit_of_account=unit_of_account,
        pairs=_joined(zones, unit_of_zone, at),
        lost=lost,
        zone_rows=at,
    )


def _summed(
    spec: DesignSpec,
    accounts: pa.Table,
    fields: Mapping[str, Field],
    zones: ZoneSet | None,
    findings: list[Finding],
    *,
    ids: tuple[str, ...],
    unit_of_account: Ints,
    lost: Any,
    zone_rows: Any = None,
    **more: Any,
) -> Units:
    """Units with their sums."""
    n, inside = len(ids), unit_of_account >= 0
    unit = unit_of_account[inside]
    columns = _book_columns(spec, accounts)
    book: Floats = np.stack([np.bincount(unit, values[inside], n) for values in columns], axis=1).astype(np.float64)
    measure_of: dict[str, Floats] = {}
    for asked in spec.measures:
        name = _ALIASES.get(asked.name, asked.name)
        if name in COUNTED:
            measure_of[asked.name] = _counted(name, book, spec)
        elif is_number(name, fields):
            values = numbers_in(accounts, name)
            _tell_negative(asked.name, values[inside], findings)
            measure_of[asked.name] = np.bincount(unit, np.maximum(values[inside], 0.0), n).astype(np.float64)
        elif zones is not None and name in zones.measures:
            measure_of[asked.name] = zones.measures[name][zone_rows]
        else:
            findings.append(_no_measure(asked.name, fields, zones))
    holders, held_unit, held_by, held = _held(accounts, unit_of_account, columns)
    off_map = tuple(float(values[lost].sum()) for values in columns)
    off_map_ids = tuple(accounts["id"].take(pa.array(np.flatnonzero(lost)[:_IDS_TOLD])).to_pylist())
    if off_map[0]:
        findings.append(_off_map(int(off_map[0]), off_map_ids, zones))
    return Units(
        ids=ids, measure_of=measure_of, book=book, unit_of_account=unit_of_account, holders=holders, held_unit=held_unit,
        held_by=held_by, held=held, off_map=off_map, off_map_ids=off_map_ids, **more,
    )  # fmt: skip


def _held(accounts: pa.Table, unit_of_account: Ints, columns: Sequence[Floats]) -> tuple[Any, ...]:
    """Sums by unit and holder of today, of accounts that somebody holds."""
    encoded = pc.dictionary_encode(accounts["territory"]).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], pa.string()).dictionary_encode()
    holders = tuple(encoded.dictionary.to_pylist())
    holder = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    inside = (unit_of_account >= 0) & (holder >= 0)
    codes, at = np.unique(unit_of_account[inside].astype(np.int64) * max(len(holders), 1) + holder[inside], return_inverse=True)
    held = np.stack([np.bincount(at, values[inside], len(codes)) for values in columns], axis=1)
    return holders, (codes // max(len(holders), 1)).astype(np.int32), (codes % max(len(holders), 1)).astype(np.int32), held


def _book_columns(spec: DesignSpec, accounts: pa.Table) -> tuple[Floats, ...]:
    """Columns of `BOOK_SUMS`, one entry per account."""
    revenue = _ALIASES.get(spec.rates.revenue, spec.rates.revenue)
    names = {"potential": "potential", "revenue": revenue, "pipeline": "pipeline"}
    ones = np.ones(accounts.num_rows)
    known = accounts.column_names
    return tuple(
        ones if name == "accounts" else numbers_in(accounts, names[name]) if names[name] in known else np.zeros(accounts.num_rows)
        for name in BOOK_SUMS
    )


def _counted(name: str, book: Floats, spec: DesignSpec) -> Floats:
    """Measures that come from counting."""
    if name == "units":
        return np.ones(len(book))
    return book[:, 0] * (spec.rates.hours_per_account if name == "workload" else 1.0)


def _kept(spec: DesignSpec, accounts: pa.Table, part: Part, findings: list[Finding], *, by_region: bool = True) -> Any:
    """Which accounts take part; those that stay where they are, whatever is designed, are told."""
    kept = np.ones(accounts.num_rows, bool)
    territory = _texts(accounts, "territory")
    if part.within is not None:
        kept &= np.isin(territory, list(part.within))
    if by_region and spec.regions:
        kept &= np.isin(_texts(accounts, "region"), list(spec.regions))
    stay = kept & np.isin(territory, list(part.staying))
    if stay.any():
        message = f"{int(stay.sum()):,} accounts are held by territories that are not geographic, and stay there"
        findings.append(Finding("design-stays", Severity.NOTE, message, Place(subject="design accounts")))
    kept &= ~stay
    return kept


def _zones_below(zones: ZoneSet, zone_of_account: Ints, kept: Any) -> Any:
    """Zones in which most accounts take part; those without accounts go with the nearest zone that has some."""
    inside = zone_of_account >= 0
    all_accounts = np.bincount(zone_of_account[inside], minlength=len(zones))
    ours = np.bincount(zone_of_account[inside & kept], minlength=len(zones))
    below = 2 * ours > all_accounts
    if all_accounts.any():
        below = below[nearest_known(zones.latitude, zones.longitude, all_accounts > 0)]
    return below


def nearest_known(latitude: Floats, longitude: Floats, is_known: npt.NDArray[np.bool_]) -> Ints:
    """The number of the nearest place that is known, for each of n places, (n,); a known one is its own. One at least must be known."""
    known = np.flatnonzero(is_known)
    found = np.arange(len(is_known))
    lost = np.flatnonzero(~is_known)
    if len(lost):
        places = on_earth(latitude, longitude)
        tree = KDTree(places[known])
        found[lost] = known[tree.query(places[lost])[1]]
    return found.astype(np.int32)


def _joined(zones: ZoneSet, unit_of_zone: Ints, at: Any) -> Ints:
    """Neighbours among the chosen zones, and links that join what choosing took apart."""
    pairs = unit_of_zone[zones.joined_pairs]
    pairs = pairs[(pairs >= 0).all(axis=1)].astype(np.int32)
    links = joining_links(zones.latitude[at], zones.longitude[at], pairs, [zones.regions[i] for i in at])
    return np.concatenate([pairs, links.reshape(-1, 2).astype(np.int32)])


def _nearest(latitude: Floats, longitude: Floats) -> Ints:
    """Each account with its nearest ones, and links that join the pieces."""
    if len(latitude) < 2:
        return np.zeros((0, 2), np.int32)
    pairs = nearest_pairs(latitude, longitude, _NEIGHBOURS)
    return np.concatenate([pairs, joining_links(latitude, longitude, pairs).reshape(-1, 2).astype(np.int32)])


def numbers_in(accounts: pa.Table, name: str, missing: float = 0.0) -> Floats:
    """A column of numbers, `missing` where there is none or it is not finite."""
    values = pc.fill_null(pc.cast(accounts[name], pa.float64(), safe=False), missing)
    found = np.array(values.to_numpy(), np.float64)
    found[~np.isfinite(found)] = missing
    return found


def _texts(accounts: pa.Table, name: str) -> Any:
    return np.array(accounts[name].to_pylist(), object)


def is_number(name: str, fields: Mapping[str, Field]) -> bool:
    """Whether a field of accounts can be a measure; degrees are no amounts."""
    return name == "pipeline" or (name in fields and fields[name].type.is_number and name not in ("latitude", "longitude"))


def _tell_negative(name: str, values: Floats, findings: list[Finding]) -> None:
    negative = int((values < 0).sum())
    if negative:
        message = f"{negative:,} accounts have a negative {name}, which counts as 0"
        remedy = "Correct them, or balance another measure."
        findings.append(Finding("design-negative", Severity.WARNING, message, Place(subject=f"measure {name}"), remedy=remedy))


def _no_measure(name: str, fields: Mapping[str, Field], zones: ZoneSet | None) -> Finding:
    known = sorted({*COUNTED, "pipeline", *(f for f in fields if is_number(f, fields)), *(zones.measures if zones else ())})
    message = f"there is no measure '{name}'" + ("" if zones is None else f", neither of accounts nor of the zones {zones.key}")
    return Finding(
        "design-measure", Severity.ERROR, message, Place(subject=f"measure {name}"), remedy=f"Use one of: {', '.join(known)}."
    )


def _off_map(count: int, ids: tuple[str, ...], zones: ZoneSet | None) -> Finding:
    where = "have no place" if zones is None else f"lie in no zone of {zones.key}"
    more = ", …" if count > len(ids) else ""
    message = f"{count:,} accounts {where} and are in no territory of the design: {', '.join(ids)}{more}"
    remedy = "Give them a place (postal code or coordinates), or pin them in the plan."
    return Finding("design-off-map", Severity.WARNING, message, Place(subject="accounts"), remedy=remedy)
