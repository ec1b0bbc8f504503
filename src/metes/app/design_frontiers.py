"""The verbs of a design's frontier: worked out as a job, kept with that job, and a point of it picked as a design of its own."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from metes.app.design_sketches import DesignSketchVerbs
from metes.app.desk import require_number
from metes.base.errors import NotFound
from metes.base.progress import SILENT, Behind, Progress
from metes.store import audit, designs, job_log, jobs
from metes.store.designs import DesignRow
from metes.store.jobs import Job

# Slow to load: NumPy, SciPy and the engine, which commands without designs do without.
if TYPE_CHECKING:
    from metes.designing.state import DesignState, Operation
    from metes.partition.live import Change

FRONTIER_JOB = "design-frontier"
_LOOKED_THROUGH = 200


class DesignFrontierVerbs(DesignSketchVerbs):
    """What is traded for what."""

    def design_frontier_queue(self, number: int) -> int:
        """Queue the working out of a design's frontier; the job's number, that of the waiting or running one where there is one."""
        row = self.design_find(number)
        going_on = self.design_frontier_job(number)
        if going_on is not None and not going_on.has_ended:
            return going_on.id
        with self.store.write() as connection:
            job = jobs.add_job(connection, FRONTIER_JOB, {"design": row.id}, self.principal.name, self.clock())
            job_log.append(connection, job, self.clock(), "info", jobs.WAITING, f"{self.principal.name} asked for it")
            return job

    def design_frontier_job(self, number: int) -> Job | None:
        """The newest job that works a design's frontier out, or worked it out; None where there is none among the newest."""
        require_number(number, "design")
        with self.store.read() as connection:
            found = jobs.recent(connection, _LOOKED_THROUGH, FRONTIER_JOB)
        return next((job for job in found if job.payload.get("design") == number), None)

    def design_frontier_show(self, number: int) -> dict[str, Any]:
        """A design's frontier as it was worked out last: the job with its state, and its points; none while there is no answer for it."""
        row, job = self.design_find(number), self.design_frontier_job(number)
        result = (job.result or {}) if job is not None and job.state == "done" else {}
        is_of_now = result.get("given") == row.given_hash
        points = [{k: v for k, v in point.items() if k != "content"} for point in result.get("points", ())] if is_of_now else []
        return {
            "id": row.id,
            "currency": result.get("currency", row.summary["currency"]),
            "job": None if job is None else job.id,
            "state": None if job is None else job.state,
            "points": points,
        }

    def design_frontier_run(self, number: int, progress: Progress = SILENT) -> Mapping[str, Any]:
        """Work a design's frontier out, and keep who has which unit at each point: its figures, and where that is kept."""
        found = self.design_frontier(number, progress)
        row = self.design_find(number)
        Behind(progress).report("writing the frontier")
        points = []
        with self.store.write() as connection:
            for point in found["points"]:
                content = designs.put_content(connection, base64.b64decode(point["territory"]))
                points.append({**{name: value for name, value in point.items() if name != "territory"}, "content": content})
        return {"design": number, "given": row.given_hash, "currency": found["currency"], "points": points}

    def design_frontier_pick(self, number: int, job_id: int, point: int) -> DesignRow:
        """Make a design of its own of a point of a design's frontier, as one step that can be undone; the design itself stays."""
        from metes.designing import state as design_state
        from metes.designing.packing import packed_numbers, text_of_floats, unpacked_numbers

        require_number(job_id, "job")
        row = self.design_find(number)
        with self.store.read() as connection:
            job = jobs.job(connection, job_id)
        result = job.result or {}
        points = result.get("points", ())
        if (
            job.kind != FRONTIER_JOB
            or result.get("design") != number
            or result.get("given") != row.given_hash
            or not 0 <= point < len(points)
        ):
            raise NotFound(f"job {job_id} has no point {point} of the frontier of design {number}; work the frontier out again")
        after = str(points[point]["content"])
        made = self.design_save_as(number, f"{row.name}, point {point + 1}"[:200])

        def gesture(state: DesignState) -> tuple[Operation, Change | None, str]:
            with self.store.write() as connection:
                territory = unpacked_numbers(designs.read_content(connection, after))
                before = designs.put_content(connection, packed_numbers(state.live.territory_of_unit))
                audit.add_entry(
                    connection,
                    self.principal,
                    "design frontier pick",
                    f"design {made.id}",
                    {"job": job_id, "point": point},
                    self.clock(),
                )
            notes = (f"Point {point + 1} of the frontier of design {number}.",)
            centres = text_of_floats(_centres(state, territory))
            solved = design_state.Solved(0.0, 0.0, state.spec.seed, False, notes, centres, text_of_floats(_no_prices(state)))
            operation, change = design_state.solve(state, territory, solved, before, after)
            return operation, change, f"Point {point + 1} of the frontier: {len(change.units):,} units changed territory."

        self._gesture(made.id, None, gesture)
        return self.design_find(made.id)


def _centres(state: DesignState, territory: Any) -> Any:
    """The middle of each territory's units by their travel, (k, 3)."""
    import numpy as np

    problem, k = state.given.problem, len(state.territories)
    held = territory >= 0
    at, weight = territory[held], np.maximum(problem.travel[held], 1e-12)
    sums = np.stack([np.bincount(at, weight * problem.places[held, axis], k) for axis in range(3)], axis=1)
    total = np.bincount(at, weight, k)[:, None]
    return np.where(total > 0, sums / np.maximum(total, 1e-12), problem.places.mean(axis=0))


def _no_prices(state: DesignState) -> Any:
    import numpy as np

    return np.zeros(state.given.lowest.shape)
