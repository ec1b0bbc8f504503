"""The JSON schema against the reader."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from metes.model.plan import Plan
from metes.plan.draft import empty_plan
from metes.plan.schema import schema, schema_of
from metes.plan.text import read_texts
from metes.plan.writing import render
from tests.plan.strategies import FIELDS, plans

ALL = Draft202012Validator(schema())
PLAN = Draft202012Validator(schema_of("plan"))


class _Loader(yaml.SafeLoader):
    """Reads as editors do, by YAML 1.2: a day is a text."""


_LOADED = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_implicit_resolvers = _LOADED


def load(text: str) -> Any:
    """The values of a YAML text, as an editor sees them."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@given(plans())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_every_written_file_fits_the_schema(plan: Plan) -> None:
    for name, text in render(plan).items():
        if name.startswith("areas"):
            continue  # GeoJSON, which has a schema of its own
        kind = {"plan.yaml": "plan", "pins.yaml": "pins"}.get(name, "territory" if name.startswith("territories") else "list")
        assert list(Draft202012Validator(schema_of(kind)).iter_errors(load(text))) == []
        assert ALL.is_valid(load(text))


BASE = "key: p\ntypes:\n  - key: geo\n"


@pytest.mark.parametrize(
    "text",
    [
        BASE,
        "key: 2024\n",
        BASE + "name: 5\n",
        BASE + "name: true\n",
        BASE + "name: [x]\n",
        BASE + "name:\n",
        BASE + "nme: x\n",
        "name: x\n",
        "key: Bad Key\n",
        "- x\n",
        "key: p\ntypes: geo\n",
        "key: p\ntypes:\n  - geo\n",
        "key: p\ntypes:\n  - {key: geo, role: boss}\n",
        "key: p\ntypes:\n  - {key: geo, priority: 1.5}\n",
        "key: p\ntypes:\n  - {key: geo, priority: '1'}\n",
        BASE + "territories:\n  - {key: a, type: geo, share: 0.5, colour: 1, catch_all: true}\n",
        BASE + "territories:\n  - {key: a, type: geo, share: 2}\n",
        BASE + "territories:\n  - {key: a, type: geo, catch_all: 1}\n",
        BASE + "territories:\n  - {key: a}\n",
        BASE + "territories:\n  - {key: a, type: geo, children: [{key: b, type: geo, rules: [{key: r}]}]}\n",
        BASE + "territories:\n  - {key: a, type: geo, rules: [{key: r, when: everything}]}\n",
        BASE + "territories:\n  - {key: a, type: geo, seats: [{key: s, owns: false, capacity_hours: -1}]}\n",
        BASE + "territories:\n  - {key: a, type: geo, seats: [{key: s, base_latitude: 39.7, base_longitude: -105}]}\n",
        BASE + "territories:\n  - {key: a, type: geo, seats: [{key: s, base_latitude: 90.1, base_longitude: 0}]}\n",
        BASE + "territories:\n  - {key: a, type: geo, seats: [{key: s, base_latitude: 0, base_longitude: -181}]}\n",
        BASE + "territories:\n  - {key: a, type: geo, seats: [{key: s, base_latitude: north, base_longitude: 0}]}\n",
        BASE + "territories:\n  - {key: a, type: geo, seats: [{key: s, ramp_share: 0.5, licences: [us-co, 7, NO]}]}\n",
        BASE + "territories:\n  - {key: a, type: geo, seats: [{key: s, ramp_share: 1.5}]}\n",
        BASE + "territories:\n  - {key: a, type: geo, seats: [{key: s, licences: us-co}]}\n",
        BASE + "territories:\n  - {key: a, type: geo, seats: [{key: s, licences: [[us-co]]}]}\n",
        BASE + "lists:\n  - {key: l, values: [1, x, 007]}\n",
        BASE + "lists:\n  - {key: l, values: x}\n",
        BASE + "lists:\n  - {key: l}\n",
        BASE + "pins:\n  - {account: A, territory: t, reason: ' '}\n",
        BASE + "pins:\n  - {account: 17, territory: t, reason: why, from: 2024-01-01}\n",
        BASE + "pins:\n  - {account: A, territory: t, reason: why, to: soon}\n",
    ],
)
def test_schema_and_reader_agree(text: str) -> None:
    assert PLAN.is_valid(load(text)) is (read_texts({"plan.yaml": text}, FIELDS).findings == ())


def test_the_starter_fits() -> None:
    assert all(ALL.is_valid(load(text)) for text in render(empty_plan("p", "P")).values())
