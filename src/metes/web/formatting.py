"""Numbers, shares, money and days as the reader writes them; by locale, with Babel's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal, get_currency_symbol

from metes.base.money import Money, exponent, from_minor

MISSING = "–"
MINUS = "−"
# A figure and its unit stay on one line and read as one: "62 %", "$412 k".
NARROW_SPACE = "\u202f"
WIDE_SPACE = "\u00a0"

Number = int | float | Decimal
_SUFFIXES = ("", "k", "M", "bn")


@dataclass(frozen=True)
class Reader:
    """For whom figures are written: locale such as `en_US` or `de_DE`, reporting currency, time zone."""

    locale: str = "en_US"
    currency: str = "USD"
    zone: str = "UTC"

    @cached_property
    def babel(self) -> Locale:
        """The locale's tables; American English where Babel does not know the locale."""
        try:
            return Locale.parse(self.locale.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            return Locale.parse("en_US")

    @property
    def language(self) -> str:
        """The language tag for HTML: `en-US`."""
        return str(self.babel).replace("_", "-")

    @property
    def months(self) -> Sequence[str]:
        """The names of the months, short, January first."""
        names = self.babel.months["stand-alone"]["abbreviated"]
        return [str(names[number]) for number in range(1, 13)]

    def number(self, value: Number | None, digits: int = 0) -> str:
        """A number with grouping and at most `digits` decimals: `3,107`."""
        return MISSING if value is None else self._decimal(value, "#" * digits)

    def compact(self, value: Number | None) -> str:
        """A number in three figures: `1.84 M`."""
        if value is None:
            return MISSING
        figures, suffix = _three_figures(Decimal(str(value)))
        return self._decimal(figures, "##") + (NARROW_SPACE + suffix if suffix else "")

    def share(self, value: Number | None, digits: int = 0) -> str:
        """A share of 1 as percent: 0.62 is `62 %`."""
        return MISSING if value is None else f"{self._decimal(_percent(value), '#' * digits)}{NARROW_SPACE}%"

    def change(self, value: Number | None, digits: int = 1) -> str:
        """A signed share: 0.048 is `+4.8 %`."""
        if value is None:
            return MISSING
        text = self._decimal(_percent(value), "0" * digits)
        return f"{_plus(text)}{text}{NARROW_SPACE}%"

    def signed(self, value: Number | None, digits: int = 0) -> str:
        """A number with its sign: `+14`."""
        if value is None:
            return MISSING
        text = self._decimal(value, "#" * digits)
        return _plus(text) + text

    def money(self, value: Money | int | None, currency: str = "") -> str:
        """An exact amount: `$86,000`, `$1,234.50`; minor units without a currency are in the reporting one."""
        if value is None:
            return MISSING
        minor, code = self._minor(value, currency)
        places = exponent(code) if minor % 10 ** exponent(code) else 0
        pattern = self.babel.currency_formats["standard"].pattern.split(";")[0]
        pattern = pattern.replace(".00", "." + "0" * places if places else "")
        if self._symbol(code)[-1].isalpha() and pattern.startswith("¤"):
            pattern = pattern.replace("¤", "¤" + WIDE_SPACE, 1)
        text = format_currency(from_minor(minor, code), code, format=pattern, locale=self.babel, currency_digits=False)
        return text.replace("-", MINUS)

    def money_compact(self, value: Money | int | None, currency: str = "") -> str:
        """An amount in three figures: `$412 k`, `$1.1 M`, and `412 k €` where the locale puts the sign behind."""
        if value is None:
            return MISSING
        minor, code = self._minor(value, currency)
        text = self.compact(from_minor(minor, code))
        symbol = self._symbol(code)
        if not self.babel.currency_formats["standard"].pattern.startswith("¤"):
            return f"{text}{WIDE_SPACE}{symbol}"
        sign = MINUS if text.startswith(MINUS) else ""
        space = WIDE_SPACE if symbol[-1].isalpha() else ""
        return f"{sign}{symbol}{space}{text.removeprefix(MINUS)}"

    def day(self, value: date | str | None) -> str:
        """A day with its month by name: `Mar 14, 2027`."""
        return format_date(_day(value), "medium", locale=self.babel) if value else MISSING

    def month(self, value: date | str | None) -> str:
        """A month with its year: `Mar 2027`."""
        return format_skeleton("yMMM", _day(value), locale=self.babel) if value else MISSING

    def moment(self, value: datetime | None) -> str:
        """An instant to the minute in the reader's time zone."""
        if value is None:
            return MISSING
        local = value.astimezone(ZoneInfo(self.zone))
        return f"{self.day(local.date())}, {format_time(local.time(), 'short', locale=self.babel)}"

    def instant(self, value: datetime | None) -> str:
        """An instant to the second in the reader's time zone."""
        if value is None:
            return MISSING
        local = value.astimezone(ZoneInfo(self.zone))
        return f"{self.day(local.date())}, {format_time(local.time(), 'medium', locale=self.babel)}"

    def place(self, value: tuple[float, float] | None) -> str:
        """Latitude and longitude to four decimals, which is ten metres: `39.7392° N, 104.9903° W`."""
        if value is None:
            return MISSING
        sides = (("N", "S"), ("E", "W"))
        ends = (f"{self._decimal(abs(d), '####')}°{WIDE_SPACE}{side[d < 0]}" for d, side in zip(value, sides, strict=True))
        return ", ".join(ends)

    def count(self, value: int, one: str, many: str) -> str:
        """A counted noun: `1 account`, `3,107 accounts`."""
        return f"{self.number(value)}{WIDE_SPACE}{one if value == 1 else many}"

    def _minor(self, value: Money | int, currency: str) -> tuple[int, str]:
        if isinstance(value, Money):
            return value.minor, value.currency
        return value, currency or self.currency

    def _symbol(self, code: str) -> str:
        return str(get_currency_symbol(code, locale=self.babel))

    def _decimal(self, value: Number, decimals: str) -> str:
        pattern = "#,##0." + decimals if decimals else "#,##0"
        # Rounded first, and 0 added: what rounds to nothing has no sign.
        rounded = round(Decimal(str(value)), len(decimals)) + 0
        return format_decimal(rounded, format=pattern, locale=self.babel).replace("-", MINUS)


def _percent(value: Number) -> Decimal:
    return Decimal(str(value)) * 100


def _plus(text: str) -> str:
    """The plus sign of a written figure, if it shows more than nothing."""
    return "+" if not text.startswith(MINUS) and any(figure in "123456789" for figure in text) else ""


def _day(value: date | str | None) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


def _three_figures(value: Decimal) -> tuple[Decimal, str]:
    """The value in the unit that leaves at most three digits before the point, rounded to three figures, and the unit."""
    for power, suffix in enumerate(_SUFFIXES):
        scaled = value.scaleb(-3 * power)
        size = abs(scaled)
        rounded = round(scaled, 2 if size < 10 else 1 if size < 100 else 0)
        if abs(rounded) < 1000 or suffix == _SUFFIXES[-1]:
            break
    return rounded, suffix
