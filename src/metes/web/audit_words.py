"""The words of the audit trail's pages: what was done as a sentence, and fields as people call them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from metes.model.audit import AuditEntry

_SLOT = re.compile(r"\{([^{}]+)\}")
# By action. In braces, what it was done to: there the page says which one, and the list to filter by says it as it stands.
ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "assign": "Assigned accounts in {a run}",
        "audit export": "Exported the audit trail",
        "config set": "Changed {a setting}",
        "config unset": "Took {a setting} back to its default",
        "correct back": "Took {a correction} back",
        "correct owner": "Corrected who held an account",
        "correct seat": "Corrected who sat on a seat",
        "design frontier pick": "Took {a design} from a frontier",
        "design new": "Began {a design}",
        "design remove": "Removed {a design}",
        "design restore": "Brought {a design} back",
        "design run": "Worked {a design} out",
        "design save-as": "Kept {a design} as a copy of another",
        "design to-plan": "Made a scenario of {a design}",
        "drop logs": "Dropped old logs and notices",
        "export": "Exported {something}",
        "factor locked": "Locked the second factor of {a user} after wrong tries",
        "group add": "Added {a group}",
        "group join": "Put a user into {a group}",
        "group leave": "Took a user out of {a group}",
        "group remove": "Removed {a group}",
        "import": "Ran {an import}",
        "import undo": "Took {an import} back",
        "job cancel": "Asked {a job} to stop",
        "job resume": "Let {a job} go on",
        "mail retry": "Sent mail again that had been given up",
        "notice address": "Changed where notices to {a user} are mailed",
        "password change": "Changed their own password",
        "password choose": "Chose a password in place of one that was made",
        "password reset": "Chose a new password by a mailed link",
        "password reset asked": "Asked for a link to a new password of {a user}",
        "plan acknowledge": "Said that they had read {a publication}",
        "plan approve": "Approved a part of {a scenario}",
        "plan ask": "Asked for changes of {a scenario}",
        "plan branch": "Began {a scenario}",
        "plan cancel": "Cancelled the publication of {a revision}",
        "plan change": "Changed {a scenario}",
        "plan comment": "Commented on {a scenario}",
        "plan comment resolve": "Settled a comment on {a scenario}",
        "plan discard": "Put {a scenario} away",
        "plan import": "Took a plan in as {a revision}",
        "plan merge": "Merged another plan into {a scenario}",
        "plan propose": "Put {a scenario} into review",
        "plan publish": "Published {a revision}",
        "plan rename": "Renamed {a scenario}",
        "plan revert": "Began {a scenario} that takes a publication back",
        "plan withdraw": "Took {a scenario} out of review",
        "privacy erase": "Erased {somebody}",
        "privacy export": "Handed out what is kept on {somebody}",
        "privacy find": "Looked for somebody among personal data",
        "privacy retain": "Took out personal data that were too old",
        "proof locked": "Stopped asking {a user} for their password after wrong tries",
        "recovery code used": "Signed in with a recovery code",
        "recovery codes made": "Made new recovery codes",
        "right grant": "Gave a right on the plan",
        "right revoke": "Took a right on the plan back",
        "role grant": "Gave a role to {a user or group}",
        "role revoke": "Took a role from {a user or group}",
        "schedule add": "Added {a schedule}",
        "schedule pause": "Let {a schedule} rest",
        "schedule remove": "Removed {a schedule}",
        "schedule resume": "Let {a schedule} go on",
        "schedule run": "Ran {a schedule} beside its turns",
        "second factor off": "Took their second factor away",
        "second factor on": "Set up a second factor",
        "sessions end": "Ended sessions of their own",
        "sign-in locked": "Locked the sign-in of {a user} after wrong tries",
        "token add": "Made {a token}",
        "token revoke": "Revoked {a token}",
        "user add": "Added {a user}",
        "user disable": "Shut {a user} out",
        "user email": "Changed the e-mail address of {a user}",
        "user groups": "Changed the groups of {a user}",
        "user identity": "Changed who {a user} is at the company's sign-in",
        "user link": "Changed which person {a user} is",
        "user password": "Gave {a user} another password",
        "user second factor off": "Took the second factor of {a user} away",
        "user sessions end": "Ended all sessions of {a user}",
        "view as begin": "Began to look as {a user}",
        "view as end": "Stopped looking as {a user}",
        "zone set add": "Added {a zone set}",
        "zone set remove": "Removed {a zone set}",
        "zone set restore": "Brought {a zone set} back",
    }
)
# Actions that begin with the same word, as the list to filter by calls all of them.
_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "audit": "The audit trail", "config": "Settings", "correct": "Corrections", "design": "Designs", "group": "Groups",
        "import": "Imports", "job": "Jobs", "password": "Passwords", "plan": "Plans", "privacy": "Personal data",
        "recovery": "Recovery codes", "right": "Rights on the plan", "role": "Roles", "schedule": "Schedules",
        "second": "Second factors", "token": "Tokens", "user": "Users", "view": "Looking as somebody else", "zone": "Zone sets",
    }
)  # fmt: skip
_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "person_id": "person", "account_id": "account", "territory_id": "territory", "true_from": "from", "true_until": "until",
        "is_beside": "beside others", "made": "made by Metes", "rows": "rows", "root": "content", "spec": "what it asks for",
        "together": "also known as", "subject": "known there as", "issuer": "company's sign-in", "external": "at the company's sign-in", "asked": "asked for",
        "tries": "wrong tries", "email": "e-mail", "sealed": "seal",
    }
)  # fmt: skip
# Who acts where no user does.
SYSTEM: Mapping[str, str] = MappingProxyType(
    {"local": "command line", "sign-in": "sign-in page", "schedule": "schedule", "somebody": "somebody"}
)


def sentence_of(entry: AuditEntry) -> tuple[str, str, str]:
    """What was done, before, in and after the slot of what it was done to; the slot is empty where the sentence has none."""
    template = ACTIONS.get(entry.action) or f"{_capital(entry.action)}: {{something}}"
    if entry.action == "user disable" and not entry.after.get("shut out"):
        template = "Let {a user} in again"
    elif entry.action == "user identity" and entry.detail.get("ended"):
        template = "Ended who {a user} is at the company's sign-in"
    found = _SLOT.search(template)
    return (template[: found.start()], found[1], template[found.end() :]) if found else (template, "", "")


def action_words(action: str) -> str:
    """An action or a group of them as a filter calls it: 'Added a user', 'Plans: everything'."""
    if action in _GROUPS:
        return f"{_GROUPS[action]}: everything"
    return _SLOT.sub(r"\1", ACTIONS.get(action, _capital(action)))


def action_choices(actions: Sequence[str]) -> list[tuple[str, str]]:
    """The actions of which there are entries, to filter by: those that belong together below the choice of them all."""
    groups: dict[str, list[str]] = {}
    for action in actions:
        groups.setdefault(action.partition(" ")[0], []).append(action)
    choices = []
    for group in sorted(groups, key=lambda name: _GROUPS.get(name, action_words(groups[name][0]))):
        within = sorted(groups[group], key=action_words)
        if group in _GROUPS and len(within) > 1:
            within = [group, *(action for action in within if action != group)]
        choices += [(action, action_words(action)) for action in within]
    return choices


def field_words(field: str) -> str:
    """A field as people call it: 'rows read' for rows_read."""
    return _FIELDS.get(field, field.replace("_", " "))


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
