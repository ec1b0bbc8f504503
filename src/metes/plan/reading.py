"""Reads YAML into nodes that know their lines, with the comments above them; refuses what a plan never needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from metes.base.findings import Finding, Place, Severity
from metes.plan.limits import MAX_NESTING, MAX_REFUSALS

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NULLS: Final = frozenset(["", "~", "null", "Null", "NULL"])
_BEFORE_INLINE_COMMENT: Final = re.compile(r"[\s:,\]}|>+-]*\s#(.*)")


@dataclass(slots=True, eq=False)
class Scalar:
    """A single value as it stands; its type is the reader's business, so that codes keep their zeros and Norway its NO."""

    value: str
    line: int
    column: int
    last_line: int
    style: str

    @property
    def is_plain(self) -> bool:
        """Whether it stands without quotes on its line."""
        return not self.style

    @property
    def is_null(self) -> bool:
        """Whether nothing is there."""
        return not self.style and self.value in _NULLS


@dataclass(slots=True, eq=False)
class Sequence:
    """Items in order; None where one was refused."""

    line: int
    column: int
    items: list[Node | None] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Mapping:
    """Values by key, each with the node of its key; None where a value was refused."""

    line: int
    column: int
    items: dict[str, tuple[Scalar, Node | None]] = field(default_factory=dict)
    comment: list[tuple[int, str]] = field(default_factory=list)


Node = Scalar | Sequence | Mapping


@dataclass(slots=True)
class Document:
    """One file read: its top node, its lines and what was wrong with it as YAML."""

    file: str
    top: Node | None = None
    lines: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def report(self, code: str, message: str, line: int, column: int, *, value: str = "", remedy: str = "") -> None:
        """Gather an error at a line and column counted from 0."""
        self.findings.append(
            Finding(code, Severity.ERROR, message, Place(self.file, line + 1, str(column + 1)), value[:80], remedy)
        )


def plain(node: Node | None) -> Any:
    """The values below a node as JSON would have them: plain scalars that are numbers come as numbers, all others as texts."""
    if isinstance(node, Mapping):
        return {name: plain(value) for name, (_, value) in node.items.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if node is None or node.is_null:
        return None
    return float(node.value) if node.is_plain and _NUMBER.fullmatch(node.value) else node.value


class _TooMuch(Exception):
    """The file was reported on and is not read further."""


def read_document(text: str, file: str) -> Document:
    """The nodes of one YAML file; findings instead of nodes where it cannot be read.

    Linear in the text. Anchors, aliases, tags, several documents, keys that are no plain text and nesting past `MAX_NESTING` are
    refused, so that a small file cannot grow when it is read.
    """
    document = Document(file, lines=text.splitlines())
    composer = _Composer(document)
    try:
        composer.run(text)
    except yaml.YAMLError as error:
        _report_yaml_error(document, error, text)
    except _TooMuch:
        document.top = None
    return document


class _Composer:
    """Builds nodes from the parser's events with a stack of its own: no recursion, and every refusal at its event."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[Mapping | Sequence] = []
        self.keys: list[Scalar | None] = []
        self.documents = 0
        self.content_end: dict[int, int] = {}
        self.inside_scalar: set[int] = set()

    def run(self, text: str) -> None:
        """Read the whole text and leave the top node, comments placed, in the document."""
        with_comment = {i for i, line in enumerate(self.document.lines) if "#" in line}
        for event in yaml.parse(text, Loader=_LOADER):  # type: ignore[no-untyped-call]
            kind = type(event)
            if kind is yaml.ScalarEvent:
                start, end = event.start_mark, event.end_mark
                style = event.style or ""
                last = end.line - 1 if end.column == 0 and style in ("|", ">") else end.line
                scalar = Scalar(event.value, start.line, start.column, last, style)
                if event.anchor or event.tag:
                    self.refuse_extras(event)
                if with_comment:
                    self.note_end(scalar, end.column)
                self.add(scalar)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self.open(event, Mapping if kind is yaml.MappingStartEvent else Sequence)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.stack.pop()
                self.keys.pop()
            elif kind is yaml.AliasEvent:
                self.refuse("plan-alias", f"the alias '*{event.anchor}' is refused", event, "Write the value out.")
                self.add(None)
            elif kind is yaml.DocumentStartEvent:
                self.documents += 1
                if self.documents == 2:
                    self.refuse("plan-yaml", "a second document begins here", event, "Keep one document a file; take out '---'.")
                    raise _TooMuch
        if with_comment and isinstance(self.document.top, Mapping):
            _place_comments(self.document.lines, self.document.top, with_comment - self.inside_scalar, self.content_end)

    def open(self, event: Any, make: type[Mapping] | type[Sequence]) -> None:
        """Begin a mapping or sequence."""
        if event.anchor or event.tag:
            self.refuse_extras(event)
        node = make(event.start_mark.line, event.start_mark.column)
        self.add(node)
        self.stack.append(node)
        self.keys.append(None)
        if len(self.stack) > MAX_NESTING:
            self.refuse("plan-nesting", f"the file nests more than {MAX_NESTING} levels", event, "Flatten the tree.")
            raise _TooMuch

    def add(self, node: Node | None) -> None:
        """Put a finished or opened node where it belongs."""
        if not self.stack:
            self.document.top = self.document.top or node
            return
        parent, key = self.stack[-1], self.keys[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif key is None:
            self.keys[-1] = self.key_of(node)
        else:
            self.keys[-1] = None
            if key.value in parent.items:
                first = parent.items[key.value][0].line + 1
                self.document.report(
                    "plan-duplicate-line",
                    f"'{key.value}' stands twice in one mapping, first on line {first}",
                    key.line,
                    key.column,
                    remedy="Keep one of the two.",
                )
                self.count_refusal()
            else:
                parent.items[key.value] = (key, node)

    def key_of(self, node: Node | None) -> Scalar:
        """A mapping's key; anything but a scalar is refused."""
        if isinstance(node, Scalar):
            return node
        line, column = (node.line, node.column) if node is not None else (self.stack[-1].line, self.stack[-1].column)
        self.document.report(
            "plan-yaml", "a list or mapping stands where a name is expected", line, column, remedy="Write 'name: value'."
        )
        self.count_refusal()
        return Scalar("", line, column, line, "?")

    def refuse_extras(self, event: Any) -> None:
        """Report an anchor or a tag; the value itself is read on."""
        if event.anchor:
            self.refuse("plan-alias", f"the anchor '&{event.anchor}' is refused", event, "Take it out and write values out.")
        if event.tag:
            self.refuse("plan-tag", f"the tag '{event.tag[:80]}' is refused", event, "Take it out; put texts in quotes if need be.")

    def refuse(self, code: str, message: str, event: Any, remedy: str) -> None:
        """Report what YAML allows and a plan does not."""
        self.document.report(code, message, event.start_mark.line, event.start_mark.column, remedy=remedy)
        self.count_refusal()

    def count_refusal(self) -> None:
        """Stop reading a file that is nothing but refusals."""
        if len(self.document.findings) >= MAX_REFUSALS:
            raise _TooMuch

    def note_end(self, scalar: Scalar, end_column: int) -> None:
        """Remember where content ends on a line, and which lines lie inside a longer text."""
        if scalar.last_line > scalar.line:
            self.inside_scalar.update(range(scalar.line + 1, scalar.last_line + 1))
        else:
            self.content_end[scalar.line] = end_column


def _report_yaml_error(document: Document, error: yaml.YAMLError, text: str) -> None:
    """One finding for what stops the YAML parser, with the remedy for its commonest cause."""
    document.top = None
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position)
        document.report(
            "plan-yaml",
            "the file holds a control character",
            line,
            0,
            remedy="Save it as plain UTF-8 text without control characters.",
        )
        return
    before = document.lines[mark.line][: mark.column + 1] if mark.line < len(document.lines) else ""
    if "\t" in before and not before.strip():
        message, remedy = "a tab stands where blanks are expected", "Indent with blanks."
    else:
        message = ", ".join(part for part in (getattr(error, "context", ""), getattr(error, "problem", "")) if part) or str(error)
        remedy = "Check indentation, colons and quotes here and on the line above."
    document.report("plan-yaml", message, mark.line, mark.column, remedy=remedy)


def _place_comments(lines: list[str], top: Mapping, candidates: Iterable[int], content_end: dict[int, int]) -> None:
    """Give each comment to a mapping: the one that begins below it, else the one whose line it stands above or on."""
    below = _Below(top)
    for number in sorted(candidates):
        line = lines[number]
        stripped = line.lstrip()
        if stripped.startswith("#"):
            target = below.line(_next_content(lines, number + 1))
            text = stripped[1:]
        else:
            match = _BEFORE_INLINE_COMMENT.fullmatch(line, content_end.get(number, len(line)))
            if match is None:
                continue
            target, text = below.line(number), match[1]
        text = text.removeprefix(" ").rstrip()
        last = target.comment[-1][0] if target.comment else number
        if number > last + 1 and not any(between.strip() for between in lines[last + 1 : number]):
            target.comment.append((number - 1, ""))
        target.comment.append((number, text))


def _next_content(lines: list[str], number: int) -> int:
    """The first line from a number on that is neither blank nor a comment; the count of lines where there is none."""
    while number < len(lines) and lines[number].lstrip()[:1] in ("", "#"):
        number += 1
    return number


class _Below:
    """Which mapping a line belongs to: those that begin on it, whose section it opens, or which own it."""

    def __init__(self, top: Mapping) -> None:
        self.top = top
        self.begins: dict[int, Mapping] = {}
        self.opens: dict[int, Mapping] = {}
        self.owns: dict[int, Mapping] = {}
        stack = [top]
        while stack:
            mapping = stack.pop()
            self.begins.setdefault(mapping.line, mapping)
            for key, value in mapping.items.values():
                self.owns.setdefault(key.line, mapping)
                if isinstance(value, Mapping):
                    stack.append(value)
                elif isinstance(value, Sequence):
                    stack.extend(self.sequence(value, key.line, mapping))

    def sequence(self, sequence: Sequence, key_line: int, owner: Mapping) -> list[Mapping]:
        """Enter the lines of a list's items; its mappings."""
        mappings = [item for item in sequence.items if isinstance(item, Mapping)]
        if mappings and owner is self.top and key_line == owner.line:
            self.begins[key_line] = mappings[0]  # a file that begins with a section has no line of its own above it
        elif mappings:
            self.opens.setdefault(key_line, mappings[0])
        for item in sequence.items:
            if item is not None and not isinstance(item, Mapping):
                self.owns.setdefault(item.line, owner)
        return mappings

    def line(self, number: int) -> Mapping:
        """The mapping that a comment above or on a line belongs to."""
        return self.begins.get(number) or self.opens.get(number) or self.owns.get(number) or self.top
