"""Days as people write them; where day and month could be swapped and no value decides, the column is asked about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.findings import Severity
from metes.records.distinct import Issue, Parsed, Question, as_bool

ORDERS = ("ymd", "dmy", "mdy")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero",
            "feb february februar",
            "mar march märz mrz mars marzo",
            "apr april avril abril",
            "may mai mayo",
            "jun june juni juin junio",
            "jul july juli juillet julio",
            "aug august août agosto",
            "sep sept september septembre septiembre",
            "oct october okt oktober octobre octubre",
            "nov november novembre noviembre",
            "dec december dez dezember décembre diciembre",
        ),
        start=1,
    )
    for name in names.split()
}
# Whatever is not ASCII counts as a letter: to know which of it are, the matcher would make tables for milliseconds with each column.
_LETTER = r"[^\x00-@\[-`{-\x7f]"
_TIME = r"(?:[T ]\s*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|[+-][0-9]{2}:?(?:[0-9]{2})?)?)?"
_NOTHING = pa.array(["n/a", "na", "none", "null", "-", "--", "?", "never", "0000-00-00", "0000-00-00 00:00:00", "nat", "nan"])

_YEAR_FIRST = rf"^(?P<y>[0-9]{{4}})(?P<s>[-/.])(?P<m>[0-9]{{1,2}})[-/.](?P<d>[0-9]{{1,2}}){_TIME}$"
_COMPACT = r"^(?P<y>[12][0-9]{3})(?P<m>[0-9]{2})(?P<d>[0-9]{2})$"
_DOTTED = rf"^(?P<d>[0-9]{{1,2}})\.\s?(?P<m>[0-9]{{1,2}})\.\s?(?P<y>[0-9]{{4}}|[0-9]{{2}}){_TIME}$"
_DAY_NAME = rf"^(?:{_LETTER}{{2,9}}\.?,\s*)?(?P<d>[0-9]{{1,2}})(?:\.|st|nd|rd|th)?[- /](?:de\s+)?(?P<m>{_LETTER}{{3,10}})\.?[- /,]\s*(?:de\s+)?(?P<y>[0-9]{{4}}|[0-9]{{2}}){_TIME}$"
_NAME_DAY = rf"^(?:{_LETTER}{{2,9}}\.?,\s*)?(?P<m>{_LETTER}{{3,10}})\.?[- ](?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?[-, ]\s*(?P<y>[0-9]{{4}}){_TIME}$"
_EITHER = rf"^(?P<a>[0-9]{{1,2}})[-/](?P<b>[0-9]{{1,2}})[-/](?P<y>[0-9]{{4}}|[0-9]{{2}}){_TIME}$"


@dataclass(slots=True)
class _Days:
    """Days found so far, one slot per text; `seen` marks texts of a known form, possible or not."""

    days: np.ndarray
    possible: np.ndarray
    seen: np.ndarray

    def put(self, hits: np.ndarray, years: np.ndarray, months: np.ndarray, days: np.ndarray) -> None:
        """Enter year, month and day of the texts marked."""
        self.days[hits], self.possible[hits] = _civil(years, months, days)
        self.seen |= hits


def days(texts: pa.StringArray, *, order: str | None = None) -> Parsed:
    """Days (times are cut off), warnings for impossible ones, or the question which of two readings holds for the column."""
    found = _Days(np.zeros(len(texts), np.int64), np.zeros(len(texts), bool), np.zeros(len(texts), bool))
    for pattern in (_YEAR_FIRST, _COMPACT, _DOTTED, _DAY_NAME, _NAME_DAY):
        _match(texts, pattern, found)
    hits = as_bool(pc.match_substring_regex(texts, _EITHER)) & ~found.seen
    if hits.any():
        question = _slashed(texts, hits, order, found)
        if question:
            return Parsed(pa.nulls(len(texts), pa.date32()), (), question)
    nothing = as_bool(pc.is_in(pc.utf8_lower(texts), _NOTHING))
    issues = (
        Issue(
            "impossible-date",
            Severity.WARNING,
            found.seen & ~found.possible & ~nothing,
            "the calendar has no such day",
            "correct the day, or leave it empty",
        ),
        Issue(
            "not-a-date",
            Severity.WARNING,
            as_bool(pc.is_valid(texts)) & ~found.seen & ~nothing,
            "the value is no date",
            "write it as year-month-day, for example 2024-03-14",
        ),
    )
    values = pa.array(found.days.astype(np.int32), mask=~found.possible).cast(pa.date32())
    return Parsed(values, tuple(i for i in issues if i.hits.any()))


def _match(texts: pa.StringArray, pattern: str, found: _Days) -> None:
    hits = as_bool(pc.match_substring_regex(texts, pattern)) & ~found.seen
    if not hits.any():
        return
    parts = pc.extract_regex(texts.filter(pa.array(hits)), pattern)
    months = parts.field("m")
    named = pattern in (_DAY_NAME, _NAME_DAY)
    month_numbers = _month_numbers(months) if named else _integers(months)
    found.put(hits, _full_years(parts.field("y")), month_numbers, _integers(parts.field("d")))


def _slashed(texts: pa.StringArray, hits: np.ndarray, order: str | None, found: _Days) -> Question | None:
    """Read 3/14/2024 and 14-03-2024: by the order given, by the values that read only one way, or ask."""
    slashed = texts.filter(pa.array(hits))
    parts = pc.extract_regex(slashed, _EITHER)
    first, second, years = _integers(parts.field("a")), _integers(parts.field("b")), _full_years(parts.field("y"))
    if order is None:
        day_first = bool(((first > 12) & (first <= 31) & (second <= 12)).any())
        month_first = bool(((second > 12) & (second <= 31) & (first <= 12)).any())
        if day_first == month_first and (first != second).any():
            return _ask(slashed, first, second, both=day_first)
        order = "dmy" if day_first else "mdy"
    if order == "mdy":
        found.put(hits, years, first, second)
    elif order == "dmy":
        found.put(hits, years, second, first)
    else:
        found.put(hits, 2000 + first % 100, second, years % 100)
    return None


def _ask(slashed: pa.StringArray, first: np.ndarray, second: np.ndarray, *, both: bool) -> Question:
    example = str(slashed[int(np.flatnonzero(first != second)[0])].as_py())
    why = (
        "some days can only be read day first, others only month first"
        if both
        else "day first and month first are both possible, and no value tells which"
    )
    return Question(
        "date-ambiguous",
        example,
        why,
        "say date_format: dmy (day first) or date_format: mdy (month first) for this column in the mapping file",
    )


def _integers(texts: pa.StringArray) -> np.ndarray:
    return np.asarray(texts.cast(pa.int64()).to_numpy(zero_copy_only=False))


def _full_years(texts: pa.StringArray) -> np.ndarray:
    """Years with four digits; of two digits, 70 to 99 are the last century's."""
    years = _integers(texts)
    short = as_bool(pc.equal(pc.utf8_length(texts), 2))
    return np.where(short, years + np.where(years >= 70, 1900, 2000), years)


def _month_numbers(names: pa.StringArray) -> np.ndarray:
    """Months by name in English, German, French and Spanish; 0 where the word is none."""
    known = pa.array(list(_MONTHS))
    position = pc.index_in(pc.utf8_lower(names), known).fill_null(-1).to_numpy(zero_copy_only=False)
    numbers = np.array([*_MONTHS.values(), 0])
    return np.asarray(numbers[position], dtype=np.int64)


def _civil(years: np.ndarray, months: np.ndarray, days_of_month: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days since 1970-01-01 of year, month and day, and where the calendar has such a day."""
    in_year = (months >= 1) & (months <= 12) & (years >= 1000)
    first = ((np.where(in_year, years, 1970) - 1970) * 12 + np.where(in_year, months, 1) - 1).astype("datetime64[M]")
    starts = first.astype("datetime64[D]").astype(np.int64)
    lengths = (first + 1).astype("datetime64[D]").astype(np.int64) - starts
    possible = in_year & (days_of_month >= 1) & (days_of_month <= lengths)
    return starts + days_of_month - 1, possible
