"""What the verbs of why tell to whoever sees a part of the plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from metes.app.workspace import Workspace
from metes.base.errors import InputError
from metes.model.plan import NamedList
from metes.model.query import AccountQuery
from tests.app.roles_world import PASSWORD, as_user, begin


@pytest.fixture
def company(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """The company of two coasts, whose east asks for a list, with a rep of the bay."""
    made = begin(sqlite_workspace, tmp_path)
    draft = made.list_set(NamedList("takeover", ("A6", "A9")), reference=str(made.plan_branch("Lists").id)).revision
    east = made.plan_of(draft).territory_by_key["east"].rules[0]
    draft = made.rule_set(
        "east", replace(east, condition=made.rule_parse("region = 'US-NY' or id in list 'takeover'")), reference=str(draft.id)
    )
    made.plan_publish(str(draft.id))
    made.assign()
    made.user_add("bo", PASSWORD, person="P2", roles=["rep"])
    return made


def test_a_list_that_ones_part_of_the_plan_does_not_ask_for_answers_no_condition(company: Workspace) -> None:
    bo = as_user(company, "bo")
    hidden, missing = (AccountQuery(condition=company.rule_parse(f"id in list '{name}'")) for name in ("takeover", "nowhere"))
    assert company.explain_page(hidden).total == 2
    said = []
    for query in (hidden, missing):
        for asked in (bo.accounts, bo.explain_page, lambda q: list(bo.explain_csv(q))):
            with pytest.raises(InputError) as refused:
                asked(query)
            said.append(str(refused.value).replace("nowhere", "takeover"))
    assert len(set(said)) == 1
