"""Reads the examples of a page: files to be saved, and commands with the output they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
ROOT = DOCS.parent
_BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A block whose fence names a file, such as ```csv accounts.csv; with `>>` before the name it is added to the file."""

    name: str
    text: str

    def save(self) -> None:
        """Write it, below the working folder."""
        path = Path(self.name.removeprefix(">>"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if self.name.startswith(">>") else "w", encoding="utf-8") as file:
            file.write(self.text)


@dataclass(frozen=True, slots=True)
class Command:
    """A line that begins with `$`, and the lines below it up to the next one; `…` stands for any text within a line or for lines."""

    text: str
    shown: str

    def fits(self, output: str) -> bool:
        """Whether an output is the one shown, blanks at the ends of lines left aside."""
        parts = [re.escape(part) for part in _tidy(self.shown).split("…")]
        return re.fullmatch(".*?".join(parts), _tidy(output), re.DOTALL) is not None


def examples_of(page: Path) -> Iterator[SavedFile | Command]:
    """The examples of a page, in its order."""
    for kind, name, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                yield Command(command.strip(), shown)
        elif name:
            yield SavedFile(name.strip(), text)


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
