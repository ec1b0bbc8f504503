"""Merging: what another revision changed is brought into a scenario; where both changed the same, each conflict is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError
from metes.web.conflicts import SIDES, choices_in, conflicts_shown
from metes.web.pages.scenarios import choices_of
from metes.web.plan_steps import groups_of, in_groups
from metes.web.plan_view import view_of
from metes.web.revisions import called
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/plan/{reference}/merge"
STEPS_SHOWN = 100
CONFLICTS_SHOWN = 100


@router.get(PATH)
def ask(reference: str, visit: SignedIn) -> Response:
    """What a merge would bring, and its conflicts; without a source, the choice of one."""
    visit.require("plan_edit")
    source = visit.address.get("from")
    rest = visit.address.get("all") if visit.address.get("all") in SIDES else ""
    return _page(visit, reference, source, {}, rest)


@router.post(PATH)
def merge(reference: str, visit: SignedIn, form: Form) -> Response:
    """Take the merge, once every conflict is settled; else ask about those that are left."""
    source, act = str(form.get("from", "")), str(form.get("act", ""))
    choices = choices_in(form)
    if act in SIDES:
        return _page(visit, reference, source, choices, act)
    if act == "look":
        return _page(visit, reference, source, choices)
    revision = visit.workspace.plan_find(reference)
    roots = {name: str(form.get(name, "")) or None for name in ("root", "source_root")}
    try:
        outcome = visit.workspace.plan_merge(
            source,
            str(revision.id),
            choices=choices,
            expected_root=roots["root"],
            expected_source_root=roots["source_root"],
        )
    except (Conflict, InputError) as problem:
        text = str(problem)
        return _page(visit, reference, source, {}, problem=f"{text[:1].upper()}{text[1:]}.", status=409)
    if outcome.conflicts:
        return _page(visit, reference, source, choices, status=422, is_short=True)
    theirs = called(outcome.theirs)
    if outcome.revision is None:
        return visit.go(f"/plan/{revision.id}/changes", ("info", f"There was nothing in {theirs} that is not here already."))
    return visit.go(
        f"/plan/{outcome.revision.id}/changes",
        ("good", f"{theirs[:1].upper()}{theirs[1:]} is merged in; look at what changes now."),
    )


def _page(
    visit: Visit,
    reference: str,
    source: str,
    choices: Mapping[str, str],
    rest: str = "",
    *,
    problem: str = "",
    status: int = 200,
    is_short: bool = False,
) -> Response:
    view = view_of(visit, reference)
    if not view.revision.is_open:
        raise Conflict(
            f"revision {view.revision.id} is {view.revision.state} and never changes; branch a scenario from it, then merge"
        )
    everything = visit.workspace.plan_list()
    context: dict[str, Any] = {
        "view": view,
        "problem": problem,
        "choices": [(key, text) for key, text in choices_of(visit, everything) if key != str(view.revision.id)],
        "source": source or (str(view.follows.id) if view.is_behind and view.follows is not None else ""),
        "outcome": None,
        "is_short": is_short,
    }
    if source:
        context |= _outcome(visit, view, source, choices, rest)
    return visit.page("plan-merge.html", status=status, **context)


def _outcome(visit: Visit, view: Any, source: str, choices: Mapping[str, str], rest: str) -> dict[str, Any]:
    """What the merge comes to with what is chosen so far; every conflict is shown, those chosen for too."""
    whole = visit.workspace.plan_merge(source, str(view.revision.id), dry_run=True)
    known = {c.key for c in whole.conflicts}
    taken = {key: side for key, side in choices.items() if key in known}
    settled = visit.workspace.plan_merge(source, str(view.revision.id), choices=taken, dry_run=True) if taken else whole
    conflicts = {c.key: c for c in (*whole.conflicts, *settled.settled, *settled.conflicts)}
    chosen = {key: choices.get(key) or rest for key in conflicts}
    theirs = visit.workspace.plan_of(whole.theirs)
    shown = conflicts_shown(list(conflicts.values())[:CONFLICTS_SHOWN], chosen, theirs)
    steps = in_groups(settled.steps)
    return {
        "outcome": settled,
        "source": str(whole.theirs.id),
        "conflicts": shown,
        "conflicts_total": len(conflicts),
        "left": sum(1 for key in conflicts if not chosen[key]),
        "groups": groups_of(steps[:STEPS_SHOWN], view.plan, theirs),
        "steps_total": len(steps),
        "steps_shown": min(len(steps), STEPS_SHOWN),
    }
