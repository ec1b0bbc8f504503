"""What the pages about users, roles, groups and tokens share: roles and capabilities in words, and what their forms name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from metes.base.errors import InputError, NotFound
from metes.model.access import HIDDEN, SEES_EVERYTHING, Capability, UserRole
from metes.model.seeing import Reason, Seeing, UserFilter
from metes.web.addresses import Address
from metes.web.marks import Marks
from metes.web.visits import Visit

ROLE_WORDS: Mapping[UserRole, tuple[str, str]] = {
    UserRole.ADMINISTRATOR: (
        "Administrator",
        "Runs the workspace: users, settings, personal data, and everything that planners do.",
    ),
    UserRole.PLANNER: ("Planner", "Brings data in, changes plans, publishes and corrects them."),
    UserRole.LEADER: ("Leader", "Reads what their seats and places show; with all of it, plans too, which they can publish."),
    UserRole.MANAGER: ("Manager", "Sees what lies below their seats, with what each person sells, and decides of changes there."),
    UserRole.REP: ("Rep", "Sees the accounts of their own seats."),
    UserRole.MARKETING: ("Marketing", "Sees the accounts of the places given to them."),
    UserRole.AUDITOR: ("Auditor", "Reads everything, and who did what; changes nothing."),
    UserRole.INTEGRATION: ("Integration", "A program: it uses the API with tokens, and no pages."),
}
CAPABILITY_WORDS: Mapping[Capability, str] = {
    Capability.LOOK: "See accounts, territories, people, the map, and why",
    Capability.EXPORT: "Export lists",
    Capability.CONTACTS: "See mail addresses, telephone numbers and streets of people",
    Capability.PAY: "See what one person sells, and how their seat is weighed",
    Capability.REVIEW: "Read scenarios in review, as far as they lie in one's part",
    Capability.APPROVE: "Comment on them, approve parts, ask for changes",
    Capability.PLAN_READ: "Read plans, scenarios, designs, zones, jobs and imports",
    Capability.PLAN_EDIT: "Change scenarios, rules, pins, designs and zones",
    Capability.PUBLISH: "Publish plans, cancel and take back publications",
    Capability.DATA_EDIT: "Change fields of accounts by hand",
    Capability.DATA_IMPORT: "Import data, and undo imports",
    Capability.CORRECT: "Correct what the ledger says of the past",
    Capability.RUN: "Run assignments, jobs and schedules",
    Capability.ADMIN: "Run the workspace: users, roles, tokens of programs, settings",
    Capability.AUDIT_READ: "Read who did what",
    Capability.PRIVACY: "Show, export and erase what is kept of a person",
}


def require_admin(visit: Visit) -> None:
    """NotFound unless the visitor runs the workspace: for forms that show nothing yet."""
    if not visit.may("admin"):
        raise NotFound(HIDDEN)


def filter_of(address: Address) -> UserFilter:
    """The users that an address asks for; what cannot be asked for is left out."""
    role, state = address.get("role"), address.get("state")
    return UserFilter(
        search=address.get("q").strip()[:200],
        role=role if role in {*UserRole, "none"} else "",
        state=state if state in ("in", "out") else "",
    )


def sentence(problem: Exception) -> str:
    """An error's text as a sentence."""
    text = str(problem)
    return f"{text[:1].upper()}{text[1:]}."


def state_on(today: date, first: date, until: date | None) -> str:
    """Whether something dated holds `now`, begins `later` or is `over`."""
    return "later" if first > today else "over" if until is not None and until <= today else "now"


def several(form: Mapping[str, Any], name: str) -> list[str]:
    """All values of a field that a form sends several times."""
    items = form.multi_items() if hasattr(form, "multi_items") else form.items()
    return [str(value) for key, value in items if key == name and value]


def day_of(form: Mapping[str, Any], name: str) -> date | None:
    """A day of a form; None where it was left empty, InputError where it is none."""
    text = str(form.get(name, "")).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"expected a day such as 2026-07-01, got {text[:40]!r}") from None


def place_named(visit: Visit, key: str, text: str) -> str:
    """The key of the territory that a picker names; empty for none, InputError where the text names none or several."""
    active = visit.workspace.active()
    if key or not text:
        return key
    found = [] if active is None else [t.key for t in active[1].territories if text.lower() in {t.key.lower(), t.name.lower()}]
    if len(found) != 1:
        raise InputError(f"there is no one territory called {text[:80]!r}; choose from the list")
    return found[0]


def person_named(visit: Visit, key: str, text: str) -> str | None:
    """The id of the person that a picker names; None for nobody, InputError where the text names nobody or several."""
    if key or not text:
        return key or None
    found, total = visit.workspace.people(text, limit=2)
    if total != 1:
        raise InputError(f"there is no one person called {text[:80]!r}; choose from the list")
    return str(found[0]["external_id"])


def marks_of(visit: Visit) -> Marks:
    """The territories of the plan in force as pages show them."""
    active = visit.workspace.active()
    return Marks(active[1] if active else None)


def reason_rows(visit: Visit, seen: Seeing) -> list[dict[str, Any]]:
    """Why somebody sees each part, as the page shows it."""
    marks = marks_of(visit)
    return [{"mark": marks.of(r.territory), "text": _cased(r), "below": _below(marks, r.territory)} for r in seen.reasons]


def roles_offered() -> list[tuple[str, str, str, bool]]:
    """Each role with its name, what it is, and whether it sees everything."""
    return [(role.value, *ROLE_WORDS[role], role in SEES_EVERYTHING) for role in UserRole]


def may_words(capabilities: Sequence[Capability]) -> list[str]:
    """What somebody may, in words."""
    return [CAPABILITY_WORDS[capability] for capability in capabilities]


def _below(marks: Marks, key: str) -> int:
    if marks.plan is None or key not in marks.plan.interval_by_key:
        return 0
    first, last = marks.plan.interval_by_key[key]
    return last - first - 1


def _cased(reason: Reason) -> str:
    return f"{reason.text[:1].upper()}{reason.text[1:]}."
