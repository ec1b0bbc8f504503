"""One publication: why, what it promised against what is true now, whom it told; cancelled before its day, or taken back after it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError
from metes.web.conflicts import choices_in, conflicts_shown
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/publications/{number}"
ROWS = 50
KINDS = {"publish": "Publication", "revert": "Revert", "correction": "Correction"}


@router.get(PATH)
def show(number: int, visit: SignedIn) -> Response:
    """The record of a change: against what is true today, or what was true on a day that is asked for."""
    record, day, error = _on(visit, number, visit.address.get("day"))
    found = record.publication
    revision = visit.workspace.plan_find(str(found.revision_id))
    start = min(visit.address.start(), len(record.messages))
    shown = record.messages[start : start + ROWS]
    before = _before(visit, found)
    return visit.page(
        "publication.html",
        p=found,
        kind=KINDS.get(found.kind, found.kind),
        revision=revision,
        before=before,
        review=visit.workspace.plan_review(str(revision.id)),
        compared=_compared(visit, found.promised, record.actual),
        actual=record.actual,
        day=day,
        day_error=error,
        messages=shown,
        acknowledged=sum(1 for m in record.messages if m.acknowledged_at is not None),
        total=len(record.messages),
        pages={
            "first": start + 1,
            "shown": len(shown),
            "total": len(record.messages),
            "noun": ("message", "messages"),
            "before": visit.address.put(after=max(0, start - ROWS)) if start else None,
            "after": visit.address.put(after=start + ROWS) if start + ROWS < len(record.messages) else None,
        },
        today=visit.workspace.today(),
        is_ahead=found.cancelled_at is None and found.effective_on > visit.workspace.today(),
    )


@router.get(f"{PATH}/cancel")
def ask_cancel(number: int, visit: SignedIn) -> Response:
    """Tell what cancelling means, and ask why."""
    visit.require("publish")
    return _cancel_page(visit, number, "")


@router.post(f"{PATH}/cancel")
def cancel(number: int, visit: SignedIn, form: Form) -> Response:
    """Cancel a publication before its day."""
    try:
        revision = visit.workspace.plan_cancel(number, str(form.get("reason", "")))
    except InputError as problem:
        return _cancel_page(visit, number, f"{str(problem)[:1].upper()}{str(problem)[1:]}.", status=422)
    return visit.go(f"/plan/{revision.id}/changes", ("info", "The publication is cancelled; its scenario is open again."))


@router.get(f"{PATH}/revert")
def ask_revert(number: int, visit: SignedIn) -> Response:
    """Tell what comes back when a publication is taken back."""
    visit.require("publish")
    record = visit.workspace.publication(number)
    return _revert_page(visit, record.publication)


@router.post(f"{PATH}/revert")
def revert(number: int, visit: SignedIn, form: Form) -> Response:
    """Begin the scenario that takes a publication back; conflicts with later changes are asked first."""
    found = visit.workspace.publication(number).publication
    choices = choices_in(form)
    made = visit.workspace.plan_revert(number, choices=choices, note=str(form.get("note", "")).strip()[:2000])
    if made.revision is None:
        return _revert_page(visit, found, made.conflicts, choices)
    return visit.go(
        f"/plan/{made.revision.id}/changes",
        ("good", "This scenario takes it back. Look at what changes, then publish it like any other."),
    )


def _cancel_page(visit: Visit, number: int, error: str, *, status: int = 200) -> Response:
    found = visit.workspace.publication(number).publication
    return visit.page("publication-cancel.html", status=status, p=found, error=error)


def _revert_page(visit: Visit, found: Any, conflicts: Any = (), choices: Mapping[str, str] | None = None) -> Response:
    if found.before_root is None:
        raise Conflict(f"publication {found.id} was the first; there is no plan before it to go back to")
    before = _before(visit, found)
    steps = len(visit.workspace.plan_diff(str(found.revision_id), str(before))) if before else None
    later = [p for p in visit.workspace.publications() if p.id > found.id and p.cancelled_at is None]
    plan = visit.workspace.plan_show(str(found.revision_id))[1]
    return visit.page(
        "publication-revert.html",
        status=409 if conflicts else 200,
        p=found,
        before=before,
        steps=steps,
        later=later,
        conflicts=conflicts_shown(conflicts, choices or {}, plan),
    )


def _before(visit: Visit, found: Any) -> int | None:
    """The revision that a publication followed, where it can be shown."""
    earlier = [p for p in visit.workspace.publications() if p.root == found.before_root and p.id < found.id]
    return earlier[0].revision_id if earlier else None


def _on(visit: Visit, number: int, day: str) -> tuple[Any, str, str]:
    """A publication's record on the day typed, that day, and what is wrong with it; without one the record of today."""
    if not day:
        return visit.workspace.publication(number), "", ""
    try:
        return visit.workspace.publication(number, at=date.fromisoformat(day)), day, ""
    except ValueError:
        error = f"{day[:40]!r} is no day; write 2027-02-28."
    except InputError as problem:
        error = f"{str(problem)[:1].upper()}{str(problem)[1:]}."
    return visit.workspace.publication(number), "", error


def _compared(visit: Visit, promised: Mapping[str, Any] | None, actual: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each promise in words: what was foreseen, and what is true on the day."""
    if not promised:
        return []
    number, share, money = (visit.environment.filters[name] for name in ("number", "share", "money_compact"))
    rows = []

    def add(label: str, foreseen: Any, now: Any, write: Any, hint: str = "") -> None:
        if foreseen is not None:
            rows.append({"label": label, "foreseen": write(foreseen), "now": write(now) if now is not None else "–", "hint": hint})

    add(
        "Accounts that change territory",
        promised.get("moved"),
        actual.get("moved"),
        number,
        "since the day before it" if "disruption" in actual else "moved by its assignment",
    )
    add("Accounts held by nobody", promised.get("gaps"), actual.get("gaps"), number)
    for key, label, write in (
        ("largest", "Largest territory, against the average", _times(number)),
        ("gini", "Inequality of potential (Gini)", lambda v: share(v, 1)),
    ):
        foreseen, now = promised.get("balance") or {}, actual.get("balance") or {}
        add(label, foreseen.get(key), now.get(key), write)
    add(
        "Disruption", promised.get("disruption"), actual.get("disruption"), money, "15 % of a year's revenue of what is handed over"
    )
    return rows


def _times(number: Any) -> Any:
    return lambda value: f"{number(value, 2)} ×"
