"""The reference of the command line names every command, argument and option."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from metes.cli.main import app
from tests.docs.examples import DOCS

PAGE = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
# A section begins with the command and its arguments in capitals: ### `metes plan export FOLDER [PLAN]`
SECTIONS = {
    name: f"{arguments}\n{text}"
    for name, arguments, text in re.findall(
        r"^### `metes ([a-z-]+(?: [a-z-]+)*)([^`]*)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL
    )
}


def commands_of(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command below a group, by its words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, f"{before}{name} ")
        elif not command.hidden:
            yield before + name, command


COMMANDS = dict(commands_of(typer.main.get_command(app)))


def test_every_command_has_a_section_and_no_section_is_left_over() -> None:
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_every_argument_and_option(name: str) -> None:
    text = SECTIONS[name]
    missing = []
    for parameter in COMMANDS[name].params:
        if getattr(parameter, "hidden", False) or "--help" in parameter.opts:
            continue
        named = (
            [*parameter.opts, *parameter.secondary_opts]
            if parameter.param_type_name == "option"
            else [(parameter.metavar or parameter.name).upper().strip("[].")]
        )
        missing += [word for word in named if not re.search(rf"{re.escape(word)}(?![\w-])", text)]
    assert missing == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_no_option_that_the_command_lacks(name: str) -> None:
    known = {word for parameter in COMMANDS[name].params for word in (*parameter.opts, *parameter.secondary_opts)}
    table = [line for line in SECTIONS[name].splitlines() if line.startswith("| `-")]
    named = {word for line in table for word in re.findall(r"(?<![\w-])--[a-z][a-z-]*", line.split("|")[1])}
    assert named - known == set()


def test_the_global_options_are_named() -> None:
    for option in typer.main.get_command(app).params:
        assert all(word in PAGE for word in option.opts)
