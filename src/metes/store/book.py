"""The Book: lists, counts, sums, searches and map cells of one state of the data, read from its files.

Every query takes a `Scope`. Readers may be many: each thread gets a cursor of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from metes.model.catalogue import Field
from metes.model.query import Box, Sums, ZoneFill
from metes.model.scope import Scope
from metes.store.book_build import CELL_ZOOMS
from metes.store.book_lists import BookLists
from metes.store.book_scope import EVERYTHING_ASKED, Asked, of_territories
from metes.store.filters import Parameters
from metes.store.ledger import ROLES

_SUMS = ("accounts", "potential", "annual_revenue", "revenue_12m", "pipeline", "open_opportunities")
_SUMS_KEPT = 512
_SQUARES_KEPT = 128
# So many squares of one scope and zoom are kept together with its own.
_FEW_SQUARES = 5_000
_SQUARE = "x, y, territory, accounts, longitude, latitude, potential, account"


@dataclass(frozen=True, slots=True, eq=False)
class _Squares:
    """Squares of one zoom, a row for each territory in one: of the territories elsewhere, and of the scope's own where it says so."""

    rows: pa.Table
    holds_own: bool


class Book(BookLists):
    """The data of one moment, read only: what it lists, what it adds up to, and what the map shows."""

    def __init__(self, path: Path, fields: Mapping[str, Field], currency: str) -> None:
        super().__init__(path, fields, currency)
        self._squares_kept: OrderedDict[tuple[frozenset[str], int], _Squares] = OrderedDict()
        self._sums_kept: OrderedDict[tuple[frozenset[str] | None, str], Sums] = OrderedDict()

    def territory_sums(self, scope: Scope) -> dict[tuple[str, str], Sums]:
        """Sums per (territory key, role) of the scope; the accounts no territory holds stand under the empty key."""
        sums = {(row["territory"] or "", ROLES[row["role"]]): _sums(row) for row in self._summed(scope)}
        if scope.territories is not None and (unheld := self._unheld(scope)).accounts:
            sums["", "primary"] = unheld
        return sums

    def _summed(self, scope: Scope) -> list[dict[str, Any]]:
        """The sums of the scope's territories: summed up when the Book was made, since a scope shows all that its territories hold."""
        allowed, parameters = of_territories(scope)
        return self._rows(f"SELECT * FROM territory_sums WHERE {allowed}", parameters)

    def _unheld(self, scope: Scope) -> Sums:
        """Sums of the accounts that a narrow scope shows and no territory holds: those that its territories help with."""
        return self._sums_where("territory IS NULL", scope)

    def total(self, scope: Scope) -> Sums:
        """Sums of all accounts in scope."""
        if scope.territories is not None:
            return self._sums_where("TRUE", scope)
        return sum((value for (_, role), value in self.territory_sums(scope).items() if role == "primary"), Sums())

    def _sums_where(self, condition: str, scope: Scope) -> Sums:
        """Sums of the accounts of a scope that a condition without parameters takes; kept, being asked with every page."""
        key = (scope.territories, condition)
        with self._lock:
            if key in self._sums_kept:
                self._sums_kept.move_to_end(key)
                return self._sums_kept[key]
        columns = ", ".join(f"sum({name})::BIGINT AS {name}" for name in _SUMS[1:])
        asked = self._ask(scope)
        rows = self._rows(
            f"SELECT count(*) AS accounts, {columns} FROM {asked.table} WHERE {asked.condition} AND {condition}", [], asked
        )
        found = _sums(rows[0])
        with self._lock:
            self._sums_kept[key] = found
            while len(self._sums_kept) > _SUMS_KEPT:
                self._sums_kept.popitem(last=False)
        return found

    def overlays_of(self, account: int, scope: Scope) -> list[tuple[str, str, float]]:
        """Territory key, role and share of every holding of one account that the scope shows."""
        if not self._seen_of([account], scope):
            return []
        rows = self.cursor().execute(
            "SELECT territory, role, share FROM holdings WHERE account = ? ORDER BY role, territory", [account]
        )
        return [(row[0], ROLES[row[1]], row[2]) for row in rows.fetchall()]

    def person_sums(self, person: int) -> dict[str, tuple[int, int]]:
        """Count and amount of a person's opportunities by status; whether they may be seen goes by the person, whom no territory holds."""
        rows = self.cursor().execute(
            "SELECT status, opportunities, minor FROM person_sums WHERE person = ? ORDER BY status", [person]
        )
        return {row[0]: (row[1], row[2]) for row in rows.fetchall()}

    def pipeline_accounts(self, territories: frozenset[str], scope: Scope, limit: int = 200) -> list[int]:
        """Numbers of the accounts of some territories with the largest open pipeline."""
        asked = self._ask(scope, territories)
        held, named = self._held_by(territories)
        sql = (
            f"SELECT account FROM {asked.table} WHERE {asked.condition} AND {held} AND pipeline > 0 "
            f"ORDER BY pipeline DESC, account LIMIT {int(limit)}"
        )
        return [row["account"] for row in self._rows(sql, named, asked)]

    def bounds(self, territories: frozenset[str], scope: Scope) -> Box | None:
        """The window in which nearly all accounts of some territories lie, a few far outliers left aside; None where none has a place."""
        asked = self._ask(scope, territories)
        held, named = self._held_by(territories)
        ends = ", ".join(f"quantile_disc({name}, [0.04, 0.96]) AS {name}" for name in ("longitude", "latitude"))
        (row,) = self._rows(f"SELECT {ends} FROM {asked.table} WHERE {asked.condition} AND {held}", named, asked)
        if row["longitude"] is None or row["latitude"] is None:
            return None
        (west, east), (south, north) = row["longitude"], row["latitude"]
        return Box(west, south, east, north)

    def zone_fills(self, scope: Scope) -> list[ZoneFill]:
        """Each zone's colour: the territory holding most of its potential, else of its revenue, else of its accounts.

        Of a narrow scope the accounts count that stand under its own territories. Zones of which no territory holds anything stand
        under the empty key.
        """
        source, parameters = self._zone_sums(scope)
        sql = f"""
            WITH z AS (SELECT *, sum(potential) OVER w AS all_potential, sum(revenue) OVER w AS all_revenue, sum(accounts) OVER w AS all_accounts
                FROM {source} WINDOW w AS (PARTITION BY zone)),
            m AS (SELECT *, CASE WHEN all_potential > 0 THEN potential / all_potential WHEN all_revenue > 0 THEN revenue / all_revenue
                ELSE accounts / all_accounts END AS held FROM z)
            SELECT zone, coalesce(arg_max(territory, (held, territory)), '') AS territory,
                coalesce(max(held) FILTER (territory IS NOT NULL), 1) AS share, any_value(all_accounts) AS accounts,
                any_value(all_potential) AS potential, any_value(all_revenue) AS revenue
            FROM m GROUP BY zone ORDER BY zone"""
        return [
            ZoneFill(r["zone"], r["territory"], float(r["share"]), int(r["accounts"]), int(r["potential"]), int(r["revenue"]))
            for r in self._rows(sql, parameters)
        ]

    def _zone_sums(self, scope: Scope) -> tuple[str, Parameters]:
        """The sums by zone and territory of a scope, as a table with its parameters."""
        allowed, parameters = of_territories(scope)
        return f"(SELECT * FROM zone_sums WHERE {allowed})", parameters

    def cells(
        self, box: Box, zoom: float, scope: Scope, *, territories: frozenset[str] | None = None, limit: int = 3000
    ) -> list[dict[str, Any]]:
        """Accounts in a window of the map, clustered to the zoom: place, count, potential, and the account where it is one alone."""
        level = max((z for z in CELL_ZOOMS if z <= zoom), default=CELL_ZOOMS[0])
        # West of east: the window crosses the date line.
        either = "AND" if box.west <= box.east else "OR"
        limits = f"(longitude >= ? {either} longitude <= ?) AND latitude BETWEEN ? AND ?"
        window: Parameters = [box.west, box.east, box.south, box.north]
        if territories is not None:
            held, named = self._held_by(territories)
            limits += f" AND {held}"
            window += named
        if zoom >= CELL_ZOOMS[-1] + 1:
            asked = self._ask(scope, territories)
            sql = (
                "SELECT longitude, latitude, 1 AS accounts, coalesce(potential, 0) AS potential, account, name, territory "
                f"FROM {asked.table} WHERE {asked.condition} AND {limits} ORDER BY potential DESC NULLS LAST LIMIT {int(limit)}"
            )
            return self._rows(sql, window, asked)
        helps = territories is not None and bool(territories & self._overlays())
        squares, more, asked = self._squares(level, scope, territories if helps else None)
        sql = (
            "SELECT sum(longitude * accounts) / sum(accounts) AS longitude, sum(latitude * accounts) / sum(accounts) AS latitude, "
            "sum(accounts)::BIGINT AS accounts, sum(potential)::BIGINT AS potential, min(account) AS account, arg_max(territory, accounts) AS territory "
            f"FROM ({squares}) WHERE {limits} GROUP BY x, y ORDER BY accounts DESC LIMIT {int(limit)}"
        )
        return self._rows(sql, [*more, *window], asked)

    def _squares(self, level: int, scope: Scope, helping: frozenset[str] | None) -> tuple[str, Parameters, Asked]:
        """The squares of a zoom as a query, a row for each territory in one; for each account, where only accounts tell.

        They alone tell who helps with them. What stands under other territories than the scope's is added to what was summed up.
        """
        if helping is not None or (scope.territories and not self._sums_up_what_is_seen):
            asked = self._ask(scope, helping)
            return f"{_by_account(level, asked.table)} WHERE {asked.condition}", [*asked.parameters], replace(asked, parameters=())
        allowed, named = of_territories(scope)
        own = f"SELECT {_SQUARE} FROM cells WHERE zoom = {level} AND {allowed}"
        if scope.territories is None or scope.is_nothing:
            return own, named, EVERYTHING_ASKED
        kept = self._squares_of(level, scope.territories)
        asked = Asked("shown", rows=kept.rows)
        rows = f"SELECT {_SQUARE} FROM {asked.table}"
        return (rows, [], asked) if kept.holds_own else (f"{own} UNION ALL {rows}", named, asked)

    def _squares_of(self, level: int, territories: frozenset[str]) -> _Squares:
        """The squares of what some territories show: those of other territories, and where few their own, which were summed up; kept."""
        key = (territories, level)
        with self._lock:
            if key in self._squares_kept:
                self._squares_kept.move_to_end(key)
                return self._squares_kept[key]
        asked = Asked("shown", rows=self._shown(territories).elsewhere)
        cursor = asked.on(self.cursor())
        allowed, named = of_territories(Scope(territories))
        own = f"FROM cells WHERE zoom = {level} AND {allowed}"
        elsewhere = f"""
            SELECT x, y, territory, count(*) AS accounts, avg(longitude) AS longitude, avg(latitude) AS latitude,
                sum(potential)::BIGINT AS potential, min(account) AS account
            FROM ({_by_account(level, asked.table)}) WHERE longitude IS NOT NULL AND latitude IS NOT NULL GROUP BY ALL"""
        found = cursor.execute(elsewhere).to_arrow_table()
        few = min(self.few, _FEW_SQUARES)
        counted = cursor.execute(f"SELECT count(*) {own}", named).fetchone()
        made = _Squares(found, counted is not None and found.num_rows + counted[0] <= few)
        if made.holds_own:
            made = _Squares(cursor.execute(f"SELECT {_SQUARE} {own} UNION ALL ({elsewhere})", named).to_arrow_table(), True)
        with self._lock:
            self._squares_kept[key] = made
            while len(self._squares_kept) > _SQUARES_KEPT:
                self._squares_kept.popitem(last=False)
        return made

    @property
    def _sums_up_what_is_seen(self) -> bool:
        """Whether what was summed up by territory serves narrow scopes too."""
        return True


def _by_account(level: int, table: str) -> str:
    return (
        f"SELECT floor((longitude + 180) * {2**level} / 45)::INTEGER AS x, floor((latitude + 90) * {2**level} / 45)::INTEGER AS y, "
        f"territory, 1 AS accounts, longitude, latitude, coalesce(potential, 0) AS potential, account FROM {table}"
    )


def _sums(row: Mapping[str, Any]) -> Sums:
    return Sums(*(row[name] or 0 for name in _SUMS))
