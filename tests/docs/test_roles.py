"""The page of roles says what each role may, as the code has it."""

from __future__ import annotations

import re

from metes.model.access import ROLE_MAY, WHOLE_ONLY, Capability, UserRole
from metes.web.user_forms import CAPABILITY_WORDS
from tests.docs.examples import DOCS

PAGE = (DOCS / "how-to" / "roles.md").read_text(encoding="utf-8")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_the_table_of_roles_is_that_of_the_code() -> None:
    lines = [cells(line) for line in PAGE.splitlines() if line.startswith("|")]
    head, _, *rows = lines
    assert head[1:] == [role.value for role in UserRole]
    words = {f"{text}{chr(92)}*" if c in WHOLE_ONLY else text: c for c, text in CAPABILITY_WORDS.items()}
    told = {words[row[0]]: [cell == "yes" for cell in row[1:]] for row in rows}
    assert told == {c: [c in ROLE_MAY[role] for role in UserRole] for c in Capability}


def test_every_role_is_described() -> None:
    described = {name.lower() for name in re.findall(r"\*\*(\w+)\*\*", PAGE)}
    assert {role.value for role in UserRole} <= described
