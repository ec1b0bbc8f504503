"""Sample data of the gallery for users: roles, what somebody sees and why, tokens, and the fields of the way in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from metes.model.audit import ERASED, AuditEntry
from metes.model.seeing import Extent, SeeingChange
from metes.store.users import Token
from metes.web.audit_telling import Part, Told

AT = datetime(2027, 3, 14, 9, 30, tzinfo=UTC)
DESERT = {"key": "desert", "name": "Desert", "colour": 4, "href": "/gallery"}


def token(number: int, name: str, role: str | None = None, days: int | None = 90, **more: Any) -> Token:
    """A token of V. Marsh."""
    expires = None if days is None else AT + timedelta(days=days)
    return Token(number, "v.marsh", name, AT, expires, more.get("used_at"), more.get("revoked_at"), role, more.get("territory", ""))


def told(means: tuple[Part, ...], subject: Part) -> Told:
    """What V. Marsh did to a user's roles."""
    entry = AuditEntry(12, AT, "user 3", "v.marsh", "", "", "", "role grant", "user 4", {}, {}, {}, "", "")
    values = (("role", (Part("rep"),)), ("territory", (Part("Desert", "/gallery"),)))
    return Told(entry, "Gave a role to user ", (subject,), "", Part("v.marsh"), means, (), (), values, values)


def context() -> dict[str, Any]:
    """What the gallery shows of it."""
    return {
        "now_sample": AT,
        "reason_samples": [
            {"mark": DESERT, "below": 3, "text": "Sits on desert-1, with the role rep."},
            {"mark": None, "below": 0, "text": "The role auditor sees everything."},
        ],
        "change_samples": [
            SeeingChange("v.marsh", Extent(0, 0), Extent(4, 1_240)),
            SeeingChange("s.iyer", Extent(None, 20_000), Extent(None, 20_000)),
        ],
        "token_samples": [
            (token(1, "nightly", "rep", territory="desert"), DESERT),
            (token(2, "old", days=-3, used_at=AT), None),
            (token(3, "lost", revoked_at=AT), None),
            (token(4, "sync", "integration", days=None), None),
        ],
        "done_samples": [
            told((), Part("s.iyer", "/gallery")),
            told((Part("by token "), Part("nightly", title="token 1")), Part(ERASED, is_erased=True)),
        ],
        "role_samples": [("rep", "Rep", "Sees their own territories.", False), ("planner", "Planner", "Plans everything.", True)],
        "role_typed": {"role": "rep", "territory": "desert", "territory_text": "Desert", "since": "2027-04-01", "until": ""},
    }
