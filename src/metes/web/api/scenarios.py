"""Scenarios: branched, named, compared, merged; and who may do what with which part of the plan."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from metes.web.api.access import Caller, plain

router = APIRouter(tags=["plans"])
Side = Literal["ours", "theirs", "base"]


class Branch(BaseModel):
    """A scenario to begin."""

    title: str = Field(min_length=1, max_length=200)
    note: str = Field(default="", max_length=2000)


class Title(BaseModel):
    """What a scenario is to be called."""

    title: str = Field(min_length=1, max_length=200)


class Merge(BaseModel):
    """What is to be merged in: `choices` settle conflicts by their key, `rest` all others; `dry_run` writes nothing."""

    source: str = Field(default="active", max_length=200)
    choices: dict[str, Side] = Field(default_factory=dict, max_length=100_000)
    rest: Side | None = None
    dry_run: bool = False
    note: str = Field(default="", max_length=2000)
    expected_root: str | None = Field(default=None, max_length=64)
    expected_source_root: str | None = Field(default=None, max_length=64)


class RightBody(BaseModel):
    """What a user may do at and below a territory; empty: with the whole plan."""

    user: str = Field(max_length=100)
    right: Literal["propose", "review", "approve", "publish"]
    territory: str = Field(default="", max_length=80)


@router.post("/plans/{reference}/branch", status_code=201)
def branch_plan(reference: str, body: Branch, caller: Caller) -> dict[str, Any]:
    """Begin a scenario with the content of a revision."""
    revision: dict[str, Any] = plain(caller.plan_branch(body.title, reference=reference, note=body.note))
    return revision


@router.post("/plans/{reference}/rename")
def rename_plan(reference: str, body: Title, caller: Caller) -> dict[str, Any]:
    """Give a scenario another name."""
    revision: dict[str, Any] = plain(caller.plan_rename(body.title, reference))
    return revision


@router.get("/plans/{reference}/log")
def log_plan(reference: str, caller: Caller) -> list[dict[str, Any]]:
    """What happened to a revision and to those it was branched from, newest first."""
    entries: list[dict[str, Any]] = plain(caller.plan_log(reference))
    return entries


@router.get("/plans/{before}/compare/{after}")
def compare_plans(before: str, after: str, caller: Caller) -> dict[str, Any]:
    """What one revision would change against another, both run over the accounts of now."""
    return caller.plan_compare(before, after).as_dict()


@router.post("/plans/{reference}/merge")
def merge_plan(reference: str, body: Merge, caller: Caller) -> dict[str, Any]:
    """Bring what another revision changed into a scenario; conflicts that nobody settled are told, and nothing is written."""
    outcome = caller.plan_merge(
        body.source,
        reference,
        choices=body.choices,
        rest=body.rest,
        dry_run=body.dry_run,
        note=body.note,
        expected_root=body.expected_root,
        expected_source_root=body.expected_source_root,
    )
    return {
        "revision": plain(outcome.revision),
        "ours": plain(outcome.ours),
        "theirs": plain(outcome.theirs),
        "conflicts": plain(outcome.conflicts),
        "settled": plain(outcome.settled),
        "steps": plain(outcome.steps),
    }


@router.get("/rights")
def list_rights(caller: Caller) -> list[dict[str, Any]]:
    """All rights in force."""
    rights: list[dict[str, Any]] = plain(caller.rights_list())
    return rights


@router.post("/rights", status_code=201)
def grant_right(body: RightBody, caller: Caller) -> dict[str, Any]:
    """Let a user propose, review, approve or publish changes at and below a territory."""
    return {"right": caller.right_grant(body.user, body.right, body.territory)}


@router.delete("/rights/{right}", status_code=204)
def revoke_right(right: int, caller: Caller) -> None:
    """Take a right back."""
    caller.right_revoke(right)
