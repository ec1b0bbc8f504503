"""What every verb of designs works with: what a design is built of, its state on the table, and how a gesture is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from metes.app.desk import require_number
from metes.app.plans import PlanVerbs
from metes.app.zones import ZoneVerbs
from metes.base.errors import Conflict, InputError, NotFound
from metes.base.findings import Finding
from metes.model.plan import Plan
from metes.store import designs, ledger
from metes.store.designs import DesignRow

# Slow to load: NumPy, SciPy, Arrow and the engine, which commands without designs do without.
if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from metes.designing.building import Built
    from metes.designing.spec import DesignSpec
    from metes.designing.state import DesignState, Operation
    from metes.designing.territories import Begun
    from metes.designing.units import Part
    from metes.partition.live import Change
    from metes.partition.problem import Ints

Gesture = Callable[["DesignState"], "tuple[Operation, Change | None, str]"]


class DesignDesk(PlanVerbs, ZoneVerbs):
    """Access to designs, below their verbs."""

    def _built(self, spec: DesignSpec) -> Built:
        """What a design of a spec works with today."""
        from metes.designing.building import build
        from metes.designing.units import columns_for, units_of_accounts, units_of_zones

        active = self.active()
        plan = active[1] if active else None
        fields = self.fields()
        findings: list[Finding] = []
        part = self._part(spec, plan)
        accounts = self.book().details(columns_for(spec, fields), self.scope)
        if spec.is_of_accounts:
            units = units_of_accounts(spec, accounts, fields, part, findings)
        else:
            zones = self.zone_set(spec.units)
            units = units_of_zones(spec, zones, accounts, self.zone_of_account(zones), fields, part, findings)
        currency = self.settings().reporting_currency
        return build(spec, units, plan, currency, findings, self._begun(spec))

    def _part(self, spec: DesignSpec, plan: Plan | None) -> Part:
        """Which territories' accounts take part: those below one, else all but those of named and other accounts apart."""
        from metes.designing.territories import staying
        from metes.designing.units import Part

        if not spec.within:
            named = {seat.territory for seat in plan.seats if seat.key in spec.seats} if plan else set()
            return Part(None, staying(plan) - named if plan else frozenset())
        if plan is None or spec.within not in plan.territory_by_key:
            raise NotFound(f"the active plan has no territory '{spec.within}'; 'metes territories' lists those it has")
        first, last = plan.interval_by_key[spec.within]
        return Part(frozenset(t.key for t in plan.preorder[first:last]))

    def _begun(self, spec: DesignSpec) -> Begun | None:
        """The design that another starts from."""
        from metes.designing.territories import Begun

        if spec.starts_from is None:
            return None
        with self._at_work(spec.starts_from) as (_, state):
            keys = [territory.key for territory in state.territories]
            at = state.live.territory_of_unit.tolist()
            return Begun(tuple(state.territories), {one: keys[j] for one, j in zip(state.given.ids, at, strict=True) if j >= 0})

    @contextmanager
    def _at_work(self, number: int) -> Iterator[tuple[DesignRow, DesignState]]:
        """A design's row and state of now, with nobody else of this process at it."""
        require_number(number, "design")
        with self.shelf.designs.at_work(number):
            with self.store.read() as connection:
                row = designs.design(connection, number)
                state = self.shelf.designs.take(number, row.version)
                if state is None:
                    state = self._rebuilt(connection, row)
                    self.shelf.designs.put(number, state)
            yield row, state

    def _rebuilt(self, connection: Connection, row: DesignRow) -> DesignState:
        """A design's state from the store and its operations."""
        from metes.designing import state as design_state
        from metes.designing.packing import unpacked_given
        from metes.designing.reading import spec_from

        given = unpacked_given(designs.read_content(connection, row.given_hash))
        load = _loader(connection)
        state = design_state.DesignState.begin(spec_from(row.spec), given, load(row.start_hash))
        for done in designs.operations(connection, row.id, last=row.position):
            design_state.apply(state, design_state.Operation(done.kind, done.payload), load)
        state.version, state.position, state.operations = row.version, row.position, row.operations
        return state

    def _gesture(self, number: int, version: int | None, gesture: Gesture) -> dict[str, Any]:
        """Do a gesture to a design, write it down, and answer what changed; Conflict where somebody else was faster."""
        from metes.designing import telling

        with self._at_work(number) as (row, state), self._all_or_nothing(number):
            _need_version(row, version)
            operation, change, text = gesture(state)
            figures = telling.figures_of(state)
            with self.store.write() as connection:
                designs.append_operation(
                    connection, number, row.position + 1, operation.kind, operation.payload, self.principal.name, self.clock()
                )
                self._written(connection, row, state, row.position + 1, row.position + 1, figures)
            return telling.answer_of(state, operation, change, self._people(state), text, figures)

    def _step(self, number: int, version: int | None, *, back: bool) -> dict[str, Any]:
        """Take the last operation back, or do the next one again."""
        from metes.designing import state as design_state
        from metes.designing import telling

        with self._at_work(number) as (row, state), self._all_or_nothing(number):
            _need_version(row, version)
            at = row.position if back else row.position + 1
            with self.store.read() as connection:
                found = designs.operations(connection, number, first=at, last=at) if at else ()
                if not found:
                    raise Conflict("there is nothing to undo" if back else "there is nothing to do again")
                operation = design_state.Operation(found[0].kind, found[0].payload)
                work = design_state.revert if back else design_state.apply
                change = work(state, operation, _loader(connection))
            figures = telling.figures_of(state)
            with self.store.write() as connection:
                self._written(connection, row, state, at - 1 if back else at, row.operations, figures)
            text = f"{'Taken back' if back else 'Done again'}: {telling.said_of_operation(state, operation)}."
            return telling.answer_of(state, operation, change, self._people(state), text, figures)

    def _written(
        self, connection: Connection, row: DesignRow, state: DesignState, position: int, operations: int, figures: Mapping[str, Any]
    ) -> None:
        """Write what a change made of a design, and bring the state's counters along."""
        from metes.designing import telling

        version = designs.change_design(
            connection,
            row.id,
            expected_version=row.version,
            principal=self.principal.name,
            now=self.clock(),
            position=position,
            summary=telling.summary_of(state, figures),
            state=designs.DESIGNED if state.solved else designs.DRAWN,
        )
        state.version, state.position, state.operations = version, position, operations

    @contextmanager
    def _all_or_nothing(self, number: int) -> Iterator[None]:
        """Let go of a state that was changed and whose change was not written.

        What is refused before it changes anything leaves the state as it is; where somebody else was faster it is of an old version.
        """
        try:
            yield
        except Conflict:
            raise
        except BaseException:
            self.shelf.designs.drop(number)
            raise

    def _people(self, state: DesignState) -> Mapping[str, str]:
        """Who sits today on the seats of a design's territories."""
        if state.people is None:
            seats = [territory.seat for territory in state.territories if territory.seat]
            found: dict[str, list[str]] = {}
            if seats:
                with self.store.read() as connection:
                    for sitting in ledger.sittings(connection, self.scope, seats=seats, at=self.today()):
                        found.setdefault(sitting.seat, []).append(sitting.person)
            state.people = {seat: ", ".join(sorted(people)) for seat, people in found.items()}
        return state.people


def _need_version(row: DesignRow, version: int | None) -> None:
    """Conflict where somebody else changed the design since the caller looked at it."""
    if version is not None and version != row.version:
        raise Conflict(
            f"{row.updated_by} changed design {row.id} meanwhile (version {row.version}, you have {version}); "
            "look at it again, then repeat your change"
        )


def _loader(connection: Connection) -> Callable[[str], Ints]:
    from metes.designing.packing import unpacked_numbers

    return lambda key: unpacked_numbers(designs.read_content(connection, key))


def need_name(name: str) -> str:
    """The name without blanks around it; InputError for none."""
    if not name.strip() or len(name) > 200:
        raise InputError("a design's name has 1 to 200 characters")
    return name.strip()


def territory_number(state: DesignState, named: str | int) -> int:
    """The number of a territory named by number, key, seat or name; -1 for 'none'. InputError where there is no such one."""
    if isinstance(named, int) or named.lstrip("-").isdecimal():
        number = int(named)
        if -1 <= number < len(state.territories):
            return number
    if named == "none":
        return -1
    for at, t in enumerate(state.territories):
        if named in (t.key, t.seat, t.name) and named:
            return at
    keys = ", ".join(t.key for t in state.territories[:20])
    raise InputError(f"the design has no territory '{named}'; name one of: {keys}, or none")
