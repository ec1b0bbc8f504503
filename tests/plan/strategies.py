"""Generated plans for the property tests of the plan room."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from metes.base.dates import Period
from metes.model.catalogue import rule_fields
from metes.model.condition import EVERYTHING, And, Condition, Contains, Equals, In, InList, Missing, Not, Or, Prefix, Range
from metes.model.plan import Area, NamedList, Pin, Plan, Policy, Role, Rule, Seat, Territory, TerritoryType
from metes.plan.geojson import Polygon, Ring
from metes.plan.order import in_order
from metes.plan.polygons import geometry_text, shaped

FIELDS = rule_fields()

NASTY = [
    "yes",
    "NO",
    "null",
    "~",
    "01234",
    "1e3",
    "2024-03-14",
    "a: b",
    "a #b",
    "# a",
    "- a",
    "&a",
    "*a",
    "!!str x",
    "{a}",
    "[a]",
    "'",
    '"',
    "it's",
    "a\nb",
    "a\n\nb\n",
    "  a\nb",
    "a\n  b\n  \n",
    "\n",
    " a",
    "a ",
    "\ttab",
    "a\u2028b\x85c",
    "\ufeffa",
    "\x00\x1f\x7f",
    "Zürich 東京 \U0001f600",
    "---",
    "...",
    "|",
    "a,",
]
texts = st.one_of(
    st.sampled_from(["", "Plain words", *NASTY]),
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
filled = texts.filter(lambda text: text.strip() != "")
comments = st.sampled_from(["", "", "Why", *NASTY])
keys = st.from_regex(r"[a-z0-9]([a-z0-9_.-]{0,4}[a-z0-9])?", fullmatch=True)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
rule_texts = filled


def literals() -> st.SearchStrategy[Condition]:
    """One comparison on a field of the catalogue."""
    return st.one_of(
        st.builds(Equals, st.just("industry"), rule_texts),
        st.builds(lambda values: In("city", tuple(values)), st.lists(rule_texts, min_size=1, max_size=4, unique=True)),
        st.builds(InList, st.just("id"), keys),
        st.builds(Prefix, st.just("postal_code"), st.sampled_from(["80", "802", "SW1A"])),
        st.builds(Contains, st.just("name"), rule_texts),
        st.builds(Missing, st.just("segment")),
        st.builds(lambda low: Range("employees", low, low + 5), st.integers(0, 1000)),
        st.builds(lambda low: Range("potential", Decimal(low) / 4, None, False), st.integers(1, 1000)),
    )


def conditions() -> st.SearchStrategy[Condition]:
    """A condition of a few levels, in the flat form that the text gives back."""
    pairs = st.lists(literals(), min_size=2, max_size=4).map(tuple)
    groups = st.one_of(st.builds(And, pairs), st.builds(Or, pairs), st.builds(Not, st.builds(Or, pairs)))
    ors = st.lists(st.builds(And, pairs), min_size=2, max_size=3).map(lambda parts: Or(tuple(parts)))
    return st.one_of(st.just(EVERYTHING), literals(), groups, ors)


@st.composite
def squares(draw: st.DrawFn) -> Polygon:
    """A square, now and then with a square hole, anywhere on Earth, at awkward decimals, either way round."""
    west, south = draw(st.floats(-180, 170)), draw(st.floats(-90, 80))
    side = draw(st.floats(1e-4, 9))

    def square(west: float, south: float, side: float) -> Ring:
        ring = [(west, south), (west + side, south), (west + side, south + side), (west, south + side)]
        ring = ring[::-1] if draw(st.booleans()) else ring
        return [*ring, ring[0]]

    outer = square(west, south, side)
    return [outer, square(west + side / 4, south + side / 4, side / 2)] if draw(st.booleans()) else [outer]


def geometries() -> st.SearchStrategy[str]:
    """The canonical text of an area's geometry."""
    drawn = st.lists(squares(), min_size=1, max_size=3)
    return drawn.map(lambda polygons: geometry_text(shaped(polygons).polygons))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan that is a tree, in canonical order, with awkward texts everywhere."""
    types = [
        TerritoryType(
            key,
            draw(texts),
            draw(st.sampled_from(Role)),
            draw(st.sampled_from(Policy)),
            draw(st.integers(-5, 200)),
            draw(texts),
            draw(comments),
        )
        for key in draw(st.lists(keys, unique=True, min_size=1, max_size=2))
    ]
    territories: list[Territory] = []
    seats: list[Seat] = []
    for key in draw(st.lists(keys, unique=True, max_size=5)):
        parent = draw(st.sampled_from([None, *(t.key for t in territories)]))
        rules = tuple(
            Rule(rule, draw(conditions()), draw(texts), draw(st.integers(0, 200)), draw(texts), draw(comments))
            for rule in draw(st.lists(keys, unique=True, max_size=2))
        )
        share = draw(st.one_of(st.none(), st.floats(0, 1)))
        colour = draw(st.one_of(st.none(), st.integers(0, 11)))
        kind = draw(st.sampled_from([t.key for t in types]))
        territories.append(
            Territory(key, kind, draw(texts), parent, rules, draw(st.booleans()), share, colour, draw(texts), draw(comments))
        )
    if territories:
        on = st.sampled_from([t.key for t in territories])
        seats = [draw(_seats(key, draw(on))) for key in draw(st.lists(keys, unique=True, max_size=2))]
    lists = [
        NamedList(key, tuple(draw(st.lists(texts, max_size=5))), draw(texts), draw(comments))
        for key in draw(st.lists(keys, unique=True, max_size=2))
    ]
    areas = [Area(key, draw(geometries()), draw(texts), draw(comments)) for key in draw(st.lists(keys, unique=True, max_size=2))]
    pins = draw(st.lists(_pins(), max_size=3))
    plan = Plan(
        draw(keys),
        draw(texts),
        draw(texts),
        tuple(types),
        tuple(territories),
        tuple(lists),
        tuple(pins),
        tuple(seats),
        draw(comments),
        tuple(areas),
    )
    return in_order(plan)


@st.composite
def _seats(draw: st.DrawFn, key: str, territory: str) -> Seat:
    """A seat with awkward texts, numbers at their ends and tags that need tidying."""
    capacity = draw(st.one_of(st.none(), st.integers(0, 3000)))
    base = draw(st.one_of(st.just((None, None)), st.tuples(st.floats(-90, 90), st.floats(-180, 180))))
    ramp = draw(st.one_of(st.just(1.0), st.floats(0, 1, exclude_min=True)))
    licences = tuple(draw(st.lists(st.sampled_from(["co", " US-CO", "NO", "Series  7", "007", "x:y", *NASTY]), max_size=3)))
    return Seat(key, territory, draw(texts), draw(st.booleans()), capacity, draw(texts), draw(comments), *base, ramp, licences)


@st.composite
def _pins(draw: st.DrawFn) -> Pin:
    start = draw(st.one_of(st.none(), days))
    length = draw(st.one_of(st.none(), st.integers(1, 500)))
    end = None if length is None else (start or date(2024, 1, 1)) + timedelta(days=length)
    return Pin(draw(filled), draw(keys), draw(filled), draw(texts), Period(start, end), draw(st.booleans()), draw(comments))
