"""Notices: what people are told of, and how each of them wants to be told."""

from __future__ import annotations

import re
from dataclasses import dataclass

from metes.base.errors import InputError

AT_ONCE, DAILY, WEEKLY, NEVER = "at once", "daily", "weekly", "never"
MAIL_CHOICES = (AT_ONCE, DAILY, WEEKLY, NEVER)
LONGEST_SUBJECT = 200
LONGEST_TEXT = 10_000
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?=.{{1,190}}\Z){_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """A kind of notices, and how whoever chose nothing is told of it; of one that `is_fixed` everybody is."""

    key: str
    title: str
    about: str
    in_app: bool = True
    by_mail: str = AT_ONCE
    is_fixed: bool = False


SECURITY = "security"
NOTICE_KINDS = (
    NoticeKind("review-asked", "Review asked for", "Somebody proposed a scenario and you may approve some of it."),
    NoticeKind("review-decided", "Review decided", "A scenario you proposed was approved, or somebody asked for changes."),
    NoticeKind("comment", "Comment", "Somebody wrote about a scenario of yours or answered you.", by_mail=DAILY),
    NoticeKind("published", "Plan published", "A plan was published, with its day and its reason.", by_mail=DAILY),
    NoticeKind("your-accounts", "Your accounts", "A published plan gives you accounts or takes some from you."),
    NoticeKind("cancelled", "Publication cancelled", "A scheduled plan was taken back before its day."),
    NoticeKind("reminder", "Reminder", "A review that waits for you comes to its day."),
    # Nobody who sits at a browser of yours turns this off.
    NoticeKind(
        SECURITY,
        "Your sign-in",
        "Your password or your second factor was changed, or somebody tried to get past it.",
        is_fixed=True,
    ),
    NoticeKind("job-failed", "Job failed", "Long work that you asked for, or that runs by itself, did not succeed."),
)
CHOSEN_KINDS = tuple(kind for kind in NOTICE_KINDS if not kind.is_fixed)
NOTICE_KIND_BY_KEY = {kind.key: kind for kind in NOTICE_KINDS}


@dataclass(frozen=True, slots=True)
class NoticeChoice:
    """How one user is told of one kind: in the app or not, and by mail `at once`, `daily`, `weekly` or `never`."""

    kind: str
    in_app: bool
    by_mail: str


def default_choice(kind: str) -> NoticeChoice:
    """How somebody who chose nothing is told of a kind."""
    found = NOTICE_KIND_BY_KEY[kind]
    return NoticeChoice(kind, found.in_app, found.by_mail)


def checked_choice(kind: str, in_app: bool, by_mail: str) -> NoticeChoice:
    """A choice as it was typed; InputError says what can be chosen."""
    if NOTICE_KIND_BY_KEY[checked_kind(kind)].is_fixed:
        raise InputError(f"everybody is told of '{kind}', in the app and by mail; there is nothing to choose")
    if by_mail not in MAIL_CHOICES:
        raise InputError(f"expected mail {', '.join(MAIL_CHOICES)}, got {by_mail[:80]!r}")
    return NoticeChoice(kind, in_app, by_mail)


def checked_kind(kind: str) -> str:
    """A kind of notices; InputError names those there are."""
    if kind not in NOTICE_KIND_BY_KEY:
        raise InputError(f"expected a kind of notices, got {kind[:80]!r}; there are {', '.join(NOTICE_KIND_BY_KEY)}")
    return kind


def is_mail_address(text: str) -> bool:
    """Whether a text is one plain address of mail, in ASCII."""
    return _ADDRESS.fullmatch(text) is not None


def checked_mail_address(text: str) -> str:
    """An address as it was typed, without blanks around it; InputError where it is none."""
    address = text.strip()
    if not is_mail_address(address):
        raise InputError(f"expected an address such as ann@example.com, got {text[:200]!r}")
    return address
