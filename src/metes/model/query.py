"""What a list of accounts is asked for, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from metes.model.condition import EVERYTHING, Condition

UNASSIGNED = ""
PAGE_ROWS = 50
MAX_PAGE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind the row with this sort value and account number; `is_backward` reads towards the beginning."""

    value: Any
    account: int
    is_backward: bool = False


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """Accounts that hold a condition, a search text and territories (None: any, the empty key: held by none), sorted, by page."""

    condition: Condition = EVERYTHING
    search: str = ""
    territories: frozenset[str] | None = None
    sort: str = "name"
    is_descending: bool = False
    columns: tuple[str, ...] = ("id", "name", "city", "region", "industry", "employees", "potential", "territory")
    after: Cursor | None = None
    rows: int = PAGE_ROWS

    def __post_init__(self) -> None:
        if not 1 <= self.rows <= MAX_PAGE_ROWS:
            raise ValueError(f"a page needs 1 <= rows <= {MAX_PAGE_ROWS}, got {self.rows}")


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A page of accounts: each row maps column names (and `account`, the number) to values; cursors lead on and back.

    `names` are those of territories that hold some of its accounts and lie outside what the reader sees.
    """

    rows: Sequence[Mapping[str, Any]]
    total: int
    sums: Mapping[str, int]
    next: Cursor | None = None
    previous: Cursor | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a territory or a selection adds up to; money in minor units of the reporting currency."""

    accounts: int = 0
    potential: int = 0
    annual_revenue: int = 0
    revenue_12m: int = 0
    pipeline: int = 0
    open_opportunities: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.accounts + other.accounts,
            self.potential + other.potential,
            self.annual_revenue + other.annual_revenue,
            self.revenue_12m + other.revenue_12m,
            self.pipeline + other.pipeline,
            self.open_opportunities + other.open_opportunities,
        )


@dataclass(frozen=True, slots=True)
class Box:
    """A window of the map in degrees."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if not (-90 <= self.south <= self.north <= 90):
            raise ValueError(f"a box needs -90 <= south <= north <= 90, got {self.south} and {self.north}")


@dataclass(frozen=True, slots=True)
class ZoneFill:
    """How a zone is coloured: the territory that holds most of its measure, and what share that is."""

    zone: str
    territory: str
    share: float
    accounts: int
    potential: int
    revenue: int


@dataclass(frozen=True, slots=True)
class MovesQuery:
    """Which of the accounts that a preview moves: text within name or id, territories they leave or join (empty text: none of them)."""

    search: str = ""
    before: str | None = None
    after: str | None = None
