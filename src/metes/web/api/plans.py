"""Plans: revisions, drafts, preview, publication, assignment."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from metes.model.condition import to_json
from metes.model.query import MovesQuery
from metes.web.api.access import Caller, plain

router = APIRouter(tags=["plans"])


class Publication(BaseModel):
    """From which day a scenario is to be the plan (else today), and why; `correction` is the reason for a day that has passed."""

    on: date | None = None
    rationale: str = Field(default="", max_length=10_000)
    correction: str = Field(default="", max_length=10_000)
    expected_root: str | None = Field(default=None, max_length=64)


class RuleText(BaseModel):
    """A condition as text."""

    when: str = Field(max_length=1_000_000)


@router.get("/plans")
def list_plans(caller: Caller) -> list[dict[str, Any]]:
    """All revisions, newest first."""
    revisions: list[dict[str, Any]] = plain(caller.plan_list())
    return revisions


@router.get("/plans/schema")
def get_schema(caller: Caller) -> dict[str, Any]:
    """The JSON schema of plan files."""
    return caller.plan_schema()


@router.get("/plans/{reference}")
def get_plan(reference: str, caller: Caller) -> dict[str, Any]:
    """A revision with its types, tree, rules, pins and seats."""
    revision, plan = caller.plan_show(reference)
    territories = [
        {
            "key": t.key,
            "name": t.name,
            "type": t.type,
            "parent": t.parent,
            "catch_all": t.is_catch_all,
            "rules": [
                {
                    "key": r.key,
                    "name": r.name,
                    "priority": r.priority,
                    "when": caller.rule_text(r.condition),
                    "tree": to_json(r.condition),
                }
                for r in t.rules
            ],
            "seats": plain(plan.seats_by_territory.get(t.key, ())),
        }
        for t in plan.preorder
    ]
    return {"revision": plain(revision), "types": plain(plan.types), "territories": territories, "pins": plain(plan.pins)}


@router.get("/plans/{reference}/findings")
def check_plan(reference: str, caller: Caller) -> list[dict[str, Any]]:
    """What the check says of a revision."""
    findings: list[dict[str, Any]] = plain(caller.plan_check(reference)[1])
    return findings


@router.get("/plans/{reference}/proof")
def prove_plan(reference: str, caller: Caller) -> dict[str, Any]:
    """Whether every possible account has exactly one primary territory under a revision, and what there is to say of its rules."""
    return caller.plan_prove(reference).as_dict()


@router.get("/plans/{before}/diff/{after}")
def diff_plans(before: str, after: str, caller: Caller) -> list[dict[str, Any]]:
    """The steps from one revision to another."""
    steps: list[dict[str, Any]] = plain(caller.plan_diff(before, after))
    return steps


@router.get("/plans/{reference}/preview")
def preview_plan(reference: str, caller: Caller) -> dict[str, Any]:
    """Which territories and people would win and lose what if a revision were the plan today."""
    return caller.preview(reference).as_dict()


@router.get("/plans/{reference}/preview/accounts")
def preview_accounts(
    reference: str,
    caller: Caller,
    q: Annotated[str, Query(max_length=200, description="Text within name or id.")] = "",
    before: Annotated[str | None, Query(description="The territory they leave; empty for none.")] = None,
    after: Annotated[str | None, Query(description="The territory they join; empty for none.")] = None,
    start: Annotated[int, Query(ge=0, description="How many to leave out.")] = 0,
    rows: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 50,
) -> dict[str, Any]:
    """The accounts that would change territory, those of most potential first."""
    found, total = caller.preview_moves(caller.preview(reference), MovesQuery(q, before, after), start=start, rows=rows)
    return {"total": total, "accounts": found}


@router.post("/plans/{reference}/publish")
def publish_plan(reference: str, publication: Publication, caller: Caller) -> dict[str, Any]:
    """Make a draft the plan from a day on."""
    revision: dict[str, Any] = plain(
        caller.plan_publish(
            reference,
            on=publication.on,
            rationale=publication.rationale,
            correction=publication.correction,
            expected_root=publication.expected_root,
        )
    )
    return revision


@router.post("/rules/count")
def count_rule(
    rule: RuleText, caller: Caller, plan: Annotated[str, Query(description="Whose named lists count.")] = "active"
) -> dict[str, Any]:
    """How many accounts a condition takes, by itself."""
    condition = caller.rule_parse(rule.when)
    return {"accounts": caller.rule_count(condition, plan), "tree": to_json(condition)}


@router.post("/assignments", status_code=202)
def assign(caller: Caller) -> dict[str, Any]:
    """Queue a run of the active plan over all accounts; follow it at /jobs/{job}."""
    caller.require_active()
    return {"job": caller.assign_queue()}
