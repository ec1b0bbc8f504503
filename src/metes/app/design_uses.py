"""The verbs of what a design is for: compare it, see how fair it is, trade its aims, write it out, make rules of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metes.app.designs import DesignVerbs
from metes.base.errors import InputError, NotFound
from metes.base.findings import Finding, Place, Severity
from metes.base.plain import plain
from metes.base.progress import SILENT, Progress
from metes.looking import owners
from metes.model.plan import Plan
from metes.store import audit
from metes.store.plans import Revision

# Slow to load: NumPy, SciPy, Arrow and the engine, which commands without designs do without.
if TYPE_CHECKING:
    import pyarrow as pa

    from metes.assigning.consequences import Owners
    from metes.designing.comparing import Keys
    from metes.designing.state import DesignState
    from metes.partition.problem import Ints

TODAY = "today"
ACCOUNTS_TOLD = 500
_DIFFERENCES_TOLD = 20


@dataclass(frozen=True, slots=True)
class DraftedDesign:
    """A draft made of a design: its revision, how many accounts it has elsewhere than the design, and what there is to say."""

    revision: Revision
    accounts: int
    elsewhere: int
    findings: tuple[Finding, ...]


class DesignUseVerbs(DesignVerbs):
    """What designs are made for."""

    def design_compare(self, a: int, b: int | str = TODAY, *, accounts: int = ACCOUNTS_TOLD) -> dict[str, Any]:
        """What differs from `b` (a design's number, or 'today') to design `a`: figures of both, units, accounts, who gains and loses."""
        from metes.assigning.consequences import Consequences, Pair
        from metes.designing import comparing, telling

        with self._at_work(a) as (row, state):
            table = self.book().details(comparing.COLUMNS, self.scope)
            today = _texts(table, "territory")
            after, people_after = (
                comparing.keys_of_accounts(state, self._unit_of_account(state, table), today),
                self._owners_of(state),
            )
            figures: dict[str, Any] = {"a": telling.figures_of(state), "b": None}
            names = {t.key: t.name for t in state.territories}
            if b == TODAY:
                before, people_before, other = today, self._owners_of(None), None
                units = comparing.units_that_differ(state, None)
            else:
                with self._at_work(design_number(b)) as (other_row, other_state):
                    before = comparing.keys_of_accounts(other_state, self._unit_of_account(other_state, table), today)
                    people_before, other = self._owners_of(other_state), other_row.name
                    figures["b"] = telling.figures_of(other_state)
                    units = comparing.units_that_differ(state, other_state)
                    names = {t.key: t.name for t in other_state.territories} | names
            active = self.active()
            if active:
                names = {t.key: t.label for t in active[1].territories} | names
        found = comparing.difference_of(before, after, table)
        told = Consequences(
            revision=row.plan_revision or 0,
            plan=row.name,
            day=self.today(),
            accounts=table.num_rows,
            moved=len(found.rows),
            gaps=int((after == "").sum()),
            gaps_before=int((before == "").sum()),
            pairs=tuple(Pair(*pair) for pair in found.pairs),
            owners_before=people_before,
            owners_after=people_after,
        )
        return {
            "a": row.name,
            "b": other or TODAY,
            "currency": self.settings().reporting_currency,
            "figures": figures,
            "units": units,
            "accounts": len(found.rows),
            "listed": _listed(table, found.rows, before, after, accounts),
            "total": plain(told.total),
            "territories": plain(told.territories(names)),
            "people": plain(told.people()),
            "gaps": told.gaps,
            "gaps_before": told.gaps_before,
        }

    def design_fairness(self, number: int) -> dict[str, Any]:
        """How even a design is: per seat what it has, with ranges and the indices of Gini, Jain and max over min; no quota yet."""
        from metes.designing import comparing, telling
        from metes.designing.given import MONEY_MEASURES

        with self._at_work(number) as (row, state):
            rows = telling.rows_of(state, self._people(state))
            found = comparing.seats_of(rows, state.given.measure_names)
            money = {*MONEY_MEASURES, "travel", "disruption"}
            units = {name: state.given.currency if name in money else "" for name in found["measures"]}
            return {"id": row.id, "name": row.name, "currency": state.given.currency, "units": units, **found}

    def design_bases(
        self, number: int, *, slack_share: float = 0.2, seconds: float = 10.0, seed: int = 0, progress: Progress = SILENT
    ) -> dict[str, Any]:
        """Where the seats of a design would best live, among its units; nothing is kept."""
        from metes.designing.basing import bases_for
        from metes.designing.given import MONEY_MEASURES

        if not (0 <= slack_share <= 10 and 0 < seconds <= 600):
            raise InputError(f"expected a slack of 0 to 10 and 0 to 600 seconds, got {slack_share} and {seconds}")
        with self._at_work(number) as (row, state):
            given = state.given
        found = bases_for(given, slack_share=slack_share, seconds=seconds, seed=seed, progress=progress)
        unit = given.currency if found["measure"] in MONEY_MEASURES else ""
        return {"id": row.id, "name": row.name, "unit": unit, **found}

    def design_reasons(self, number: int, progress: Progress = SILENT) -> dict[str, Any]:
        """What keeps a design from its bands: what no design could beat, and what would have to give; both empty within them."""
        from metes.designing.reasoning import reasons_of

        with self._at_work(number) as (row, state):
            return {"id": row.id, "name": row.name, **reasons_of(state, progress)}

    def design_frontier(self, number: int, progress: Progress = SILENT) -> dict[str, Any]:
        """Designs none of which is better in balance, travel and hand-overs at once, for picking one; nothing is kept."""
        from metes.designing.trading import frontier_of

        with self._at_work(number) as (row, state):
            spec, given, locked = state.spec, state.given, state.live.locked.copy()
        return {"id": row.id, "currency": given.currency, "points": frontier_of(spec, given, locked, progress)}

    def design_to_plan(self, number: int, *, note: str = "") -> DraftedDesign:
        """Make a draft of the active plan in which each of a design's territories takes its zones or accounts; see `plan_preview`.

        What lists of zones do not reach is named account by account; what rules cannot express at all is told, with its accounts.
        """
        from metes.designing.drafting import draft_of, with_accounts
        from metes.plan.draft import empty_plan

        with self._at_work(number) as (row, state):
            active = self.active()
            base = active[1] if active else empty_plan("plan", "Plan")
            table = self.book().details(("account", "id", "territory"), self.scope)
            drafted = draft_of(state, base, row.name)
            units = self._unit_of_account(state, table)
            wanted = _wanted(state, units)
        plan = drafted.plan
        held = self._held_under(plan, table)
        missed = _missed(table, wanted, held)
        if missed:
            plan = with_accounts(drafted, missed)
            held = self._held_under(plan, table)
        elsewhere = [(i, key) for i, key in wanted.items() if held[i] != key]
        findings = drafted.findings
        if elsewhere:
            findings = (*findings, _said_of_elsewhere(elsewhere, table, held))
        note = note or f"design {number}: {row.name}"
        if active is None:
            revision = self.plan_find(str(self._keep(plan, (), note).revision))
        else:
            revision = self.plan_change(lambda _: plan, note, reference=str(active[0].id))
        with self.store.write() as connection:
            detail = {"revision": revision.id, "accounts": len(wanted), "elsewhere": len(elsewhere)}
            audit.add_entry(connection, self.principal, "design to-plan", f"design {number}", detail, self.clock())
        return DraftedDesign(revision, len(wanted), len(elsewhere), findings)

    def design_csv(self, number: int) -> Iterator[str]:
        """A design unit by unit as CSV, in pieces: id, name, region, place, territory, today's, and its measures."""
        from metes.designing.exporting import batches_of
        from metes.render import sheets

        self._note_export(f"design {number}", {"form": ".csv"})
        with self._at_work(number) as (_, state):
            return sheets.csv_lines(batches_of(state), {})

    def design_export(self, number: int, path: Path) -> int:
        """Write a design unit by unit to a .csv, .xlsx or .parquet file, or its territories as shapes to a .geojson file; rows written."""
        from metes.designing.exporting import batches_of, geojson_text
        from metes.render import sheets

        self._note_export(f"design {number}", {"form": path.suffix})
        with self._at_work(number) as (_, state):
            if path.suffix.lower() != ".geojson":
                return sheets.write_file(batches_of(state), path)
            if not state.given.zone_set:
                raise InputError("accounts have no shapes; write a .csv, .xlsx or .parquet file")
            text, count = geojson_text(state, self.zone_set(state.given.zone_set))
        path.write_text(text, encoding="utf-8")
        return count

    def _unit_of_account(self, state: DesignState, table: pa.Table) -> Ints:
        """The unit of a design that each account of today's Book belongs to, -1 for none."""
        import numpy as np

        from metes.designing.territories import staying

        given = state.given
        if not given.zone_set:
            ids = table["id"].to_pylist()
            return np.array([given.unit_of_id.get(one, -1) for one in ids], np.int32)
        zones = self.zone_set(given.zone_set)
        unit_of_zone = np.array([*(given.unit_of_id.get(one, -1) for one in zones.ids), -1], np.int32)
        units = unit_of_zone[self.zone_of_account(zones)]
        active = self.active()
        if active is not None:
            part = self._part(state.spec, active[1])
            territory = _texts(table, "territory")
            units[np.isin(territory, list(part.staying or staying(active[1]) if not state.spec.within else ()))] = -1
            if part.within is not None:
                units[~np.isin(territory, list(part.within))] = -1
        return units

    def _held_under(self, plan: Plan, table: pa.Table) -> Keys:
        """The key of each account's primary territory under a plan, empty for none."""
        import numpy as np
        import pyarrow.compute as pc

        from metes.rules.assign import assign_table
        from metes.rules.compile import compile_plan

        book, today = self.book(), self.today()
        compiled = compile_plan(plan, self.fields(), self.settings().reporting_currency)
        pinned = book.numbers_of(sorted({pin.account for pin in plan.pins}))
        resolved = assign_table(book.rule_table(compiled.used_fields, plan, today), compiled, plan, today, pinned)
        primary = resolved.filter(pc.equal(resolved["role"], "primary"))
        out = np.full(table.num_rows, "", object)
        keys = np.array([t.key for t in plan.territories], object)
        at = np.searchsorted(table["account"].to_numpy(), primary["account"].to_numpy())
        out[at] = keys[primary["territory"].to_numpy()]
        return out

    def _owners_of(self, state: DesignState | None) -> Owners:
        """Key and name of the people who own each territory: by today's seats, which a design may have put on other territories."""
        active = self.active()
        if active is None:
            return {}
        plan, found = active[1], dict[str, list[tuple[str, str]]]()
        on = {} if state is None else {t.seat: t.key for t in state.territories if t.seat}
        with self.store.read() as connection:
            for seated in owners.seated(connection, plan, plan.territory_by_key, self.scope, at=self.today()):
                if seated.owns and seated.person:
                    found.setdefault(on.get(seated.seat, seated.territory), []).append((seated.person_key, seated.person))
        return {key: sorted(set(people)) for key, people in found.items()}


def design_number(named: int | str) -> int:
    """The number that names a design; NotFound for what is none."""
    if isinstance(named, str) and not named.isdecimal():
        raise NotFound(f"expected a design's number or 'today', got '{named}'")
    return int(named)


def _texts(table: pa.Table, name: str) -> Keys:
    import numpy as np

    return np.array([value or "" for value in table[name].to_pylist()], object)


def _listed(table: pa.Table, rows: Any, before: Keys, after: Keys, limit: int) -> list[dict[str, Any]]:
    """The first accounts that differ, those of most potential first."""
    import numpy as np

    potential = table["potential"].fill_null(0).to_numpy()[rows]
    chosen = rows[np.argsort(-potential, kind="stable")[:limit]]
    told: list[dict[str, Any]] = table.take(chosen).drop_columns(["territory"]).to_pylist()
    return [{**one, "before": before[i], "after": after[i]} for one, i in zip(told, chosen, strict=True)]


def _wanted(state: DesignState, units: Ints) -> Mapping[int, str]:
    """The key of the territory that each account's row is to be in, for those that are in one."""
    keys = [t.key for t in state.territories]
    at = state.live.territory_of_unit
    return {i: keys[at[unit]] for i, unit in enumerate(units.tolist()) if unit >= 0 and at[unit] >= 0}


def _missed(table: pa.Table, wanted: Mapping[int, str], held: Keys) -> dict[str, list[str]]:
    """Ids of accounts that a plan has elsewhere than wanted, by the key of the territory they are to be in."""
    ids = table["id"].to_pylist()
    out: dict[str, list[str]] = {}
    for row, key in wanted.items():
        if held[row] != key:
            out.setdefault(key, []).append(ids[row])
    return out


def _said_of_elsewhere(elsewhere: list[tuple[int, str]], table: pa.Table, held: Keys) -> Finding:
    ids = table["id"].to_pylist()
    first = ", ".join(f"{ids[i]} (in {held[i] or 'none'}, not {key})" for i, key in elsewhere[:_DIFFERENCES_TOLD])
    more = ", …" if len(elsewhere) > _DIFFERENCES_TOLD else ""
    message = (
        f"{len(elsewhere):,} accounts stay elsewhere than the design has them, by pins, exclusions or other rules: {first}{more}"
    )
    remedy = "Take the pins out, or pin the accounts where the design has them."
    return Finding("design-elsewhere", Severity.WARNING, message, Place(subject="design draft"), remedy=remedy)
