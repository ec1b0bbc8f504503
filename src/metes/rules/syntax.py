"""Reads the text of a rule into its typed tree, gathering every problem it can name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from metes.base.errors import InputError
from metes.model.catalogue import Field, FieldType
from metes.model.condition import (
    EVERYTHING,
    MAX_DEPTH,
    MAX_VALUES,
    And,
    Condition,
    Contains,
    Equals,
    In,
    InList,
    Missing,
    Not,
    Or,
    Prefix,
    Range,
    Value,
    depth,
)
from metes.model.terms import InArea
from metes.rules.cursor import Cursor, Stuck
from metes.rules.lexer import Source, Token, tokens
from metes.rules.printer import KEYWORDS, to_text
from metes.rules.term_syntax import is_before_family_area, read_family_area, read_postal_range, read_term
from metes.rules.term_text import innermost
from metes.rules.values import expected_value, field_suggestion, fits, is_distance, kilometres, named, parse_day, parse_number

__all__ = ["parse", "to_text"]

_COMPARISONS: Final = frozenset(["=", "!=", "<>", "<", "<=", ">", ">="])
_OPERATORS: Final = "=, !=, <, <=, >, >=, between, in, starts with, contains or is missing"
_WORDED: Final = frozenset(["not", "in", "between", "starts", "contains"])
_UNITS: Final = ("km", "mi")
_WITH_UNIT = re.compile(r"(.+?)(km|mi)", re.IGNORECASE)


def parse(text: str, fields: Mapping[str, Field], *, file: str = "", line: int = 1) -> Condition:
    """The condition that a rule's text stands for.

    `file` and `line` say where the text begins; findings count from there. Linear in the length of the text. Text that nests
    more than `MAX_DEPTH` levels is refused before it is read, so that no rule can exhaust the stack.

    Raises
    ------
    InputError
        With one finding for each problem: `rule-syntax`, `rule-unknown-field`, `rule-wrong-type`, `rule-too-deep`, `rule-too-long`.
    """
    source = Source(text, file, line)
    found = tokens(source)
    condition: Condition = EVERYTHING
    if _check_nesting(source, found):
        condition = _Parser(source, found, fields).whole()
        if not source.findings and depth(condition) > MAX_DEPTH:
            _report_depth(source, 0)
    if source.findings:
        count = len(source.findings)
        raise InputError(f"the rule has {count} problem{'s' if count > 1 else ''}: {source.findings[0].message}", source.findings)
    return condition


def _report_depth(source: Source, offset: int) -> None:
    source.report(
        "rule-too-deep",
        f"the rule nests more than {MAX_DEPTH} levels of parentheses, AND, OR and NOT",
        offset,
        remedy="Split the rule.",
    )


def _check_nesting(source: Source, found: Sequence[Token]) -> bool:
    """Report a rule whose open parentheses and NOTs stack up past the limit; false then."""
    levels: list[str] = []
    before = ""
    for token in found:
        word = token.value.lower() if token.kind in ("word", "sign") else ""
        if word == "(" and before in ("in", "to"):
            levels.append("list")  # a list of values or a point is no level of the tree
        elif word in ("(", "not"):
            levels.append(word)
            if len(levels) > MAX_DEPTH:
                _report_depth(source, token.offset)
                return False
        elif word in (")", "and", "or"):
            while levels and levels[-1] == "not":
                levels.pop()
            if levels and word == ")":
                levels.pop()
        before = word
    return True


class _Parser(Cursor):
    """Recursive descent over the tokens: three calls per level, so that the limit on levels bounds the stack."""

    unit = ""  # that stands behind the last value read

    def whole(self) -> Condition:
        """The condition of all tokens."""
        if self.peek().kind == "end":
            self.report("the rule is empty", "Write a condition, or 'everything'.")
            return EVERYTHING
        condition = self.disjunction()
        while self.peek().kind != "end":
            if self.peek().value == ")":
                self.report("a parenthesis is closed that was never opened", "Take it out.")
            else:
                self.report(
                    f"expected 'and', 'or' or the end of the rule, got {self.peek()}", "Join two comparisons with 'and' or 'or'."
                )
            self.skip_comparison()
            if self.peek().kind != "end":
                self.position += 1
                if self.peek().kind != "end":
                    self.disjunction()
        return condition

    def disjunction(self) -> Condition:
        """Parts joined by OR."""
        parts = [self.conjunction()]
        while self.accept("or"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def conjunction(self) -> Condition:
        """Parts joined by AND."""
        parts = [self.negation()]
        while self.accept("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negation(self) -> Condition:
        """A comparison or parentheses, with any number of NOTs before it."""
        nots = 0
        while self.accept("not"):
            nots += 1
        opened = self.peek()
        condition: Condition
        if self.accept("("):
            condition = self.disjunction()
            if not self.accept(")"):
                if self.peek().kind == "end":
                    self.report("a parenthesis is opened and never closed", "Close it with ).", opened)
                else:
                    self.report(f"expected 'and', 'or' or ), got {self.peek()}", "Join two comparisons with 'and' or 'or'.")
                    self.skip_comparison()
                    self.accept(")")
        else:
            condition = self.comparison_or_nothing()
        for _ in range(nots):
            condition = Not(condition)
        return condition

    def comparison_or_nothing(self) -> Condition:
        """A comparison; where it cannot be read, its finding is gathered and the rest of it skipped."""
        try:
            return EVERYTHING if self.accept("everything") else self.comparison()
        except Stuck:
            self.skip_comparison()
            return EVERYTHING

    def skip_comparison(self) -> None:
        """Go on to the next AND, OR or closing parenthesis on this level."""
        level = 0
        while (token := self.peek()).kind != "end":
            word = token.value.lower() if token.kind in ("word", "sign") else ""
            if level == 0 and word in ("and", "or", ")"):
                return
            level += {"(": 1, ")": -1}.get(word, 0)
            self.position += 1

    def comparison(self) -> Condition:
        """A field or term, an operator and its values."""
        name, field = self.subject()
        operator = self.peek()
        if operator.kind == "sign" and operator.value in _COMPARISONS:
            self.position += 1
            return self.compared(name, operator, field)
        if self.accept("is"):
            return self.missing(name)
        if isinstance(innermost(name), InArea) and self.word() not in _WORDED:
            return Equals(name, True)
        is_negated = self.accept("not")
        literal = self.worded(name, field)
        return Not(literal) if is_negated else literal

    def subject(self) -> tuple[str, Field | None]:
        """The name of what is asked, and the field or term it stands for; None, with a finding, where there is none of this name."""
        token = self.peek()
        name = read_term(self)
        if name is None:
            if token.kind not in ("word", "name") or (token.kind == "word" and token.value.lower() in KEYWORDS):
                raise self.stuck(f"expected a field, got {token}", "Begin a comparison with a field, such as country = 'US'.")
            name = token.value
            self.position += 1
            if is_before_family_area(self, name):
                return name, None  # the field comes behind the `not`
        return name, self.field(name, token)

    def field(self, name: str, token: Token) -> Field | None:
        """The field or term of a name that stands at a token; None, with a finding, where there is none."""
        field = self.fields.get(name)
        if field is None:
            remedy = field_suggestion(name, self.fields)
            self.source.report("rule-unknown-field", f"there is no field {name!r}", token.offset, value=name, remedy=remedy)
        return field

    def compared(self, name: str, operator: Token, field: Field | None) -> Condition:
        """A comparison by a sign."""
        if operator.value in ("=", "!=", "<>"):
            equals = Equals(name, self.value(field))
            return equals if operator.value == "=" else Not(equals)
        self.check_order(operator, field)
        value = self.value(field)
        if operator.value.startswith("<"):
            return Range(name, high=value, includes_high=operator.value == "<=")
        return Range(name, low=value, includes_low=operator.value == ">=")

    def missing(self, name: str) -> Condition:
        """`is missing` or `is not missing`, behind the `is`."""
        is_negated = self.accept("not")
        if not self.accept("missing"):
            raise self.stuck(f"expected 'missing' after 'is', got {self.peek()}", "Write 'is missing', or = with a value.")
        return Not(Missing(name)) if is_negated else Missing(name)

    def worded(self, name: str, field: Field | None) -> Condition:
        """A comparison by words."""
        operator = self.peek()
        if self.accept("in"):
            area = read_family_area(self, name)
            if area is not None:
                self.field(area, operator)
                return Equals(area, True)
            return self.membership(name, field)
        if name.rpartition(".")[2] == "postal_code" and self.accept("from"):
            return read_postal_range(self, name)
        if self.accept("between"):
            self.check_order(operator, field)
            return self.between(name, field)
        if self.accept("starts"):
            if not self.accept("with"):
                raise self.stuck(f"expected 'with' after 'starts', got {self.peek()}", "Write: starts with '80'.")
            return Prefix(name, self.part_of_text(operator, field))
        if self.accept("contains"):
            return Contains(name, self.part_of_text(operator, field))
        raise self.stuck(f"expected an operator after {named(name)}, got {operator}", f"Use {_OPERATORS}.")

    def membership(self, name: str, field: Field | None) -> Condition:
        """What follows `in`: values in parentheses or a named list."""
        start = self.peek()
        if self.accept("list"):
            if field is not None and not field.type.is_text:
                self.wrong_type(start, field, "a list holds codes or text")
            return InList(name, self.text())
        if not self.accept("("):
            raise self.stuck(f"expected ( or 'list' after 'in', got {start}", "Write: in ('US', 'CA').")
        try:
            values = self.listed_values(field)
        except Stuck:
            self.skip_comparison()
            self.accept(")")
            raise
        if len(values) > MAX_VALUES:
            message = f"a list may hold {MAX_VALUES:,} values, this one has {len(values):,}"
            self.source.report("rule-too-long", message, start.offset, remedy="Split it, or use named lists.")
        return In(name, tuple(values))

    def listed_values(self, field: Field | None) -> dict[Value, None]:
        """The distinct values of a list in their order, to its closing parenthesis."""
        values = {self.value(field): None}
        while self.accept(","):
            values[self.value(field)] = None
        if not self.accept(")"):
            raise self.stuck(
                f"expected , or ) in the list of values, got {self.peek()}", "Part values with commas and close the list."
            )
        return values

    def between(self, name: str, field: Field | None) -> Condition:
        """What follows `between`: two ends, `above` and `below` leaving out the end itself."""
        includes_low = not self.accept("above")
        low = self.value(field)
        unit_of_low = self.unit
        if not self.accept("and"):
            raise self.stuck(f"expected 'and' between the two ends, got {self.peek()}", "Write: between 50 and 999.")
        includes_high = not self.accept("below")
        high = self.value(field)
        if self.unit and not unit_of_low and isinstance(low, int | Decimal):
            low = kilometres(low, self.unit)  # between 10 and 50 mi: the unit is that of both ends
        return Range(name, low, high, includes_low, includes_high)

    def value(self, field: Field | None) -> Value:
        """The next value, as the field holds it; with a finding, and still read, where its type is another."""
        token = self.peek()
        self.unit = ""
        if token.kind == "number":
            value: Value = self.number(token, field)
        elif token.kind == "text":
            value = self.quoted(token, field)
        elif token.kind == "word" and token.value.lower() in ("true", "false"):
            value = token.value.lower() == "true"
        elif token.kind in ("word", "name"):
            raise self.stuck(f"expected a value, got {token}", f"Text stands in single quotes: '{token.value}'.")
        else:
            raise self.stuck(f"expected a value, got {token}", "Write a number, or text in single quotes.")
        self.position += 1
        if isinstance(value, int | Decimal) and is_distance(field):
            self.unit = self.unit or next((unit for unit in _UNITS if self.accept(unit)), "")
            value = kilometres(value, self.unit)
        if field is not None and not fits(value, field):
            self.wrong_type(token, field)
        return value

    def number(self, token: Token, field: Field | None) -> int | Decimal:
        """The number of a token; the unit of a distance may follow it without a blank."""
        text = token.value
        match = _WITH_UNIT.fullmatch(text) if is_distance(field) else None
        if match is not None:
            text, self.unit = match[1], match[2].lower()
        number = parse_number(text)
        if number is None:
            remedy = "Text, codes and days stand in single quotes; numbers are below 10^15, with at most nine decimals."
            raise self.stuck(f"expected a number, got {token}", remedy)
        return number

    def quoted(self, token: Token, field: Field | None) -> Value:
        """The text, code or day of a token."""
        if field is not None and field.type is FieldType.CODE:
            return token.value.upper()
        if field is not None and field.type is FieldType.DATE:
            return parse_day(token.value) or token.value
        return token.value

    def part_of_text(self, operator: Token, field: Field | None) -> str:
        """The text that a text field starts with or contains."""
        if field is not None and not field.type.is_text:
            self.wrong_type(operator, field, f"'{operator.value.lower()}' asks for a field of text or codes")
        text = self.text()
        return text.upper() if field is not None and field.type is FieldType.CODE else text

    def check_order(self, operator: Token, field: Field | None) -> None:
        """Report a comparison by size on a field that is true or false."""
        if field is not None and field.type is FieldType.BOOLEAN:
            self.wrong_type(operator, field, "true and false have no order")

    def wrong_type(self, token: Token, field: Field, reason: str = "") -> None:
        """Report a comparison that the field's type does not allow."""
        name = named(field.name)
        message = reason or f"{name} is compared with {expected_value(field)}, got {token}"
        remedy = f"{name} holds {field.type.value} values: compare it with {expected_value(field)}."
        self.source.report("rule-wrong-type", message, token.offset, value=token.value, remedy=remedy)
