"""What a run of the rules works with, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from metes.assigning.last_run import Basis
from metes.assigning.turns import asks_revenue
from metes.base.progress import Progress
from metes.model.catalogue import Field, FieldType
from metes.model.condition import literals
from metes.model.plan import Plan
from metes.store.engine import Store
from metes.store.plans import Revision

if TYPE_CHECKING:
    from metes.rules.assign import Assigner
    from metes.store.book import Book
    from metes.store.book_key import BookKey, BookShape


class Books(Protocol):
    """Where a run finds Books; making one takes long, so most runs do without."""

    def at_hand(self) -> tuple[BookKey, Book] | None:
        """The newest Book there is of today's currency, rates and fields, however old its data; None where there is none."""

    def of_now(self, *, is_of_today: bool) -> tuple[BookKey, Book]:
        """The Book of the data of now, made where it is not there; one made on an earlier day does unless `is_of_today`."""


@dataclass(frozen=True)
class Task:
    """A plan to be run over accounts: its changes are true from `day` on, pins and terms are as of `today`."""

    store: Store
    revision: Revision
    plan: Plan
    names_of: Callable[[], frozenset[str]]
    assigner: Callable[[], Assigner]
    plan_of: Callable[[int], Plan]
    fields: Mapping[str, Field]
    shape: BookShape
    books: Books
    day: date
    today: date
    progress: Progress

    @cached_property
    def basis(self) -> Basis:
        """What the run stands on beside plan and data."""
        rates = {currency: str(rate) for currency, rate in sorted(self.shape.rates.items())}
        return Basis(self.shape.currency, rates, {field.name: field.type.value for field in self.shape.custom})

    @cached_property
    def names(self) -> frozenset[str]:
        """The fields and terms that the plan's rules ask for."""
        return self.names_of()

    @cached_property
    def rules(self) -> int:
        """How many rules the plan has."""
        return sum(len(territory.rules) for territory in self.plan.territories)

    @property
    def asks_revenue(self) -> bool:
        """Whether the rules ask for what a Book has as of its own day alone."""
        return any(asks_revenue(name) for name in self.names)

    def amounts(self, names: frozenset[str]) -> list[str]:
        """Those of some fields or terms that are amounts of money, in order."""
        return [name for name in sorted(names) if name in self.fields and self.fields[name].type is FieldType.MONEY]


def names_in(plan: Plan) -> frozenset[str]:
    """The fields and terms that a plan's rules ask for."""
    rules = (rule for territory in plan.preorder for rule in territory.rules)
    return frozenset(literal.field for rule in rules for literal in literals(rule.condition))
