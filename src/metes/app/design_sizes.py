"""The verb that says how many seats a design should have."""

from __future__ import annotations

import math
from typing import Any

from metes.app.design_frontiers import DesignFrontierVerbs
from metes.base.errors import InputError
from metes.base.money import exponent


class DesignSizeVerbs(DesignFrontierVerbs):
    """How many seats, and what one more brings."""

    def design_seats(
        self,
        number: int,
        *,
        seat_cost: float | None = None,
        seat_hours: float | None = None,
        value: str = "potential",
        visits: str = "",
        return_share: float = 1.0,
        new_share: float = 1.0,
        span: int = 2,
    ) -> dict[str, Any]:
        """What fewer and more seats than a design's territories would reach, bring and cost in a year; nothing is kept.

        `seat_cost` is in the reporting currency, `seat_hours` None for the mean of the design's seats; the others are those of
        `metes.designing.sizing.SeatTerms`. InputError tells every term that cannot be.
        """
        from metes.designing.sizing import SeatTerms, columns_for_seats, seats_of_design

        if seat_cost is not None and not math.isfinite(seat_cost):
            raise InputError("expected a seat's yearly cost as a number")
        minor = None if seat_cost is None else round(seat_cost * 10 ** exponent(self.settings().reporting_currency))
        terms = SeatTerms(minor, seat_hours, value, visits, return_share, new_share, span)
        wrong = terms.problems(self.fields())
        if wrong:
            raise InputError("; ".join(wrong))
        with self._at_work(number) as (row, state):
            accounts = self.book().details(columns_for_seats(terms), self.scope)
            found = seats_of_design(state, accounts, self._unit_of_account(state, accounts), terms)
        return {"id": row.id, "name": row.name, **found}
