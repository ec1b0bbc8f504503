"""Which column of a file is which field: a value that is shown, corrected by a small file, and remembered per source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import yaml

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.ids import content_hash
from metes.model.catalogue import Field, FieldType, Kind
from metes.model.terms import RESERVED_NAMES
from metes.records.dates import ORDERS

_YAML: Any = yaml
IGNORE = "ignore"
DEEPEST = 20
_OPTIONS = ("date_format", "decimal_mark", "default_country", "default_currency", "last_day")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Where one column goes: a field's name, `custom:NAME:TYPE`, or `ignore`; with how sure the guess was, and why."""

    column: str
    target: str = IGNORE
    confidence: float = 1.0
    reason: str = ""
    date_format: str | None = None
    decimal_mark: str | None = None

    @property
    def field(self) -> str:
        """The name of the field, own or custom; empty where the column is ignored."""
        if self.target == IGNORE:
            return ""
        return self.target.split(":")[1] if self.target.startswith("custom:") else self.target

    @property
    def custom(self) -> Field | None:
        """The custom field the column makes, if it makes one."""
        if not self.target.startswith("custom:"):
            return None
        _, name, kind = self.target.split(":")
        return Field(name, FieldType(kind), is_custom=True, label=self.column)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Every column's place, and what holds for the whole file.

    `last_day` says whether the end of a period names the last day ('included', as people write it) or the day after ('excluded').
    """

    columns: tuple[ColumnMap, ...]
    date_format: str | None = None
    decimal_mark: str | None = None
    default_country: str | None = None
    default_currency: str | None = None
    last_day: str = "included"

    def column_of(self, field: str) -> ColumnMap | None:
        """The column that fills a field."""
        return next((c for c in self.columns if c.field == field), None)

    @property
    def custom(self) -> tuple[Field, ...]:
        """The custom fields that the file brings."""
        return tuple(c.custom for c in self.columns if c.custom)

    def without_custom(self) -> Mapping:
        """The mapping with unknown columns ignored instead of becoming custom fields."""
        return replace(self, columns=tuple(replace(c, target=IGNORE) if c.custom else c for c in self.columns))

    def corrected(self, by: Mapping) -> Mapping:
        """This guess with what another mapping says about the same columns and options; a field it claims leaves its guessed column."""
        said = {c.column: c for c in by.columns}
        claimed = {c.field for c in by.columns if c.field}
        columns = tuple(
            said.get(c.column)
            or (replace(c, target=IGNORE, reason="another column was chosen for it") if c.field in claimed else c)
            for c in self.columns
        )
        options = {name: getattr(by, name) for name in _OPTIONS if getattr(by, name) not in (None, "included")}
        return replace(self, columns=columns, **options)

    @property
    def digest(self) -> str:
        """The content hash: the same for the same targets and options, however sure the guess was."""
        return content_hash(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in a mapping file."""
        columns: dict[str, Any] = {}
        for c in self.columns:
            special = {name: value for name in ("date_format", "decimal_mark") if (value := getattr(c, name))}
            columns[c.column] = {"to": c.target, **special} if special else c.target
        options = {name: value for name in _OPTIONS if (value := getattr(self, name)) not in (None, "included")}
        return {"columns": columns, **options}

    def as_text(self) -> str:
        """The mapping file (YAML)."""
        return str(_YAML.safe_dump(self.as_dict(), sort_keys=False, allow_unicode=True))


def parse_mapping(text: str, kind: Kind, *, file: str = "", headers: Sequence[str] | None = None) -> Mapping:
    """The mapping that a file's text (YAML or JSON) says; InputError with every problem and its remedy."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # The loader goes down level by level on the process's own stack, which a text of very many levels would break.
        levels = accumulate(_step(event) for event in _YAML.parse(text, Loader=loader))
        if any(level > DEEPEST for level in levels):
            raise InputError(f"{file or 'the mapping'} has more than {DEEPEST} levels; a mapping has three")
        data = _YAML.load(text, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(
            f"{file or 'the mapping'} is no YAML or JSON: {_short(error)}; see the reference of mapping files"
        ) from None
    problems: list[Finding] = []
    mapping = mapping_from(data, kind, problems, file=file, headers=headers)
    if problems:
        raise InputError(f"{file or 'the mapping'} has {len(problems)} problem{'s' * (len(problems) != 1)}", problems)
    return mapping


def _step(event: object) -> int:
    """How many levels deeper an event of YAML goes."""
    if isinstance(event, yaml.CollectionStartEvent):
        return 1
    return -1 if isinstance(event, yaml.CollectionEndEvent) else 0


def mapping_from(
    data: Any, kind: Kind, problems: list[Finding], *, file: str = "", headers: Sequence[str] | None = None
) -> Mapping:
    """The mapping that plain values say; what is wrong with them is added to `problems`."""

    def wrong(column: str, message: str, remedy: str, value: object = "") -> None:
        problems.append(Finding("mapping", Severity.ERROR, message, Place(file, None, column), str(value), remedy))

    if not isinstance(data, dict) or not isinstance(data.get("columns", {}), dict):
        wrong(
            "",
            "expected 'columns:' with one 'column: field' per line",
            "write a mapping with 'metes import --dry-run --save-map FILE'",
        )
        return Mapping(())
    for name in data.keys() - {"columns", *_OPTIONS}:
        wrong("", f"there is no option {name!r}", f"use one of {', '.join(_OPTIONS)}")
    columns = [_column(str(column), said, kind, wrong) for column, said in data.get("columns", {}).items()]
    for c in columns:
        if headers is not None and c.column not in headers:
            wrong(c.column, "the file has no such column", f"its columns are {', '.join(headers[:20])}")
    _refuse_doubles(columns, wrong)
    options = {name: _option(name, data[name], wrong) for name in _OPTIONS if data.get(name) is not None}
    return Mapping(tuple(columns), **{k: v for k, v in options.items() if v is not None})


def _column(column: str, said: Any, kind: Kind, wrong: Any) -> ColumnMap:
    details = said if isinstance(said, dict) else {"to": said}
    for name in details.keys() - {"to", "date_format", "decimal_mark"}:
        wrong(column, f"a column has no option {name!r}", "use to, date_format or decimal_mark")
    target = str(details.get("to") or IGNORE)
    if target.startswith("custom:"):
        parts = target.split(":")
        if (
            len(parts) != 3
            or parts[2] not in set(FieldType)
            or not parts[1].isidentifier()
            or (parts[1] in kind.by_name and not kind.by_name[parts[1]].is_custom)
            or parts[1] in RESERVED_NAMES
        ):
            wrong(
                column,
                "a custom field is written custom:NAME:TYPE, with a name that no field has",
                f"the types are {', '.join(FieldType)}; a name has letters, digits and '_'",
                target,
            )
            target = IGNORE
    elif target != IGNORE and target not in kind.by_name:
        wrong(column, f"{kind.name} have no field {target!r}", f"the fields are {', '.join(kind.by_name)}", target)
        target = IGNORE
    special = {
        name: _option(name, details[name], wrong) for name in ("date_format", "decimal_mark") if details.get(name) is not None
    }
    return ColumnMap(column, target, 1.0, "said in the mapping", **special)


def _refuse_doubles(columns: Sequence[ColumnMap], wrong: Any) -> None:
    first: dict[str, str] = {}
    for c in columns:
        if c.field and c.field in first:
            wrong(
                c.column,
                f"the field {c.field!r} is already filled by the column {first[c.field]!r}",
                "let one of the two be ignored",
            )
        first.setdefault(c.field, c.column)


def _option(name: str, value: Any, wrong: Any) -> str | None:
    allowed = {"date_format": ORDERS, "decimal_mark": (".", ","), "last_day": ("included", "excluded")}.get(name)
    text = str(value)
    if allowed and text not in allowed:
        wrong("", f"{name} is one of {', '.join(map(repr, allowed))}", f"say {name}: {allowed[0]}", text)
        return None
    length = {"default_country": 2, "default_currency": 3}.get(name)
    if length and (len(text) != length or not text.isalpha()):
        wrong(
            "",
            f"{name} is an ISO code of {length} letters",
            "say default_country: US" if length == 2 else "say default_currency: USD",
            text,
        )
        return None
    return text.upper() if length else text


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
