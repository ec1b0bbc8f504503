"""The workspace itself: settings, users, tokens, jobs, audit."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from metes.web.api.access import Caller, plain

router = APIRouter(tags=["workspace"])


class Setting(BaseModel):
    """A setting's value as text."""

    value: str = Field(max_length=4000, pattern=r"^[^\x00]*$")


@router.get("/settings")
def list_settings(caller: Caller) -> dict[str, Any]:
    """Every setting with its value."""
    return caller.config_list()


@router.put("/settings/{name}")
def set_setting(name: str, setting: Setting, caller: Caller) -> dict[str, Any]:
    """Set one setting."""
    return {name: plain(caller.config_set(name, setting.value))}


@router.get("/users")
def list_users(caller: Caller) -> list[dict[str, Any]]:
    """All users."""
    users: list[dict[str, Any]] = plain(caller.user_list())
    return users


@router.get("/tokens")
def list_tokens(caller: Caller) -> list[dict[str, Any]]:
    """All tokens, without their secrets."""
    tokens: list[dict[str, Any]] = plain(caller.token_list())
    return tokens


@router.delete("/tokens/{token}", status_code=204)
def revoke_token(token: int, caller: Caller) -> None:
    """Make a token useless."""
    caller.token_revoke(token)


@router.get("/jobs")
def list_jobs(caller: Caller) -> list[dict[str, Any]]:
    """The newest jobs."""
    return [_shown(job) for job in caller.jobs()]


@router.get("/jobs/{job}")
def get_job(job: int, caller: Caller) -> dict[str, Any]:
    """One job."""
    return _shown(caller.job(job))


@router.post("/jobs/{job}/cancel")
def cancel_job(job: int, caller: Caller) -> dict[str, Any]:
    """Ask a job to stop."""
    return _shown(caller.job_cancel(job))


@router.get("/audit")
def list_audit(
    caller: Caller, rows: Annotated[int, Query(ge=1, le=1000)] = 100, before: Annotated[int | None, Query(ge=1)] = None
) -> list[dict[str, Any]]:
    """The newest entries of the audit trail, those before one where it is given."""
    entries: list[dict[str, Any]] = plain(caller.audit_list(rows, before))
    return entries


def _shown(job: Any) -> dict[str, Any]:
    """A job as it leaves the server: of its files the names, not where on the server they are kept."""
    shown: dict[str, Any] = plain(job)
    payload = shown["payload"]
    if "files" in payload:
        shown["payload"] = {**payload, "files": [file.replace("\\", "/").rpartition("/")[2] for file in payload["files"]]}
    return shown
