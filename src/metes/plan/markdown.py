"""The steps between two plans as a comment for a review: counts, then each territory folded, in the Markdown that git hosts show."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from metes.plan.diff import Act, Step

# Git hosts take comments of 65,536 characters; what stands around this is the caller's.
LONGEST: Final = 55_000
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]#|~])")
_ELSEWHERE: Final = "The plan, its types, lists and areas"
_SAID: Final = {Act.ADD: "added", Act.REMOVE: "removed", Act.MOVE: "moved", Act.CHANGE: "changed"}


def markdown_of(
    steps: Sequence[Step], names: Mapping[str, str], *, title: str, consequences: str = "", longest: int = LONGEST
) -> str:
    """The comment of a review: what changes in short, what it comes to, and the sentences of each territory behind its name.

    `names` are of territories by key, `consequences` Markdown to stand before the details. Past `longest` characters territories are told by
    their counts, then left out with how many they are. Linear in the steps.
    """
    groups: dict[str, list[Step]] = {}
    for step in steps:
        groups.setdefault(step.territory, []).append(step)
    lines = [f"### Plan changes: {escaped(title)}", "", _in_short(steps, groups), ""]
    if consequences:
        lines += [consequences.strip(), ""]
    size = sum(map(len, lines))
    left_out = 0
    for key, group in groups.items():
        block = _block(key, group, names)
        if size + len(block) > longest:
            block = _heading(key, group, names)
        if size + len(block) > longest:
            left_out += len(group)
            continue
        size += len(block)
        lines += [block, ""]
    if left_out:
        lines += [f"… and {left_out:,} more changes; `metes plan diff` prints all of them.", ""]
    return "\n".join(lines)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its first column to the left, the others to the right."""
    marks = ["---", *["---:"] * (len(headers) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (headers, marks, *rows))


def escaped(text: str) -> str:
    """A text that stands as it is: no markup, no HTML, nobody notified by an at sign, on one line."""
    plain = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return html.escape(plain, quote=False).replace("@", "&#64;")


def _in_short(steps: Sequence[Step], groups: Mapping[str, Sequence[Step]]) -> str:
    if not steps:
        return "No difference."
    territories = len(groups) - ("" in groups)
    where = f" in {_counted(territories, 'territory', 'territories')}" if territories else ""
    kinds: dict[str, Counter[Act]] = {}
    for step in steps:
        kinds.setdefault(step.kind, Counter())[step.act] += 1
    rows = [[kind, *(f"{counts[act]:,}" if counts[act] else "" for act in Act)] for kind, counts in kinds.items()]
    return f"**{_counted(len(steps), 'change', 'changes')}**{where}.\n\n{table(['', *(_SAID[act] for act in Act)], rows)}"


def _block(key: str, group: Sequence[Step], names: Mapping[str, str]) -> str:
    sentences = "\n".join(f"- {escaped(step.sentence)}" for step in group)
    return f"<details><summary>{_title(key, group, names)}</summary>\n\n{sentences}\n\n</details>"


def _heading(key: str, group: Sequence[Step], names: Mapping[str, str]) -> str:
    return f"- {_title(key, group, names)}"


def _title(key: str, group: Sequence[Step], names: Mapping[str, str]) -> str:
    name = names.get(key, key)
    told = _ELSEWHERE if not key else html.escape(name if name == key else f"{name} ({key})", quote=False).replace("@", "&#64;")
    return f"<b>{' '.join(told.split())}</b>: {_counted(len(group), 'change', 'changes')}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
