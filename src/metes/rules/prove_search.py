"""Asks a SAT solver for an account of which a formula over tests of fields holds: one that exists, none, or undecided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, TypeAlias

from metes.model.terms import term_of
from metes.rules.field_test import Contradiction, FieldTest
from metes.rules.prove_cells import Cell, FieldCells, Run
from metes.rules.prove_domain import Domain, is_recency, kin_of
from metes.rules.prove_formula import (
    All,
    Answer,
    Budget,
    Formula,
    Found,
    Impossible,
    No,
    Some,
    Undecided,
    Values,
    asserted,
    tests_in,
)

MAX_RETRIES: Final = 12

DomainOf: TypeAlias = Callable[[str], Domain]


def search(formula: Formula, domain_of: DomainOf, budget: Budget = Budget()) -> Answer:
    """An account of which the formula holds, that none exists, or that it is not known.

    What texts contain is taken as independent of all else first; an account found so is put together, and where no text can be, the
    choice is ruled out and the solver asked again. So `Impossible` is a proof, and `Found` an account that can be looked at. Where
    several terms of one kind (areas and distances, purchase histories) are asked for together, accounts without coordinates or
    orders are looked for alone, since nothing here knows which of the other combinations exist.
    """
    try:
        question = _Question(formula, domain_of)
    except Contradiction:
        return Impossible()
    return question.answer(budget)


@dataclass(slots=True)
class _FieldVariables:
    """The solver's variables of one field: `order[i]` is true where the cell's number is at most i; `contains` by text."""

    cells: FieldCells
    order: list[int]
    contains: dict[str, int] = field(default_factory=dict)


class _Question:
    """One formula as clauses. Fields are order-encoded, so that a run of cells is two literals."""

    def __init__(self, formula: Formula, domain_of: DomainOf) -> None:
        self.clauses: list[list[int]] = []
        self.size = 0
        self.fields: dict[str, _FieldVariables] = {}
        # Tests are told apart by identity: the formula keeps them alive, and comparing them takes longer than encoding one twice.
        self._literal: dict[tuple[int, bool], int] = {}
        self._runs: dict[int, list[Run]] = {}
        within = asserted(formula)
        tests: dict[str, dict[int, FieldTest]] = {}
        for test in tests_in(formula):
            tests.setdefault(test.field, {})[id(test)] = test
        for name in sorted(tests):
            self._add_field(FieldCells(domain_of(name), list(tests[name].values()), within.get(name)))
        self._assert(formula, True)
        self.neutral = list(self._facts())

    def _variable(self) -> int:
        self.size += 1
        return self.size

    def _add_field(self, cells: FieldCells) -> None:
        if not cells.cells:
            raise Contradiction(f"{cells.domain.field}: no value passes")
        order = [self._variable() for _ in cells.cells]
        self.clauses.extend([-one, other] for one, other in pairwise(order))
        self.clauses.append([order[-1]])
        variables = _FieldVariables(cells, order)
        self.fields[cells.domain.field] = variables
        for text in cells.texts:
            variables.contains[text] = self._variable()
        for number, cell in enumerate(cells.cells):
            for text, variable in variables.contains.items():
                contained = _contains(cell, text)
                if contained is not None:
                    self.clauses.append([*self._not_in(variables, (number, number)), variable if contained else -variable])
        for text, variable in variables.contains.items():
            for other, inner in variables.contains.items():
                if other != text and other in text:
                    self.clauses.append([-variable, inner])

    @staticmethod
    def _not_in(variables: _FieldVariables, run: Run) -> list[int]:
        """Literals of which one says that the field's cell lies outside a run."""
        first, last = run
        outside = [variables.order[first - 1]] if first else []
        return outside if last == len(variables.order) - 1 else [*outside, -variables.order[last]]

    def _assert(self, node: Formula, positive: bool) -> None:
        """Clauses that hold where the node has the sign asked for."""
        match node:
            case No(part):
                self._assert(part, not positive)
            case All(parts) if positive:
                for part in parts:
                    self._assert(part, True)
            case Some(parts) if not positive:
                for part in parts:
                    self._assert(part, False)
            case All(parts) | Some(parts):
                self.clauses.append([self._encode(part, positive) for part in parts])
            case _:
                self.clauses.append([self._encode_test(node, positive)])

    def _encode(self, node: Formula, positive: bool) -> int:
        """A literal that is only true where the node has the sign asked for."""
        match node:
            case No(part):
                return self._encode(part, not positive)
            case All(parts) | Some(parts):
                literals = [self._encode(part, positive) for part in parts]
                if len(literals) == 1:
                    return literals[0]
                head = self._variable()
                if isinstance(node, All) == positive:
                    self.clauses.extend([-head, literal] for literal in literals)
                else:
                    self.clauses.append([-head, *literals])
                return head
            case _:
                return self._encode_test(node, positive)

    def _encode_test(self, test: FieldTest, positive: bool) -> int:
        known = self._literal.get((id(test), positive))
        if known is not None:
            return known
        head = self._literal[id(test), positive] = self._variable()
        variables = self.fields[test.field]
        runs = self._runs.get(id(test))
        if runs is None:
            runs = self._runs[id(test)] = variables.cells.passing(test)
        asked = [variables.contains[text] for text in test.contains] if test.among is None else []
        asked += [-variables.contains[text] for text in test.not_contains] if test.among is None else []
        if positive:
            self.clauses.extend([-head, *self._not_in(variables, run)] for run in variables.cells.complement(runs))
            self.clauses.extend([-head, literal] for literal in asked)
        else:
            self.clauses.extend([-head, *self._not_in(variables, run), *(-literal for literal in asked)] for run in runs)
        return head

    def _facts(self) -> Iterable[int]:
        """Adds what is known of fields that depend on each other; the literals of what is assumed where too little is known."""
        self._regions_lie_in_countries()
        for kin in kin_of(self.fields):
            self._missing_together(kin.places)
            points = [n for n in kin.where if n.endswith(("latitude", "longitude"))]
            if len(kin.places) > 1 or (kin.places and kin.where):
                yield from (self._missing(name) for name in (*kin.places, *points))
            if len(kin.histories) > 1:
                yield from (self._missing(n) if is_recency(n) else self._at(n, 0) for n in kin.histories)
            if kin.orders_of_postal and kin.where:
                postal = [n for n in kin.where if n.endswith("postal_code")]
                yield from (self._missing(n) for n in (*kin.orders_of_postal, *postal))

    def _missing(self, name: str) -> int:
        """A literal that is true where the field is missing; a false one where it cannot be."""
        variables = self.fields[name]
        return variables.order[0] if variables.cells.has_missing else -variables.order[-1]

    def _at(self, name: str, value: Any) -> int:
        """A literal that is only true where the field is in the cell of a value."""
        variables = self.fields[name]
        cell = variables.cells.cell_of(value)
        if cell is None:
            return -variables.order[-1]
        head = self._variable()
        self.clauses.extend([-head, *self._not_in(variables, run)] for run in variables.cells.complement([(cell, cell)]))
        return head

    def _missing_together(self, names: Sequence[str]) -> None:
        """An account has coordinates, or it has none: terms of its place are missing together."""
        literals = [self._missing(name) for name in names]
        for one, other in pairwise(literals):
            self.clauses += [[-one, other], [one, -other]]

    def _regions_lie_in_countries(self) -> None:
        """A region that is there lies in the country, where that is there."""
        if not {"region", "country"} <= self.fields.keys():
            return
        regions, countries = self.fields["region"], self.fields["country"]
        for number, cell in enumerate(regions.cells.cells):
            if not cell.values:
                continue
            lands = {country_of(value) for value in cell.values}
            if "" in lands:
                continue
            allowed = {countries.cells.cell_of(land) for land in lands} - {None}
            runs = sorted((c, c) for c in allowed if c is not None)
            runs = [(0, 0), *runs] if countries.cells.has_missing else runs
            for run in countries.cells.complement(runs):
                self.clauses.append([*self._not_in(regions, (number, number)), *self._not_in(countries, run)])

    def answer(self, budget: Budget) -> Answer:
        """What the solver says, asked again where what it found cannot be put together."""
        from pysat.solvers import Glucose4

        with Glucose4(bootstrap_with=self.clauses) as solver:  # type: ignore[no-untyped-call]
            for _ in range(MAX_RETRIES):
                solver.conf_budget(budget.conflicts)
                solver.prop_budget(budget.propagations)
                held = solver.solve_limited(assumptions=self.neutral)
                if held is None:
                    return Undecided("it is too intricate")
                if not held:
                    return self._without_neutral(solver, budget)
                chosen = self._chosen(set(solver.get_model()))
                stuck = [choice for choice in chosen if choice.value is _NO_TEXT]
                if not stuck:
                    return Found(_with_countries({choice.name: choice.value for choice in chosen}, self.fields))
                for choice in stuck:
                    solver.add_clause(choice.ruled_out)
        return Undecided("it depends on what texts contain")

    def _without_neutral(self, solver: Any, budget: Budget) -> Answer:
        """Impossible, if it is so for all combinations of terms too."""
        if not self.neutral:
            return Impossible()
        solver.conf_budget(budget.conflicts)
        solver.prop_budget(budget.propagations)
        if solver.solve_limited() is False:
            return Impossible()
        terms = [name for name in self.fields if term_of(name) is not None]
        return Undecided(
            f"it depends on how {_listed(terms)} go together" if len(terms) > 1 else f"it depends on where {terms[0]!r} lies"
        )

    def _chosen(self, model: set[int]) -> list[_Choice]:
        return [self._choice(name, variables, model) for name, variables in self.fields.items()]

    def _choice(self, name: str, variables: _FieldVariables, model: set[int]) -> _Choice:
        """The field's value in a model."""
        number = next(i for i, variable in enumerate(variables.order) if variable in model)
        cell = variables.cells.cells[number]
        if not cell.is_open or not variables.contains:
            return _Choice(name, cell.value)
        wanted = [text for text, variable in variables.contains.items() if variable in model]
        unwanted = [text for text, variable in variables.contains.items() if variable not in model]
        text = _text_with(cell, wanted, unwanted, variables.cells)
        if text is not None:
            return _Choice(name, text)
        signs = [-variable if variable in model else variable for variable in variables.contains.values()]
        return _Choice(name, _NO_TEXT, [*self._not_in(variables, (number, number)), *signs])


_NO_TEXT: Final = object()


@dataclass(frozen=True, slots=True)
class _Choice:
    """The value of a field in a model, or a clause that rules the model out because no text was found for it."""

    name: str
    value: Any
    ruled_out: list[int] = field(default_factory=list)


def _contains(cell: Cell, text: str) -> bool | None:
    """Whether a cell's values contain a text; None where some may and some may not."""
    if cell.value is None:
        return False
    if cell.values:
        return text in cell.value
    if not text:
        return True
    return True if text in _common_prefix(cell.low, cell.high) else None


def _common_prefix(low: str | None, high: str | None) -> str:
    """What all texts in [low, high) begin with."""
    if not low or high is None:
        return ""
    same = 0
    while same < min(len(low), len(high)) and low[same] == high[same]:
        same += 1
    if len(high) == same + 1 and same < len(low) and ord(high[same]) == ord(low[same]) + 1:
        same += 1
    return low[:same]


def _text_with(cell: Cell, wanted: Iterable[str], unwanted: Iterable[str], cells: FieldCells) -> str | None:
    """A text of an open cell that contains all wanted texts and none of the unwanted; None where none was found."""
    wanted, unwanted = list(wanted), [text for text in unwanted if text]
    kept = [text for text in wanted if text and not any(text != other and text in other for other in wanted)]
    for start in dict.fromkeys((cell.value, cell.low or "", "")):
        for mark in (" ", "", "-", "/", "~"):
            text = mark.join([*([start] if start else []), *kept])
            for tried in (text, text + mark, f"{text}{mark}Zz", f"{text}{mark}99"):
                if _fits(tried, cell, cells) and all(t in tried for t in wanted) and not any(t in tried for t in unwanted):
                    return tried
    return None


def _fits(text: str, cell: Cell, cells: FieldCells) -> bool:
    inside = (cell.low is None or text >= cell.low) and (cell.high is None or text < cell.high)
    return inside and text not in cells.listed


def country_of(region: str) -> str:
    """The country of a region's code; empty where it is no such code."""
    land, dash, _ = region.partition("-")
    return land if dash and len(land) == 2 else ""


def _with_countries(values: dict[str, Any], fields: Mapping[str, _FieldVariables]) -> Values:
    """The values, region and country chosen within their cells so that one lies in the other."""
    if "region" not in fields or values.get("region") is None or values.get("country") is None:
        return values
    countries, regions = fields["country"].cells, fields["region"].cells
    at = countries.cell_of(values["country"])
    cell = regions.cells[regions.cell_of(values["region"]) or 0]
    for region in cell.values:
        land = country_of(region)
        if land and countries.cell_of(land) == at:
            return {**values, "region": region, "country": land}
    if cell.is_open:
        region = f"{values['country']}-ZZ"
        if _fits(region, cell, regions):
            return {**values, "region": region}
    return values


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:5]) + (", …" if len(names) > 5 else "")
