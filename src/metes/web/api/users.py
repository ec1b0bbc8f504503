"""Users, their roles and groups, and tokens of the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from metes.model.seeing import UserFilter
from metes.web.api.access import Caller, plain

router = APIRouter(tags=["workspace"])
_TEXT = r"^[^\x00]*$"
PersonId = Annotated[str, Field(max_length=200, pattern=_TEXT)]
Name = Annotated[str, Field(max_length=100, pattern=_TEXT)]


class NewUser(BaseModel):
    """A user to add; a password is made where none is given."""

    name: Name
    password: str | None = Field(default=None, max_length=256)
    roles: list[Name] = Field(default_factory=list, max_length=8)
    territory: Name = ""
    person: PersonId | None = None
    email: Name | None = None


class PersonOfUser(BaseModel):
    """Which person a user is from a day on, until a day."""

    person: PersonId | None
    since: date | None = Field(default=None, alias="from")
    until: date | None = None


class MailAddress(BaseModel):
    """Where a link to a new password goes."""

    email: Annotated[str, Field(max_length=300, pattern=_TEXT)] | None


class NewRole(BaseModel):
    """A role to give to a user or to a group."""

    role: Name
    user: Name | None = None
    group: Name | None = None
    territory: Name = ""
    since: date | None = Field(default=None, alias="from")
    until: date | None = None


class NewGroup(BaseModel):
    """A group to add; `external` is what the company's sign-in calls it."""

    name: Name
    external: Annotated[str, Field(max_length=300, pattern=_TEXT)] | None = None


class NewToken(BaseModel):
    """A token to make, of oneself or of a program."""

    name: Name
    user: Name | None = None
    days: int | None = Field(default=90, ge=1, le=3650)
    role: Name | None = None
    territory: Name = ""


@router.get("/users")
def list_users(
    caller: Caller,
    q: Annotated[str, Query(max_length=200, description="Words in name, mail address or person.")] = "",
    role: Annotated[str, Query(max_length=20, description="Who holds this role today; none: who holds none.")] = "",
    rows: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[int, Query(ge=0, le=10**9, description="Skip so many.")] = 0,
) -> list[dict[str, Any]]:
    """Users by name, with the roles of today."""
    found, _ = caller.users(UserFilter(q, role), limit=rows, offset=after)
    return [_flat(row) for row in found]


@router.post("/users", status_code=201)
def add_user(user: NewUser, caller: Caller) -> dict[str, Any]:
    """Add a user; the password is shown where it was made here."""
    password = caller.user_add(
        user.name, user.password, person=user.person, roles=user.roles, territory=user.territory, email=user.email
    )
    return {"name": user.name, "password": None if user.password else password}


@router.get("/users/{name}")
def show_user(name: str, caller: Caller) -> dict[str, Any]:
    """One user: roles of any day, persons, tokens, how many sessions."""
    found = caller.user_show(name)
    more = {"grants": found.grants, "links": found.links, "tokens": found.tokens, "sessions": len(found.sessions)}
    return {**_flat(found.row), **plain(more)}


@router.get("/users/{name}/sees")
def what_user_sees(name: str, caller: Caller) -> dict[str, Any]:
    """What a user may and sees today, and why; of oneself, for everybody."""
    seen: dict[str, Any] = plain(caller.what_sees(name))
    return seen


@router.post("/users/{name}/disable", status_code=204)
def disable_user(name: str, caller: Caller) -> None:
    """Shut a user out."""
    caller.user_disable(name)


@router.post("/users/{name}/enable", status_code=204)
def enable_user(name: str, caller: Caller) -> None:
    """Let a user in again."""
    caller.user_disable(name, is_disabled=False)


@router.put("/users/{name}/person", status_code=204)
def link_user(name: str, body: PersonOfUser, caller: Caller) -> None:
    """Say which person a user is from a day on, until a day; null for nobody."""
    caller.user_link(name, body.person, since=body.since, until=body.until)


@router.put("/users/{name}/email", status_code=204)
def set_email(name: str, body: MailAddress, caller: Caller) -> None:
    """Say where a link to a new password goes; null for nowhere."""
    caller.user_email(name, body.email)


@router.get("/roles")
def list_roles(
    caller: Caller, user: Annotated[str, Query(max_length=100, description="Of one user alone, the user's groups' too.")] = ""
) -> list[dict[str, Any]]:
    """The roles that were given and not taken back."""
    found: list[dict[str, Any]] = plain(caller.role_list(user or None))
    return found


@router.post("/roles", status_code=201)
def grant_role(body: NewRole, caller: Caller) -> dict[str, int]:
    """Give a user or a group a role; its number."""
    number = caller.role_grant(
        body.role, user=body.user, group=body.group, territory=body.territory, since=body.since, until=body.until
    )
    return {"role": number}


@router.delete("/roles/{role}", status_code=204)
def revoke_role(role: int, caller: Caller) -> None:
    """Take a role back."""
    caller.role_revoke(role)


@router.get("/groups")
def list_groups(caller: Caller) -> list[dict[str, Any]]:
    """All groups with their members."""
    found: list[dict[str, Any]] = plain(caller.group_list())
    return found


@router.post("/groups", status_code=201)
def add_group(body: NewGroup, caller: Caller) -> dict[str, int]:
    """Add a group; its number."""
    return {"group": caller.group_add(body.name, body.external)}


@router.delete("/groups/{name}", status_code=204)
def remove_group(name: str, caller: Caller) -> None:
    """Drop a group with the roles it gave; its users stay."""
    caller.group_remove(name)


@router.put("/groups/{name}/members/{user}", status_code=204)
def join_group(name: str, user: str, caller: Caller) -> None:
    """Put a user into a group."""
    caller.group_join(name, user)


@router.delete("/groups/{name}/members/{user}", status_code=204)
def leave_group(name: str, user: str, caller: Caller) -> None:
    """Take a user out of a group."""
    caller.group_leave(name, user)


@router.get("/tokens")
def list_tokens(
    caller: Caller, user: Annotated[str, Query(max_length=100, description="Of one user alone.")] = ""
) -> list[dict[str, Any]]:
    """One's own tokens, an administrator's everybody's, without their secrets."""
    found: list[dict[str, Any]] = plain(caller.token_list(user or None))
    return found


@router.post("/tokens", status_code=201)
def add_token(token: NewToken, caller: Caller) -> dict[str, Any]:
    """Make a token, by a signed-in session; its secret is shown this once."""
    secret = caller.token_add(token.name, token.user, token.days, role=token.role, territory=token.territory)
    return {"name": token.name, "token": secret}


@router.delete("/tokens/{token}", status_code=204)
def revoke_token(token: int, caller: Caller) -> None:
    """Make a token useless: one's own, or as an administrator any."""
    caller.token_revoke(token)


def _flat(row: Any) -> dict[str, Any]:
    """A user with what stands beside them, in one object."""
    user = plain(row.user)
    more = {"roles": row.roles, "groups": row.groups, "person": row.person, "seen_at": row.seen_at}
    return {**user, **plain(more), "has_second_factor": row.has_second_factor}
