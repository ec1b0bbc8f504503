"""Designs: the list of them, working one out with live progress, and removing one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import InputError, NotFound
from metes.web.addresses import Address
from metes.web.pages.jobs import findings_of, job_bar
from metes.web.tables import Action, Cell, Choice, Column, Filter, Row, Table
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
ROWS = 50
STATES = {"drawn": ("not worked out yet", ""), "designed": ("worked out", "good"), "saved": ("saved", "accent")}
MONEY = frozenset({"potential", "revenue", "revenue_12m", "annual_revenue", "pipeline", "travel", "disruption"})
RUNNING = ("being worked out", "accent")


@router.get("/designs")
def show_designs(visit: SignedIn) -> Response:
    """All designs, newest first."""
    found = visit.workspace.design_list()
    return visit.page("design-list.html", table=_table(visit, found), is_empty=not found)


@router.get("/designs/{number:int}/run")
def show_run(number: int, visit: SignedIn) -> Response:
    """A design's working out: what is asked, the job while it runs, then the way to the workbench."""
    row = visit.workspace.design_find(number)
    job = visit.workspace.job(row.job_id) if row.job_id is not None else None
    result = job.result if job is not None and job.state == "done" else None
    if result and visit.address.get("ended"):
        return visit.go(f"/designs/{number}", ("warn" if result["figures"]["is_stopped"] else "good", result["text"]))
    lines = () if job is None or job.has_ended else visit.workspace.job_log_end(job.id, limit=8)[0]
    return visit.page(
        "design-run.html",
        design=row,
        asked=asked_of(visit, row),
        job=job,
        bar=None if job is None else {**job_bar(visit, job, next_page=f"/designs/{number}/run%3Fended=1"), "lines": lines},
        problems=findings_of(job.result) if job is not None and job.state == "failed" else [],
    )


@router.post("/designs/{number:int}/run")
def run(number: int, visit: SignedIn) -> Response:
    """Queue the working out of a design."""
    visit.workspace.design_queue(number)
    return visit.go(f"/designs/{number}/run")


@router.get("/designs/remove")
def ask_remove(visit: SignedIn) -> Response:
    """Tell what removing the selected designs means."""
    visit.require("plan_edit")
    return _ask_remove(visit, visit.address.values("selected"))


@router.get("/designs/{number:int}/remove")
def ask_remove_one(number: int, visit: SignedIn) -> Response:
    """Tell what removing a design means."""
    visit.require("plan_edit")
    return _ask_remove(visit, (str(number),))


@router.post("/designs/remove")
def remove(visit: SignedIn, form: Form) -> Response:
    """Remove designs; the next page offers the way back."""
    rows = _chosen(visit, _values(form, "selected"))
    for row in rows:
        visit.workspace.design_remove(row.id)
    address = Address("/designs", tuple(("removed", str(row.id)) for row in rows))
    return visit.go(address)


@router.post("/designs/restore")
def restore(visit: SignedIn, form: Form) -> Response:
    """Bring removed designs back."""
    rows = [visit.workspace.design_restore(number) for number in _numbers(_values(form, "removed"))]
    return visit.go("/designs", ("good", f"{rows[0].name} is back as it was." if len(rows) == 1 else "They are back as they were."))


def _ask_remove(visit: Visit, selected: Sequence[str]) -> Response:
    return visit.page("design-remove.html", designs=_chosen(visit, selected))


def _chosen(visit: Visit, selected: Sequence[str]) -> list[Any]:
    """The designs that are named, at least one."""
    if not selected:
        raise InputError("no design is selected; tick some in the list, then repeat")
    return [visit.workspace.design_find(number) for number in _numbers(selected)]


def _numbers(texts: Sequence[str]) -> list[int]:
    """The numbers of designs; NotFound for what is none."""
    wrong = [text for text in texts if not (text.isascii() and text.isdecimal() and len(text) < 12)]
    if wrong:
        raise NotFound(f"there is no design {wrong[0][:20]}; the list has those there are")
    return [int(text) for text in texts[:ROWS]]


def _values(form: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(value) for key, value in form.multi_items() if key == name)  # type: ignore[attr-defined]


def asked_of(visit: Visit, row: Any) -> list[tuple[str, str]]:
    """What is asked of a design, in pairs of name and words."""
    spec, reader = row.spec, visit.environment.filters
    bands = [
        f"{words_of(m['measure'])} ±{reader['share'](m['band'], 1)}" if m.get("band") is not None else words_of(m["measure"])
        for m in spec["measures"]
    ]
    many = spec["territories"]
    shape = ["in one piece each"] if spec["contiguous"] else []
    shape += (
        []
        if spec["walls"] == "none"
        else ["no territory crosses a region" if spec["walls"] == "region" else f"within each {spec['walls']}"]
    )
    shape += [f"under {reader['number'](spec['parents'])} parents designed first"] if spec.get("parents") else []
    pairs = [
        ("Units", units_of(reader, row)),
        ("Territories", "as many as capacity asks for" if many == "capacity" else reader["number"](many)),
        ("Balanced", ", ".join(bands)),
        ("Shape", ", ".join(shape) or "as it comes"),
        ("Begins with", start_words(spec["start"])),
        ("A hand-over loses", f"{reader['share'](spec['rates']['handover_share'], 1)} of a year's revenue"),
    ]
    if spec["within"] or spec["regions"]:
        pairs.insert(1, ("Within", ", ".join([spec["within"], *spec["regions"]]).strip(", ")))
    return pairs


def words_of(measure: str) -> str:
    """A measure's name for people."""
    return {"revenue_12m": "revenue, 12 months"}.get(measure, measure.replace("_", " "))


def is_money(measure: str) -> bool:
    """Whether a measure, or a figure of a design, is an amount in the reporting currency."""
    return measure in MONEY


def units_of(reader: Any, row: Any) -> str:
    """How many units of what a design shares out."""
    count, kind = row.summary["units"], row.spec["units"]
    noun = ("account", "accounts") if kind == "accounts" else ("zone", "zones")
    return str(reader["count_of"](count, *noun)) + ("" if kind == "accounts" else f" of {kind}")


def start_words(start: str) -> str:
    """Where a design begins, in words."""
    return {"today": "what holds today", "scratch": "nothing"}.get(start, f"design {start.removeprefix('design:')}")


def _table(visit: Visit, found: Any) -> Table:
    address, reader = visit.address, visit.environment.filters
    words, state = address.get("q")[:200].lower().split(), address.get("state")
    running = {job.id for job in visit.workspace.jobs(100) if job.kind == "design" and not job.has_ended} if found else set()
    shown = [row for row in found if all(w in f"{row.name} {row.spec['units']} {row.updated_by}".lower() for w in words)]
    shown = [row for row in shown if not state or row.state == state]
    key = address.get("sort") or "-when"
    shown.sort(key=lambda row: _order(row, key.removeprefix("-")), reverse=key.startswith("-"))
    start = address.start()
    columns = [
        Column("name", "Design", Cell.LINK, second="what"),
        Column("territories", "Territories", Cell.NUMBER),
        Column("gap", "Above the bound", Cell.SHARE, on_phone=False),
        Column("worst", "Worst balance"),
        Column("disruption", "Disruption", Cell.MONEY),
        Column("moved", "Change hands", Cell.SHARE, on_phone=False),
        Column("state", "State", Cell.STATUS),
        Column("when", "Changed", second="by"),
    ]
    chosen = address.values("column")
    return Table(
        caption="Designs",
        columns=[replace(c, is_shown=not chosen or c.key in chosen) for c in columns],
        rows=[_row(row, reader, row.job_id in running) for row in shown[start : start + ROWS]],
        address=address.drop("removed"),
        total=len(shown),
        noun=("design", "designs"),
        first=start + 1,
        before=str(max(0, start - ROWS)) if start else "",
        after=str(start + ROWS) if start + ROWS < len(shown) else "",
        sort=key,
        filters=[Filter(f"State is {STATES[state][0]}", "state", state)] if state in STATES else [],
        choices=[
            Choice("state", "State", [(name, text) for name, (text, _) in STATES.items() if name in {r.state for r in found}])
        ],
        actions=[Action("Remove…", "/designs/remove")] if visit.may("plan_edit") else [],
        key="designs",
    )


def _order(row: Any, column: str) -> Any:
    """What a column sorts a design by."""
    summary = row.summary
    match column:
        case "name":
            return row.name.lower()
        case "territories":
            return summary["territories"]
        case "gap":
            return summary["gap"] if summary["gap"] is not None else math.inf
        case "worst":
            return worst_of(row)[0] if row.state != "drawn" else math.inf
        case "disruption":
            return summary["disruption_minor"]
        case "moved":
            return summary["changed_share"]
        case "state":
            return row.state
    return row.updated_at


def worst_of(row: Any) -> tuple[float, str]:
    """How far the worst territory is from its target, as a share, and by which measure."""
    found = [(share, name) for name, share in row.summary["worst_share"].items() if share is not None]
    return max(found, default=(0.0, ""))


def _whole(minor: float) -> int:
    """An estimate in minor units without its cents."""
    return 100 * round(minor / 100)


def _row(row: Any, reader: Any, is_running: bool) -> Row:
    is_known = row.state != "drawn"
    share, measure = worst_of(row)
    text, tone = RUNNING if is_running else STATES.get(row.state, (row.state, ""))
    cells = {
        "name": row.name,
        "what": f"{units_of(reader, row)}, from {start_words(row.spec['start'])}",
        "territories": row.summary["territories"],
        "gap": row.summary["gap"] if is_known else None,
        "worst": f"±{reader['share'](share, 1)} {words_of(measure)}" if is_known and measure else "",
        "disruption": _whole(row.summary["disruption_minor"]) if is_known else None,
        "moved": row.summary["changed_share"] if is_known else None,
        "state": {"text": text, "tone": tone},
        "when": reader["moment"](row.updated_at),
        "by": row.updated_by,
    }
    return Row(str(row.id), cells, href=f"/designs/{row.id}")
