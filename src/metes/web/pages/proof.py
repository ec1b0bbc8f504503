"""The check of a plan and its proof: whether every possible account has one primary territory, and what there is to say of the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.responses import Response

from metes.app.proofs import PlanCheck
from metes.base.findings import Finding
from metes.web.findings_table import findings_download
from metes.web.pages.plan_changes import check_of, finding_href
from metes.web.plan_view import PlanView, view_of
from metes.web.visits import SignedIn, Visit

router = APIRouter()
PATH = "/plan/{reference}/check"
PAGE_FINDINGS = 50
# Plans of so many rules are proved within the request, larger ones as a job.
RULES_PROVED_AT_ONCE = 600


@router.get(PATH)
def show(reference: str, visit: SignedIn) -> Response:
    """What the check says of a revision, and its proof where that has been worked out; by page, of all codes or of one."""
    view = view_of(visit, reference)
    proof, findings = _found(visit, view)
    codes = Counter(f.code for f in findings)
    code = visit.address.get("code") if visit.address.get("code") in codes else ""
    matching = [f for f in findings if f.code == code] if code else findings
    start = min(visit.address.start(), len(matching))
    shown = matching[start : start + PAGE_FINDINGS]
    everything = [("", len(findings)), *codes.items()]
    return visit.page(
        "plan-check.html",
        view=view,
        proof=proof,
        findings=[(f, finding_href(view, f)) for f in shown],
        findings_total=len(findings),
        pages={
            "first": start + 1,
            "shown": len(shown),
            "total": len(matching),
            "noun": ("finding", "findings"),
            "before": visit.address.put(after=max(0, start - PAGE_FINDINGS)) if start else None,
            "after": visit.address.put(after=start + PAGE_FINDINGS) if start + PAGE_FINDINGS < len(matching) else None,
        },
        codes=[
            {"name": name, "count": count, "href": visit.address.put(code=name or None, after=None), "is_current": name == code}
            for name, count in everything
        ],
    )


@router.get(f"{PATH}.csv")
def findings_file(reference: str, visit: SignedIn) -> Response:
    """All that the check and the proof say of a revision, as CSV."""
    view = view_of(visit, reference)
    return findings_download([f.as_dict() for f in _found(visit, view)[1]], f"check-{view.revision.id}.csv")


def _found(visit: Visit, view: PlanView) -> tuple[PlanCheck | None, Sequence[Finding]]:
    """The proof of a revision, where there is one, and the findings."""
    proof = visit.workspace.proof_at_hand(str(view.revision.id))
    return proof, proof.findings if proof is not None else check_of(visit, view)


@router.post(PATH)
def prove(reference: str, visit: SignedIn) -> Response:
    """Check and prove a revision: at once where it is small, else as a job."""
    revision, plan = visit.workspace.plan_show(reference)
    page = f"/plan/{revision.id}/check"
    if sum(len(t.rules) for t in plan.territories) > RULES_PROVED_AT_ONCE and not visit.workspace.proof_at_hand(str(revision.id)):
        return visit.go(f"/jobs/{visit.workspace.job_add('prove', {'revision': revision.id})}")
    visit.workspace.plan_prove(str(revision.id))
    return visit.go(page)
