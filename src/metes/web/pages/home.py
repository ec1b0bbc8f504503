"""Home: search, the figures, what needs attention, the largest territories; and the first steps of an empty workspace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.model.condition import Missing
from metes.model.query import Sums
from metes.web.marks import Marks
from metes.web.pages.reviews import waits_for
from metes.web.revisions import called, label_of
from metes.web.visits import Looking, Visit

router = APIRouter()
_LARGEST = 8
_IMPORTS = 4


@router.get("/")
def show(visit: Looking) -> Response:
    """The home page."""
    workspace = visit.workspace
    if not visit.may("look"):
        return _of_nobody(visit)
    total, active = workspace.total(), workspace.active()
    if visit.is_past:
        return _past(visit, total, Marks(active[1] if active else None))
    run = workspace.last_run()
    if not visit.may("plan_read"):
        return _of_a_part(visit, total, Marks(active[1] if active else None))
    if not total.accounts or active is None or run is None:
        steps = _steps(bool(total.accounts), bool(workspace.plan_list()), active is not None)
        return visit.page("home.html", is_bare=False, steps=steps, company=workspace.settings().company)
    unassigned = workspace.unassigned()
    return visit.page(
        "home.html",
        is_bare=False,
        steps=None,
        company=workspace.settings().company or active[1].name,
        figures=_figures(visit, total, unassigned),
        notes=[*_notes(visit, unassigned, run)],
        largest=_largest(visit, Marks(active[1])),
        imports=workspace.imports(_IMPORTS),
    )


def _of_a_part(visit: Visit, total: Sums, marks: Marks) -> Response:
    """The figures of what one sees, and what one is asked, for whoever does not see the plan."""
    return visit.page(
        "home.html",
        is_bare=marks.plan is None or visit.sees_nothing,
        steps=None,
        company=visit.workspace.settings().company,
        figures=_figures(visit, total, visit.workspace.unassigned()),
        notes=[*_asked_of_me(visit)],
        largest=_largest(visit, marks) if marks.plan else [],
        imports=None,
    )


def _of_nobody(visit: Visit) -> Response:
    """What stands there for whoever has no role: that they have none."""
    company = visit.workspace.settings().company
    return visit.page("home.html", is_bare=True, steps=None, company=company, figures=(), notes=(), largest=(), imports=None)


def _past(visit: Visit, total: Sums, marks: Marks) -> Response:
    """The figures and the largest territories of a day; what needs attention is of today alone."""
    return visit.page(
        "home.html",
        is_bare=False,
        steps=None,
        company=visit.workspace.settings().company,
        figures=_figures(visit, total, visit.workspace.unassigned()),
        notes=[],
        largest=_largest(visit, marks) if marks.plan else [],
        imports=[],
    )


def _steps(has_accounts: bool, has_plan: bool, is_active: bool) -> list[dict[str, Any]]:
    """The way from an empty workspace to owners: import, plan, assign."""
    return [
        {
            "title": "Import accounts",
            "text": "From CSV, Excel, Parquet or JSON. Columns are matched to fields by name and content; every bad row is named.",
            "line": "metes import accounts accounts.csv",
            "href": "/import",
            "label": "Import accounts",
            "is_done": has_accounts,
        },
        {
            "title": "Write a plan",
            "text": "Territories with their rules, as text that can be read and compared, or from the territories you have. Then publish it.",
            "line": "metes plan publish draft" if has_plan else "metes plan import plan/\nmetes plan publish draft",
            "href": "/plan",
            "label": "See plans",
            "is_done": is_active,
        },
        {
            "title": "Assign",
            "text": "Run the rules over all accounts: the ledger then says who holds what, and every page says why.",
            "line": "metes assign",
            "href": "/jobs",
            "label": "See jobs",
            "is_done": False,
        },
    ]


def _figures(visit: Visit, total: Sums, unassigned: Sums) -> list[dict[str, str]]:
    write = visit.environment.filters
    gap = {
        "value": write["number"](unassigned.accounts),
        "label": "held by no territory",
        "href": "/accounts?territory=none&sort=-potential",
        "tone": "warn" if unassigned.accounts else "good",
    }
    return [
        {"value": write["number"](total.accounts), "label": "accounts", "href": "/accounts"},
        {"value": write["money_compact"](total.potential), "label": "potential", "href": "/accounts?sort=-potential"},
        {"value": write["money_compact"](total.revenue_12m), "label": "revenue, 12 months", "href": "/accounts?sort=-revenue_12m"},
        {"value": write["money_compact"](total.pipeline), "label": "open pipeline", "href": "/accounts?sort=-pipeline"},
        *([gap] if visit.sees_everything else []),
    ]


def _notes(visit: Visit, unassigned: Sums, run: Any) -> Iterator[dict[str, str]]:
    """What needs attention, each a sentence with the link that does it; the good news last."""
    workspace, write = visit.workspace, visit.environment.filters
    if unassigned.accounts:
        many = write["count_of"](unassigned.accounts, "account is", "accounts are")
        text = f"{many} held by no territory, with {write['money_compact'](unassigned.potential)} of potential."
        yield _note("warning", "warn", text, "/accounts?territory=none&sort=-potential", "See them")
    yield from _asked_of_me(visit)
    draft = workspace.draft_or_active()
    if draft.is_open:
        steps = len(workspace.plan_diff(str(draft.parent_id), str(draft.id)))
        text = f"{label_of(draft)} holds {write['count_of'](steps, 'change', 'changes')} that are not published."
        yield _note("info", "quiet", text, f"/plan?revision={draft.id}", "Look at it")
    lost = workspace.rule_count(Missing("latitude"))
    if lost:
        many = write["count_of"](lost, "account has", "accounts have")
        yield _note("info", "quiet", f"{many} no place on the map.", "/accounts?where=latitude+is+missing", "See them")
    for past in workspace.imports(_IMPORTS):
        errors, warnings = past.counts.get("errors", 0), past.counts.get("warnings", 0)
        if (errors or warnings) and past.undone_at is None:
            found = [
                write["count_of"](n, one, many)
                for n, one, many in ((errors, "error", "errors"), (warnings, "warning", "warnings"))
                if n
            ]
            tone = ("error", "bad") if errors else ("warning", "warn")
            yield _note(*tone, f"The import of {past.kind} had {' and '.join(found)}.", f"/import/{past.id}", "Read them")
    yield _run_note(visit, run)


def _asked_of_me(visit: Visit) -> Iterator[dict[str, str]]:
    """Reviews that wait for whoever looks, and what they were told and have not said to have read."""
    may_review = visit.may("review")
    waiting = [
        r
        for r in (visit.workspace.reviews_open() if may_review else ())
        if any(waits_for(part, visit.user.name) for part in r.parts)
    ]
    if waiting:
        many = visit.environment.filters["count_of"](len(waiting), "scenario waits", "scenarios wait")
        yield _note("info", "warn", f"{many} for your approval, first {called(waiting[0].revision)}.", "/reviews", "Review")
    is_oneself = not visit.workspace.principal.is_viewed
    unread = [m for m in (visit.workspace.messages_to_me() if is_oneself else ()) if m.acknowledged_at is None]
    if unread:
        yield _note("info", "warn", "A published plan changes which accounts are yours.", "/my/changes", "Read what and why")


def _run_note(visit: Visit, run: Any) -> dict[str, str]:
    workspace, write = visit.workspace, visit.environment.filters
    finished = run["finished_at"]
    when = write["moment"](finished) if isinstance(finished, datetime) else str(finished)
    moved = write["count_of"](run["counts"].get("moved", 0), "account", "accounts")
    if workspace.is_assigned():
        text = f"The ledger is up to date: assigned on {when} by {run['principal']}, {moved} moved."
        return _note("good", "good", text, "/jobs", "Jobs")
    return _note("warning", "warn", f"Data or plan have changed since the rules last ran, on {when}.", "/jobs", "Assign again")


def _note(symbol: str, tone: str, text: str, href: str, label: str) -> dict[str, str]:
    return {"symbol": symbol, "tone": tone, "text": text, "href": href, "label": label}


def _largest(visit: Visit, marks: Marks) -> list[dict[str, Any]]:
    """The territories that hold most potential themselves, beside the largest."""
    write = visit.environment.filters
    nodes = [node for node in visit.workspace.tree() if node.role == "primary" and node.own.accounts]
    nodes.sort(key=lambda node: (-node.own.potential, -node.own.accounts, node.territory.key))
    most = max([1, *(node.own.potential for node in nodes[:1])])
    return [
        {
            **(marks.of(node.territory.key) or {}),
            "accounts": write["number"](node.own.accounts),
            "potential": write["money_compact"](node.own.potential),
            "share": node.own.potential / most,
        }
        for node in nodes[:_LARGEST]
    ]
