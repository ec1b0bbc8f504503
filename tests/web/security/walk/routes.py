"""Every route with what it asks of whoever calls, said by hand: a route that does not stand here fails the walk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

# For everybody, signed in or not; for whoever is signed in, showing what is their own; else the capability's name.
OPEN, OWN = "open", "own"
_ASKED = {
    OPEN: """
        get /sign-in/factor  get /sign-in/forgot  get /sign-in/password  get /sign-in/reset  get /sign-in/set-up
        post /sign-in/factor  post /sign-in/forgot  post /sign-in/leave  post /sign-in/password  post /sign-in/reset
        post /sign-in/set-up  post /sign-in/set-up/confirm
        get /sign-in  post /sign-in  get /sign-in/back  get /sign-in/with-provider  get /sign-out/at-provider  get /healthz  get /readyz  get /metrics  get /api/v1/openapi.json  get /static/{digest}/{name}
    """,
    OWN: """
        get /api/v1/users/{name}/sees  get /roles  get /prove  post /prove  get /settings/access  get /settings/security  get /settings/security/codes  get /settings/tokens
        post /settings/security/codes  post /settings/security/factor/off  post /settings/security/password
        post /settings/security/sessions/end  post /settings/security/sessions/{number}/end  post /settings/tokens
        post /settings/tokens/{number}/revoke  post /view-as/stop
        get /  get /more  get /my/changes  post /my/changes/read  post /sign-out
        get /notices  post /notices/read  post /notices/{number}/open  post /notices/{number}/read
        get /settings/notices  post /settings/notices  post /settings/notices/address  post /settings/notices/stop
        get /accounts/views  post /accounts/views  post /accounts/views/{view}/delete
        get /api/v1/messages  get /api/v1/notices  get /api/v1/notices/preferences  post /api/v1/notices/read
        post /api/v1/notices/{notice}/read  put /api/v1/notices/address  put /api/v1/notices/preferences/{kind}
        post /api/v1/publications/{publication}/acknowledge
        get /settings  get /api/v1/settings  get /api/v1/tokens  post /users/tokens  post /users/tokens/{number}/revoke
        post /api/v1/tokens  delete /api/v1/tokens/{token}
    """,
    "look": """
        get /accounts  get /accounts/named/{key}  get /accounts/{number}  get /accounts/{number}/why  get /accounts/why
        get /search  get /search/options
        get /territories  get /territories/options  get /territories/{key}  get /territories/{key}/children
        get /territories/{key}/restated  get /territories/{key}/why
        get /people  get /people/options  get /people/{number}  get /people/{number}/restated
        get /map  get /map/fills.json  get /map/points.json
        get /api/v1/accounts  get /api/v1/accounts/{account}  get /api/v1/accounts/{account}/explanation
        get /api/v1/accounts/{account}/history  get /api/v1/accounts/{account}/owner  get /api/v1/explanations
        get /api/v1/search  get /api/v1/territories  get /api/v1/territories/{key}  get /api/v1/territories/{key}/explanation
        get /api/v1/people  get /api/v1/map/cells  get /api/v1/map/zones  get /api/v1/restated
    """,
    "export": """
        get /accounts/export.csv  get /accounts/export.xlsx  get /accounts/why.csv  get /accounts/why.xlsx
    """,
    "review": """
        get /plan/{reference}/review  get /reviews  get /api/v1/reviews  get /api/v1/plans/{reference}/review
        get /api/v1/plans/{reference}/review/balances
    """,
    "approve": """
        post /plan/{reference}/review/comments  post /plan/{reference}/review/comments/{number}/resolve
        post /plan/{reference}/review/decide  post /api/v1/plans/{reference}/comments
        post /api/v1/plans/{reference}/decisions  post /api/v1/comments/{comment}/resolve
    """,
    "plan_read": """
        post /plan/{reference}/territories/{key}/take  get /zones  get /zones/{key}  get /zones/{key}/shapes.json
        get /zones/{key}/tiles/{zoom}/{x}/{y}.mvt  get /zones/{key}/zones.geojson  get /designs  get /designs/{number}
        get /designs/{number}/assignment.json  get /designs/{number}/compare  get /designs/{number}/compare.csv
        get /designs/{number}/design.csv  get /designs/{number}/design.geojson  get /designs/{number}/fairness
        get /designs/{number}/fairness.csv  get /designs/{number}/frontier  get /designs/{number}/run
        get /designs/{number}/seats  get /designs/{number}/units.json  post /designs/new/check
        post /designs/{number}/edit-spec/check  get /import/history  get /import/{number}
        get /import/{number}/findings.csv  get /import/review/{number}/findings.csv  get /jobs  get /jobs/schedules
        get /jobs/{number}  get /jobs/{number}/events  get /jobs/{number}/log  get /plan  get /plan/compare
        post /plan/compare  get /plan/export.zip  get /plan/revisions  get /plan/{reference}
        get /plan/{reference}/areas/{key}  get /plan/{reference}/areas/{key}/accounts
        get /plan/{reference}/areas/{key}/file  get /plan/{reference}/areas/{key}/outline.json
        get /plan/{reference}/changes  get /plan/{reference}/check  post /plan/{reference}/check
        get /plan/{reference}/check.csv  get /plan/{reference}/lists/{key}  get /plan/{reference}/log
        get /plan/{reference}/parts  get /plan/{reference}/preview  post /plan/{reference}/preview
        get /plan/{reference}/preview/export.csv  get /plan/{reference}/preview/export.xlsx
        get /plan/{reference}/preview/fills.json  get /plan/{reference}/preview/part  get /plan/{reference}/seats/{key}
        get /plan/{reference}/territories/{key}  get /plan/{reference}/territories/{key}/rules/{rule}
        get /plan/{reference}/territories/{key}/rules/{rule}/take  get /plan/{reference}/types/{key}
        get /publications/{number}  get /scenarios  get /settings/rights  get /api/v1/corrections  get /api/v1/designs
        get /api/v1/designs/{number}  get /api/v1/designs/{number}/assignment  get /api/v1/designs/{number}/bases
        get /api/v1/designs/{number}/compare  get /api/v1/designs/{number}/export  get /api/v1/designs/{number}/fairness
        get /api/v1/designs/{number}/frontier  get /api/v1/designs/{number}/reasons  get /api/v1/designs/{number}/seats
        get /api/v1/designs/{number}/spec  get /api/v1/designs/{number}/state  get /api/v1/designs/{number}/units
        get /api/v1/imports  get /api/v1/imports/{number}  get /api/v1/jobs  get /api/v1/jobs/{job}
        get /api/v1/jobs/{job}/log  get /api/v1/plans  get /api/v1/plans/schema
        get /api/v1/plans/{before}/compare/{after}  get /api/v1/plans/{before}/diff/{after}
        get /api/v1/plans/{reference}  get /api/v1/plans/{reference}/areas  get /api/v1/plans/{reference}/areas/{key}
        get /api/v1/plans/{reference}/findings  get /api/v1/plans/{reference}/lists
        get /api/v1/plans/{reference}/lists/{key}  get /api/v1/plans/{reference}/log
        get /api/v1/plans/{reference}/messages  get /api/v1/plans/{reference}/preview
        get /api/v1/plans/{reference}/preview/accounts  get /api/v1/plans/{reference}/proof
        get /api/v1/plans/{reference}/seats  get /api/v1/plans/{reference}/seats/{key}
        get /api/v1/plans/{reference}/text  get /api/v1/publications  get /api/v1/publications/{publication}
        get /api/v1/rights  get /api/v1/schedules  get /api/v1/zones  get /api/v1/zones/{key}
        get /api/v1/zones/{key}/shapes  post /api/v1/rules/count
    """,
    "plan_edit": """
        get /plan/{reference}/review/withdraw  get /zones/look  get /zones/new  get /zones/{key}/remove
        get /designs/{number}/edit-spec  get /designs/{number}/remove  get /designs/{number}/to-plan  get /designs/new
        get /designs/remove  get /designs/{number}/territories/{key}  get /plan/{reference}/areas/{key}/remove
        get /plan/{reference}/discard  get /plan/{reference}/lists/{key}/remove  get /plan/{reference}/merge
        get /plan/{reference}/new-area  get /plan/{reference}/new-list  get /plan/{reference}/new-territory
        get /plan/{reference}/new-type  get /plan/{reference}/rename  get /plan/{reference}/territories/{key}/edit
        get /plan/{reference}/territories/{key}/new-rule  get /plan/{reference}/territories/{key}/remove
        get /plan/{reference}/territories/{key}/rules/{rule}/remove  get /plan/{reference}/types/{key}/remove
        get /scenarios/new  get /accounts/pin  get /accounts/pin/done
        post /plan/{reference}/review/propose  post /plan/{reference}/review/withdraw
        post /api/v1/plans/{reference}/propose  post /api/v1/plans/{reference}/withdraw
        post /accounts/pin  post /accounts/pin/undo  post /designs/new  post /designs/remove  post /designs/restore
        post /designs/{number}/edit-spec  post /designs/{number}/frontier  post /designs/{number}/frontier/pick
        post /designs/{number}/lock  post /designs/{number}/move  post /designs/{number}/redo  post /designs/{number}/rename
        post /designs/{number}/run  post /designs/{number}/save-as  post /designs/{number}/territories/{key}
        post /designs/{number}/to-plan  post /designs/{number}/undo  post /designs/{number}/unlock  post /designs/{number}/widen
        post /plan/{reference}/areas/{key}  post /plan/{reference}/areas/{key}/remove  post /plan/{reference}/back
        post /plan/{reference}/discard  post /plan/{reference}/lists/{key}  post /plan/{reference}/lists/{key}/remove
        post /plan/{reference}/merge  post /plan/{reference}/new-area  post /plan/{reference}/new-list
        post /plan/{reference}/new-territory  post /plan/{reference}/new-type  post /plan/{reference}/rename
        post /plan/{reference}/seats/{key}  post /plan/{reference}/territories/{key}/edit
        post /plan/{reference}/territories/{key}/new-rule  post /plan/{reference}/territories/{key}/pins
        post /plan/{reference}/territories/{key}/pins/remove  post /plan/{reference}/territories/{key}/remove
        post /plan/{reference}/territories/{key}/rules/{rule}  post /plan/{reference}/territories/{key}/rules/{rule}/remove
        post /plan/{reference}/territories/{key}/seats  post /plan/{reference}/territories/{key}/seats/remove
        post /plan/{reference}/types/{key}
        post /plan/{reference}/types/{key}/remove  post /scenarios/new  post /zones/add  post /zones/new
        post /zones/{key}/remove  post /zones/{key}/restore
        delete /api/v1/designs/{number}  delete /api/v1/plans/{reference}/areas/{key}
        delete /api/v1/plans/{reference}/lists/{key}  delete /api/v1/plans/{reference}/seats/{key}
        delete /api/v1/plans/{reference}/territories/{territory}/rules/{rule}  delete /api/v1/plans/{reference}/types/{key}
        delete /api/v1/zones/{key}  post /api/v1/designs  post /api/v1/designs/{number}/copies
        post /api/v1/designs/{number}/frontier  post /api/v1/designs/{number}/frontier/pick
        post /api/v1/designs/{number}/label  post /api/v1/designs/{number}/lock  post /api/v1/designs/{number}/move
        post /api/v1/designs/{number}/plan  post /api/v1/designs/{number}/redo  post /api/v1/designs/{number}/restore
        post /api/v1/designs/{number}/run  post /api/v1/designs/{number}/undo  post /api/v1/designs/{number}/unlock
        post /api/v1/plans  post /api/v1/plans/{reference}/areas  post /api/v1/plans/{reference}/branch
        post /api/v1/plans/{reference}/discard  post /api/v1/plans/{reference}/merge  post /api/v1/plans/{reference}/pins
        post /api/v1/plans/{reference}/rename  post /api/v1/zones/{key}/restore
        put /api/v1/plans/{reference}/areas/{key}  put /api/v1/plans/{reference}/lists/{key}
        put /api/v1/plans/{reference}/seats/{key}  put /api/v1/plans/{reference}/territories/{territory}/rules/{rule}
        put /api/v1/plans/{reference}/types/{key}  put /api/v1/zones/{key}  put /api/v1/zones/{key}/measures
    """,
    "publish": """
        get /plan/{reference}/publish  get /publications/{number}/cancel  get /publications/{number}/revert
        post /plan/{reference}/publish  post /publications/{number}/cancel  post /publications/{number}/revert
        post /api/v1/plans/{reference}/publish  post /api/v1/publications/{publication}/cancel
        post /api/v1/publications/{publication}/revert
    """,
    "data_edit": """
        get /accounts/{number}/edit  post /accounts/{number}/edit  patch /api/v1/accounts/{account}
    """,
    "data_import": """
        get /import  get /import/{number}/undo  get /import/review/{number}
        post /import  post /import/review/{number}  post /import/{number}/undo  post /api/v1/imports
        post /api/v1/imports/{number}/undo
    """,
    "correct": """
        get /accounts/{number}/correct  get /people/{number}/correct
        post /accounts/{number}/correct  post /corrections/{number}/back  post /people/{number}/correct
        post /api/v1/corrections  post /api/v1/corrections/{correction}/back
    """,
    "run": """
        get /jobs/assign  get /jobs/schedules/{name}/remove
        post /jobs/assign  post /jobs/mail/retry  post /jobs/schedules  post /jobs/schedules/{name}/pause
        post /jobs/schedules/{name}/remove  post /jobs/schedules/{name}/resume  post /jobs/schedules/{name}/run
        post /jobs/{number}/cancel  post /jobs/{number}/resume  delete /api/v1/schedules/{name}  post /api/v1/assignments
        post /api/v1/jobs/{job}/cancel  post /api/v1/jobs/{job}/resume  post /api/v1/notices/retry-mail
        post /api/v1/schedules  post /api/v1/schedules/{name}/pause  post /api/v1/schedules/{name}/resume
        post /api/v1/schedules/{name}/run
    """,
    "admin": """
        get /settings/rights/{number}/revoke
        get /users/{name}/second-factor/remove  post /users/{name}/second-factor/remove  get /users/{name}/sessions/remove
        post /users/{name}/sessions/remove  get /api/v1/users/{name}/sessions  delete /api/v1/users/{name}/sessions
        delete /api/v1/users/{name}/second-factor
        delete /api/v1/groups/{name}  delete /api/v1/groups/{name}/members/{user}  delete /api/v1/roles/{role}
        get /api/v1/groups  get /api/v1/roles  get /api/v1/users/{name}  post /api/v1/groups
        post /api/v1/roles  put /api/v1/groups/{name}/members/{user}  put /api/v1/users/{name}/email
        get /groups  get /groups/{number}  get /groups/{number}/remove  get /groups/{number}/roles/{grant}/revoke  post /groups
        post /groups/{number}/members  post /groups/{number}/members/leave  post /groups/{number}/remove
        post /groups/{number}/roles  post /groups/{number}/roles/{grant}/revoke  get /users/options  get /users/tokens
        get /users/{name}  get /users/{name}/email  get /users/{name}/roles/new  get /users/{name}/roles/{number}/revoke
        get /users/{name}/view-as  post /users/{name}/email  post /users/{name}/roles/new
        post /users/{name}/roles/{number}/revoke  post /users/{name}/view-as
        get /users/new  post /settings  get /users  post /users  get /users/{name}/disable  post /users/{name}/disable  post /users/{name}/enable
        get /users/{name}/password  post /users/{name}/password  get /users/{name}/person  post /users/{name}/person
        post /settings/rights  post /settings/rights/{number}/revoke  post /settings/notices/test
        get /api/v1/users  delete /api/v1/rights/{right}  post /api/v1/notices/test-mail  post /api/v1/rights  post /api/v1/users
        post /api/v1/users/{name}/disable  post /api/v1/users/{name}/enable  put /api/v1/settings/{name}
        put /api/v1/users/{name}/person
    """,
    "privacy": """
        get /privacy  get /privacy/register  get /privacy/retention  get /privacy/{kind}/{number}
        get /privacy/{kind}/{number}/erase  post /privacy/retention  post /privacy/{kind}/{number}/erase
        post /privacy/{kind}/{number}/export  get /api/v1/privacy/people  get /api/v1/privacy/register
        get /api/v1/privacy/retention  get /api/v1/privacy/{kind}/{number}  get /api/v1/privacy/{kind}/{number}/erasure
        post /api/v1/privacy/retention  post /api/v1/privacy/{kind}/{number}/erasure
        post /api/v1/privacy/{kind}/{number}/export
    """,
    "audit_read": """
        get /audit/sign-ins  get /audit/sign-ins/export.csv  get /api/v1/sign-ins  get /api/v1/sign-ins/export.csv
        get /audit  get /audit/anchor  get /audit/export.{form}  get /audit/{number}  get /api/v1/audit
        get /api/v1/audit/anchor  get /api/v1/audit/export.{form}  get /api/v1/audit/verification  get /api/v1/audit/{number}
        post /api/v1/audit/verification
    """,
}  # fmt: skip
_PAIR = re.compile(r"(get|post|put|patch|delete) (/\S*)")
CLASSED: dict[tuple[str, str], str] = {
    (method, pattern): asked for asked, text in _ASKED.items() for method, pattern in _PAIR.findall(text)
}
# Answers that never end while their job waits are asked for by those alone who must not get them.
ENDLESS = {"/jobs/{number}/events"}
_PLACEHOLDER = re.compile(r"\{(\w+)(?::\w+)?\}")
SAFE = frozenset({"get", "head"})


@dataclass(frozen=True)
class Route:
    """A method at a pattern, with what it asks."""

    method: str
    pattern: str
    asked: str

    @property
    def name(self) -> str:
        """How a leak names it."""
        return f"{self.method} {self.pattern}"

    @property
    def is_safe(self) -> bool:
        """Whether it only looks."""
        return self.method in SAFE

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(_PLACEHOLDER.findall(self.pattern))

    def filled(self, values: dict[str, str]) -> str:
        """The address with its parameters filled."""
        return _PLACEHOLDER.sub(lambda found: values[found[1]], self.pattern)

    @property
    def subject(self) -> str:
        """What of the scope its address names: 'account', 'person', 'territory', 'scenario', or nothing."""
        if self.pattern.startswith(("/accounts/{number}", "/accounts/named/", "/api/v1/accounts/{account}")):
            return "account"
        if self.pattern.startswith("/people/{number}"):
            return "person"
        if self.pattern.startswith(("/territories/{key}", "/api/v1/territories/{key}")):
            return "territory"
        return "scenario" if self.asked in {"review", "approve"} and "reference" in self.names else ""


def served(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and pattern of all that an app answers, as it itself lists them."""
    yield from _of(app.routes, "")


def _of(routes: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _of(included.routes, prefix + route.include_context.prefix)
            continue
        path = prefix + getattr(route, "path", "")
        for method in sorted(getattr(route, "methods", None) or ()):
            if method != "HEAD":
                yield method.lower(), re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def classed(app: FastAPI) -> tuple[tuple[Route, ...], tuple[str, ...]]:
    """The routes of an app with what they ask, and those of which nobody has said it."""
    known, unknown = [], []
    for method, pattern in sorted(set(served(app))):
        asked = CLASSED.get((method, pattern))
        if asked is None:
            unknown.append(f"{method} {pattern}")
        else:
            known.append(Route(method, pattern, asked))
    return tuple(known), tuple(unknown)
