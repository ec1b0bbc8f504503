"""Money: integer minor units with their currency, decimals only at the edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


def exponent(currency: str) -> int:
    """How many decimals a currency's minor unit stands for: 2 for USD, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal | int | str, currency: str) -> int:
    """An amount in minor units, rounded half to even; ValueError where the text is no finite number."""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise ValueError(f"expected a number, got {amount!r}") from None
    if not value.is_finite():
        raise ValueError(f"expected a finite number, got {amount!r}")
    return int(value.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_EVEN))


def from_minor(minor: int, currency: str) -> Decimal:
    """Minor units as a decimal amount of the currency."""
    return Decimal(minor).scaleb(-exponent(currency))


def minor_factors(currency: str, rates: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What one minor unit of each known currency is in minor units of `currency`; `rates` are units of it for one unit of another."""
    return {of: rate.scaleb(exponent(currency) - exponent(of)) for of, rate in {currency: Decimal(1), **rates}.items()}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency; sums of different currencies are refused."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError(f"expected money in {self.currency}, got {other.currency}; convert it first")
        return Money(self.minor + other.minor, self.currency)

    @property
    def amount(self) -> Decimal:
        """The decimal amount."""
        return from_minor(self.minor, self.currency)
