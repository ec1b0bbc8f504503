"""One rule: edited as form rows or as text, with findings beside the line and a live count of what it takes, saved into a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError, NotFound
from metes.base.findings import Finding, Severity
from metes.base.ids import is_key, key_from
from metes.model.condition import Condition
from metes.model.plan import Role, Rule
from metes.web.formatting import Reader
from metes.web.plan_view import PlanView, edit_target, view_of
from metes.web.revisions import called
from metes.web.rule_form import edited, form_text, lay_out, node_of, read_form
from metes.web.rule_node import FAMILY, Node, TooComplex
from metes.web.rule_terms import TERMS
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()

KEY = "rule-editor"
LARGEST_TEXT = 2_000_000
FINDINGS_SHOWN = 100


@dataclass
class Sheet:
    """A rule as it lies on the page: what was typed, the condition it means (None: none yet), and what there is to say of it."""

    key: str
    name: str = ""
    priority: str = "100"
    note: str = ""
    mode: str = "form"
    node: Node = field(default_factory=lambda: Node("and"))
    text: str = ""
    root: str = ""
    condition: Condition | None = None
    line_findings: Sequence[Finding] = ()
    findings: Sequence[Finding] = ()
    path_of_line: Mapping[int, str] = field(default_factory=dict)
    too_complex: str = ""
    error: str = ""

    @property
    def has_errors(self) -> bool:
        """Whether it cannot be saved as it is."""
        return self.condition is None or bool(self.error) or any(f.severity is Severity.ERROR for f in self.findings)


@router.get("/plan/{reference}/territories/{key}/new-rule")
def new_rule(reference: str, key: str, visit: SignedIn) -> Response:
    """The editor with an empty rule."""
    visit.require("plan_edit")
    view = view_of(visit, reference, key)
    sheet = Sheet("", node=Node("and", parts=[Node("literal", _first_field(visit))]), root=view.revision.root_hash)
    return _page(visit, view, sheet)


@router.get("/plan/{reference}/territories/{key}/rules/{rule}")
def show_rule(reference: str, key: str, rule: str, visit: SignedIn, mode: str = "") -> Response:
    """The editor with a rule of the plan; as text where the form cannot show it."""
    view = view_of(visit, reference, key)
    found = next((r for r in view.territory().rules if r.key == rule), None)
    if found is None:
        raise NotFound(f"{view.territory().label} has no rule '{rule}'; its page lists those it has")
    sheet = Sheet(found.key, found.name, str(found.priority), found.note, "form", root=view.revision.root_hash)
    # Who only reads plans is shown the rule as text, not a form that would not be taken.
    _fill(visit, sheet, found.condition, (mode or "form") if visit.may("plan_edit") else "text")
    sheet.findings = visit.workspace.rule_check(found.condition, str(view.revision.id))
    proof = visit.workspace.proof_at_hand(str(view.revision.id))
    told = {f.code for f in sheet.findings}
    proved = None if proof is None else [f for f in proof.of_rule(key, rule) if f.code not in told]
    return _page(visit, view, sheet, proved=proved)


@router.get("/plan/{reference}/territories/{key}/rules/{rule}/take")
def show_take(reference: str, key: str, rule: str, visit: SignedIn) -> Response:
    """What a rule of the plan takes, as a line for the territory's page."""
    view = view_of(visit, reference, key)
    found = next((r for r in view.territory().rules if r.key == rule), None)
    if found is None:
        raise NotFound(f"there is no rule '{rule}'")
    return visit.fragment("rule.html", "live", live=_live(visit, view, found.condition))


@router.post("/plan/{reference}/territories/{key}/take")
def count_typed(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """What the rule takes as it is typed now."""
    view = view_of(visit, reference, key)
    sheet = _typed(visit, view, form)
    return visit.fragment("rule.html", "live", live=_live_of(visit, view, sheet))


@router.post("/plan/{reference}/territories/{key}/new-rule")
def add_rule(reference: str, key: str, visit: SignedIn, form: Form) -> Response:
    """A step of the editor of a new rule."""
    return _step(visit, reference, key, "", form)


@router.post("/plan/{reference}/territories/{key}/rules/{rule}")
def edit_rule(reference: str, key: str, rule: str, visit: SignedIn, form: Form) -> Response:
    """A step of the editor: a row more or less, form or text, check, save."""
    return _step(visit, reference, key, rule, form)


@router.get("/plan/{reference}/territories/{key}/rules/{rule}/remove")
def ask_remove(reference: str, key: str, rule: str, visit: SignedIn) -> Response:
    """Tell what a rule's removal means."""
    visit.require("plan_edit")
    view = view_of(visit, reference, key)
    found = next((r for r in view.territory().rules if r.key == rule), None)
    if found is None:
        raise NotFound(f"{view.territory().label} has no rule '{rule}'; its page lists those it has")
    is_last = len(view.territory().rules) == 1
    take = visit.workspace.rule_take(found.condition, key, str(view.revision.id))
    return visit.page("plan-confirm.html", act="rule", view=view, t=view.territory(), rule=found, is_last=is_last, take=take)


@router.post("/plan/{reference}/territories/{key}/rules/{rule}/remove")
def remove_rule(reference: str, key: str, rule: str, visit: SignedIn, form: Form) -> Response:
    """Take a rule out of a draft."""
    revision = edit_target(visit, visit.workspace.plan_find(reference))
    root = str(form.get("root", "")) or None
    draft = visit.workspace.rule_remove(key, rule, reference=str(revision.id), expected_root=root)
    return visit.go(f"/plan/{draft.id}/territories/{key}", ("good", f"The rule is gone from {called(draft)}."))


def _step(visit: Visit, reference: str, key: str, rule: str, form: Mapping[str, Any]) -> Response:
    view = view_of(visit, reference, key)
    sheet = _typed(visit, view, form)
    sheet.key = rule
    edit = str(form.get("edit", "save"))
    if edit.startswith("mode:"):
        _turn(visit, sheet, edit.removeprefix("mode:"))
    elif edit.partition(":")[0] in {"add", "group", "remove"} and sheet.mode == "form":
        _set_node(visit, view, sheet, edited(sheet.node, edit, _first_field(visit)))
    elif edit == "save":
        _check_head(view, sheet, rule)
        if sheet.condition is not None and not sheet.has_errors:
            return _save(visit, view, sheet, sheet.condition, rule)
        return _page(visit, view, sheet, status=422, is_checked=True)
    return _page(visit, view, sheet, is_checked=edit == "check")


def _save(visit: Visit, view: PlanView, sheet: Sheet, condition: Condition, rule: str) -> Response:
    territory = view.territory()
    old = next((r for r in territory.rules if r.key == rule), None)
    kept = Rule(sheet.key, condition, sheet.name, int(sheet.priority), sheet.note, old.comment if old else "")
    try:
        target = edit_target(visit, view.revision)
        draft = visit.workspace.rule_set(territory.key, kept, reference=str(target.id), expected_root=sheet.root)
    except Conflict as conflict:
        return _conflict_page(visit, view, sheet, rule, str(conflict))
    text = f"The rule was saved in {called(draft)}; it takes effect when the draft is published."
    return visit.go(f"/plan/{draft.id}/territories/{territory.key}", ("good", text))


def _conflict_page(visit: Visit, view: PlanView, sheet: Sheet, rule: str, reason: str) -> Response:
    """What was typed beside what is there now, with a choice; nothing typed is lost."""
    current = (
        visit.workspace.draft_or_active() if view.revision.state == "active" else visit.workspace.plan_find(str(view.revision.id))
    )
    plan = visit.workspace.plan_of(current)
    there = plan.territory_by_key.get(view.key)
    theirs = next((r for r in there.rules if r.key == rule), None) if there else None
    return visit.page(
        "rule-conflict.html",
        status=409,
        view=view,
        sheet=sheet,
        reason=reason,
        current=current,
        is_there=there is not None,
        theirs=_laid_out(visit, theirs.condition) if theirs else "",
        mine=_laid_out(visit, sheet.condition) if sheet.condition is not None else sheet.text,
        action=_action(current.id, view.key, rule),
    )


def _typed(visit: Visit, view: PlanView, form: Mapping[str, Any]) -> Sheet:
    """The rule as the form's fields say it, parsed and checked."""
    names = ("name", "priority", "note", "root")
    values = {name: str(form.get(name, "")).strip()[:5000] for name in names}
    sheet = Sheet("", values["name"], values["priority"], values["note"], root=values["root"])
    if str(form.get("mode", "form")) == "text":
        sheet.mode = "text"
        sheet.text = str(form.get("text", "")).replace("\r\n", "\n").rstrip()
        if len(sheet.text) > LARGEST_TEXT:
            sheet.error = "This is too long to be one rule; use a named list."
            return sheet
        _parse(visit, view, sheet, sheet.text)
    else:
        _set_node(visit, view, sheet, read_form(form))
    return sheet


def _set_node(visit: Visit, view: PlanView, sheet: Sheet, node: Node) -> None:
    sheet.node = node
    text, sheet.path_of_line = form_text(node, visit.workspace.fields())
    _parse(visit, view, sheet, text)


def _parse(visit: Visit, view: PlanView, sheet: Sheet, text: str) -> None:
    """The condition of a text, or the findings that say why it means none."""
    sheet.condition, sheet.line_findings, sheet.findings = None, (), ()
    try:
        sheet.condition = visit.workspace.rule_parse(text)
    except InputError as error:
        sheet.line_findings = error.findings[:FINDINGS_SHOWN]
        sheet.text = sheet.text or text
        return
    sheet.findings = visit.workspace.rule_check(sheet.condition, str(view.revision.id))


def _turn(visit: Visit, sheet: Sheet, mode: str) -> None:
    """Go over to the other editor, if the rule can be shown there."""
    if sheet.condition is None:
        # What cannot be read stays where it was typed: in the form as rows, in the text as text.
        if mode == "text" and sheet.mode == "form":
            sheet.mode, sheet.text = "text", form_text(sheet.node, visit.workspace.fields())[0]
        return
    _fill(visit, sheet, sheet.condition, mode)


def _fill(visit: Visit, sheet: Sheet, condition: Condition, mode: str) -> None:
    """Lay a condition into the editor; as text where the form cannot show it."""
    sheet.condition = condition
    sheet.mode, sheet.text = "text", _laid_out(visit, condition)
    if mode == "form":
        try:
            sheet.node = node_of(condition, visit.workspace.settings().distance_unit)
            sheet.mode = "form"
        except TooComplex as reason:
            sheet.too_complex = str(reason)


def _check_head(view: PlanView, sheet: Sheet, rule: str) -> None:
    """The rule's name, key and priority; what is wrong with them goes to `error`."""
    number = sheet.priority.removeprefix("-")
    if not number.isdecimal() or len(number) > 6:
        sheet.error = f"The priority is a whole number, got {sheet.priority[:20]!r}."
    if rule:
        return
    taken = {r.key for r in view.territory().rules}
    base = key_from(sheet.name)[:60] if sheet.name else "rule"
    sheet.key = next(k for k in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if k not in taken and is_key(k))


def _laid_out(visit: Visit, condition: Condition) -> str:
    return lay_out(condition, visit.workspace.rule_text)


def _live_of(visit: Visit, view: PlanView, sheet: Sheet) -> dict[str, Any]:
    if sheet.condition is None:
        first = sheet.line_findings[0] if sheet.line_findings else None
        place = f"Line {first.place.line}: " if first and first.place.line and sheet.mode == "text" else ""
        return {"error": f"{place}{first.message}" if first else sheet.error or "This cannot be read as a rule."}
    errors = [f for f in sheet.findings if f.severity is Severity.ERROR]
    if errors:
        return {"error": errors[0].message}
    return _live(visit, view, sheet.condition)


def _live(visit: Visit, view: PlanView, condition: Condition) -> dict[str, Any]:
    """What a condition takes, in words."""
    territory = view.territory()
    take = visit.workspace.rule_take(condition, territory.key, str(view.revision.id))
    filters = visit.environment.filters
    sums = [f"{filters['money_compact'](take.potential)} potential"]
    if take.inside != take.accounts:
        sums.append(f"{filters['number'](take.inside)} of them within what {_parent(view)} takes")
    kind = view.plan.type_by_key.get(territory.type)
    changes = ""
    if kind is None or kind.role is Role.PRIMARY:
        parts = [
            f"{filters['number'](count)} {words}"
            for count, words in ((take.elsewhere, "held elsewhere today"), (take.unheld, "held by nobody today"))
            if count
        ]
        changes = ", ".join(parts) or ("all held here today" if take.inside else "")
    return {"count": take.accounts, "of": take.of, "sums": sums, "changes": changes}


def _parent(view: PlanView) -> str:
    return next((t.label for t in view.plan.ancestors(view.key) if t.rules), "its parent")


def _first_field(visit: Visit) -> str:
    names = visit.workspace.fields()
    return "region" if "region" in names else next(iter(names))


def _action(revision: int, territory: str, rule: str) -> str:
    base = f"/plan/{revision}/territories/{territory}"
    return f"{base}/rules/{rule}" if rule else f"{base}/new-rule"


def _page(
    visit: Visit,
    view: PlanView,
    sheet: Sheet,
    *,
    status: int = 200,
    is_checked: bool = False,
    proved: Sequence[Finding] | None = None,
) -> Response:
    problems = {
        sheet.path_of_line[f.place.line]: _beside(f)
        for f in reversed(sheet.line_findings)
        if f.place.line and f.place.line in sheet.path_of_line
    }
    settings = visit.workspace.settings()
    months = Reader(settings.locale, settings.reporting_currency, settings.time_zone).months
    editor = {
        "key": KEY,
        "mode": sheet.mode,
        "action": _action(view.revision.id, view.key, sheet.key if _exists(view, sheet) else ""),
        "count_href": f"{view.base}/territories/{view.key}/take",
        "csrf": visit.csrf,
        "field_groups": _field_groups(visit, view),
        "lists": [(named.key, named.name or named.key) for named in view.plan.lists],
        "areas": [(area.key, area.name or area.key) for area in view.plan.areas],
        "months": [(str(number), name) for number, name in enumerate(months, 1)],
        "unit": settings.distance_unit,
        "root": sheet.node.as_dict(problems=problems),
        "text": sheet.text,
        "findings": [{"line": f.place.line, **_beside(f)} for f in sheet.line_findings],
        "live": _live_of(visit, view, sheet),
    }
    return visit.page(
        "rule.html", status=status, view=view, t=view.territory(), sheet=sheet, editor=editor, is_checked=is_checked, proved=proved
    )


def _field_groups(visit: Visit, view: PlanView) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a row can ask for, in groups: fields, terms, and both of the account's family."""
    fields = sorted(((name, f.title) for name, f in visit.workspace.fields().items()), key=lambda pair: pair[1].lower())
    terms = [(name, label) for name, label in TERMS if name != "term:area" or view.plan.areas]
    of_family = [(f"{FAMILY}{name}", f"Family: {label}") for name, label in [*fields, *terms] if name != "term:month"]
    return [("Account", fields), ("Place, orders, season", terms), ("Topmost account of the family", of_family)]


def _exists(view: PlanView, sheet: Sheet) -> bool:
    return any(r.key == sheet.key for r in view.territory().rules)


def _beside(finding: Finding) -> dict[str, str]:
    remedy = f" {finding.remedy}" if finding.remedy else ""
    return {"severity": finding.severity.value, "message": f"{sentence(finding.message)}.{remedy}"}


def sentence(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]
