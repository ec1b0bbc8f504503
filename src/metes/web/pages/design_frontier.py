"""The frontier of a design: what balance, travel and disruption cost one another, and a point of it picked as a design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import InputError
from metes.web.pages.designs import worst_of
from metes.web.pages.jobs import findings_of, job_bar
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
MARGIN = 8.0


@router.get("/designs/{number:int}/frontier")
def show(number: int, visit: SignedIn) -> Response:
    """The points, where they were worked out; the job while it runs; else the way to it."""
    row = visit.workspace.design_find(number)
    job = visit.workspace.design_frontier_job(number)
    is_done = job is not None and job.state == "done"
    result = (job.result or {}) if job is not None and is_done else {}
    points = result.get("points", ()) if result.get("given") == row.given_hash else ()
    return visit.page(
        "design-frontier.html",
        design=row,
        job=job,
        bar=None if job is None or is_done else job_bar(visit, job, next_page=f"/designs/{number}/frontier"),
        problems=findings_of(job.result) if job is not None and job.state == "failed" else [],
        points=[_point(visit, at, point) for at, point in enumerate(points)],
        dots=scatter(points),
        now=_now(visit, row) if row.state != "drawn" else None,
    )


@router.post("/designs/{number:int}/frontier")
def run(number: int, visit: SignedIn) -> Response:
    """Queue the working out of the frontier."""
    visit.workspace.design_frontier_queue(number)
    return visit.go(f"/designs/{number}/frontier")


@router.post("/designs/{number:int}/frontier/pick")
def pick(number: int, visit: SignedIn, form: Form) -> Response:
    """Make a design of a point."""
    texts = [str(form.get(name, "")) for name in ("job", "point")]
    if not all(text.isascii() and text.isdecimal() and len(text) < 12 for text in texts):
        raise InputError("no point of the frontier was picked; choose one in the table")
    made = visit.workspace.design_frontier_pick(number, int(texts[0]), int(texts[1]))
    return visit.go(f"/designs/{made.id}", ("good", f"{made.name} is a design of its own now."))


def scatter(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A dot for each point in percent of the drawing: travel to the right, disruption upwards, the more even the larger."""
    if not points:
        return []
    travel, disruption, worst = ([float(p[name]) for p in points] for name in ("travel", "disruption_minor", "worst_share"))
    return [
        {
            "x": _placed(travel, t),
            "y": round(100 - _placed(disruption, d), 2),
            "r": round(9 - 5 * _share(worst, w), 2),
            "number": at + 1,
        }
        for at, (t, d, w) in enumerate(zip(travel, disruption, worst, strict=True))
    ]


def _now(visit: Visit, row: Any) -> dict[str, Any]:
    """The design as it is, as a row of the table."""
    compact = visit.environment.filters["money_compact"]
    return {
        "worst": f"±{visit.environment.filters['share'](worst_of(row)[0], 1)}",
        "travel": compact(round(row.summary["travel"])),
        "disruption": compact(round(row.summary["disruption_minor"])),
        "accounts": row.summary["changed_accounts"],
    }


def _share(values: Sequence[float], value: float) -> float:
    low, high = min(values), max(values)
    return (value - low) / (high - low) if high > low else 0.5


def _placed(values: Sequence[float], value: float) -> float:
    return round(MARGIN + (100 - 2 * MARGIN) * _share(values, value), 2)


def _point(visit: Visit, at: int, point: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the table."""
    reader = visit.environment.filters
    weight = float(point["handover_weight"])
    return {
        "at": at,
        "worst": f"±{reader['share'](point['worst_share'], 1)}",
        "travel": reader["money_compact"](round(point["travel"])),
        "disruption": reader["money_compact"](round(point["disruption_minor"])),
        "accounts": point["changed_accounts"],
        "is_within": point["is_within"],
        "how": f"bands {reader['number'](point['band_width'], 2)} times as wide, hand-overs weighted {reader['number'](weight, 2)} times",
    }
