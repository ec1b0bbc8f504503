"""The words of the audit trail: there are some for everything that is recorded."""

from __future__ import annotations

import ast
from pathlib import Path

import metes
from metes.web.audit_words import ACTIONS, action_choices, action_words, field_words


def recorded() -> set[str]:
    """Every action that the source records under a name that stands there in full."""
    found = set()
    for path in Path(metes.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "add_entry" in text else ():
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_entry" and len(node.args) > 2:
                named = node.args[2]
                if isinstance(named, ast.Constant):
                    found.add(str(named.value))
    return found


def test_everything_that_is_recorded_has_words() -> None:
    assert len(recorded()) > 50
    assert recorded() - set(ACTIONS) == set()


def test_a_filter_says_actions_in_words_and_those_that_belong_together_below_all_of_them() -> None:
    assert action_choices(("assign", "import", "import undo", "plan import", "plan publish", "something odd")) == [
        ("assign", "Assigned accounts in a run"),
        ("import", "Imports: everything"),
        ("import undo", "Took an import back"),
        ("plan", "Plans: everything"),
        ("plan publish", "Published a revision"),
        ("plan import", "Took a plan in as a revision"),
        ("something odd", "Something odd"),
    ]
    assert action_words("user add") == "Added a user"


def test_fields_are_said_in_words() -> None:
    assert (field_words("rows_read"), field_words("person_id"), field_words("roles")) == ("rows read", "person", "roles")
