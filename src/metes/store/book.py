"""The Book: lists, counts, sums, searches and map cells of one state of the data, read from its files.

Every query takes a `Scope`. Readers may be many: each thread gets a cursor of its own.
"""

from __future__ import annotations

from typing import Any

from metes.model.query import Box, Sums, ZoneFill
from metes.model.scope import Scope
from metes.store.book_build import CELL_ZOOMS
from metes.store.book_lists import BookLists
from metes.store.book_source import in_scope
from metes.store.filters import Parameters
from metes.store.ledger import ROLES


class Book(BookLists):
    """The data of one moment, read only: what it lists, what it adds up to, and what the map shows."""

    def territory_sums(self, scope: Scope) -> dict[tuple[str, str], Sums]:
        """Sums per (territory key, role); the accounts no territory holds stand under the empty key."""
        allowed, parameters = in_scope(scope)
        rows = self._rows(f"SELECT * FROM territory_sums WHERE {allowed}", parameters)
        return {
            (row["territory"] or "", ROLES[row["role"]]): Sums(
                *(
                    row[name] or 0
                    for name in ("accounts", "potential", "annual_revenue", "revenue_12m", "pipeline", "open_opportunities")
                )
            )
            for row in rows
        }

    def total(self, scope: Scope) -> Sums:
        """Sums of all accounts in scope."""
        sums = self.territory_sums(scope)
        return sum((value for (_, role), value in sums.items() if role == "primary"), Sums())

    def overlays_of(self, account: int, scope: Scope) -> list[tuple[str, str, float]]:
        """Territory key, role and share of every holding of one account."""
        allowed, parameters = in_scope(scope)
        rows = self.cursor().execute(
            f"SELECT territory, role, share FROM holdings WHERE account = ? AND {allowed} ORDER BY role, territory",
            [account, *parameters],
        )
        return [(row[0], ROLES[row[1]], row[2]) for row in rows.fetchall()]

    def person_sums(self, person: int, scope: Scope) -> dict[str, tuple[int, int]]:
        """Count and amount of a person's opportunities by status."""
        del scope  # what somebody sells is seen by whoever may see the person
        rows = self.cursor().execute(
            "SELECT status, opportunities, minor FROM person_sums WHERE person = ? ORDER BY status", [person]
        )
        return {row[0]: (row[1], row[2]) for row in rows.fetchall()}

    def pipeline_accounts(self, territories: frozenset[str], scope: Scope, limit: int = 200) -> list[int]:
        """Numbers of the accounts of some territories with the largest open pipeline."""
        allowed, parameters = in_scope(scope)
        held, named = self._held_by(territories)
        sql = f"SELECT account FROM accounts WHERE {held} AND pipeline > 0 AND {allowed} ORDER BY pipeline DESC, account LIMIT {int(limit)}"
        return [row[0] for row in self.cursor().execute(sql, [*named, *parameters]).fetchall()]

    def bounds(self, territories: frozenset[str], scope: Scope) -> Box | None:
        """The window in which nearly all accounts of some territories lie, a few far outliers left aside; None where none has a place."""
        allowed, parameters = in_scope(scope)
        held, named = self._held_by(territories)
        ends = ", ".join(f"quantile_disc({name}, [0.04, 0.96])" for name in ("longitude", "latitude"))
        row = self.cursor().execute(f"SELECT {ends} FROM accounts WHERE {held} AND {allowed}", [*named, *parameters]).fetchone()
        if row is None or row[0] is None or row[1] is None:
            return None
        (west, east), (south, north) = row
        return Box(west, south, east, north)

    def zone_fills(self, scope: Scope) -> list[ZoneFill]:
        """Each zone's colour: the territory holding most of its potential, else of its revenue, else of its accounts.

        Zones of which no territory holds anything stand under the empty key.
        """
        allowed, parameters = in_scope(scope)
        sql = f"""
            WITH z AS (SELECT *, sum(potential) OVER w AS all_potential, sum(revenue) OVER w AS all_revenue, sum(accounts) OVER w AS all_accounts
                FROM zone_sums WHERE {allowed} WINDOW w AS (PARTITION BY zone)),
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

    def cells(
        self, box: Box, zoom: float, scope: Scope, *, territories: frozenset[str] | None = None, limit: int = 3000
    ) -> list[dict[str, Any]]:
        """Accounts in a window of the map, clustered to the zoom: place, count, potential, and the account where it is one alone."""
        allowed, parameters = in_scope(scope)
        level = max((z for z in CELL_ZOOMS if z <= zoom), default=CELL_ZOOMS[0])
        # West of east: the window crosses the date line.
        either = "AND" if box.west <= box.east else "OR"
        limits = f"(longitude >= ? {either} longitude <= ?) AND latitude BETWEEN ? AND ?"
        window: Parameters = [box.west, box.east, box.south, box.north]
        source = "cells WHERE zoom = ? AND "
        if territories is not None:
            held, named = self._held_by(territories)
            limits += f" AND {held}"
            window += named
            if territories & self._overlays():
                source = (
                    f"(SELECT ?::TINYINT AS zoom, floor((longitude + 180) * {2**level} / 45)::INTEGER AS x, territory, 1 AS accounts, "
                    f"floor((latitude + 90) * {2**level} / 45)::INTEGER AS y, longitude, latitude, coalesce(potential, 0) AS potential, account "
                    "FROM accounts) WHERE "
                )
        if zoom >= CELL_ZOOMS[-1] + 1:
            sql = (
                "SELECT longitude, latitude, 1 AS accounts, coalesce(potential, 0) AS potential, account, name, territory FROM accounts "
                f"WHERE {limits} AND {allowed} ORDER BY potential DESC NULLS LAST LIMIT {int(limit)}"
            )
            return self._rows(sql, [*window, *parameters])
        sql = (
            "SELECT sum(longitude * accounts) / sum(accounts) AS longitude, sum(latitude * accounts) / sum(accounts) AS latitude, "
            "sum(accounts)::BIGINT AS accounts, sum(potential)::BIGINT AS potential, min(account) AS account, arg_max(territory, accounts) AS territory "
            f"FROM {source}{limits} AND {allowed} GROUP BY x, y ORDER BY accounts DESC LIMIT {int(limit)}"
        )
        return self._rows(sql, [level, *window, *parameters])
