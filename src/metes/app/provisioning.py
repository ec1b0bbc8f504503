"""Who is let in that comes from the company's sign-in: which user, made or known, in which groups, as which person of the roster."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy.engine import Connection

from metes.app.users import PAGE_NAMES
from metes.base.errors import Refused
from metes.connect.openid import ProviderIdentity
from metes.connect.provider_settings import ProviderSettings, Provision
from metes.model.scope import Principal
from metes.store import audit, identities, links, notices, roles, users

LONGEST_NAME = 80
NOBODY = "unnamed"
log = logging.getLogger("metes.app")


class Arrival(Enum):
    """What becomes of somebody who comes from the provider."""

    KNOWN = "known"
    LINKED = "linked"
    MADE = "made"
    TURNED_AWAY = "turned away"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known here of somebody: the user who is this subject, the users with this e-mail address.

    `is_in_group`: one of the groups is one of ours; `is_shut_out`: a user with this address was shut out.
    """

    user_id: int | None
    of_email: tuple[int, ...] = ()
    is_in_group: bool = False
    is_shut_out: bool = False


def decided(known: Known, settings: ProviderSettings) -> Arrival:
    """What becomes of somebody; a user who was found by subject is that user, whatever else the provider says."""
    if known.user_id is not None:
        return Arrival.KNOWN
    if known.is_shut_out:  # who was shut out does not come in as somebody new
        return Arrival.TURNED_AWAY
    if settings.links_email and len(known.of_email) == 1:
        return Arrival.LINKED
    if settings.links_email and known.of_email:  # whose of several it is cannot be told
        return Arrival.TURNED_AWAY
    makes = settings.provision is Provision.YES or (settings.provision is Provision.GROUPS and known.is_in_group)
    return Arrival.MADE if makes else Arrival.TURNED_AWAY


def known_of(connection: Connection, who: ProviderIdentity, settings: ProviderSettings) -> Known:
    """What is known here of somebody."""
    of_email = identities.users_of_email(connection, who.email, who.issuer) if settings.links_email and who.email else ()
    return Known(
        identities.find_identity(connection, who.issuer, who.subject),
        of_email,
        identities.has_mapped_group(connection, who.groups or ()),
        bool(who.email) and identities.is_shut_out(connection, who.email),
    )


def is_settled(connection: Connection, who: ProviderIdentity, settings: ProviderSettings, now: datetime) -> int | None:
    """The number of the user, where nothing has to be written but that they came; None otherwise."""
    user_id = identities.find_identity(connection, who.issuer, who.subject)
    if user_id is None or (who.groups is not None and identities.has_other_groups(connection, user_id, who.groups)):
        return None
    return None if _person_to_link(connection, user_id, who, settings, now) is not None else user_id


def settle(connection: Connection, who: ProviderIdentity, settings: ProviderSettings, principal: Principal, now: datetime) -> int:
    """The number of the user whom somebody is, made or linked where that is due, with their groups of today. Refused turns them away."""
    known = known_of(connection, who, settings)
    user_id = known.user_id
    if user_id is None:
        user_id = _new_here(connection, who, known, decided(known, settings), principal, now)
    person = _person_to_link(connection, user_id, who, settings, now)
    if person is not None:
        links.link(connection, user_id, person, principal.name, now)
        audit.add_entry(connection, principal, "user link", f"user {user_id}", {"person": person, "by": "verified e-mail"}, now)
    if who.groups is not None:
        _put_groups(connection, user_id, who.groups, principal, now)
    return user_id


def _put_groups(connection: Connection, user_id: int, names: Collection[str], principal: Principal, now: datetime) -> None:
    """Bring a user's groups in line; who is the last to run the workspace goes on doing so, and is told."""
    moved = roles.put_external(connection, user_id, names, now, links.day_of(connection, now))
    if not moved.is_any:
        return
    detail: dict[str, Any] = {"joined": sorted(moved.joined), "left": sorted(moved.left)}
    if moved.kept:
        detail |= {"kept": list(moved.kept), "because": "nobody else runs the workspace"}
        log.warning("the last administrator left the group %s at the provider, and is kept in it here", moved.kept[0],
                    extra={"subject": f"user {user_id}", "address": principal.address})  # fmt: skip
        text = (
            f"The company's sign-in no longer puts you into the group {moved.kept[0]}, by which you run the workspace. You go on, for "
            "nobody else does: give somebody else the role administrator, and it ends with your next sign-in."
        )
        subject, link = "You stay administrator for now", "/users"
        notices.add_notices(connection, kind="security", subject=subject, text=text, link=link, now=now, user_ids=[user_id])
    audit.add_entry(connection, principal, "user groups", f"user {user_id}", detail, now)


def user_name(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """A name for a new user: what the provider calls them, before an `@`, without blanks and what does not print; the first that is free."""
    text = unicodedata.normalize("NFKC", wanted).partition("@")[0]
    words = "".join(c if c.isprintable() and not c.isspace() and c != "/" else " " for c in text).split()
    name = "-".join(words)[:LONGEST_NAME].strip("-.") or NOBODY
    number = 1
    while is_taken(tried := name if number == 1 else f"{name}-{number}"):
        number += 1
    return tried


def _new_here(
    connection: Connection, who: ProviderIdentity, known: Known, arrival: Arrival, principal: Principal, now: datetime
) -> int:
    """The user whom somebody is from now on who was nobody's subject; Refused where they are turned away."""
    if arrival is Arrival.TURNED_AWAY:
        raise Refused("nobody here is known by that sign-in")
    user_id = known.of_email[0] if arrival is Arrival.LINKED else _make(connection, who, principal, now)
    _link(connection, user_id, who, principal, now)
    return user_id


def _make(connection: Connection, who: ProviderIdentity, principal: Principal, now: datetime) -> int:
    def is_taken(tried: str) -> bool:
        return tried.lower() in audit.SYSTEM or tried in PAGE_NAMES or users.name_taken(connection, tried) is not None

    name = user_name(who.username, is_taken)
    user_id = users.add_user(connection, name, "", now, email=who.email or None)
    named = {"after.name": name, "after.email": who.email or None}
    audit.add_entry(
        connection, principal, "user add", f"user {user_id}", {"by": "single sign-on"}, now, after={"roles": []}, personal=named
    )
    return user_id


def _link(connection: Connection, user_id: int, who: ProviderIdentity, principal: Principal, now: datetime) -> None:
    identities.add_identity(connection, user_id, who.issuer, who.subject, now)
    named = {"after.subject": who.subject}
    after = {"issuer": who.issuer}
    audit.add_entry(connection, principal, "user identity", f"user {user_id}", {}, now, after=after, personal=named)


def _person_to_link(
    connection: Connection, user_id: int, who: ProviderIdentity, settings: ProviderSettings, now: datetime
) -> int | None:
    """The one person of the roster with the verified address, for a user of whom nobody ever said who they are."""
    if not settings.links_person or not who.email or links.links_of(connection, user_id):
        return None
    found = identities.people_of_email(connection, who.email, links.day_of(connection, now))
    return found[0] if len(found) == 1 else None
