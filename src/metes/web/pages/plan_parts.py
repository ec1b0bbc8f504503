"""Types, named lists and areas of a plan in one place; types and lists edited in a draft, and the way back from a change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, NotFound
from metes.model.plan import NamedList, Plan, Policy, Role, TerritoryType
from metes.web.part_edits import editable, matching, new_key, sketch_path, went_into
from metes.web.plan_view import PlanView, edit_target, view_of
from metes.web.revisions import called
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()

SHOWN = 100
RULES_SHOWN = 12
VALUES_SHOWN = 500
_LINES = re.compile(r"[\r\n\t]+")
_ONE_LINE = re.compile(r"[,;\t]+")
ROLES = (
    (Role.PRIMARY, "Primary: it owns its accounts"),
    (Role.OVERLAY, "Overlay: it helps as a specialist"),
    (Role.SHARED, "Shared: several own by share"),
)
POLICIES = (
    (Policy.PRIORITY, "Priority: one takes the account"),
    (Policy.SPLIT, "Split: all take it, by shares that sum to 1"),
    (Policy.SHARE, "Share: all take it in full"),
)


@router.get("/plan/{reference}/parts")
def show_parts(reference: str, visit: SignedIn, find: str = "") -> Response:
    """Types, named lists and areas of a revision."""
    view = view_of(visit, reference)
    workspace, plan = visit.workspace, view.plan
    lists, areas = matching(plan.lists, find), matching(workspace.plan_area_list(str(view.revision.id)), find)
    count = {kind.key: 0 for kind in plan.types}
    for territory in plan.territories:
        count[territory.type] = count.get(territory.type, 0) + 1
    return visit.page(
        "plan-parts.html",
        view=view,
        find=find,
        types=sorted(plan.types, key=lambda kind: kind.priority),
        count_by_type=count,
        lists=lists[:SHOWN],
        lists_total=len(lists),
        asked=workspace.list_asked(str(view.revision.id)) if lists else {},
        areas=[(area, sketch_path(area.sketch)) for area in areas[:SHOWN]],
        areas_total=len(areas),
    )


@router.post("/plan/{reference}/back")
def go_back(reference: str, visit: SignedIn, form: Form) -> Response:
    """Put a draft back to what it was before the last change."""
    before, after = str(form.get("before", "")), str(form.get("after", ""))
    revision = visit.workspace.plan_back(before, reference=reference, expected_root=after)
    return visit.go(f"/plan/{revision.id}/parts", ("good", "The last change is taken back."))


@router.get("/plan/{reference}/new-type")
def new_type(reference: str, visit: SignedIn) -> Response:
    """The form of a new type."""
    visit.require("plan_edit")
    return _type_page(visit, editable(visit, reference), None)


@router.get("/plan/{reference}/types/{key}")
def show_type(reference: str, key: str, visit: SignedIn) -> Response:
    """The form of a type."""
    view = view_of(visit, reference)
    return _type_page(visit, view, _type_of(view.plan, key))


@router.post("/plan/{reference}/new-type")
def add_type(reference: str, visit: SignedIn, form: Form) -> Response:
    """Add a type to a draft."""
    return _save_type(visit, reference, "", form)


@router.post("/plan/{reference}/types/{key}")
def save_type(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Keep a type in a draft."""
    return _save_type(visit, reference, key, form)


@router.get("/plan/{reference}/types/{key}/remove")
def ask_remove_type(reference: str, key: str, visit: SignedIn) -> Response:
    """Tell what a type's removal means."""
    visit.require("plan_edit")
    view = view_of(visit, reference)
    kind = _type_of(view.plan, key)
    having = sum(1 for territory in view.plan.territories if territory.type == key)
    return visit.page("plan-part-remove.html", view=view, act="type", part=kind, rules=(), having=having)


@router.post("/plan/{reference}/types/{key}/remove")
def remove_type(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Take a type out of a draft."""
    revision = edit_target(visit, visit.workspace.plan_find(reference))
    draft = visit.workspace.type_remove(key, reference=str(revision.id), expected_root=str(form.get("root", "")) or None)
    return went_into(visit, draft, revision.root_hash, "parts#types", ("good", f"Type {key} is gone from {called(draft)}."))


@router.get("/plan/{reference}/new-list")
def new_list(reference: str, visit: SignedIn) -> Response:
    """The form of a new list."""
    visit.require("plan_edit")
    return _list_page(visit, editable(visit, reference), None)


@router.get("/plan/{reference}/lists/{key}")
def show_list(reference: str, key: str, visit: SignedIn) -> Response:
    """A named list with its codes, to be looked at or changed."""
    view = view_of(visit, reference)
    return _list_page(visit, view, _list_of(view.plan, key))


@router.post("/plan/{reference}/new-list")
def add_list(reference: str, visit: SignedIn, form: Form) -> Response:
    """Add a named list to a draft."""
    return _save_list(visit, reference, "", form)


@router.post("/plan/{reference}/lists/{key}")
def save_list(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Keep a named list in a draft."""
    return _save_list(visit, reference, key, form)


@router.get("/plan/{reference}/lists/{key}/remove")
def ask_remove_list(reference: str, key: str, visit: SignedIn) -> Response:
    """Tell what a list's removal means."""
    visit.require("plan_edit")
    view = view_of(visit, reference)
    named = _list_of(view.plan, key)
    rules = visit.workspace.list_asked(str(view.revision.id)).get(key, ())
    return visit.page("plan-part-remove.html", view=view, act="list", part=named, rules=rules, having=0)


@router.post("/plan/{reference}/lists/{key}/remove")
def remove_list(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Take a named list out of a draft."""
    revision = edit_target(visit, visit.workspace.plan_find(reference))
    draft = visit.workspace.list_remove(key, reference=str(revision.id), expected_root=str(form.get("root", "")) or None)
    return went_into(visit, draft, revision.root_hash, "parts#lists", ("good", f"List {key} is gone from {called(draft)}."))


def values_of(text: str) -> tuple[str, ...]:
    """The codes of a pasted text, one a line (or cell); a single line is parted at commas and semicolons too."""
    lines = [line for part in _LINES.split(text) if (line := part.strip())]
    if len(lines) == 1:
        lines = [value for part in _ONE_LINE.split(lines[0]) if (value := part.strip())]
    return tuple(lines)


def _type_of(plan: Plan, key: str) -> TerritoryType:
    if key not in plan.type_by_key:
        raise NotFound(f"this revision of the plan has no type '{key[:80]}'; its page of lists and areas names those it has")
    return plan.type_by_key[key]


def _list_of(plan: Plan, key: str) -> NamedList:
    if key not in plan.list_by_key:
        raise NotFound(f"this revision of the plan has no list '{key[:80]}'; its page of lists and areas names those it has")
    return plan.list_by_key[key]


def _type_page(
    visit: Visit,
    view: PlanView,
    kind: TerritoryType | None,
    typed: Mapping[str, str] | None = None,
    error: str = "",
    status: int = 200,
) -> Response:
    given = kind or TerritoryType("", priority=100)
    own = {name: str(getattr(given, name)) for name in ("key", "name", "role", "policy", "priority", "kind")}
    return visit.page(
        "plan-type.html", status=status, view=view, kind=kind, typed=typed or own, error=error, roles=ROLES, policies=POLICIES
    )


def _save_type(visit: Visit, reference: str, key: str, form: Mapping[str, Any]) -> Response:
    view = view_of(visit, reference)
    old = _type_of(view.plan, key) if key else None
    typed = {name: str(form.get(name, "")).strip()[:200] for name in ("key", "name", "role", "policy", "priority", "kind")}
    kept_key, error = (key, "") if key else new_key(typed["key"], typed["name"], view.plan.type_by_key, "type")
    number = typed["priority"].removeprefix("-")
    if not number.isdecimal() or len(number) > 6:
        error = error or f"The priority is a whole number, got {typed['priority'][:20]!r}."
    if typed["role"] not in set(Role) or typed["policy"] not in set(Policy):
        error = error or "Choose a role and a policy from the lists."
    status = 422
    if not error:
        comment = old.comment if old else ""
        role, policy = Role(typed["role"]), Policy(typed["policy"])
        kind = TerritoryType(kept_key, typed["name"], role, policy, int(typed["priority"]), typed["kind"] or "geographic", comment)
        try:
            target = edit_target(visit, view.revision)
            draft = visit.workspace.type_set(kind, reference=str(target.id), expected_root=str(form.get("root", "")) or None)
        except (InputError, Conflict) as problem:
            error, status = _told(problem)
        else:
            notice = ("good", f"Type '{kind.name or kind.key}' was saved in {called(draft)}.")
            return went_into(visit, draft, view.revision.root_hash, "parts#types", notice)
    return _type_page(visit, view, old, typed, error, status)


def _list_page(
    visit: Visit,
    view: PlanView,
    named: NamedList | None,
    typed: Mapping[str, str] | None = None,
    error: str = "",
    status: int = 200,
) -> Response:
    values = named.values if named else ()
    own = {"key": "", "name": named.name if named else "", "values": "\n".join(values)}
    rules = visit.workspace.list_asked(str(view.revision.id)).get(named.key, ()) if named else ()
    return visit.page(
        "plan-list.html",
        status=status,
        view=view,
        named=named,
        shown=values[:VALUES_SHOWN],
        typed=typed or own,
        error=error,
        rules=rules[:RULES_SHOWN],
        rules_total=len(rules),
    )


def _save_list(visit: Visit, reference: str, key: str, form: Mapping[str, Any]) -> Response:
    view = view_of(visit, reference)
    old = _list_of(view.plan, key) if key else None
    typed = {"key": str(form.get("key", "")).strip()[:200], "name": str(form.get("name", "")).strip()[:200]}
    typed["values"] = str(form.get("values", ""))
    kept_key, error = (key, "") if key else new_key(typed["key"], typed["name"], view.plan.list_by_key, "list")
    values = values_of(typed["values"])
    if not values:
        error = error or "Paste at least one code; an empty list makes its rules take nothing."
    status = 422
    if not error:
        named = NamedList(kept_key, values, typed["name"], old.comment if old else "")
        try:
            target = edit_target(visit, view.revision)
            saved = visit.workspace.list_set(named, reference=str(target.id), expected_root=str(form.get("root", "")) or None)
        except (InputError, Conflict) as problem:
            error, status = _told(problem)
        else:
            return went_into(visit, saved.revision, view.revision.root_hash, f"lists/{kept_key}", ("good", _saved(saved)))
    return _list_page(visit, view, old, typed, error, status)


def _saved(saved: Any) -> str:
    count, repeated = len(saved.named.values), saved.repeated
    values = f"{count:,} code{'s' * (count != 1)}"
    once = f"; {repeated:,} that stood there more than once {'is' if repeated == 1 else 'are'} kept once" if repeated else ""
    return f"List '{saved.named.name or saved.named.key}' was saved in {called(saved.revision)} with {values}{once}."


def _told(problem: InputError | Conflict) -> tuple[str, int]:
    """A refused change in words, and its status. Sent again, the form comes with what is there now, and replaces it."""
    if isinstance(problem, Conflict):
        return f"{problem}. What you typed is kept below; saving it again replaces what they saved.", 409
    return str(problem), 422
