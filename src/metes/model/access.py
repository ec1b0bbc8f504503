"""Roles, what each may, and what a principal may where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from metes.base.errors import InputError, NotFound
from metes.model.scope import Scope


class Capability(StrEnum):
    """Something that a role may do with what lies in its scope."""

    LOOK = "look"
    EXPORT = "export"
    # E-mail addresses, telephone numbers and streets of people.
    CONTACTS = "contacts"
    # What one person sells, and how their seat is weighed: what decides about pay.
    PAY = "pay"
    # Of scenarios in review: to read them, and to speak and decide of them.
    REVIEW = "review"
    APPROVE = "approve"
    PLAN_READ = "plan_read"
    PLAN_EDIT = "plan_edit"
    PUBLISH = "publish"
    DATA_EDIT = "data_edit"
    DATA_IMPORT = "data_import"
    CORRECT = "correct"
    RUN = "run"
    ADMIN = "admin"
    AUDIT_READ = "audit_read"
    PRIVACY = "privacy"


class UserRole(StrEnum):
    """What somebody is to the workspace."""

    ADMINISTRATOR = "administrator"
    PLANNER = "planner"
    LEADER = "leader"
    MANAGER = "manager"
    REP = "rep"
    MARKETING = "marketing"
    AUDITOR = "auditor"
    INTEGRATION = "integration"


_C = Capability
_READS = frozenset({_C.LOOK, _C.EXPORT})
_PLANS = _READS | {
    _C.CONTACTS,
    _C.PAY,
    _C.REVIEW,
    _C.APPROVE,
    _C.PLAN_READ,
    _C.PLAN_EDIT,
    _C.PUBLISH,
    _C.DATA_EDIT,
    _C.DATA_IMPORT,
    _C.CORRECT,
    _C.RUN,
}
ROLE_MAY: Mapping[UserRole, frozenset[Capability]] = MappingProxyType(
    {
        UserRole.ADMINISTRATOR: frozenset(Capability),
        UserRole.PLANNER: _PLANS,
        UserRole.LEADER: _READS | {_C.CONTACTS, _C.PAY, _C.REVIEW, _C.APPROVE, _C.PLAN_READ, _C.PUBLISH},
        UserRole.MANAGER: _READS | {_C.CONTACTS, _C.PAY, _C.REVIEW, _C.APPROVE, _C.DATA_EDIT},
        UserRole.REP: _READS | {_C.CONTACTS},
        UserRole.MARKETING: _READS | {_C.CONTACTS},
        UserRole.AUDITOR: _READS | {_C.PAY, _C.REVIEW, _C.PLAN_READ, _C.AUDIT_READ},
        UserRole.INTEGRATION: _READS | {_C.CONTACTS, _C.PLAN_READ, _C.DATA_IMPORT, _C.RUN},
    }
)
REVIEWERS = frozenset(role for role, may in ROLE_MAY.items() if _C.REVIEW in may)
# These see everything by themselves; the others see what their seats and their grants give.
SEES_EVERYTHING = frozenset({UserRole.ADMINISTRATOR, UserRole.PLANNER, UserRole.AUDITOR})
# What cannot be done with a part of the tree alone: whoever has it for a part does not have it.
WHOLE_ONLY = frozenset(
    {_C.PLAN_READ, _C.PLAN_EDIT, _C.PUBLISH, _C.DATA_IMPORT, _C.CORRECT, _C.RUN, _C.ADMIN, _C.AUDIT_READ, _C.PRIVACY}
)
# Rights on parts of the plan count for whoever has the capability that each asks for.
RIGHT_ASKS: Mapping[str, Capability] = MappingProxyType(
    {"propose": _C.PLAN_EDIT, "review": _C.REVIEW, "approve": _C.APPROVE, "publish": _C.PUBLISH}
)
# The same words as of an address that does not exist: existence can be what is secret.
HIDDEN = "there is nothing here"


def role_named(text: str) -> UserRole:
    """The role of a name; InputError lists those there are."""
    try:
        return UserRole(text)
    except ValueError:
        raise InputError(f"expected a role, one of {', '.join(UserRole)}, got {text[:40]!r}") from None


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that somebody holds today, and where."""

    role: UserRole
    scope: Scope


@dataclass(frozen=True, slots=True)
class Access:
    """What a principal may, and where: the roles held today, and the person of the roster whom the principal is, with their seats."""

    held: tuple[HeldRole, ...]
    person_id: int | None = None
    seats: frozenset[str] = frozenset()

    @classmethod
    def unrestricted(cls, reason: str) -> Access:
        """All capabilities everywhere, with the reason for it."""
        return cls((HeldRole(UserRole.ADMINISTRATOR, Scope.everything(reason)),))

    @property
    def roles(self) -> tuple[UserRole, ...]:
        """The roles held, each once, the mightiest first."""
        held = {one.role for one in self.held}
        return tuple(role for role in UserRole if role in held)

    def scope(self, capability: Capability) -> Scope:
        """Where the principal has a capability."""
        return Scope.union(one.scope for one in self.held if capability in ROLE_MAY[one.role])

    def may(self, capability: Capability) -> bool:
        """Whether the principal has a capability anywhere; one that is not to be had in part, everywhere."""
        if capability in WHOLE_ONLY:
            return self.scope(capability).is_everything
        return any(capability in ROLE_MAY[one.role] for one in self.held)

    def require(self, capability: Capability) -> None:
        """NotFound unless the principal has a capability: it looks like what does not exist."""
        if not self.may(capability):
            raise NotFound(HIDDEN)
