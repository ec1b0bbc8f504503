"""One area of a plan: on the map with its size and its accounts, uploaded as GeoJSON, renamed, replaced and removed in a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, TypedDict

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from metes.base.errors import Conflict, InputError
from metes.base.findings import Finding
from metes.web.addresses import Address
from metes.web.pages.plan_parts import RULES_SHOWN
from metes.web.part_edits import editable, new_key, sketch_path, went_into
from metes.web.plan_view import PlanView, edit_target, view_of
from metes.web.revisions import called
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()

FINDINGS_SHOWN = 20


class Change(TypedDict):
    """Which draft a change goes to, and the content it was made for."""

    reference: str
    expected_root: str | None


_NAMES = ("key", "name", "comment", "property", "prefix")


@router.get("/plan/{reference}/new-area")
def new_area(reference: str, visit: SignedIn) -> Response:
    """The form that takes a GeoJSON file."""
    visit.require("plan_edit")
    return _new_page(visit, editable(visit, reference), dict.fromkeys(_NAMES, ""))


@router.post("/plan/{reference}/new-area")
def add_area(reference: str, visit: SignedIn, form: Form) -> Response:
    """Put the area of a file into a draft, or one for each value of a property."""
    view = view_of(visit, reference)
    typed = _typed(form)
    try:
        text = _file_of(form)
        if not text:
            return _new_page(visit, view, typed, "Choose a GeoJSON file.", status=422)
        if typed["property"]:
            return _add_each(visit, view, typed, text)
        key, error = new_key(typed["key"], typed["name"] or _stem_of(form), view.plan.area_by_key, "area")
        if error:
            return _new_page(visit, view, typed, error, status=422)
        target = edit_target(visit, view.revision)
        change: Change = {"reference": str(target.id), "expected_root": str(form.get("root", "")) or None}
        own = {name: typed[name] or None for name in ("name", "comment")}
        added = visit.workspace.plan_area_add(key, text, **own, **change)
    except (InputError, Conflict) as problem:
        status = 409 if isinstance(problem, Conflict) else 422
        return _new_page(visit, view, typed, str(problem), getattr(problem, "findings", ()), status=status)
    notice = _notice(f"Area {key} was saved in {called(added.revision)}.", added.findings)
    return went_into(visit, added.revision, target.root_hash, f"areas/{key}", notice)


@router.get("/plan/{reference}/areas/{key}")
def show_area(reference: str, key: str, visit: SignedIn) -> Response:
    """An area on the map, with its size, the rules that ask for it, and the form that changes it."""
    view = view_of(visit, reference)
    area = visit.workspace.plan_area_show(key, str(view.revision.id))[0]
    return _area_page(visit, view, area, {"name": area.name, "comment": area.comment})


@router.get("/plan/{reference}/areas/{key}/accounts")
def show_accounts(reference: str, key: str, visit: SignedIn) -> Response:
    """How many accounts lie in an area, as a part of its page."""
    count = visit.workspace.plan_area_accounts(key, reference)
    area, active = visit.workspace.plan_area_show(key, reference)[1], visit.workspace.active()
    there = active[1].area_by_key.get(key) if active else None
    is_same = there is not None and there.geometry == area.geometry  # the list of accounts asks the plan in force
    href = str(Address("/accounts").put(where=f"in area '{key}'")) if is_same else ""
    return visit.fragment("plan-area.html", "inside", count=count, of=visit.workspace.total().accounts, href=href)


@router.get("/plan/{reference}/areas/{key}/outline.json")
def show_outline(reference: str, key: str, visit: SignedIn) -> Response:
    """The area for the map, as GeoJSON."""
    area = visit.workspace.plan_area_show(key, reference)[1]
    return Response('{"type":"Feature","properties":{},"geometry":' + area.geometry + "}", media_type="application/geo+json")


@router.get("/plan/{reference}/areas/{key}/file")
def take_file(reference: str, key: str, visit: SignedIn) -> Response:
    """The area's GeoJSON file, as the plan's folder has it."""
    text = visit.workspace.plan_area_text(key, reference)
    headers = {"content-disposition": f'attachment; filename="{key}.geojson"'}
    return Response(text, media_type="application/geo+json", headers=headers)


@router.post("/plan/{reference}/areas/{key}")
def save_area(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Change an area's name and comment, and its border where a file is given, in a draft."""
    view = view_of(visit, reference)
    area = visit.workspace.plan_area_show(key, str(view.revision.id))[0]
    typed = _typed(form)
    root = str(form.get("root", "")) or None
    findings: Sequence[Finding] = ()
    try:
        target = edit_target(visit, view.revision)
        change: Change = {"reference": str(target.id), "expected_root": root}
        if text := _file_of(form):
            added = visit.workspace.plan_area_add(key, text, name=typed["name"], comment=typed["comment"], **change)
            draft, findings = added.revision, added.findings
        else:
            draft = visit.workspace.plan_area_name(key, typed["name"], typed["comment"], **change)
    except (InputError, Conflict) as problem:
        status = 409 if isinstance(problem, Conflict) else 422
        return _area_page(visit, view, area, typed, str(problem), getattr(problem, "findings", ()), status)
    notice = _notice(f"Area {key} was saved in {called(draft)}.", findings)
    return went_into(visit, draft, view.revision.root_hash, f"areas/{key}", notice)


@router.get("/plan/{reference}/areas/{key}/remove")
def ask_remove_area(reference: str, key: str, visit: SignedIn) -> Response:
    """Tell what an area's removal means."""
    visit.require("plan_edit")
    view = view_of(visit, reference)
    area = visit.workspace.plan_area_show(key, str(view.revision.id))[0]
    return visit.page("plan-part-remove.html", view=view, act="area", part=area, rules=area.rules, having=0)


@router.post("/plan/{reference}/areas/{key}/remove")
def remove_area(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """Take an area out of a draft."""
    revision = edit_target(visit, visit.workspace.plan_find(reference))
    draft = visit.workspace.plan_area_remove(key, reference=str(revision.id), expected_root=str(form.get("root", "")) or None)
    return went_into(visit, draft, revision.root_hash, "parts#areas", ("good", f"Area {key} is gone from {called(draft)}."))


def _add_each(visit: Visit, view: PlanView, typed: Mapping[str, str], text: str) -> Response:
    target = edit_target(visit, view.revision)
    added = visit.workspace.plan_area_add_each(
        text, typed["property"], prefix=typed["prefix"], reference=str(target.id), expected_root=view.revision.root_hash
    )
    count = len(added.areas)
    what = f"{count:,} area{'s were' if count != 1 else ' was'} saved in {called(added.revision)}."
    return went_into(visit, added.revision, target.root_hash, "parts#areas", _notice(what, added.findings))


def _notice(text: str, findings: Sequence[Finding]) -> tuple[str, str]:
    """What was done; with the first doubt about the file, where there is one."""
    if not findings:
        return ("good", text)
    more = f" (and {len(findings) - 1:,} more)" if len(findings) > 1 else ""
    message = findings[0].message
    return ("warn", f"{text} {message[:1].upper()}{message[1:]}{more}.")


def _typed(form: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(form.get(name, "")).strip().replace("\r\n", "\n")[:2000] for name in _NAMES}


def _file_of(form: Mapping[str, Any]) -> str:
    """The text of the file that the form brought; empty where none was chosen. InputError where it is no text."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return ""
    try:
        return file.file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file.filename[:80]} is no UTF-8, as GeoJSON is; export it again") from None


def _stem_of(form: Mapping[str, Any]) -> str:
    """The name of the file without its ending."""
    file = form.get("file")
    return PurePath(file.filename or "").name.partition(".")[0] if isinstance(file, UploadFile) else ""


def _new_page(
    visit: Visit, view: PlanView, typed: Mapping[str, str], error: str = "", findings: Sequence[Finding] = (), *, status: int = 200
) -> Response:
    return visit.page("plan-area-new.html", status=status, view=view, typed=typed, error=error, findings=findings[:FINDINGS_SHOWN])


def _area_page(
    visit: Visit,
    view: PlanView,
    area: Any,
    typed: Mapping[str, str],
    error: str = "",
    findings: Sequence[Finding] = (),
    status: int = 200,
) -> Response:
    margins = [max((area.box[side + 2] - area.box[side]) * 0.12, 0.02) for side in (0, 1)]
    west, south = area.box[0] - margins[0], max(area.box[1] - margins[1], -85.0)
    east, north = min(area.box[2] + margins[0], west + 360.0), min(area.box[3] + margins[1], 85.0)
    return visit.page(
        "plan-area.html",
        status=status,
        view=view,
        area=area,
        sketch=sketch_path(area.sketch),
        bounds=f"{west:.4f},{south:.4f},{east:.4f},{north:.4f}",
        rules=area.rules[:RULES_SHOWN],
        typed=typed,
        error=error,
        findings=findings[:FINDINGS_SHOWN],
    )
