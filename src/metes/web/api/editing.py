"""Changes of plans."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from metes.base.dates import Period
from metes.model.plan import Pin, Rule
from metes.web.api.access import Caller, plain

router = APIRouter()


class PlanText(BaseModel):
    """A plan as text: the content of each file by its path in the folder, such as `plan.yaml`."""

    files: dict[str, str] = Field(max_length=20_000)
    note: str = Field(default="", max_length=2000)


class RuleBody(BaseModel):
    """A rule: its condition as text."""

    when: str = Field(max_length=1_000_000)
    name: str = Field(default="", max_length=200)
    priority: int = Field(default=100, ge=0, le=1_000_000)
    note: str = Field(default="", max_length=2000)


class PinBody(BaseModel):
    """An account fixed to a territory, or kept out of it."""

    account: str = Field(max_length=200)
    territory: str = Field(max_length=80)
    reason: str = Field(min_length=1, max_length=2000)
    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")
    is_exclusion: bool = False

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"a pin that begins on {self.start} cannot end on {self.end}; say a later day")
        return self


@router.post("/plans", status_code=201, tags=["plans"])
def import_plan(text: PlanText, caller: Caller) -> dict[str, Any]:
    """Take a plan in as a draft; with errors nothing is kept."""
    imported = caller.plan_import(text.files, note=text.note)
    return {"revision": imported.revision, "is_new": imported.is_new, "findings": plain(imported.findings)}


@router.get("/plans/{reference}/text", tags=["plans"])
def export_plan(reference: str, caller: Caller) -> dict[str, str]:
    """A plan as text: each file by its path in the folder."""
    return caller.plan_text(reference)


@router.post("/plans/{reference}/discard", tags=["plans"])
def discard_plan(reference: str, caller: Caller) -> dict[str, Any]:
    """Put a draft away."""
    revision: dict[str, Any] = plain(caller.plan_discard(reference))
    return revision


@router.put("/plans/{reference}/territories/{territory}/rules/{rule}", tags=["plans"])
def set_rule(reference: str, territory: str, rule: str, body: RuleBody, caller: Caller) -> dict[str, Any]:
    """Put a rule on a territory of a draft; of a published plan a new draft is made."""
    made = Rule(rule, caller.rule_parse(body.when), body.name, body.priority, body.note)
    revision: dict[str, Any] = plain(caller.rule_set(territory, made, reference=reference))
    return revision


@router.delete("/plans/{reference}/territories/{territory}/rules/{rule}", tags=["plans"])
def remove_rule(reference: str, territory: str, rule: str, caller: Caller) -> dict[str, Any]:
    """Take a rule off a territory of a draft."""
    revision: dict[str, Any] = plain(caller.rule_remove(territory, rule, reference=reference))
    return revision


@router.post("/plans/{reference}/pins", tags=["plans"])
def pin_accounts(reference: str, pins: list[PinBody], caller: Caller) -> dict[str, Any]:
    """Put pins or exclusions into a draft; `to` is the first day they no longer hold."""
    made = [
        Pin(p.account, p.territory, p.reason, caller.principal.name, Period(p.start, p.end), is_exclusion=p.is_exclusion)
        for p in pins
    ]
    revision: dict[str, Any] = plain(caller.pin(made, reference=reference))
    return revision
