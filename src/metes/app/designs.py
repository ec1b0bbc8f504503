"""The verbs of designs: begin one, work it out, move units by hand, undo, keep and remove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from metes.app.design_desk import DesignDesk, need_name, territory_number
from metes.app.desk import require_number
from metes.base.errors import Conflict, NotFound
from metes.base.progress import NO_CHECKPOINT, SILENT, Behind, Checkpoint, Progress
from metes.store import audit, designs, job_log, jobs
from metes.store.designs import DesignRow

# Slow to load: NumPy, SciPy, Arrow and the engine, which commands without designs do without.
if TYPE_CHECKING:
    from metes.designing.running import Outcome
    from metes.designing.spec import DesignSpec
    from metes.designing.state import DesignState, Operation
    from metes.partition.live import Change

DESIGN_JOB = "design"
Units = Sequence[int] | Sequence[str]


class DesignVerbs(DesignDesk):
    """What can be done with designs."""

    def design_new(self, asked: Mapping[str, Any] | str | DesignSpec) -> DesignRow:
        """Begin a design of what is asked, as plain values or as text; nothing is worked out yet. InputError tells every problem."""
        from metes.designing import telling
        from metes.designing.packing import packed_given, packed_numbers
        from metes.designing.reading import spec_from, spec_from_text
        from metes.designing.state import DesignState

        text = isinstance(asked, str)
        spec = spec_from_text(str(asked)) if text else spec_from(asked if isinstance(asked, Mapping) else asked.as_dict())  # type: ignore[union-attr]
        spec = replace(spec, name=spec.name or f"Design of {self.today().isoformat()}")
        built = self._built(spec)
        state = DesignState.begin(spec, built.given, built.given.current)
        active = self.active()
        with self.store.write() as connection:
            number = designs.add_design(
                connection,
                name=spec.name,
                plan_revision=active[0].id if active else None,
                spec=spec.as_dict(),
                given_hash=designs.put_content(connection, packed_given(built.given)),
                start_hash=designs.put_content(connection, packed_numbers(built.given.current)),
                summary=telling.summary_of(state, telling.figures_of(state)),
                findings=built.findings,
                principal=self.principal.name,
                now=self.clock(),
            )
            detail = {"spec": spec.hash, "units": len(built.given), "territories": len(built.given.territories)}
            audit.add_entry(connection, self.principal, "design new", f"design {number}", detail, self.clock())
            return designs.design(connection, number)

    def design_read(self, text: str) -> dict[str, Any]:
        """What a text in YAML or JSON asks of a design, as plain values; InputError tells every problem."""
        from metes.designing.reading import spec_from_text

        return spec_from_text(text).as_dict()

    def design_check(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What a design of what is asked would work with, with its findings; nothing is written. InputError tells every problem."""
        from metes.designing.checking import checked
        from metes.designing.reading import spec_from

        return checked(self._built(spec_from(asked)))

    def design_list(self) -> tuple[DesignRow, ...]:
        """All designs, newest first."""
        with self.store.read() as connection:
            return designs.all_designs(connection)

    def design_find(self, number: int) -> DesignRow:
        """One design as the store has it; NotFound where there is none."""
        require_number(number, "design")
        with self.store.read() as connection:
            return designs.design(connection, number)

    def design_show(self, number: int) -> dict[str, Any]:
        """A design whole, but for its units: what is asked, territories, figures, and whether there is something to undo."""
        from metes.designing import telling

        with self._at_work(number) as (row, state):
            head = {
                "id": row.id,
                "name": row.name,
                "state": row.state,
                "plan_revision": row.plan_revision,
                "job": row.job_id,
                "updated_at": row.updated_at.isoformat(),
                "updated_by": row.updated_by,
                "findings": [finding.as_dict() for finding in row.findings],
            }
            state.people = None  # whoever opens a design sees who sits there now
            return telling.document_of(state, head, self._people(state))

    def design_spec(self, number: int) -> str:
        """What is asked of a design, as text to change and begin another with."""
        from metes.designing.reading import spec_from, spec_to_text

        return spec_to_text(spec_from(self.design_find(number).spec))

    def design_units(self, number: int) -> tuple[str, dict[str, Any]]:
        """The digest of what a design works with, and its units, which never change."""
        from metes.designing import telling

        with self._at_work(number) as (row, state):
            return row.given_hash, telling.units_document(state.given)

    def design_arrays(self, number: int) -> dict[str, Any]:
        """Who has which unit, today's holders, locks and groups, packed."""
        from metes.designing import telling

        with self._at_work(number) as (_, state):
            return telling.arrays_of(state)

    def design_queue(self, number: int) -> int:
        """Queue the working out of a design; the job's number, that of the waiting or running one where there is one."""
        row = self.design_find(number)
        with self.store.write() as connection:
            if row.job_id is not None and not jobs.job(connection, row.job_id).has_ended:
                return row.job_id
            job = jobs.add_job(connection, DESIGN_JOB, {"design": number}, self.principal.name, self.clock())
            job_log.append(connection, job, self.clock(), "info", jobs.WAITING, f"{self.principal.name} asked for it")
            designs.set_job(connection, number, job)
            return job

    def design_run(self, number: int, progress: Progress = SILENT, checkpoint: Checkpoint = NO_CHECKPOINT) -> dict[str, Any]:
        """Work a design out from where it is and put the answer in force as one step that can be undone; what changed.

        Locks set by hand hold. Whoever asks it to stop gets the best so far. Units that hands moved meanwhile follow the answer, and come
        back by undoing it; units locked meanwhile stay.
        """
        progress.report("getting the engine ready, which a machine compiles the first time")
        import numpy as np

        from metes.designing.packing import floats_of_text
        from metes.designing.running import work_out

        progress.report("reading the design")
        with self._at_work(number) as (_, state):
            answer, k = state.answer, len(state.territories)
            warm = None
            if answer is not None:
                warm = (floats_of_text(answer.centres).reshape(k, 3), floats_of_text(answer.prices).reshape(k, -1))
            parents = np.array(state.parents, np.int32) if state.parents else None
            spec, given, locked, start = state.spec, state.given, state.live.locked.copy(), state.live.territory_of_unit.copy()
        found = work_out(spec, given, locked, start, warm=warm, parents=parents, progress=progress, checkpoint=checkpoint)
        return self._put_answer(number, found, Behind(progress))

    def _put_answer(self, number: int, found: Outcome, progress: Progress) -> dict[str, Any]:
        """Put an engine's answer in force."""
        from metes.designing import state as design_state
        from metes.designing.packing import packed_numbers, text_of_floats
        from metes.partition.live import NOBODY

        progress.report("writing the design")
        solved = design_state.Solved(
            found.cost,
            found.bound,
            found.seed,
            found.is_stopped,
            found.notes,
            text_of_floats(found.centres),
            text_of_floats(found.prices),
            found.parents,
        )

        def gesture(state: DesignState) -> tuple[Operation, Change | None, str]:
            territory = found.territory_of_unit.copy()
            locked = state.live.locked != NOBODY
            territory[locked] = state.live.locked[locked]
            with self.store.write() as connection:
                before = designs.put_content(connection, packed_numbers(state.live.territory_of_unit))
                after = designs.put_content(connection, packed_numbers(territory))
                audit.add_entry(
                    connection, self.principal, "design run", f"design {number}", {"before": before, "after": after}, self.clock()
                )
            operation, change = design_state.solve(state, territory, solved, before, after)
            how = "Stopped with the best so far" if found.is_stopped else "Designed"
            return operation, change, f"{how}: {len(change.units):,} units changed territory."

        return self._gesture(number, None, gesture)

    def design_move(self, number: int, units: Units, territory: str | int, *, version: int | None = None) -> dict[str, Any]:
        """Give units, named by number or id, to a territory (number, key, seat or name; -1 or 'none' for none); what changed."""
        from metes.designing import state as design_state
        from metes.designing import telling

        def gesture(state: DesignState) -> tuple[Operation, Change | None, str]:
            chosen, target = _numbers(state, units), territory_number(state, territory)
            asked = len(design_state.with_groups(state.given, chosen))
            operation, change = design_state.move(state, chosen, target)
            if not len(change.units):
                raise Conflict(telling.said_of_move(state, change, target, asked))
            return operation, change, telling.said_of_move(state, change, target, asked)

        return self._gesture(number, version, gesture)

    def design_lock(self, number: int, units: Units, *, version: int | None = None) -> dict[str, Any]:
        """Lock units where they are, so that neither hands nor the engine move them."""
        from metes.designing import state as design_state

        def gesture(state: DesignState) -> tuple[Operation, Change | None, str]:
            operation, count = design_state.lock(state, _numbers(state, units))
            if not count:
                raise Conflict("Nothing was locked: the chosen units are locked already, or in no territory.")
            return operation, None, f"{count:,} units are locked where they are."

        return self._gesture(number, version, gesture)

    def design_unlock(self, number: int, units: Units, *, version: int | None = None) -> dict[str, Any]:
        """Let units move again."""
        from metes.designing import state as design_state

        def gesture(state: DesignState) -> tuple[Operation, Change | None, str]:
            operation, count = design_state.unlock(state, _numbers(state, units))
            if not count:
                raise Conflict("Nothing was unlocked: the chosen units are free.")
            return operation, None, f"{count:,} units are free to move again."

        return self._gesture(number, version, gesture)

    def design_rename(self, number: int, territory: str | int, name: str, *, version: int | None = None) -> dict[str, Any]:
        """Give a territory of a design another name."""
        from metes.designing import state as design_state

        def gesture(state: DesignState) -> tuple[Operation, Change | None, str]:
            at = territory_number(state, territory)
            return design_state.rename(state, at, name), None, f"{state.territories[at].key} is now called {name.strip()}."

        return self._gesture(number, version, gesture)

    def design_recolour(self, number: int, territory: str | int, colour: int, *, version: int | None = None) -> dict[str, Any]:
        """Give a territory of a design another colour, 0 to 11."""
        from metes.designing import state as design_state

        def gesture(state: DesignState) -> tuple[Operation, Change | None, str]:
            at = territory_number(state, territory)
            return design_state.recolour(state, at, colour), None, f"{state.territories[at].name} has another colour."

        return self._gesture(number, version, gesture)

    def design_undo(self, number: int, *, version: int | None = None) -> dict[str, Any]:
        """Take the last operation back, as far as the beginning; what changed."""
        return self._step(number, version, back=True)

    def design_redo(self, number: int, *, version: int | None = None) -> dict[str, Any]:
        """Do again what was taken back last; what changed."""
        return self._step(number, version, back=False)

    def design_save_as(self, number: int, name: str) -> DesignRow:
        """Keep a design as it is under another name: a design of its own, with the same steps to undo."""
        name = need_name(name)
        row = self.design_find(number)
        with self.store.write() as connection:
            made = designs.copy_design(connection, row, name, self.principal.name, self.clock())
            audit.add_entry(connection, self.principal, "design save-as", f"design {made}", {"from": number}, self.clock())
            return designs.design(connection, made)

    def design_remove(self, number: int) -> None:
        """Remove a design; `design_restore` brings it back."""
        self._put_state(number, designs.REMOVED, "design remove")
        self.shelf.designs.drop(number)

    def design_restore(self, number: int) -> DesignRow:
        """Bring a removed design back."""
        with self.store.read() as connection:
            if not any(
                row.id == number and row.state == designs.REMOVED for row in designs.all_designs(connection, with_removed=True)
            ):
                raise NotFound(f"there is no removed design {number}")
        self._put_state(number, designs.DRAWN, "design restore")
        return self.design_find(number)

    def _put_state(self, number: int, state: str, action: str) -> None:
        require_number(number, "design")
        with self.store.write() as connection:
            designs.set_state(connection, number, state, self.principal.name, self.clock())
            audit.add_entry(connection, self.principal, action, f"design {number}", {}, self.clock())


def _numbers(state: DesignState, units: Units) -> Any:
    """Numbers of units that are named by number or by id."""
    from metes.designing.state import units_of

    texts = [one for one in units if isinstance(one, str)]
    return units_of(state.given, texts) if texts and len(texts) == len(units) else list(units)
