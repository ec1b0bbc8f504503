"""Numbers as people write them: either decimal mark, thousands marks, currency signs, brackets for minus; never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.findings import Severity
from metes.base.money import exponent
from metes.records.distinct import Issue, Parsed, Question, as_bool

_SIGNS = r"^(?:[A-Z]{3}|[A-Z]{0,2}[$€£¥₹₩₺₽₪฿])\s*|\s*(?:[A-Z]{3}|[$€£¥₹₩₺₽₪฿])$"
_NOTHING = pa.array(["N/A", "NA", "NAN", "NONE", "NULL", "-", "--", "?", "N.A.", "NIL"])
_PLAIN = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?$"
# One mark, one to three digits before it that do not begin with 0, three behind: '1.234' reads two ways.
_EITHER = {",": r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$", ".": r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"}
_GROUPED = {mark: rf"^[+-]?[0-9]{{1,3}}(?:\{mark}[0-9]{{3}})+$" for mark in ",."}
# 28 digits before the mark and 10 behind, room for any amount of any currency.
_EXACT = pa.decimal128(38, 10)
_LONG_FRACTION = r"(\.[0-9]{10})[0-9]+"


@dataclass(frozen=True, slots=True)
class Marks:
    """How a column writes numbers: its decimal mark, which is not its thousands mark."""

    decimal: str = "."

    @property
    def thousands(self) -> str:
        """The other mark."""
        return "," if self.decimal == "." else "."


def bare(texts: pa.StringArray) -> tuple[pa.StringArray, np.ndarray]:
    """Texts without signs of currency, blanks and brackets, and where they say that there is no number."""
    plain = pc.utf8_upper(texts)
    plain = pc.replace_substring_regex(plain, r"^\((.*)\)$", r"-\1")
    plain = pc.replace_substring_regex(plain, _SIGNS, "")
    plain = pc.replace_substring_regex(plain, r"^([+-]?)(?:[$€£¥₹]|[A-Z]{3})\s*", r"\1")
    plain = pc.replace_substring_regex(plain, r"[\s'’_]|\x{2009}", "")
    plain = pc.replace_substring_regex(plain, r"^(.+)-$", r"-\1")
    plain = pc.replace_substring_regex(plain, r"^\x{2212}", "-")
    return plain, as_bool(pc.is_in(plain, _NOTHING))


def marks_of(plain: pa.StringArray, *, given: str | None, whole: bool, low: float | None, high: float | None) -> Marks | Question:
    """Which mark parts the decimals of a column: given, decided by some value, or a question.

    A value decides when it reads only one way: both marks in it, a mark twice, other than three digits behind a mark. A column
    of whole numbers decides for thousands; a bound decides against the reading that breaks it (a latitude of 47.123).
    """
    if given is not None:
        return Marks(given)
    dot, comma = _votes(plain, "."), _votes(plain, ",")
    if dot and not comma:
        return Marks(".")
    if comma and not dot:
        return Marks(",")
    if dot and comma:
        return _question(plain, r"[.,]", "some values can only be read with a decimal comma, others only with a decimal point")
    open_marks = [mark for mark in ",." if as_bool(pc.match_substring_regex(plain, _EITHER[mark])).any()]
    if not open_marks:
        return Marks(".")
    if len(open_marks) == 2:
        return _question(plain, r"[.,]", "both ',' and '.' stand before three digits, and nothing tells which parts the decimals")
    mark = open_marks[0]
    if whole:
        return Marks("." if mark == "," else ",")
    if _breaks_bounds(plain, mark, low, high):
        return Marks(mark)
    return _question(plain, _EITHER[mark], f"'{mark}' before three digits may part thousands or decimals, and no value tells which")


def decimals(
    texts: pa.StringArray, *, mark: str | None = None, whole: bool = False, low: float | None = None, high: float | None = None
) -> Parsed:
    """Exact decimals (28 digits before the mark, 10 behind), warnings for what is no number, or the question about the mark."""
    if mark in (None, ".") and _reads_one_way(texts):
        return Parsed(texts.cast(_EXACT))
    plain, nothing = bare(texts)
    marks = marks_of(plain, given=mark, whole=whole, low=low, high=high)
    if isinstance(marks, Question):
        return Parsed(pa.nulls(len(texts), _EXACT), (), marks)
    unmarked = pc.replace_substring(plain, marks.thousands, "") if mark or _is_grouped(plain, marks) else plain
    written = pc.replace_substring(unmarked, marks.decimal, ".") if marks.decimal != "." else unmarked
    usable = as_bool(pc.match_substring_regex(written, _PLAIN)) & ~_is_misgrouped(plain, marks)
    values, fits = _exact(written, usable)
    present = as_bool(pc.is_valid(texts)) & ~nothing
    issues = [
        Issue("not-a-number", Severity.WARNING, present & ~usable, "the value is no number", "correct the value, or leave it empty")
    ]
    issues.append(
        Issue("number-too-long", Severity.WARNING, usable & ~fits, "the number has more digits than can be stored", "correct it")
    )
    return Parsed(values, tuple(i for i in issues if i.hits.any()))


def integers(texts: pa.StringArray, *, mark: str | None = None) -> Parsed:
    """Whole numbers of 64 bits; a fraction is a warning, not a rounding."""
    parsed = decimals(texts, mark=mark, whole=True)
    if parsed.question:
        return Parsed(pa.nulls(len(texts), pa.int64()), (), parsed.question)
    rounded = pc.round(parsed.values, 0)
    is_whole = as_bool(pc.equal(rounded, parsed.values))
    fits = as_bool(pc.less_equal(pc.abs(rounded), pa.scalar(Decimal(2**63 - 1), pa.decimal128(19, 0))))
    good = is_whole & fits
    bad = as_bool(pc.is_valid(parsed.values)) & ~good
    values = pc.if_else(pa.array(good), rounded, pa.scalar(None, _EXACT)).cast(pa.int64())
    issue = Issue("not-whole", Severity.WARNING, bad, "the value is no whole number", "correct it, or choose a decimal field")
    return Parsed(values, (*parsed.issues, *((issue,) if bad.any() else ())))


def minor_units(amounts: pa.Array, currency: str) -> pa.Array:
    """Exact decimals as minor units of one currency, rounded half to even; missing where 64 bits do not hold them."""
    shift = 10 ** exponent(currency)
    rounded = pc.round(amounts, ndigits=exponent(currency), round_mode="half_to_even")
    limit = pa.scalar(Decimal((2**63 - 1) // shift), pa.decimal128(19, 0))
    inside = pc.if_else(pc.less_equal(pc.abs(rounded), limit), rounded, pa.scalar(None, rounded.type))
    return pc.multiply(inside.cast(pa.decimal128(31, 3)), pa.scalar(Decimal(shift), pa.decimal128(4, 0))).cast(pa.int64())


def _reads_one_way(texts: pa.StringArray) -> bool:
    """Whether all texts are plain digits with at most a decimal point, and the point is no thousands mark: the usual case, cheaply."""
    if not pc.all(pc.match_substring_regex(texts, r"^-?[0-9]{1,18}(?:\.[0-9]{1,10})?$"), min_count=0).as_py():
        return False
    decided = pc.match_substring_regex(texts, r"^-?(?:0|[0-9]{4,})\.|\.(?:[0-9]{1,2}|[0-9]{4,})$")
    return bool(pc.any(decided, min_count=0).as_py()) or not pc.any(pc.match_substring(texts, "."), min_count=0).as_py()


def _votes(plain: pa.StringArray, mark: str) -> bool:
    """Whether some value can only be read with this decimal mark."""
    other = "," if mark == "." else "."
    both = rf"\{other}.*\{mark}"
    twice = rf"\{other}.*\{other}"
    alone = rf"^[+-]?(?:0*\{mark}[0-9]*|[0-9]{{4,}}\{mark}[0-9]+|0[0-9]*\{mark}[0-9]+|[0-9]*\{mark}(?:[0-9]{{1,2}}|[0-9]{{4,}})?)(?:E[+-]?[0-9]+)?$"
    return bool(as_bool(pc.match_substring_regex(plain, f"(?:{both})|(?:{twice})|(?:{alone})")).any())


def _question(plain: pa.StringArray, pattern: str, why: str) -> Question:
    hits = as_bool(pc.match_substring_regex(plain, pattern))
    example = str(plain[int(np.flatnonzero(hits)[0])].as_py())
    return Question(
        "number-ambiguous", example, why, "say decimal_mark: '.' or decimal_mark: ',' for this column in the mapping file"
    )


def _breaks_bounds(plain: pa.StringArray, mark: str, low: float | None, high: float | None) -> bool:
    """Whether reading the mark as thousands gives a number outside the bounds, so that it must part decimals."""
    if low is None and high is None:
        return False
    hits = plain.filter(pa.array(as_bool(pc.match_substring_regex(plain, _EITHER[mark]))))
    grouped = pc.replace_substring(hits, mark, "").cast(pa.float64())
    least, most = float(pc.min(grouped).as_py()), float(pc.max(grouped).as_py())
    return (high is not None and most > high) or (low is not None and least < low)


def _is_grouped(plain: pa.StringArray, marks: Marks) -> bool:
    return bool(as_bool(pc.match_substring(plain, marks.thousands)).any())


def _is_misgrouped(plain: pa.StringArray, marks: Marks) -> np.ndarray:
    """Where thousands marks stand elsewhere than before three digits: '1,23,4' is a slip, not a number."""
    has = as_bool(pc.match_substring(plain, marks.thousands))
    thousands, decimal = f"\\{marks.thousands}", f"\\{marks.decimal}"
    # Lakh grouping (12,34,567) is proper too.
    proper = rf"^[+-]?[0-9]{{1,3}}(?:{thousands}[0-9]{{2,3}})*{thousands}[0-9]{{3}}(?:{decimal}[0-9]*)?$"
    return np.asarray(has & ~as_bool(pc.match_substring_regex(plain, proper)), dtype=bool)


def _exact(written: pa.StringArray, usable: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """The decimals of usable texts, and which of those fit; fractions past ten digits are cut."""
    kept = pc.if_else(pa.array(usable), pc.replace_substring_regex(written, _LONG_FRACTION, r"\1"), pa.scalar(None, pa.string()))
    kept = pc.replace_substring_regex(kept, r"\.(E|$)", r"\1")
    # An exponent or more than 28 digits goes through a float and may not fit.
    odd = as_bool(pc.match_substring_regex(kept, r"E|[0-9]{26}"))
    simple = pc.if_else(pa.array(~odd), kept, pa.scalar(None, pa.string())).cast(_EXACT)
    if not odd.any():
        return simple, usable
    floats = pc.if_else(pa.array(odd), kept, pa.scalar(None, pa.string())).cast(pa.float64())
    small = as_bool(pc.less(pc.abs(floats), 1e25))
    from_float = pc.if_else(pa.array(small), floats, pa.scalar(None, pa.float64())).cast(_EXACT, safe=False)
    return pc.coalesce(simple, from_float), usable & (~odd | small)
