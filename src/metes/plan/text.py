"""The plan as text: a folder of YAML and GeoJSON files, or one file, read into a plan with findings that name file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from metes.base.dates import Period
from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.memory import uncollected
from metes.model.catalogue import Field
from metes.model.condition import EVERYTHING, Condition
from metes.model.plan import Area, NamedList, Pin, Plan, Policy, Role, Rule, Seat, Territory, TerritoryType
from metes.plan import reading, subjects
from metes.plan.areas import AreaRead, read_area, read_area_value
from metes.plan.conform import values_of
from metes.plan.limits import MAX_FILE_BYTES
from metes.plan.order import in_order
from metes.plan.reading import Document, Scalar, plain, read_document
from metes.plan.shapes import AREA, LIST, PIN, PINS, PLAN, RULE, SEAT, TERRITORY, TYPE
from metes.rules.syntax import parse

PLAN_FILE: Final = "plan.yaml"
PINS_FILE: Final = "pins.yaml"
TERRITORIES: Final = "territories"
LISTS: Final = "lists"
AREAS: Final = "areas"
AREA_SUFFIX: Final = ".geojson"
_INLINE_COMMENT: Final = re.compile(r"\s#.*")

Fields = Mapping[str, Field]


@dataclass(frozen=True)
class PlanText:
    """A plan as read. `places` says where each subject stands; with an error among the findings the plan is partial and not for use."""

    plan: Plan
    findings: tuple[Finding, ...]
    places: Mapping[str, Place]
    is_one_file: bool = False

    def locate(self, finding: Finding) -> Finding:
        """A finding about a subject of the plan, with the file and line where that subject stands."""
        place = self.places.get(finding.place.subject)
        if place is None or finding.place.file:
            return finding
        return replace(finding, place=replace(place, subject=finding.place.subject))


def read_plan(path: Path, fields: Fields) -> tuple[Plan, tuple[Finding, ...]]:
    """The plan of a folder, or of one file, with everything that is wrong about its text.

    With an error among the findings the plan holds what could be read and is not for use. Linear in the text: 25,000 territories
    (7 MB) take a few seconds.
    """
    text = read_text(path, fields)
    return text.plan, text.findings


def read_text(path: Path, fields: Fields) -> PlanText:
    """`read_plan` with the places of all subjects, so that later findings can name file and line."""
    files, findings = _load(path)
    return _Reader(fields, findings).read(files)


def read_texts(files: Mapping[str, str], fields: Fields) -> PlanText:
    """The plan of texts by their path in the folder (`plan.yaml`, `territories/west.yaml`), as an upload brings them."""
    return _Reader(fields, []).read(files)


def _load(path: Path) -> tuple[dict[str, str], list[Finding]]:
    """The texts of a plan's files by their name in the folder, in a fixed order."""
    files: dict[str, str] = {}
    findings: list[Finding] = []
    if path.name == PLAN_FILE and (path.parent / TERRITORIES).is_dir():
        path = path.parent
    if path.is_dir():
        wanted = files_in(path)
    else:
        wanted = {path.name: path} if path.is_file() else {}
        if not wanted:
            findings.append(
                _error("plan-missing-file", "there is no such file or folder", str(path), "Give the plan's folder or file.")
            )
    for name, file in wanted.items():
        try:
            files[name] = _decoded(file)
        except ValueError as error:
            findings.append(_error("plan-encoding", str(error), name, "Save it as UTF-8, at most 64 MB."))
    return files, findings


def files_in(folder: Path) -> dict[str, Path]:
    """The files of a plan that a folder has, by their name in it, in the order in which they are read."""
    found = [
        folder / PLAN_FILE,
        folder / PINS_FILE,
        *sorted(folder.glob(f"{TERRITORIES}/*.yaml")),
        *sorted(folder.glob(f"{LISTS}/*.yaml")),
        *sorted(folder.glob(f"{AREAS}/*{AREA_SUFFIX}")),
    ]
    return {file.relative_to(folder).as_posix(): file for file in found if file.is_file()}


def _decoded(file: Path) -> str:
    """The text of a file; ValueError where it is too large or no UTF-8."""
    if (size := file.stat().st_size) > MAX_FILE_BYTES:
        raise ValueError(f"the file has {size:,} bytes, at most {MAX_FILE_BYTES:,} are read")
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"the file is no UTF-8: byte {error.start + 1:,} begins no character") from error


def _error(code: str, message: str, file: str, remedy: str) -> Finding:
    return Finding(code, Severity.ERROR, message, Place(file), remedy=remedy)


@dataclass
class _Reader:
    """Builds a plan from nodes, keeping where each subject stands."""

    fields: Fields
    findings: list[Finding]
    places: dict[str, Place] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    types: list[TerritoryType] = field(default_factory=list)
    territories: list[Territory] = field(default_factory=list)
    lists: list[NamedList] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    document: Document = field(default_factory=lambda: Document(""))

    @uncollected()
    def read(self, files: Mapping[str, str]) -> PlanText:
        """The plan of all files."""
        is_folder = PLAN_FILE in files or len(files) != 1
        if (
            is_folder
            and PLAN_FILE not in files
            and not any(f.code in ("plan-missing-file", "plan-encoding") for f in self.findings)
        ):
            self.findings.append(
                _error("plan-missing-file", f"the folder has no {PLAN_FILE}", PLAN_FILE, "'metes plan init' makes one.")
            )
        for name, text in files.items():
            if is_folder and name.startswith(f"{AREAS}/") and name.endswith(AREA_SUFFIX):
                self.area_file(name, text)
                continue
            self.document = read_document(text, name)
            if self.document.top is None and not self.document.findings:
                self.report(reading.Mapping(0, 0), "plan-value", "the file is empty", remedy="Fill it, or delete it.")
            elif self.document.top is not None:
                self.file(name, is_folder)
            self.findings.extend(self.document.findings)
        plan = self.plan()
        sections = ("territories", "lists", "areas", "pins", "exclusions")
        return PlanText(plan, tuple(self.findings), self.places, any(name in self.head for name in sections))

    def plan(self) -> Plan:
        """The plan of what was read, in canonical order where it is a tree."""
        plan = Plan(
            self.head.get("key", ""),
            self.head.get("name", ""),
            self.head.get("description", ""),
            tuple(self.types),
            tuple(self.territories),
            tuple(self.lists),
            tuple(self.pins),
            tuple(self.seats),
            "\n\n".join(filter(None, self.comments)),
            tuple(self.areas),
        )
        try:
            return in_order(plan)
        except InputError as error:
            self.findings.extend(f for f in error.findings if f.code == "plan-depth" or not self.findings)
            return plan

    def file(self, name: str, is_folder: bool) -> None:
        """Read one file by what its name says it holds."""
        path = PurePosixPath(name)
        if is_folder and path.parent.name == TERRITORIES:
            self.named_like(path, self.territory(self.document.top, None))
        elif is_folder and path.parent.name == LISTS:
            self.named_like(path, self.named_list(self.document.top))
        elif is_folder and name == PINS_FILE:
            self.sections(values_of(self.document, self.document.top, PINS) or {})
            self.comments.append(comment_of(self.document.top))
        else:
            values = values_of(self.document, self.document.top, PLAN) or {}
            self.head = values
            self.comments.insert(0, comment_of(self.document.top))
            self.sections(values)
            if values.get("key") and self.document.top is not None:
                self.places[f"plan {values['key']}"] = self.place(self.document.top)

    def sections(self, values: Mapping[str, Any]) -> None:
        """Read the lists of mappings of a plan or pins file."""
        for node in values.get("types", ()):
            self.type(node)
        for node in values.get("territories", ()):
            self.territory(node, None)
        for node in values.get("lists", ()):
            self.named_list(node)
        for node in values.get("areas", ()):
            self.area(node)
        for node in values.get("pins", ()):
            self.pin(node, is_exclusion=False)
        for node in values.get("exclusions", ()):
            self.pin(node, is_exclusion=True)

    def type(self, node: reading.Node) -> None:
        """Read one type."""
        values = values_of(self.document, node, TYPE)
        if values and "key" in values and self.is_new(subjects.of_type(values["key"]), node):
            if "role" in values:
                values["role"] = Role(values["role"])
            if "policy" in values:
                values["policy"] = Policy(values["policy"])
            self.types.append(TerritoryType(**values, comment=comment_of(node)))

    def territory(self, node: reading.Node | None, parent: str | None) -> str | None:
        """Read one territory with all below it; its key."""
        values = values_of(self.document, node, TERRITORY)
        if values is None or node is None:
            return None
        key = values.get("key")
        is_whole = key is not None and self.is_new(subjects.of_territory(key), node)
        rules = self.rules(values.pop("rules", ()), key or "")
        seats, children = values.pop("seats", ()), values.pop("children", ())
        if is_whole and "type" in values:
            values["is_catch_all"] = values.pop("catch_all", False)
            self.territories.append(Territory(**values, parent=parent, rules=rules, comment=comment_of(node)))
        for seat in seats:
            self.seat(seat, key or "")
        for child in children:
            self.territory(child, key)
        return key

    def rules(self, nodes: list[reading.Node], territory: str) -> tuple[Rule, ...]:
        """Read the rules of one territory."""
        rules = []
        for node in nodes:
            values = values_of(self.document, node, RULE)
            if values is None:
                continue
            key = values.get("key")
            is_whole = key is not None and territory and self.is_new(subjects.of_rule(territory, key), node)
            condition = self.condition(values.pop("when", None), subjects.of_rule(territory, key or "?"))
            if is_whole and condition is not None:
                rules.append(Rule(**values, condition=condition, comment=comment_of(node)))
        return tuple(rules)

    def condition(self, text: Scalar | None, subject: str) -> Condition | None:
        """The condition of a rule's text; its problems are reported where they stand in the file."""
        if text is None:
            return None
        if text.value == "everything":
            return EVERYTHING
        raw, line, column = _as_it_stands(self.document, text)
        try:
            return parse(text.value, self.fields, file=self.document.file, line=line)
        except InputError as error:
            for finding in _findings_of(raw, self.fields, self.document.file, line) or error.findings:
                place = replace(finding.place, subject=subject)
                if place.line == line and place.column.isdigit():
                    place = replace(place, column=str(int(place.column) + column))
                self.document.findings.append(replace(finding, place=place))
            return None

    def seat(self, node: reading.Node, territory: str) -> None:
        """Read one seat."""
        values = values_of(self.document, node, SEAT)
        if values and "key" in values and self.is_new(subjects.of_seat(values["key"]), node):
            if "licences" in values:
                values["licences"] = tuple(values["licences"])
            self.seats.append(Seat(**values, territory=territory, comment=comment_of(node)))

    def named_list(self, node: reading.Node | None) -> str | None:
        """Read one named list; its key."""
        values = values_of(self.document, node, LIST)
        if not values or node is None or "key" not in values or not self.is_new(subjects.of_list(values["key"]), node):
            return None
        if "values" in values:
            values["values"] = tuple(values["values"])
            self.lists.append(NamedList(**values, comment=comment_of(node)))
        return str(values["key"])

    def area_file(self, name: str, text: str) -> None:
        """Read the GeoJSON file of one area, which has the area's key as its name."""
        self.document = Document(name)
        key = PurePosixPath(name).name.removesuffix(AREA_SUFFIX)
        if self.is_new(subjects.of_area(key), reading.Mapping(0, 0)):
            self.take(read_area(text, key, name))
        self.findings.extend(self.document.findings)

    def area(self, node: reading.Node) -> None:
        """Read one area of a plan in one file."""
        values = values_of(self.document, node, AREA)
        if (
            not values
            or any(name not in values for name in AREA.required)
            or not self.is_new(subjects.of_area(values["key"]), node)
        ):
            return
        place = replace(self.place(values["geometry"]), subject=subjects.of_area(values["key"]))
        read = read_area_value(plain(values["geometry"]), values["key"], place)
        own = {"name": values["name"]} if "name" in values else {}
        self.take(replace(read, areas=tuple(replace(area, **own, comment=comment_of(node)) for area in read.areas)))

    def take(self, read: AreaRead) -> None:
        """Keep an area that was read, and what is wrong with it."""
        self.areas.extend(read.areas)
        self.document.findings.extend(read.findings)

    def pin(self, node: reading.Node, *, is_exclusion: bool) -> None:
        """Read one pin or exclusion."""
        values = values_of(self.document, node, PIN)
        if not values or any(name not in values for name in PIN.required):
            return
        start, end = values.pop("from", None), values.pop("to", None)
        if start is not None and end is not None and start >= end:
            message = f"the pin begins on {start} and ends before {end}, so it holds on no day"
            self.report(
                node, "plan-value", message, remedy="'to' is the first day on which it no longer holds; put it after 'from'."
            )
            return
        pin = Pin(**values, period=Period(start, end), is_exclusion=is_exclusion, comment=comment_of(node))
        self.places.setdefault(subjects.of_pin(pin), self.place(node))
        self.pins.append(pin)

    def is_new(self, subject: str, node: reading.Node) -> bool:
        """Whether a subject is seen for the first time; a second time is reported."""
        first = self.places.setdefault(subject, place := self.place(node))
        if first is place:
            return True
        kind, key = subject.split(" ", 1)
        self.report(
            node, "plan-duplicate", f"the {kind} '{key}' stands twice, first in {first}", remedy="Give one of the two another key."
        )
        return False

    def place(self, node: reading.Node) -> Place:
        """Where a node stands."""
        return Place(self.document.file, node.line + 1, str(node.column + 1))

    def report(self, node: reading.Node, code: str, message: str, *, remedy: str = "") -> None:
        """Report an error at a node."""
        self.document.report(code, message, node.line, node.column, remedy=remedy)

    def named_like(self, path: PurePosixPath, key: str | None) -> None:
        """Warn where a file is not named after the key of what it holds."""
        if key is not None and path.stem != key:
            message = f"the file holds '{key}' and is named '{path.name}'"
            remedy = f"Rename it to '{key}.yaml'; writing the plan does so too."
            self.document.findings.append(
                Finding("plan-file-name", Severity.WARNING, message, Place(self.document.file), remedy=remedy)
            )


def comment_of(node: reading.Node | None) -> str:
    """The comment above a mapping, without its signs."""
    return "\n".join(text for _, text in node.comment) if isinstance(node, reading.Mapping) else ""


def _as_it_stands(document: Document, text: Scalar) -> tuple[str, int, int]:
    """A rule's text as the file has it, the line it begins on (from 1), and the columns before it on that line."""
    lines = document.lines[text.line : text.last_line + 1]
    if text.style in ("|", ">"):
        return "\n".join(lines[1:]), text.line + 2, 0
    if not text.is_plain:
        return text.value, text.line + 1, text.column + 1
    if len(lines) == 1:
        return text.value, text.line + 1, text.column
    lines[0] = lines[0][text.column :]
    return "\n".join(_INLINE_COMMENT.sub("", line) for line in lines), text.line + 1, text.column


def _findings_of(raw: str, fields: Fields, file: str, line: int) -> tuple[Finding, ...]:
    """The problems of a rule's text as it stands in the file, so that lines and columns are those of the file."""
    try:
        parse(raw, fields, file=file, line=line)
    except InputError as error:
        return error.findings
    return ()
