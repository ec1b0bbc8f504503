"""Generated plans for the property tests: trees of several types and policies, with pins, exclusions and catch-alls."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from metes.base.dates import Period
from metes.model.condition import And, Condition, Equals, In
from metes.model.plan import Pin, Plan, Policy, Role, Rule, Territory, TerritoryType

DAY = date(2024, 6, 1)
N_ACCOUNTS = 12
KEYS = [f"A{i}" for i in range(N_ACCOUNTS)]


@st.composite
def types(draw: st.DrawFn) -> tuple[TerritoryType, ...]:
    """One to four types, the first of them primary."""
    return tuple(
        TerritoryType(
            f"type-{i}",
            role=Role.PRIMARY if i == 0 else draw(st.sampled_from(Role)),
            policy=draw(st.sampled_from(Policy)),
            priority=draw(st.sampled_from([-1, 10, 100])),
        )
        for i in range(draw(st.integers(1, 4)))
    )


@st.composite
def plain_conditions(draw: st.DrawFn) -> Condition:
    """A condition by size of account, or by its id (a named account)."""
    sizes = tuple(draw(st.lists(st.integers(0, 5), min_size=1, max_size=5, unique=True)))
    named = Equals("id", draw(st.sampled_from(KEYS)))
    return draw(st.sampled_from([In("employees", sizes), In("employees", sizes), named, And((named, In("employees", sizes)))]))


@st.composite
def plans(draw: st.DrawFn, conditions: st.SearchStrategy[Condition] | None = None) -> Plan:
    """A plan of up to twelve territories in a forest, with pins and exclusions in and out of force."""
    kinds = draw(types())
    conditions = conditions if conditions is not None else plain_conditions()
    names = draw(st.permutations([f"t{i:02d}" for i in range(draw(st.integers(1, 12)))]))
    territories: list[Territory] = []
    for name in names:
        rules = [
            Rule(f"r{i}", draw(conditions), priority=draw(st.sampled_from([1, 1, 2, 100]))) for i in range(draw(st.integers(0, 2)))
        ]
        territories.append(
            Territory(
                name,
                draw(st.sampled_from(kinds)).key,
                parent=draw(st.none() | st.sampled_from(territories).map(lambda t: t.key)) if territories else None,
                rules=tuple(rules),
                is_catch_all=draw(st.integers(0, 4)) == 0,
                share=draw(st.none() | st.sampled_from([0.0, 0.25, 0.6, 1.0])),
            )
        )
    periods = st.sampled_from(
        [Period(), Period(), Period(date(2024, 6, 1)), Period(None, date(2024, 6, 1)), Period(date(2024, 7, 1))]
    )
    pins = draw(
        st.lists(
            st.builds(
                Pin,
                st.sampled_from([*KEYS[:6], "unheard"]),
                st.sampled_from([*names, "nowhere"]),
                st.just("agreed"),
                st.just("ops"),
                periods,
                st.booleans(),
            ),
            max_size=8,
        )
    )
    return Plan("p", types=kinds, territories=tuple(draw(st.permutations(territories))), pins=tuple(pins))
