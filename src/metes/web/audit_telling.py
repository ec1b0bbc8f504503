"""Entries of the audit trail as sentences: what was done to what by name, with links, and values as people read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from metes.model.audit import ERASED, AuditEntry
from metes.model.audit_references import Reference, means_of, reference_called, reference_of, references
from metes.web.audit_words import SYSTEM, field_words, sentence_of
from metes.web.marks import Marks
from metes.web.pages.settings import SETTINGS
from metes.web.user_forms import marks_of
from metes.web.visits import Visit

_HASH = re.compile(r"[0-9a-f]{32,128}")
_HASH_SHOWN = 12
_LINE = 80
_TERRITORY_FIELDS = frozenset({"territory", "part"})
# Where a place is empty, everything is meant.
_WHOLE_PLAN = frozenset(
    {("right grant", "territory"), ("right revoke", "territory"), ("plan approve", "part"), ("plan ask", "part")}
)
# What the sentence says already.
_SAID = frozenset(
    {
        ("user disable", "shut out"), ("schedule pause", "enabled"), ("schedule resume", "enabled"), ("role grant", "grant"),
        ("role revoke", "grant"), ("import", "kind"), ("correct owner", "kind"), ("correct seat", "kind"),
    }
)  # fmt: skip
_SETTING_LABELS = {setting.name: setting.label for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence or a value: its text, the page it leads to, and in `title` the whole of what was shortened."""

    text: str
    href: str = ""
    title: str = ""
    is_erased: bool = False


Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A field with its values before and after, as people read them; empty where there was none."""

    field: str
    before: Parts
    after: Parts


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as its page tells it. `short` is what matters of the values on one line of the list."""

    entry: AuditEntry
    begin: str
    subject: Parts
    end: str
    who: Part
    means: Parts
    place: Parts
    changes: tuple[Change, ...]
    detail: tuple[tuple[str, Parts], ...]
    short: tuple[tuple[str, Parts], ...]

    @property
    def sentence(self) -> str:
        """What was done, without links."""
        return f"{self.begin}{''.join(part.text for part in self.subject)}{self.end}"


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells entries to a visitor: with the names of today of what they name by number, and links to pages that the visitor may open."""

    visit: Visit
    names: Mapping[Reference, str]
    marks: Marks
    write: Mapping[str, Callable[..., Any]] = field(repr=False)

    @classmethod
    def of(cls, visit: Visit, entries: Iterable[AuditEntry], *texts: str) -> Teller:
        """The teller of some entries, and of subjects such as 'user 12'."""
        wanted = {one for entry in entries for one in references(entry)}
        wanted |= {found for text in texts if (found := reference_called(text)) is not None}
        return cls(visit, visit.workspace.audit_names(wanted), marks_of(visit), visit.environment.filters)

    def told(self, entry: AuditEntry) -> Told:
        """One entry as its page tells it."""
        begin, slot, end = sentence_of(entry)
        subject = self._subject(entry, slot) if slot else ()
        if len(subject) > 1 and not subject[0].href:  # the noun goes with the verb, so that the link is the name alone
            begin, subject = begin + subject[0].text, subject[1:]
        changes = tuple(
            Change(field_words(name), self._value(entry, name, old), self._value(entry, name, new))
            for name, old, new in entry.changes
        )
        detail = tuple((field_words(name), self._value(entry, name, value)) for name, value in entry.detail.items())
        return Told(
            entry,
            begin,
            subject,
            end,
            self.who(entry),
            self._means(entry),
            self._plain(entry.address),
            tuple(change for change in changes if change.before or change.after),
            tuple(item for item in detail if item[1]),
            self._short(entry),
        )

    def who(self, entry: AuditEntry) -> Part:
        """Who did it: a user by the name of today, by number where there is none, or what acts by itself."""
        found = reference_called(entry.who)
        if found is not None:
            return self.named(found)
        if entry.principal == ERASED:
            return _ERASED
        return Part(SYSTEM.get(entry.principal, entry.principal) if entry.principal == entry.who else entry.principal)

    def named(self, one: Reference) -> Part:
        """What an entry names by number: its name with a link, or what the trail calls it."""
        called = self.names.get(one, "")
        if one.kind == "territory" and called:
            return Part(self.marks.name(called), self._territory_href(called))
        text = called if called and one.kind not in ("import", "territory") else str(one)
        return Part(text, self._href(one, called), title=str(one) if text == called else "")

    def subject_called(self, text: str) -> str:
        """A subject that a filter asks for, by its name of today."""
        found = reference_called(text)
        return text if found is None or found not in self.names else f"{found.kind} {self.names[found]}"

    def _subject(self, entry: AuditEntry, slot: str) -> Parts:
        found = reference_called(entry.subject)
        if found is None:
            return self._other_subject(entry)
        noun = slot.partition(" ")[2] if found.kind == "revision" and slot != "something" else found.kind
        named = self.named(found)
        if found not in self.names or found.kind == "import":
            brought = self.names.get(found, "")
            more = (Part(f" of {brought}"),) if brought else ()
            return (Part(f"{noun} {found.number}", named.href), *more)
        return (Part(f"{noun} "), named)

    def _other_subject(self, entry: AuditEntry) -> Parts:
        """What has no number: a setting, a schedule, a set of zones, a list."""
        group, text = entry.action.partition(" ")[0], entry.subject
        if group == "config":
            href = f"/settings#{text}" if self.visit.may("admin") else ""
            return (Part("setting "), Part(f"‘{_SETTING_LABELS.get(text, field_words(text))}’", href, text))
        if group == "schedule":
            href = "/jobs/schedules" if self.visit.may("plan_read") else ""
            return (Part("schedule "), Part(text.removeprefix("schedule "), href))
        if group == "zone":
            return (Part("zone set "), Part(text, f"/zones/{quote(text)}" if self.visit.may("plan_read") else ""))
        return (Part(text),)

    def _means(self, entry: AuditEntry) -> Parts:
        word, found = means_of(entry.via)
        if found is None:
            return (Part(word),) if word else ()
        named = self.named(found)
        if found.kind == "user":
            return (Part("by "), named, Part(", looking as them"))
        return (Part("by token "), named) if found in self.names else (Part("by "), named)

    def _short(self, entry: AuditEntry) -> tuple[tuple[str, Parts], ...]:
        """The values that matter on one line: what changed, then what else is told; no hashes, and nothing that says nothing."""
        found: list[tuple[str, Parts]] = []
        is_both = bool(entry.before and entry.after)
        for name, old, new in entry.changes:
            is_told = is_both or old or new or (entry.action, name) in _WHOLE_PLAN
            if is_told and not _is_hash(old) and not _is_hash(new) and (entry.action, name) not in _SAID:
                sides = [_cut(self._value(entry, name, side)) for side in (old, new)]
                found.append((field_words(name), _from_to(*sides) if is_both else sides[0] or sides[1]))
        for name, value in entry.detail.items():
            if value and not _is_hash(value) and (entry.action, name) not in _SAID:
                found.append((field_words(name), _cut(self._value(entry, name, value))))
        return tuple((name, parts) for name, parts in found if parts)

    def _value(self, entry: AuditEntry, name: str, value: Any) -> Parts:
        if isinstance(value, list):
            pieces = [self._value(entry, name, one) for one in value]
            between = Part("; " if any(isinstance(one, Mapping) for one in value) else ", ")
            return tuple(part for at, piece in enumerate(pieces) for part in ((between, *piece) if at else piece))
        found = reference_of(entry.action, name, value)
        if found is not None:
            named = self.named(found)
            is_said = named.text == str(found) and field_words(name) == found.kind  # the field says what it is
            return (replace(named, text=str(found.number)) if is_said else named,)
        if name in _TERRITORY_FIELDS and isinstance(value, str):
            if not value:
                return (Part("the whole plan"),) if (entry.action, name) in _WHOLE_PLAN else ()
            return (Part(self.marks.name(value), self._territory_href(value), title=value),)
        return self._plain(value)

    def _plain(self, value: Any) -> Parts:
        """A value that names nothing, as people write it."""
        if value is None or value == "":
            return ()
        if value == ERASED:
            return (_ERASED,)
        if isinstance(value, bool):
            return (Part("yes" if value else "no"),)
        if isinstance(value, int | float):
            return (Part(self.write["number"](value, 0 if isinstance(value, int) else 3)),)
        if isinstance(value, Mapping):
            pairs = [(field_words(str(k)), "".join(p.text for p in self._listed(v))) for k, v in value.items()]
            return (Part(", ".join(f"{name} {text}" for name, text in pairs if text)),)
        text = str(value)
        if _is_hash(text):
            return (Part(f"{text[:_HASH_SHOWN]}…", title=text),)
        return (Part(self._dated(text)),)

    def _listed(self, value: Any) -> Parts:
        items = value if isinstance(value, list) else [value]
        return (Part(", ".join("".join(part.text for part in self._plain(one)) for one in items)),)

    def _dated(self, text: str) -> str:
        """A day or an instant as the reader writes them; any other text as it is."""
        try:
            if len(text) == len("2026-01-01"):
                return str(self.write["day"](date.fromisoformat(text)))
            if len(text) >= len("2026-01-01T00:00:00+00:00") and (at := datetime.fromisoformat(text)).tzinfo is not None:
                return str(self.write["moment"](at))
        except ValueError:
            pass
        return text

    def _territory_href(self, key: str) -> str:
        mark = self.marks.of(key)
        return str(mark["href"]) if mark else ""

    def _href(self, one: Reference, called: str) -> str:
        """The page of something; empty where it has none, is gone, or is nothing for the visitor."""
        if one.kind in _PAGES_OF_NUMBERS:
            asked, page = _PAGES_OF_NUMBERS[one.kind]
            return f"{page}/{one.number}" if self.visit.may(asked) else ""
        if not called:
            return ""
        if one.kind == "user":
            return f"/users/{quote(called)}" if self.visit.may("admin") else ""
        if one.kind in _PAGES_OF_NAMED:
            asked, page = _PAGES_OF_NAMED[one.kind]
            return f"{page}/{one.number}" if self.visit.may(asked) else ""
        return "/users/tokens" if one.kind == "token" and self.visit.may("admin") else ""


# Pages of what is never gone, and of what is where it has a name: the capability they ask for, and where they stand.
_PAGES_OF_NUMBERS = {
    "revision": ("plan_read", "/plan"),
    "publication": ("plan_read", "/publications"),
    "import": ("plan_read", "/import"),
    "job": ("plan_read", "/jobs"),
    "contact": ("privacy", "/privacy/contact"),
    "lead": ("privacy", "/privacy/lead"),
}
_PAGES_OF_NAMED = {
    "person": ("look", "/people"),
    "account": ("look", "/accounts"),
    "group": ("admin", "/groups"),
    "design": ("plan_read", "/designs"),
}
_ERASED = Part(ERASED, is_erased=True)


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _from_to(old: Parts, new: Parts) -> Parts:
    nothing = (Part("–"),)
    return (*(old or nothing), Part(" → "), *(new or nothing)) if old or new else ()


def _cut(parts: Parts) -> Parts:
    """As many parts as a line of the list holds."""
    kept: list[Part] = []
    room = _LINE
    for part in parts:
        if len(part.text) > room:
            return (*kept, Part(f"{part.text[:room]}…", part.href, part.title or part.text))
        kept.append(part)
        room -= len(part.text)
    return tuple(kept)
