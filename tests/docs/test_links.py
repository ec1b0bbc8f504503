"""What the documentation points at exists: pages, headings, files of the repository, commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from metes.cli.main import app
from tests.docs.examples import DOCS, ROOT
from tests.docs.test_cli_reference import commands_of

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:src|tests|docs|benchmarks|examples|scripts)/[\w./-]+)`")
COMMAND = re.compile(r"(?:^    |^\$ |`|')metes(?: --db \S+)? ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", re.MULTILINE)
COMMANDS = {name for name, _ in commands_of(typer.main.get_command(app))}
GROUPS = {name.rsplit(" ", depth)[0] for name in COMMANDS for depth in range(1, name.count(" ") + 1)}


def name_of(page: Path) -> str:
    """A page's path below the repository."""
    return page.relative_to(ROOT).as_posix()


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_and_commands_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [name for name in FILE.findall(text) if not (ROOT / name).exists()]
    for first, second in COMMAND.findall(text):
        if first not in COMMANDS and not (first in GROUPS and (not second or f"{first} {second}" in COMMANDS | GROUPS)):
            missing.append(f"metes {first} {second}".strip())
    assert missing == []


def test_every_page_is_listed_in_the_index() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    listed = {(DOCS / link).resolve() for link in LINK.findall(index)}
    assert {name_of(p) for p in DOCS.rglob("*.md") if p.resolve() not in listed and p != DOCS / "README.md"} == set()
