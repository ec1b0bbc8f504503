"""Writes a plan as its folder of files: always the same bytes for the same plan, and only files whose content changed."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from metes.base.errors import InputError
from metes.base.findings import Severity
from metes.base.ids import is_key
from metes.base.memory import uncollected
from metes.model.condition import Condition
from metes.model.plan import NamedList, Pin, Plan, Rule, Seat, Territory, TerritoryType
from metes.plan.areas import area_text
from metes.plan.folding import WIDTH, folded
from metes.plan.lock import LOCK_FILE, Lock, digest_of, hashes_of, lock_in, lock_of
from metes.plan.order import in_order
from metes.plan.text import AREA_SUFFIX, AREAS, LISTS, PINS_FILE, PLAN_FILE, TERRITORIES, Fields, read_text
from metes.rules.syntax import to_text

_PLAIN: Final = re.compile(r"[^\W\d_](?:[\w./&()+',=<>\"$%!*;|@ -]*[\w./&()+'=<>\"$%!*;|@-])?")
_WORDS_WITH_MEANING: Final = frozenset(["true", "false", "yes", "no", "on", "off", "y", "n", "null"])
_SHORT_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(slots=True)
class _Item:
    """A mapping to write: lines by name, each a text as it stands in the file, a block of lines, values, or items."""

    comment: str
    lines: list[tuple[str, str | _Block | _Values | list[_Item]]]


@dataclass(frozen=True, slots=True)
class _Block:
    """A text over several lines, with the sign that says what becomes of its last line's end."""

    sign: str
    lines: list[str]


@dataclass(frozen=True, slots=True)
class _Values:
    """Texts, one a line."""

    texts: list[str]


@uncollected()
def render(plan: Plan) -> dict[str, str]:
    """The text of each file of the plan's folder, by its path there. Linear in the plan.

    Raises
    ------
    InputError
        Where the plan has no text: its territories are no tree, or a key cannot name a file.
    """
    plan = in_order(plan)
    files = {PLAN_FILE: _file(_plan(plan))}
    for root in plan.children_by_key.get(None, ()):
        files[_file_name(TERRITORIES, root.key)] = _file(_territory(plan, root))
    for named in plan.lists:
        files[_file_name(LISTS, named.key)] = _file(_list(named))
    for area in plan.areas:
        files[_file_name(AREAS, area.key, AREA_SUFFIX)] = area_text(area)
    pins = [_pin(pin) for pin in plan.pins if not pin.is_exclusion]
    exclusions = [_pin(pin) for pin in plan.pins if pin.is_exclusion]
    if plan.pins:
        sections = [(name, items) for name, items in (("pins", pins), ("exclusions", exclusions)) if items]
        files[PINS_FILE] = _file(_Item("", list(sections)))
    return files


def write_plan(plan: Plan, folder: Path, fields: Fields | None = None) -> list[Path]:
    """Write the plan into a folder and remove the files of subtrees, lists and areas that are gone; the paths written or removed.

    Each file is replaced in one step, so a reader sees it before or after. With `fields` the folder is read first, and a file that
    says the same in another form, such as with other quotes, is left as it is.

    Raises
    ------
    InputError
        Where the plan has no text, or the folder has files in the place of a plan's but no plan.
    """
    return write_texts(render(plan), folder, lambda files: frozenset() if fields is None else _same_content(files, folder, fields))


def write_locked(plan: Plan, folder: Path, fields: Fields, *, root: str, revision: int) -> list[Path]:
    """`write_plan` with the lock that says what the folder was written from; the paths written or removed, the lock's among them.

    A file that the lock knows as it stands is not read, so that a folder which nobody touched is written as fast as the text is made.
    """
    lock, _ = lock_in(folder)

    def same(files: Mapping[str, str]) -> frozenset[str]:
        digests = hashes_of(folder)
        known = frozenset(name for name, text in files.items() if lock is not None and lock.says(name, text, digests.get(name, "")))
        is_by_hand = lock is None or any(
            digests[name] not in (lock.files.get(name), digest_of(text.encode())) for name, text in files.items() if name in digests
        )
        return known | _same_content(files, folder, fields) if is_by_hand else known

    files = render(plan)
    written = write_texts(files, folder, same)
    text = lock_of(folder, root, revision, files).text
    return [*written, folder / LOCK_FILE] if _replace(folder / LOCK_FILE, text) else written


def write_lock(folder: Path, lock: Lock) -> bool:
    """Say anew in a folder what it was written from; whether that is news."""
    return _replace(folder / LOCK_FILE, lock.text)


def write_texts(files: Mapping[str, str], folder: Path, same_in: Callable[[Mapping[str, str]], frozenset[str]]) -> list[Path]:
    """Write texts by their path in a folder but those that are the same in it, and remove the plan's files that are gone."""
    gone = _files_gone(files, folder)
    if gone and not (folder / PLAN_FILE).exists():
        raise InputError(
            f"'{folder}' holds {gone[0].relative_to(folder)} but no {PLAN_FILE}, so it is no plan's folder; give an empty or new one"
        )
    same = same_in(files)
    written = [folder / name for name, text in files.items() if name not in same and _replace(folder / name, text)]
    for path in gone:
        path.unlink()
    return written + gone


def _files_gone(files: Mapping[str, str], folder: Path) -> list[Path]:
    """The files of a plan in the folder that the new text does not have."""
    patterns = (f"{TERRITORIES}/*.yaml", f"{LISTS}/*.yaml", f"{AREAS}/*{AREA_SUFFIX}")
    present = [folder / PINS_FILE, *(path for pattern in patterns for path in sorted(folder.glob(pattern)))]
    return [path for path in present if path.is_file() and path.relative_to(folder).as_posix() not in files]


def _same_content(files: Mapping[str, str], folder: Path, fields: Fields) -> frozenset[str]:
    """The files that say already what the new text says."""
    if not (folder / PLAN_FILE).is_file():
        return frozenset()
    present = read_text(folder, fields)
    if any(finding.severity is not Severity.NOTE for finding in present.findings) or present.is_one_file:
        return frozenset()
    before = render(present.plan)
    return frozenset(name for name, text in files.items() if before.get(name) == text and (folder / name).is_file())


def _replace(path: Path, text: str) -> bool:
    """Put a text in place of a file unless it stands there already; whether it was written."""
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True


def _file_name(folder: str, key: str, suffix: str = ".yaml") -> str:
    if not is_key(key):
        raise InputError(f"'{key[:80]}' cannot name a file of the plan; keys are 1 to 80 of a-z, 0-9, '_', '.', '-'")
    return f"{folder}/{key}{suffix}"


def _plan(plan: Plan) -> _Item:
    item = _Item(plan.comment, [("key", _text(plan.key))])
    _add_text(item, "name", plan.name)
    _add_text(item, "description", plan.description)
    if plan.types:
        item.lines.append(("types", [_type(t) for t in plan.types]))
    return item


def _type(kind: TerritoryType) -> _Item:
    item = _Item(kind.comment, [("key", _text(kind.key))])
    _add_text(item, "name", kind.name)
    item.lines += [("role", kind.role.value), ("policy", kind.policy.value), ("priority", str(kind.priority))]
    item.lines.append(("kind", _text(kind.kind)))
    return item


def _territory(plan: Plan, territory: Territory) -> _Item:
    item = _Item(territory.comment, [("key", _text(territory.key))])
    _add_text(item, "name", territory.name)
    item.lines.append(("type", _text(territory.type)))
    if territory.share is not None:
        item.lines.append(("share", _decimal(territory.share)))
    if territory.colour is not None:
        item.lines.append(("colour", str(territory.colour)))
    if territory.is_catch_all:
        item.lines.append(("catch_all", "true"))
    _add_text(item, "description", territory.description)
    sections = (
        ("rules", [_rule(rule) for rule in territory.rules]),
        ("seats", [_seat(seat) for seat in plan.seats_by_territory.get(territory.key, ())]),
        ("children", [_territory(plan, child) for child in plan.children_by_key.get(territory.key, ())]),
    )
    item.lines += [(name, items) for name, items in sections if items]
    return item


def _rule(rule: Rule) -> _Item:
    item = _Item(rule.comment, [("key", _text(rule.key))])
    _add_text(item, "name", rule.name)
    if rule.priority != Rule.__dataclass_fields__["priority"].default:
        item.lines.append(("priority", str(rule.priority)))
    item.lines.append(("when", _condition(rule.condition)))
    _add_text(item, "note", rule.note)
    return item


def _condition(condition: Condition) -> str | _Block:
    text = to_text(condition)
    if len(text) <= WIDTH and _is_plain(text):
        return text
    return _Block("|", folded(text)) if text.isprintable() else _text(text)


def _seat(seat: Seat) -> _Item:
    item = _Item(seat.comment, [("key", _text(seat.key))])
    _add_text(item, "name", seat.name)
    item.lines.append(("role", _text(seat.role)))
    if not seat.owns:
        item.lines.append(("owns", "false"))
    if seat.capacity_hours is not None:
        item.lines.append(("capacity_hours", str(seat.capacity_hours)))
    for name, degrees in (("base_latitude", seat.base_latitude), ("base_longitude", seat.base_longitude)):
        if degrees is not None:
            item.lines.append((name, _decimal(degrees)))
    if seat.ramp_share != 1.0:
        item.lines.append(("ramp_share", _decimal(seat.ramp_share)))
    if seat.licences:
        item.lines.append(("licences", _Values([_text(tag) for tag in seat.licences])))
    return item


def _list(named: NamedList) -> _Item:
    item = _Item(named.comment, [("key", _text(named.key))])
    _add_text(item, "name", named.name)
    item.lines.append(("values", _Values([_text(value) for value in named.values])))
    return item


def _pin(pin: Pin) -> _Item:
    item = _Item(pin.comment, [("account", _text(pin.account)), ("territory", _text(pin.territory))])
    item.lines.append(("reason", _prose(pin.reason)))
    _add_text(item, "author", pin.author)
    if pin.period.start is not None:
        item.lines.append(("from", pin.period.start.isoformat()))
    if pin.period.end is not None:
        item.lines.append(("to", pin.period.end.isoformat()))
    return item


def _add_text(item: _Item, name: str, text: str) -> None:
    if text:
        item.lines.append((name, _prose(text)))


def _prose(text: str) -> str | _Block:
    """A text for people: over several lines as a block where that keeps every character."""
    lines = text.removesuffix("\n").split("\n")
    keeps = len(lines) > 1 and all(line.isprintable() and (line.strip() or not line) for line in lines)
    if keeps and lines[0].strip() and lines[-1] and not lines[0].startswith(" "):
        return _Block("|" if text.endswith("\n") else "|-", lines)
    return _text(text)


def _text(text: str) -> str:
    """A text on one line: plain where no YAML reader could take it for something else, else in double quotes."""
    return text if _is_plain(text) else '"' + "".join(map(_escaped, text)) + '"'


def _decimal(number: float) -> str:
    """The shortest decimal that reads back equal, without an exponent, which some YAML readers take for a text."""
    return format(Decimal(repr(float(number))), "f")


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS_WITH_MEANING and text.isprintable()


def _escaped(character: str) -> str:
    short = _SHORT_ESCAPES.get(character)
    if short is not None:
        return short
    if character.isprintable():
        return character
    number = ord(character)
    if 0xD800 <= number <= 0xDFFF:
        raise InputError(f"a text of the plan holds half a character (U+{number:04X}); take it out")
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _file(item: _Item) -> str:
    out: list[str] = _comment(item.comment, "")
    _write(item, "", "", out)
    return "\n".join(out) + "\n"


def _comment(comment: str, indent: str) -> list[str]:
    return [f"{indent}# {line}".rstrip() for line in comment.split("\n")] if comment else []


def _write(item: _Item, first: str, indent: str, out: list[str]) -> None:
    """Append the lines of a mapping, its first one behind `first` and the others behind `indent`."""
    start = first
    for name, value in item.lines:
        if isinstance(value, str):
            out.append(f"{start}{name}: {value}")
        elif isinstance(value, _Block):
            out.append(f"{start}{name}: {value.sign}")
            out.extend(f"{indent}  {line}" if line else "" for line in value.lines)
        elif isinstance(value, _Values):
            out.append(f"{start}{name}:" if value.texts else f"{start}{name}: []")
            out.extend(f"{indent}  - {text}" for text in value.texts)
        else:
            out.append(f"{start}{name}:")
            _write_items(name, value, indent + "  ", out)
        start = indent


def _write_items(name: str, items: list[_Item], indent: str, out: list[str]) -> None:
    """Append a list of mappings; territories and whatever has a comment stand apart by a blank line."""
    for number, item in enumerate(items):
        if number and (item.comment or name == "children"):
            out.append("")
        out.extend(_comment(item.comment, indent))
        _write(item, f"{indent}- ", f"{indent}  ", out)
