"""Any two revisions side by side: what differs in their structure, and what the one would change against the other."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.app.publications import spread
from metes.model.plan import Plan
from metes.model.query import MovesQuery
from metes.web.addresses import Address
from metes.web.marks import Marks
from metes.web.pages.preview import WORKED_OUT_AT_ONCE, account_row
from metes.web.pages.scenarios import choices_of
from metes.web.plan_steps import KINDS, groups_of, in_groups, matching
from metes.web.tables import Cell, Column, Table
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/plan/compare"
ROWS = 60
VIEWS = ("structure", "territories", "people", "accounts")
SHOWN = 200


@router.get(PATH)
def show(visit: SignedIn) -> Response:
    """Two revisions: their steps by territory, or the consequences."""
    everything = visit.workspace.plan_list()
    if not everything:
        return visit.page("plan-none.html")
    a, b = _sides(visit, everything)
    chosen = visit.address.get("by")
    by = chosen if chosen in VIEWS else VIEWS[0]
    (one, before), (other, after) = visit.workspace.plan_show(a), visit.workspace.plan_show(b)
    here = Address(PATH, (("a", str(one.id)), ("b", str(other.id))))
    steps = in_groups(visit.workspace.plan_diff(str(one.id), str(other.id)))
    shown = _structure(visit, steps, before, after) if by == VIEWS[0] else _consequences(visit, one, other, after, by)
    return visit.page(
        "plan-compare.html",
        one=one,
        other=other,
        by=by,
        here=here,
        choices=choices_of(visit, everything),
        steps_total=len(steps),
        **shown,
    )


@router.post(PATH)
def queue(visit: SignedIn, form: Form) -> Response:
    """Work the consequences out as a job."""
    before, after = (visit.workspace.plan_find(str(form.get(name, ""))) for name in ("a", "b"))
    return visit.go(f"/jobs/{visit.workspace.job_add('compare', {'before': before.id, 'after': after.id})}")


def _sides(visit: Visit, everything: Any) -> tuple[str, str]:
    """The two revisions asked for; else the active one and the newest scenario."""
    active = next((r for r in everything if r.state == "active"), everything[-1])
    newest = next((r for r in everything if r.is_open), active)
    return visit.address.get("a") or str(active.id), visit.address.get("b") or str(newest.id)


def _structure(visit: Visit, steps: list[Any], before: Any, after: Any) -> dict[str, Any]:
    """The steps that match, a page of them, by territory."""
    address = visit.address
    kind = address.get("kind") if address.get("kind") in KINDS else ""
    names = {t.key: t.label for plan in (before, after) for t in plan.territories}
    found = matching(steps, address.get("q")[:200], kind, names)
    start = min(address.start(), len(found))
    shown = found[start : start + ROWS]
    there = {step.kind for step in steps}
    return {
        "groups": groups_of(shown, before, after),
        "kind": kind,
        "kinds": [name for name in KINDS if name in there],
        "search": address.get("q"),
        "pages": {
            "first": start + 1,
            "shown": len(shown),
            "total": len(found),
            "noun": ("step", "steps"),
            "before": address.put(after=max(0, start - ROWS)) if start else None,
            "after": address.put(after=start + ROWS) if start + ROWS < len(found) else None,
        },
    }


def _consequences(visit: Visit, one: Any, other: Any, after: Plan, by: str) -> dict[str, Any]:
    """What the one would change against the other: who gains and loses, how even it is, and the accounts."""
    workspace = visit.workspace
    ends = (str(one.id), str(other.id))
    found = workspace.compared_at_hand(*ends)
    if found is None and workspace.total().accounts <= WORKED_OUT_AT_ONCE:
        found = workspace.plan_compare(*ends)
    if found is None:
        return {"found": None}
    names = {t.key: t.label for t in (*workspace.plan_of(one).territories, *after.territories)}
    marks = Marks(after)
    context: dict[str, Any] = {"found": found, "names": names, "strip": _balance(visit, found)}
    if by == "accounts":
        return context | {"table": _accounts(visit, found, marks)}
    if by == "people":
        balances = [_line(balance) for balance in found.people()]
        return context | {"balances": balances[:SHOWN], "balances_total": len(balances)}
    held = {s.key: s for s in found.standings}
    rows = [
        {
            "name": names.get(b.key, "no territory") if b.key else "no territory",
            "mark": marks.of(b.key),
            "balance": b,
            "held": held.get(b.key),
        }
        for b in found.territories(names)
    ]
    return context | {"rows": rows[:SHOWN], "rows_total": len(rows)}


def _balance(visit: Visit, found: Any) -> list[dict[str, str]]:
    """How evenly territories share the potential, before and after."""
    share, number = visit.environment.filters["share"], visit.environment.filters["number"]
    was, now = (spread({s.key: getattr(s, side).potential for s in found.standings if s.key}) for side in ("before", "after"))
    if was is None or now is None:
        return []
    even = "good" if now["gini"] <= was["gini"] else "warn"
    return [
        {
            "value": share(now["gini"], 1),
            "label": "Gini index of potential",
            "from": f"from {share(was['gini'], 1)}",
            "tone": even,
        },
        {
            "value": f"{number(now['largest'], 1)} ×",
            "label": "largest ÷ average",
            "from": f"from {number(was['largest'], 1)} ×",
            "tone": "good" if now["largest"] <= was["largest"] else "warn",
        },
    ]


def _line(balance: Any) -> dict[str, Any]:
    """A person with what they gain and lose, as components/preview.html shows it."""
    return {"name": balance.name or "nobody", "colour": None, "href": "", "balance": balance, "won_href": "", "lost_href": ""}


def _accounts(visit: Visit, found: Any, marks: Marks) -> Table:
    """The accounts that change territory, a page of them."""
    address, start = visit.address, visit.address.start()
    rows, total = visit.workspace.preview_moves(found, MovesQuery(address.get("q")[:200]), start=start, rows=ROWS)
    return Table(
        caption="Accounts that change territory",
        columns=[
            Column("name", "Account", Cell.LINK, is_sortable=False, second="place"),
            Column("from", "From", Cell.TERRITORY, is_sortable=False),
            Column("to", "To", Cell.TERRITORY, is_sortable=False),
            Column("potential", "Potential", Cell.MONEY, is_sortable=False),
            Column("revenue_12m", "Revenue, 12 months", Cell.MONEY, is_sortable=False, on_phone=False),
            Column("pipeline", "Pipeline", Cell.MONEY, is_sortable=False, on_phone=False),
        ],
        rows=[account_row(row, found, marks) for row in rows],
        address=address,
        total=total,
        noun=("account", "accounts"),
        first=start + 1,
        before=str(max(0, start - ROWS)) if start else "",
        after=str(start + ROWS) if start + ROWS < total else "",
        empty_title="No account moves",
        empty_text="Both plans give every account to the same territory.",
        key="moves",
    )
