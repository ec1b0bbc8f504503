"""The review of a scenario: proposed with a reason, talked about item by item, and approved part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from metes.base.errors import Conflict, InputError
from metes.model.access import Capability
from metes.web.marks import colour_of, href_of
from metes.web.plan_steps import StepGroup, StepLine, groups_of, in_groups
from metes.web.plan_view import PlanView, part_view, view_of
from metes.web.revisions import called
from metes.web.visits import Form, SignedIn, Visit

router = APIRouter()
PATH = "/plan/{reference}/review"
STEPS_SHOWN = 60
BALANCES_SHOWN = 100
WHOLE = ""


@dataclass
class Thread:
    """What was said of one item, oldest first: comments with their replies."""

    subject: str
    comments: list[tuple[Any, list[Any]]] = field(default_factory=list)

    @property
    def open(self) -> int:
        """How many comments are not settled."""
        return sum(1 for comment, _ in self.comments if comment.resolved_at is None)


@dataclass(frozen=True, slots=True)
class PartShown:
    """A part ready for the page: what was decided of it, its steps by territory, and which lines carry a thread."""

    review: Any
    name: str
    colour: int | None
    groups: Sequence[StepGroup]
    carriers: frozenset[int]
    steps: int
    state: tuple[str, str]

    @property
    def shown(self) -> int:
        """How many steps are on the page."""
        return sum(len(group.lines) for group in self.groups)

    def carries(self, line: StepLine) -> bool:
        """Whether what is said of an item stands below this line: the last that is about it."""
        return id(line) in self.carriers

    @property
    def anchor(self) -> str:
        """The place of the part on the page."""
        return f"part-{self.review.part.key or 'whole'}"


@router.get(PATH)
def show(reference: str, visit: SignedIn) -> Response:
    """The review, or the form that asks for one."""
    return _page(visit, reference, {"rationale": "", "due_on": ""})


@router.post(f"{PATH}/propose")
def propose(reference: str, visit: SignedIn, form: Form) -> Response:
    """Ask for a review."""
    typed = {name: str(form.get(name, "")).strip() for name in ("rationale", "due_on")}
    revision = visit.workspace.plan_find(reference)
    try:
        due_on = date.fromisoformat(typed["due_on"]) if typed["due_on"] else None
    except ValueError:
        return _page(visit, reference, typed, {"due_on": f"{typed['due_on'][:40]!r} is no day; write 2027-02-28."}, status=422)
    try:
        visit.workspace.plan_propose(str(revision.id), rationale=typed["rationale"], due_on=due_on)
    except InputError as problem:
        name = "due_on" if "deadline" in str(problem) else "rationale"
        return _page(visit, reference, typed, {name: f"{_sentence(str(problem))}."}, status=422)
    return visit.go(
        f"/plan/{revision.id}/review", ("good", f"{_sentence(called(revision))} is in review; whoever may approve it is told.")
    )


@router.get(f"{PATH}/withdraw")
def ask_withdraw(reference: str, visit: SignedIn) -> Response:
    """Tell what taking a scenario out of review means."""
    visit.require("plan_edit")
    return visit.page("plan-review-withdraw.html", view=view_of(visit, reference))


@router.post(f"{PATH}/withdraw")
def withdraw(reference: str, visit: SignedIn) -> Response:
    """Take a scenario out of review."""
    revision = visit.workspace.plan_find(reference)
    visit.workspace.plan_withdraw(str(revision.id))
    return visit.go(f"/plan/{revision.id}/review", ("info", "It is out of review. What was said stays."))


@router.post(f"{PATH}/decide")
def decide(reference: str, visit: SignedIn, form: Form) -> Response:
    """Approve a part as it was seen, or ask for changes of it."""
    revision = _revision(visit, reference)
    part, decision, comment = (str(form.get(name, "")) for name in ("part", "decision", "comment"))
    seen = next((p for p in visit.workspace.plan_review(str(revision.id)).parts if p.part.key == part), None)
    if seen is not None and seen.part.hash != str(form.get("hash", "")):
        raise Conflict("this part has changed since you looked at it; look again, then decide")
    anchor = f"#part-{part or 'whole'}"
    try:
        visit.workspace.plan_decide(str(revision.id), part, decision, comment)
    except InputError as problem:
        return visit.go(f"/plan/{revision.id}/review{anchor}", ("warn", f"{_sentence(str(problem))}."))
    text = "You approve this part." if decision == "approve" else "You ask for changes of this part."
    return visit.go(f"/plan/{revision.id}/review{anchor}", ("good", text))


@router.post(f"{PATH}/comments")
def add_comment(reference: str, visit: SignedIn, form: Form) -> Response:
    """Say something of an item, or answer what was said."""
    revision = _revision(visit, reference)
    subject, text, answered = (str(form.get(name, "")) for name in ("subject", "text", "reply_to"))
    reply_to = int(answered) if answered.isdecimal() and len(answered) < 19 else None
    try:
        visit.workspace.plan_comment(str(revision.id), subject, text, reply_to=reply_to)
    except InputError as problem:
        return visit.go(f"/plan/{revision.id}/review", ("warn", f"{_sentence(str(problem))}."))
    said = visit.workspace.plan_review(str(revision.id)).comments
    return visit.go(f"/plan/{revision.id}/review#comment-{said[-1].id if said else ''}")


@router.post(f"{PATH}/comments/{{number}}/resolve")
def resolve(reference: str, number: int, visit: SignedIn) -> Response:
    """Settle what was said."""
    revision = _revision(visit, reference)
    visit.workspace.plan_comment_resolve(number)
    return visit.go(f"/plan/{revision.id}/review#comment-{number}")


def _page(
    visit: Visit, reference: str, typed: Mapping[str, str], errors: Mapping[str, str] | None = None, *, status: int = 200
) -> Response:
    access = visit.workspace.access
    if access.may(Capability.PLAN_READ):
        view = view_of(visit, reference)
        review = visit.workspace.plan_review(str(view.revision.id))
    else:
        review = visit.workspace.plan_review(reference)
        view = part_view(visit, review.revision)
    threads = threads_of(review.comments)
    base = visit.workspace.plan_base(view.revision)
    parts = [_part(found, view, base) for found in review.parts]
    shown = {line.step.subject for p in parts for g in p.groups for line in g.lines}
    return visit.page(
        "plan-review.html",
        status=status,
        view=view,
        review=review,
        proposal=review.proposal if review.proposal is not None and review.proposal.state == "open" else None,
        parts=parts,
        threads=threads,
        whole=threads.get(WHOLE) or Thread(WHOLE),
        elsewhere=[t for subject, t in threads.items() if subject and subject not in shown],
        settled=sum(1 for p in review.parts if p.is_settled),
        typed=typed,
        errors=errors or {},
        today=visit.workspace.today(),
        four_eyes=visit.workspace.settings().four_eyes,
        needed=visit.workspace.settings().approvals_needed,
        me=visit.user.name,
        balances=() if view.is_whole else _balances(visit, view),
        may_approve=access.may(Capability.APPROVE),
        may_propose=access.may(Capability.PLAN_EDIT),
    )


def _balances(visit: Visit, view: PlanView) -> Sequence[Mapping[str, Any]] | None:
    """What the reader's territories would win and lose, ready for the page; None where nobody has worked it out."""
    found = visit.workspace.review_balances(str(view.revision.id))
    if found is None:
        return None
    known = view.plan.territory_by_key
    return [
        {
            "name": balance.name,
            "colour": colour_of(known[balance.key]) if balance.key in known else None,
            "href": href_of(balance.key) if balance.key in known else "",
            "balance": balance,
            "won_href": "",
            "lost_href": "",
        }
        for balance in found[:BALANCES_SHOWN]
    ]


def _revision(visit: Visit, reference: str) -> Any:
    """The revision in review, as far as the reader may know of it."""
    if visit.workspace.access.may(Capability.PLAN_READ):
        return visit.workspace.plan_find(reference)
    return visit.workspace.plan_review(reference).revision


def threads_of(comments: Sequence[Any]) -> dict[str, Thread]:
    """Comments by their item, replies below what they answer."""
    threads: dict[str, Thread] = {}
    answers: dict[int, list[Any]] = {}
    for comment in comments:
        if comment.reply_to in answers:
            answers[comment.reply_to].append(comment)
            answers[comment.id] = answers[comment.reply_to]
        else:
            answers[comment.id] = []
            threads.setdefault(comment.subject, Thread(comment.subject)).comments.append((comment, answers[comment.id]))
    return threads


def _part(found: Any, view: PlanView, base: Any) -> PartShown:
    steps = in_groups(found.part.steps)[:STEPS_SHOWN]
    groups = groups_of(steps, base, view.plan)
    last = {line.step.subject: id(line) for group in groups for line in group.lines}
    territory = view.plan.territory_by_key.get(found.part.key) or base.territory_by_key.get(found.part.key)
    return PartShown(
        found,
        found.part.label or "The whole plan",
        colour_of(territory) if territory else None,
        groups,
        frozenset(last.values()),
        len(found.part.steps),
        _state(found),
    )


def _state(found: Any) -> tuple[str, str]:
    """What a part waits for, and its tone."""
    if found.asks:
        return "changes asked for", "warn"
    if found.is_settled:
        return "approved", "good"
    if found.lapsed and not found.approvals:
        return "changed since it was approved", "warn"
    return f"{len(found.approvals)} of {found.needed} approvals", "accent"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
