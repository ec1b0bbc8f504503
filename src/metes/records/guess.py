"""Which column is which field: guessed by the header's words and by what the cells look like, each guess with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.ids import key_from
from metes.model.catalogue import Field, FieldType, Kind
from metes.model.terms import RESERVED_NAMES
from metes.records.countries import country_names, plain_name
from metes.records.dates import days
from metes.records.distinct import as_bool, encode
from metes.records.mapping import IGNORE, ColumnMap, Mapping
from metes.records.numbers import decimals
from metes.records.text import clean
from metes.records.values import booleans

SAMPLE_ROWS = 2_000
MAX_CUSTOM_FIELDS = 50
_SURE_ENOUGH = 0.5
_SHARE = 0.8
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Look:
    """What the cells of a column look like: shares of the cells that are filled, 0 where none is."""

    filled: int = 0
    distinct_share: float = 0.0
    number: float = 0.0
    whole: float = 0.0
    day: float = 0.0
    flag: float = 0.0
    country: float = 0.0
    zip: float = 0.0
    mail: float = 0.0
    latitude: float = 0.0
    longitude: float = 0.0
    known_of: tuple[tuple[str, float], ...] = ()


def guess_mapping(
    kind: Kind, headers: Sequence[str], sample: pa.Table, *, known_ids: MappingOf[str, AbstractSet[str]] | None = None
) -> Mapping:
    """The likeliest field of every column; unknown columns of accounts become custom fields of a guessed type, others are ignored.

    Parameters
    ----------
    kind
        What the rows are.
    headers
        The names of the columns.
    sample
        Some rows, as text.
    known_ids
        Per kind, some ids that are stored: a column full of them refers to that kind.
    """
    looks = {h: look_at(sample[h].slice(0, SAMPLE_ROWS), known_ids or {}) for h in headers}
    scored = [(*_score(kind, field, h, looks[h]), order, h, field) for h in headers for order, field in enumerate(kind.fields)]
    scored.sort(key=lambda s: (-s[0], s[2]))
    chosen: dict[str, ColumnMap] = {}
    taken: set[str] = set()
    for confidence, reason, _, header, field in scored:
        if confidence < _SURE_ENOUGH:
            break
        if header not in chosen and field.name not in taken:
            chosen[header] = ColumnMap(header, field.name, round(confidence, 2), reason)
            taken.add(field.name)
    return Mapping(tuple(_with_unknown(kind, headers, looks, chosen)))


def _with_unknown(kind: Kind, headers: Sequence[str], looks: MappingOf[str, Look], chosen: dict[str, ColumnMap]) -> list[ColumnMap]:
    """All columns in order, those without a field as custom fields or ignored."""
    columns: list[ColumnMap] = []
    names = {*kind.by_name, *RESERVED_NAMES}
    custom = 0
    for header in headers:
        if header in chosen:
            columns.append(chosen[header])
            continue
        if kind.name != "accounts":
            columns.append(ColumnMap(header, IGNORE, 1.0, f"no field of {kind.name} is like it"))
            continue
        if looks[header].filled == 0 or custom >= MAX_CUSTOM_FIELDS:
            reason = "no row fills it" if looks[header].filled == 0 else f"at most {MAX_CUSTOM_FIELDS} custom fields are proposed"
            columns.append(ColumnMap(header, IGNORE, 1.0, reason))
            continue
        name = custom_name(header, names)
        names.add(name)
        custom += 1
        type_, why = guess_type(looks[header])
        columns.append(ColumnMap(header, f"custom:{name}:{type_.value}", 0.5, f"no field is like it; {why}"))
    return columns


def custom_name(header: str, taken: AbstractSet[str]) -> str:
    """A name for a custom field made from a header, one that no field has."""
    base = key_from("_".join(words(header))).replace("-", "_").replace(".", "_")[:60]
    base = base if base[0].isalpha() else f"x_{base}"
    return next(name for name in (base, *(f"{base}_{n}" for n in range(2, len(taken) + 3))) if name not in taken)


def words(header: str) -> list[str]:
    """The words of a header: 'BillingPostalCode', 'billing_postal code' and 'Billing Postal-Code' have the same."""
    return plain_name(_CAMEL.sub(" ", header)).split()


def _score(kind: Kind, field: Field, header: str, look: Look) -> tuple[float, str]:
    """How surely a column is a field, and why."""
    by_name, why = _name_score(kind, field, header)
    fit, looks_like = _fit(field, look)
    if by_name >= _SURE_ENOUGH:
        if look.filled and fit < 0.5:
            return by_name * 0.5, f"{why}, but the cells do not look like it"
        return min(1.0, by_name + 0.03 * (fit >= _SHARE and bool(looks_like))), f"{why}{f'; {looks_like}' if looks_like else ''}"
    special = _by_content(field, look)
    return special if special[0] >= _SURE_ENOUGH else (by_name, why)


def _name_score(kind: Kind, field: Field, header: str) -> tuple[float, str]:
    said = words(header)
    joined = "".join(said)
    singular = {"people": "person", "opportunities": "opportunity", "activities": "activity"}.get(kind.name, kind.name.rstrip("s"))
    own = "".join(words(field.name))
    if joined == own:
        return 1.0, f"the header is {field.name!r}"
    if joined == "".join(words(field.label)) and field.label:
        return 0.97, f"the header is {field.label!r}"
    for synonym in field.synonyms:
        if joined == "".join(words(synonym)):
            return 0.95, f"the header {header!r} stands for {field.name}"
    if joined in (singular + own, own + singular):
        return 0.93, f"the header names {field.name} of the {singular}"
    names = [own, *("".join(words(s)) for s in field.synonyms)]
    long_names = [n for n in names if len(n) >= 4]
    if len(joined) >= 4 and long_names:
        best = max(long_names, key=lambda n: SequenceMatcher(None, joined, n).ratio())
        ratio = SequenceMatcher(None, joined, best).ratio()
        if ratio >= 0.85:
            return 0.75 * ratio, f"the header {header!r} is nearly {best!r}"
    if len(said) > 1 and any(_ends_with(said, words(n)) for n in (field.name, *field.synonyms) if len(n) >= 4):
        return 0.55, f"the header ends like {field.name}"
    return 0.0, ""


def _ends_with(said: Sequence[str], tail: Sequence[str]) -> bool:
    return len(tail) < len(said) and list(said[-len(tail) :]) == list(tail)


def _fit(field: Field, look: Look) -> tuple[float, str]:
    """How well the cells fit a field that the header suggests; the text says what speaks for it beyond the type."""
    if not look.filled:
        return 1.0, ""
    for kind, share in look.known_of:
        if field.refers_to == kind and share >= _SHARE:
            return 1.0, f"the cells are known {kind}"
    match field.type:
        case FieldType.MONEY | FieldType.DECIMAL | FieldType.INTEGER:
            return look.number, "the cells are numbers"
        case FieldType.DATE:
            return look.day, "the cells are days"
        case FieldType.BOOLEAN:
            return look.flag, "the cells are yes or no"
        case _:
            if field.name == "country":
                return max(0.6, look.country), "the cells are countries" if look.country >= _SHARE else ""
            if field.name == "email":
                return look.mail, "the cells are e-mail addresses"
            return 1.0, ""


def _by_content(field: Field, look: Look) -> tuple[float, str]:
    """Fields that cells give away whatever the header says."""
    if look.filled < 3:
        return 0.0, ""
    for kind, share in look.known_of:
        if field.refers_to == kind and share >= 0.95:
            return 0.6, f"the cells are known {kind}"
    if field.name == "email" and look.mail >= _SHARE:
        return 0.6, "the cells are e-mail addresses"
    if field.name == "country" and look.country >= 0.9 and look.distinct_share < 0.5:
        return 0.55, "the cells are countries"
    if field.name == "postal_code" and look.zip >= 0.95 and look.whole < 1.0:
        return 0.52, "the cells look like US ZIP codes"
    return 0.0, ""


def look_at(column: pa.ChunkedArray, known_ids: MappingOf[str, AbstractSet[str]]) -> Look:
    """What the cells of a column look like."""
    texts = encode(column).texts
    plain = clean(texts).values.drop_null() if len(texts) else texts
    if not len(plain):
        return Look()
    filled = len(column) - column.null_count
    number = decimals(plain, mark=".")
    value = np.asarray(number.values.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False))
    loose = as_bool(
        pc.match_substring_regex(
            plain, r"^[-+(]?\s*(?:[A-Z]{3}\s*|[$€£]\s*)?[0-9][0-9.,' ]*(?:[eE][-+]?[0-9]+)?\)?\s*(?:[A-Z]{3}|[€])?$"
        )
    )
    is_number = loose | ~np.isnan(value)
    day = days(plain, order="dmy").values.is_valid().to_numpy(zero_copy_only=False) | days(
        plain, order="mdy"
    ).values.is_valid().to_numpy(zero_copy_only=False)
    names = country_names()
    upper = set(pc.utf8_upper(plain).to_pylist())
    with np.errstate(invalid="ignore"):
        fraction = as_bool(pc.match_substring_regex(plain, r"\.[0-9]{2,}$"))
        latitude, longitude = fraction & (np.abs(value) <= 90), fraction & (np.abs(value) <= 180)
    return Look(
        filled,
        len(plain) / max(1, filled),
        float(is_number.mean()),
        float(as_bool(pc.match_substring_regex(plain, r"^[-+]?(?:0|[1-9][0-9]{0,2}(?:[0-9]*|(?:[,.' ][0-9]{3})*))$")).mean()),
        float(day.mean()),
        float(booleans(plain).values.is_valid().to_numpy(zero_copy_only=False).mean()),
        float(np.mean([plain_name(t) in names for t in plain.to_pylist()])),
        float(as_bool(pc.match_substring_regex(plain, r"^[0-9]{5}(?:-[0-9]{4})?$")).mean()),
        float(as_bool(pc.match_substring_regex(plain, r"^[^@\s]+@[^@\s]+\.[^@\s]+$")).mean()),
        float(latitude.mean()),
        float(longitude.mean()),
        tuple((kind, len(upper & ids) / len(upper)) for kind, ids in known_ids.items() if ids),
    )


def guess_type(look: Look) -> tuple[FieldType, str]:
    """The type of a custom field by its cells: every cell must fit, else it is text."""
    if look.flag == 1.0 and look.number < 1.0:
        return FieldType.BOOLEAN, "all cells are yes or no"
    if look.day == 1.0 and look.whole < 1.0:
        return FieldType.DATE, "all cells are days"
    if look.whole == 1.0:
        return FieldType.INTEGER, "all cells are whole numbers"
    if look.number == 1.0 and look.zip < 1.0:
        return FieldType.DECIMAL, "all cells are numbers"
    return FieldType.TEXT, "the cells are text"
