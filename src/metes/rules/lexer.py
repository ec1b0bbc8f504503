"""Cuts the text of a rule into tokens; what cannot be cut becomes a finding with its place."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from metes.base.findings import Finding, Place, Severity

# A number takes in whatever follows without a blank, so that 2024-03-14 and 1e5 are named as one thing in a finding.
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'[^']*(?:''[^']*)*')
    | (?P<sign><=|>=|<>|!=|[=<>(),])
    | (?P<word>[^\W\d][\w.]*)
    | (?P<number>[+-]?\.?\d[\w.:/-]*)
    | (?P<name>"[^"]*(?:""[^"]*)*")
    | (?P<end>\Z)
    | (?P<other>.)
    )""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A piece of a rule's text: `kind` is text, sign, word, number, name (a field in double quotes) or end."""

    kind: str
    value: str
    offset: int

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end of the rule"
        return f"'{self.value[:40]}'" if self.kind == "text" else self.value[:40]


class Source:
    """The text of a rule and where it stands; turns offsets into places and gathers findings."""

    def __init__(self, text: str, file: str, line: int) -> None:
        self.text = text
        self.file = file
        self.line = line
        self.findings: list[Finding] = []

    @cached_property
    def _line_ends(self) -> Sequence[int]:
        """Where lines end. Counted once: a text of a million wrong characters has a million places."""
        return [match.start() for match in re.finditer("\n", self.text)]

    def place(self, offset: int) -> Place:
        """Line and column (from 1) of an offset."""
        lines = bisect_left(self._line_ends, offset)
        before = self._line_ends[lines - 1] if lines else -1
        return Place(self.file, self.line + lines, str(offset - before))

    def report(self, code: str, message: str, offset: int, *, value: str = "", remedy: str = "") -> None:
        """Gather an error at an offset."""
        self.findings.append(Finding(code, Severity.ERROR, message, self.place(offset), value[:80], remedy))


def tokens(source: Source) -> Sequence[Token]:
    """All tokens of a rule, the last of kind 'end'; characters that begin no token are reported and left out."""
    out: list[Token] = []
    for match in _TOKEN.finditer(source.text):
        kind = match.lastgroup or "end"
        value = match[kind]
        offset = match.start(kind)
        if kind == "text":
            value = value[1:-1].replace("''", "'")
        elif kind == "name":
            value = value[1:-1].replace('""', '"')
        elif kind == "other":
            _report_stray(source, value, offset)
            if value in "'\"":
                out += [Token("text", source.text[offset + 1 :], offset), Token("end", "", len(source.text))]
                break
            continue
        out.append(Token(kind, value, offset))
        if kind == "end":
            break
    return out


def _report_stray(source: Source, character: str, offset: int) -> None:
    """Report a character that begins no token."""
    if character in "'\"":
        message, remedy = "a quote is opened and never closed", f"Close it with {character}; a quote inside is doubled."
    else:
        message, remedy = f"the character {character!r} means nothing here", "Take it out, or put text in single quotes."
    source.report("rule-syntax", message, offset, remedy=remedy)
