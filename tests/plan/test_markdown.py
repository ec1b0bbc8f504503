"""The comment of a review."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from metes.model.plan import Plan
from metes.plan import edit
from metes.plan.diff import Act, Step, diff
from metes.plan.markdown import LONGEST, escaped, markdown_of
from tests.plan.edits import COMPANY
from tests.plan.strategies import plans


def test_steps_stand_by_territory_behind_counts() -> None:
    new = edit.without_subtree(edit.moved(COMPANY, "bay", "east"), "coast")
    new = replace(edit.with_territory(new, replace(new.territory_by_key["west"], name="Far West")), name="Fiscal 2028")
    names = {t.key: t.label for t in (*COMPANY.territories, *new.territories)}
    told = markdown_of(diff(COMPANY, new), names, title="active → draft", consequences="**2 accounts** move.")
    assert told.split("\n\n") == [
        "### Plan changes: active → draft",
        "**4 changes** in 3 territories.",
        "|  | added | removed | moved | changed |\n| --- | ---: | ---: | ---: | ---: |\n"
        "| plan |  |  |  | 1 |\n| territory |  | 1 | 1 | 1 |",
        "**2 accounts** move.",
        "<details><summary><b>The plan, its types, lists and areas</b>: 1 change</summary>",
        "- Change name of plan fy27 from 'Fiscal 2027' to 'Fiscal 2028'.",
        "</details>",
        "<details><summary><b>Far West (west)</b>: 1 change</summary>",
        "- Change name of territory west from 'West' to 'Far West'.",
        "</details>",
        "<details><summary><b>Bay Area (bay)</b>: 1 change</summary>",
        "- Move territory bay (Bay Area) from west to east.",
        "</details>",
        "<details><summary><b>Coast (coast)</b>: 1 change</summary>",
        "- Remove territory coast (Coast) under west.",
        "</details>\n",
    ]


def test_no_steps_are_no_difference() -> None:
    assert "No difference." in markdown_of((), {}, title="a → b")


def test_a_million_steps_come_to_counts_that_a_git_host_takes() -> None:
    steps = [Step(Act.ADD, "rule", f"rule t{i // 50}/r{i}", f"Add rule r{i}.", territory=f"t{i // 50}") for i in range(1_000_000)]
    told = markdown_of(steps, {}, title="a → b")
    assert LONGEST / 2 < len(told) < 1.05 * LONGEST
    assert "**1,000,000 changes** in 20,000 territories" in told
    listed = told.count("\n- Add rule") + sum(int(n) for n in re.findall(r"^- <b>t\d+</b>: (\d+) changes", told, re.MULTILINE))
    left = int(re.search(r"… and ([\d,]+) more changes", told)[1].replace(",", ""))  # type: ignore[index]
    assert listed + left == 1_000_000


@given(plans(), plans())
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None, derandomize=True)
def test_whatever_names_say_the_comment_has_only_the_markup_of_its_own(one: Plan, other: Plan) -> None:
    steps = diff(one, other)
    told = markdown_of(steps, {t.key: t.label for t in (*one.territories, *other.territories)}, title="a → b")
    assert set(re.findall(r"<[^>]*>", told)) <= {"<details>", "<summary>", "<b>", "</b>", "</summary>", "</details>"}
    assert "@" not in told
    assert told.count("\n- ") == len(steps)


def test_what_git_hosts_would_take_for_markup_is_escaped() -> None:
    assert escaped("a*b_c `d` [e](f) #1 @g <h> & x|y\n~z") == (r"a\*b\_c \`d\` \[e\](f) \#1 &#64;g &lt;h&gt; &amp; x\|y \~z")
