"""How users sign in, for administrators: sessions and second factors."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from metes.web.api.access import Caller

router = APIRouter(tags=["users"])


@router.get("/users/{name}/sessions")
def list_sessions(name: str, caller: Caller) -> list[dict[str, Any]]:
    """Where a user is signed in."""
    return [
        {
            "since": s.created_at and s.created_at.isoformat(),
            "seen": s.seen_at and s.seen_at.isoformat(),
            "ends": s.expires_at and s.expires_at.isoformat(),
            "address": s.address,
            "browser": s.agent,
            "by": s.method,
            "awaits_factor": s.awaits_factor,
        }
        for s in caller.user_sessions(name)
    ]


@router.delete("/users/{name}/sessions")
def end_sessions(name: str, caller: Caller) -> dict[str, int]:
    """Sign a user out everywhere; how many sessions ended."""
    return {"ended": caller.user_end_sessions(name)}


@router.delete("/users/{name}/second-factor", status_code=204)
def take_factor_off(name: str, caller: Caller) -> None:
    """Take a user's second factor and recovery codes away."""
    caller.user_second_factor_off(name)
