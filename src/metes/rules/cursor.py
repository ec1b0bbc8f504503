"""A place among the tokens of a rule: looks ahead, steps over words, and gathers syntax errors with their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from metes.model.catalogue import Field
from metes.rules.lexer import Source, Token


class Stuck(Exception):
    """The parser reported a finding and cannot read on inside this comparison."""


class Cursor:
    """Where the parser of a rule stands, over a catalogue of fields."""

    def __init__(self, source: Source, found: Sequence[Token], fields: Mapping[str, Field]) -> None:
        self.source = source
        self.tokens = found
        self.fields = fields
        self.position = 0

    def peek(self) -> Token:
        """The next token."""
        return self.tokens[self.position]

    def word(self, ahead: int = 0) -> str:
        """The word or sign that stands so many tokens ahead, in lower case; empty where another token does."""
        place = self.position + ahead
        if place >= len(self.tokens):
            return ""
        token = self.tokens[place]
        return token.value.lower() if token.kind in ("word", "sign") else ""

    def accept(self, word: str) -> bool:
        """Step over the next token if it is this keyword or sign."""
        token = self.tokens[self.position]
        if token.kind in ("word", "sign") and (token.value == word or token.value.lower() == word):
            self.position += 1
            return True
        return False

    def expect(self, word: str, behind: str, remedy: str) -> None:
        """Step over this keyword or sign, which has to stand here."""
        if not self.accept(word):
            raise self.stuck(f"expected {word!r} after {behind}, got {self.peek()}", remedy)

    def text(self) -> str:
        """The next token, which must be text."""
        token = self.peek()
        if token.kind != "text":
            raise self.stuck(f"expected text in single quotes, got {token}", "Put it in single quotes.")
        self.position += 1
        return token.value

    def report(self, message: str, remedy: str, token: Token | None = None) -> None:
        """Gather a syntax error at a token, else at the next one."""
        self.source.report("rule-syntax", message, (token or self.peek()).offset, remedy=remedy)

    def stuck(self, message: str, remedy: str) -> Stuck:
        """Gather a syntax error at the next token; the caller raises what comes back."""
        self.report(message, remedy)
        return Stuck()
