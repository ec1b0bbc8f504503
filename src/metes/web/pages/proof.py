"""The check of a plan and its proof: whether every possible account has one primary territory, and what there is to say of the rules."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from metes.web.pages.plan_changes import check_of, finding_href
from metes.web.plan_view import view_of
from metes.web.visits import SignedIn

router = APIRouter()
PATH = "/plan/{reference}/check"
FINDINGS_SHOWN = 200
# Plans of so many rules are proved within the request, larger ones as a job.
RULES_PROVED_AT_ONCE = 600


@router.get(PATH)
def show(reference: str, visit: SignedIn) -> Response:
    """What the check says of a revision, and its proof where that has been worked out."""
    view = view_of(visit, reference)
    proof = visit.workspace.proof_at_hand(str(view.revision.id))
    findings = list(proof.findings) if proof is not None else check_of(visit, view)
    shown = [(f, finding_href(view, f)) for f in findings[:FINDINGS_SHOWN]]
    return visit.page("plan-check.html", view=view, proof=proof, findings=shown, findings_total=len(findings))


@router.post(PATH)
def prove(reference: str, visit: SignedIn) -> Response:
    """Check and prove a revision: at once where it is small, else as a job."""
    revision, plan = visit.workspace.plan_show(reference)
    page = f"/plan/{revision.id}/check"
    if sum(len(t.rules) for t in plan.territories) > RULES_PROVED_AT_ONCE and not visit.workspace.proof_at_hand(str(revision.id)):
        return visit.go(f"/jobs/{visit.workspace.job_add('prove', {'revision': revision.id})}")
    visit.workspace.plan_prove(str(revision.id))
    return visit.go(page)
