"""Scenarios: branches of the plan that are not published; found, begun from any revision, and given a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError
from metes.web.plan_view import view_of
from metes.web.revisions import STATE_TONES, called, label_of
from metes.web.tables import Cell, Choice, Column, Filter, Row, Table
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/scenarios"
ROWS = 25
LONGEST_TITLE = 120
OFFERED = 60
STATES = ("draft", "in review", "approved", "scheduled")
SORTS = {
    "title": lambda r: label_of(r).lower(),
    "author": lambda r: r.author.lower(),
    "changed": lambda r: r.changed_at,
}


@router.get(PATH)
def show_list(visit: SignedIn) -> Response:
    """Scenarios, those changed last first."""
    everything = visit.workspace.plan_list()
    if not everything:
        return visit.page("plan-none.html")
    scenarios = [r for r in everything if r.state in STATES]
    return visit.page("scenarios.html", table=_table(visit, scenarios, {r.id: r for r in everything}), is_empty=not scenarios)


@router.get(f"{PATH}/new")
def ask_new(visit: SignedIn) -> Response:
    """The form of a new scenario."""
    visit.require("plan_edit")
    return _new_page(visit, {"title": "", "note": "", "from": visit.address.get("from")})


@router.post(f"{PATH}/new")
def branch(visit: SignedIn, form: Form) -> Response:
    """Branch a scenario from a revision."""
    visit.require("plan_edit")
    typed = {name: str(form.get(name, "")).strip() for name in ("title", "note", "from")}
    error = title_error(typed["title"])
    if error:
        return _new_page(visit, typed, error, status=422)
    try:
        made = visit.workspace.plan_branch(typed["title"], reference=typed["from"] or "active", note=typed["note"])
    except (InputError, Conflict) as problem:
        return _new_page(visit, typed, f"{problem}.", status=422)
    return visit.go(f"/plan?revision={made.id}", ("good", f"You are in {called(made)}; nothing is in force before you publish it."))


@router.get("/plan/{reference}/rename")
def ask_rename(reference: str, visit: SignedIn) -> Response:
    """The form that gives a scenario its name."""
    visit.require("plan_edit")
    view = view_of(visit, reference)
    _require_open(view.revision)
    return visit.page("scenario-rename.html", view=view, typed=view.revision.title, error="")


@router.post("/plan/{reference}/rename")
def rename(reference: str, visit: SignedIn, form: Form) -> Response:
    """Give a scenario another name."""
    view = view_of(visit, reference)
    _require_open(view.revision)
    title = str(form.get("title", "")).strip()
    error = title_error(title)
    if error:
        return visit.page("scenario-rename.html", status=422, view=view, typed=title, error=error)
    visit.workspace.plan_rename(title, str(view.revision.id))
    return visit.go(f"{view.base}/changes", ("good", f"It is called '{title}' now."))


def title_error(title: str) -> str:
    """What is wrong with a scenario's title; empty where nothing is."""
    if not title:
        return "Give the scenario a title, such as 'West rebalanced'."
    return "" if len(title) <= LONGEST_TITLE else f"A title has {LONGEST_TITLE} characters at most, got {len(title):,}."


def choices_of(visit: Visit, everything: Sequence[Any]) -> list[tuple[str, str]]:
    """Revisions as a choice: the active one, scenarios, then those scheduled and superseded, each with its state."""
    order = {state: place for place, state in enumerate(("active", *STATES, "superseded"))}
    ordered = sorted(everything, key=lambda r: (min(order.get(r.state, 9), 2), order.get(r.state, 9), -r.id))
    day = visit.environment.filters["day"]
    return [(str(r.id), f"{r.title or r.name} · {_state(r, day)}") for r in ordered[:OFFERED]]


def _state(revision: Any, day: Any) -> str:
    number = f"{'draft' if revision.is_open else 'revision'} {revision.id}"
    since = f" from {day(revision.effective_on)}" if revision.effective_on else ""
    return f"{number}, {revision.state}{since}" if revision.state != "draft" else number


def _require_open(revision: Any) -> None:
    if not revision.is_open:
        raise Conflict(f"revision {revision.id} is {revision.state} and keeps its name; branch a scenario from it, and name that")


def _new_page(visit: Visit, typed: Mapping[str, str], error: str = "", *, status: int = 200) -> Response:
    everything = visit.workspace.plan_list()
    return visit.page("scenario-new.html", status=status, typed=typed, error=error, choices=choices_of(visit, everything))


def _table(visit: Visit, scenarios: Sequence[Any], by_id: Mapping[int, Any]) -> Table:
    address = visit.address
    words = address.get("q").lower().split()
    state = address.get("state") if address.get("state") in STATES else ""
    found = [
        r
        for r in scenarios
        if (not state or r.state == state) and all(w in f"{label_of(r)} {r.author} {r.note}".lower() for w in words)
    ]
    sort = address.get("sort") if address.get("sort").removeprefix("-") in SORTS else "-changed"
    found.sort(key=SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    start = min(address.start(), len(found))
    shown = found[start : start + ROWS]
    chosen = address.values("column")
    columns = [
        Column("title", "Scenario", Cell.LINK, second="note"),
        Column("state", "State", Cell.STATUS, is_sortable=False),
        Column("from", "Branched from", is_sortable=False, on_phone=False),
        Column("steps", "Changes", Cell.NUMBER, is_sortable=False),
        Column("author", "By"),
        Column("changed", "Last change", on_phone=False),
    ]
    return Table(
        caption="Scenarios",
        columns=[c if not chosen or c.key in chosen else _hidden(c) for c in columns],
        rows=[_row(visit, r, by_id) for r in shown],
        address=address,
        total=len(found),
        noun=("scenario", "scenarios"),
        first=start + 1,
        before=str(max(0, start - ROWS)) if start else "",
        after=str(start + ROWS) if start + ROWS < len(found) else "",
        sort=sort,
        filters=[Filter(f"State is {state}", "state")] if state else [],
        choices=[Choice("state", "State", [(name, name) for name in STATES])],
        key="scenarios",
    )


def _hidden(column: Column) -> Column:
    return Column(column.key, column.title, column.cell, column.is_sortable, False, column.on_phone, column.second)


def _row(visit: Visit, revision: Any, by_id: Mapping[int, Any]) -> Row:
    parent = by_id.get(revision.parent_id)
    cells = {
        "title": label_of(revision),
        "note": "" if revision.note == revision.title else revision.note[:120],
        "state": {"text": revision.state, "tone": STATE_TONES.get(revision.state, "")},
        "from": "" if parent is None else label_of(parent) if parent.is_open else parent.title or parent.name,
        "steps": None if parent is None else visit.request.app.state.step_counts.between(visit, parent, revision),
        "author": revision.author,
        "changed": visit.environment.filters["moment"](revision.changed_at),
    }
    return Row(
        str(revision.id), cells, href=f"/plan/{revision.id}/changes" if revision.is_open else f"/plan?revision={revision.id}"
    )
