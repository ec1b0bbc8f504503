"""Terms: what a rule may ask of an account beyond its own fields, each worked out into a column before rules are evaluated.

A literal names a term by its canonical name, as it names a field, so that everything which reads literals reads terms too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class InArea:
    """Whether the account's place lies in an area of the plan; missing where it has no coordinates. Truth value."""

    area: str

    @property
    def name(self) -> str:
        """The canonical name."""
        return f"area:{self.area}"


@dataclass(frozen=True, slots=True)
class Distance:
    """Kilometres along the sphere from the account's place to a point in degrees; missing without coordinates. Decimal."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError(f"a point lies from -90 to 90 and -180 to 180 degrees, got ({self.latitude}, {self.longitude})")

    @property
    def name(self) -> str:
        """The canonical name."""
        return f"distance:{self.latitude!r},{self.longitude!r}"


@dataclass(frozen=True, slots=True)
class PostalOrder:
    """The postal code in the order of its country's areas and districts; missing without a postal code. Text."""

    @property
    def name(self) -> str:
        """The canonical name."""
        return "postal_order"


@dataclass(frozen=True, slots=True)
class Month:
    """The month of the date asked, 1 to 12; never missing. Whole number."""

    @property
    def name(self) -> str:
        """The canonical name."""
        return "month"


class OrdersMeasure(StrEnum):
    """What is taken of an account's orders: their number, their amount, or the days since the last."""

    COUNT = "count"
    SUM = "sum"
    RECENCY = "recency"


@dataclass(frozen=True, slots=True)
class Orders:
    """A measure of the account's orders up to the date asked: in the last `months` (None: ever), of one product or product family.

    COUNT and SUM are 0 without an order, RECENCY (days) is missing. A product is named by its id, a family by its name.
    """

    measure: OrdersMeasure
    months: int | None = None
    product: str | None = None
    family: str | None = None

    def __post_init__(self) -> None:
        if self.months is not None and not 1 <= self.months <= 600:
            raise ValueError(f"a period has 1 to 600 months, got {self.months}")
        if self.product is not None and self.family is not None:
            raise ValueError("orders are of a product or of a family, got both")

    @property
    def name(self) -> str:
        """The canonical name."""
        of = f"product={self.product}" if self.product is not None else f"family={self.family}" if self.family is not None else ""
        return f"orders:{self.measure.value}:{self.months or ''}:{of}"


@dataclass(frozen=True, slots=True)
class OfFamily:
    """A field, or another term, of the topmost account above this one; of the account itself where none stands above it."""

    field: str

    @property
    def name(self) -> str:
        """The canonical name."""
        return f"family.{self.field}"


Term: TypeAlias = InArea | Distance | PostalOrder | Month | Orders | OfFamily

# Terms that are named like fields; no custom field may have such a name.
RESERVED_NAMES = frozenset([PostalOrder().name, Month().name])


def term_of(name: str) -> Term | None:
    """The term of a canonical name; None where the name is none."""
    try:
        term = _term_of(name)
    except ValueError:
        return None
    return term if term is not None and term.name == name else None


def _term_of(name: str) -> Term | None:
    if name == "postal_order":
        return PostalOrder()
    if name == "month":
        return Month()
    kind, _, rest = name.partition(":")
    match kind:
        case "area" if rest:
            return InArea(rest)
        case "distance":
            latitude, _, longitude = rest.partition(",")
            return Distance(float(latitude), float(longitude))
        case "orders":
            measure, months, of = rest.split(":", 2)
            by, _, which = of.partition("=")
            given = int(months) if months else None
            return Orders(OrdersMeasure(measure), given, which if by == "product" else None, which if by == "family" else None)
    if name.startswith("family.") and len(name) > len("family."):
        return OfFamily(name.removeprefix("family."))
    return None


def terms_of(names: Iterable[str]) -> tuple[Term, ...]:
    """The terms among some names of fields, in order, each once."""
    return tuple(dict.fromkeys(term for name in names if (term := term_of(name)) is not None))


def depends_on_day(term: Term) -> bool:
    """Whether the term's value changes with the date asked, even where no data change."""
    match term:
        case Month() | Orders():
            return True
        case OfFamily(field):
            inner = term_of(field)
            return inner is not None and depends_on_day(inner)
        case _:
            return False
