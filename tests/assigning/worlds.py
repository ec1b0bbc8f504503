"""A small company whose ledger is held against the slow truth: every account decided anew, rule by rule, from the database's own rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.assigning.report import AssignReport
from metes.base.dates import months_before
from metes.importing.report import ImportReport
from metes.model.catalogue import rule_fields
from metes.model.plan import Plan, Rule, Territory, TerritoryType
from metes.model.terms import InArea, Month, OfFamily, Orders, OrdersMeasure, term_of
from metes.planning import drafts
from metes.rules.compile import compile_plan
from metes.rules.precedence import settle
from metes.rules.predicate import holds
from metes.rules.syntax import parse
from metes.store import plans
from metes.store.ledger import ROLES, VIAS
from metes.store.tables import accounts, ledger_ownership, orders, products, territory_keys

MORNING = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
BOX = json.dumps({"coordinates": [[[-110, 35], [-100, 35], [-100, 45], [-110, 45], [-110, 35]]], "type": "Polygon"})
HEADER = ("id", "name", "country", "industry", "employees", "potential", "currency", "parent", "latitude", "longitude", "grade")
Held = tuple[str, str, str, float, str]


def plan_in_words(rules: Mapping[str, str], parents: Mapping[str, str] | None = None, **more: Any) -> Plan:
    """A plan of territories by key, each with one rule as text (none where it is empty)."""
    fields = rule_fields()
    territories = tuple(
        Territory(key, "geo", parent=(parents or {}).get(key), rules=(Rule("r", parse(text, fields)),) if text else ())
        for key, text in rules.items()
    )
    return Plan("p", types=(TerritoryType("geo"),), territories=territories, **more)


class Company:
    """A workspace with a clock that can be set, files to import from, and the truth about who holds what."""

    def __init__(self, database: str, folder: Path) -> None:
        self.now = MORNING
        self.database, self.folder = database, folder
        self.workspace: Workspace = open_workspace(AppSettings(database, folder / "cache"), clock=lambda: self.now)

    @property
    def today(self) -> date:
        """The day it is."""
        return self.now.date()

    def pass_days(self, days: int) -> None:
        """Let some days go by."""
        self.now += timedelta(days=days)

    def take(self, kind: str, header: Sequence[str], rows: Iterable[Sequence[Any]], **options: Any) -> ImportReport:
        """Import rows as a file."""
        path = self.folder / f"{kind}.csv"
        path.write_text("\n".join(",".join("" if v is None else str(v) for v in row) for row in (header, *rows)) + "\n")
        return self.workspace.import_(kind, [path], **options)

    def publish(self, plan: Plan, on: date | None = None) -> None:
        """Make a plan the one from a day on, whatever was published before."""
        with self.workspace.store.read() as connection:
            last = plans.last_published(connection, self.now.date())
        revision, _ = drafts.import_draft(
            self.workspace.store, plan, note="", parent=last, now=self.now, principal=self.workspace.principal
        )
        self.workspace.plan_publish(str(revision), on=on)

    # --- truth ------------------------------------------------------------------------------------------------------------

    def truth(self) -> set[Held]:
        """Who must hold what today: account, territory, role, share and reason."""
        plan = self.workspace.require_active()[1]
        settings = self.workspace.settings()
        compiled = compile_plan(plan, self.workspace.fields(), settings.reporting_currency)
        found: set[Held] = set()
        for record in self.records(plan, compiled.used_fields, settings.rates):
            held = [rule.number for rule in compiled.rules if holds(rule.condition, record, plan.list_by_key)]
            for holding in settle(plan, compiled, held, record["id"], self.today).holdings:
                candidate = holding.candidate
                found.add((record["id"], candidate.territory.key, holding.role.value, round(holding.share, 9), candidate.via.value))
        return found

    def records(self, plan: Plan, names: Iterable[str], rates: Mapping[str, Decimal]) -> list[dict[str, Any]]:
        """Every open account with its fields and the terms asked for, each worked out by itself."""
        with self.workspace.store.read() as connection:
            rows = [dict(row) for row in connection.execute(sa.select(accounts).where(accounts.c.closed_on.is_(None))).mappings()]
            sold = [dict(row) for row in connection.execute(sa.select(orders).where(orders.c.closed_on.is_(None))).mappings()]
            family_of = {row.id: row.family for row in connection.execute(sa.select(products.c.id, products.c.family))}
        by_id, custom = {row["id"]: row for row in rows}, self.workspace.custom_fields()

        def converted(minor: int | None, currency: str | None) -> int | None:
            factor = Decimal(1) if currency in (None, "USD") else rates.get(currency)
            return None if minor is None or factor is None else round(minor * factor)

        for row in rows:
            above = by_id.get(row["parent_id"])
            row |= {field.name: None for field in custom} | json.loads(row["custom"] or "{}")
            row["key_of_id"], row["potential"] = row["id"], converted(row["potential_minor"], row["currency"])
            row["parent"] = above["key"] if above else None
            mine = [o for o in sold if o["account_id"] == row["id"] and o["ordered_on"] <= self.today]
            row["sold"] = [
                {**o, "minor": converted(o["amount_minor"], o["currency"]), "family": family_of.get(o["product_id"])} for o in mine
            ]
            last_year = [
                o["minor"] for o in row["sold"] if o["ordered_on"] > months_before(self.today, 12) and o["minor"] is not None
            ]
            row["revenue_12m"] = sum(last_year) if last_year else None

        def top(row: dict[str, Any]) -> dict[str, Any]:
            while row["parent_id"] in by_id:
                row = by_id[row["parent_id"]]
            return row

        def value(row: dict[str, Any], name: str) -> Any:
            term = term_of(name)
            match term:
                case None:
                    return row[name]
                case OfFamily(inner):
                    return value(top(row), inner)
                case InArea():
                    places = (row["latitude"], row["longitude"])
                    (west, south), _, (east, north), *_ = json.loads(plan.area_by_key[term.area].geometry)["coordinates"][0]
                    return None if None in places else south < places[0] < north and west < places[1] < east
                case Month():
                    return self.today.month
                case Orders(measure, months, None, family):
                    since = months_before(self.today, months) if months else date.min
                    chosen = [o for o in row["sold"] if o["ordered_on"] > since and family in (None, o["family"])]
                    assert measure is OrdersMeasure.COUNT
                    return len(chosen)
            raise AssertionError(name)

        for row in rows:
            kin = row["parent"] is not None or any(other["parent_id"] == row["key_of_id"] for other in rows)
            row["family"] = top(row)["key"] if kin else None
        return [{"id": row["key"], **{name: value(row, name) for name in names if name != "id"}} for row in rows]

    # --- ledger -----------------------------------------------------------------------------------------------------------

    def ledger(self) -> set[Held]:
        """Who holds what today as the ledger says; every fact known now that is true today or later has no end and has begun."""
        t = ledger_ownership.c
        query = (
            sa.select(accounts.c.key, territory_keys.c.key.label("territory"), ledger_ownership)
            .join(accounts, accounts.c.id == t.account_id)
            .join(territory_keys, territory_keys.c.id == t.territory_id)
            .where(t.recorded_until.is_(None), sa.or_(t.true_until.is_(None), t.true_until > self.today))
        )
        with self.workspace.store.read() as connection:
            rows = connection.execute(query).all()
        assert all(row.true_until is None and row.true_from <= self.today for row in rows)
        found = {(row.key, row.territory, ROLES[row.role], round(row.share, 9), VIAS[row.via]) for row in rows}
        assert len(found) == len(rows)
        return found

    def ledger_of(self, account: str) -> set[Held]:
        """Who holds one account."""
        return {fact for fact in self.ledger() if fact[0] == account}

    def check(self, report: AssignReport) -> None:
        """The ledger says what the slow truth says, and the report's totals are those of the ledger."""
        held, wanted = self.ledger(), self.truth()
        wrong = {fact[:4] for fact in held} ^ {fact[:4] for fact in wanted} or {f for f in held if f[4] != "imported"} - wanted
        assert not wrong, f"{report.mode} ({report.reason}): {wrong}"
        with self.workspace.store.read() as connection:
            count = connection.execute(sa.select(sa.func.count()).where(accounts.c.closed_on.is_(None))).scalar_one()
        primary = [fact for fact in held if fact[2] == "primary"]
        assert report.accounts == count
        assert report.unassigned == count - len({fact[0] for fact in primary})
        assert dict(report.by_via) == {via: n for via in VIAS if (n := sum(fact[4] == via for fact in primary))}
        assert report.unchanged + report.opened == len(held)
