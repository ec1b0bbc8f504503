"""The JSON schema of the plan's text, for editors that complete and underline; made from the table the reader reads by."""

from __future__ import annotations

from typing import Any, Final

from metes.base.ids import KEY_PATTERN
from metes.plan.shapes import SHAPES, Form, Property, Shape

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
# The reader takes an unquoted 80202, true or 2024-03-14 as the text it is; other YAML readers hand these on as values.
_TEXT: Final[dict[str, Any]] = {"type": ["string", "number", "boolean"]}
_GEOJSON_TYPES: Final = {"enum": ["Polygon", "MultiPolygon", "GeometryCollection", "Feature", "FeatureCollection"]}
_FORMS: Final[dict[Form, dict[str, Any]]] = {
    Form.KEY: {"anyOf": [{"type": "string", "pattern": f"^{KEY_PATTERN.pattern}$"}, {"type": "integer", "minimum": 0}]},
    Form.TEXT: _TEXT,
    Form.INTEGER: {"type": "integer"},
    Form.NUMBER: {"type": "number"},
    Form.BOOLEAN: {"type": "boolean"},
    Form.DAY: {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    Form.RULE: {"type": "string", "minLength": 1},
    Form.TEXTS: {"type": "array", "items": _TEXT},
    Form.GEOMETRY: {"type": "object", "required": ["type"], "properties": {"type": _GEOJSON_TYPES}},
}


def schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of every file of a plan's folder, and of the plan in one file.

    A file is a plan, a territory with all below it, a named list, or pins and exclusions; one schema fits all, so that an editor
    needs one setting for the folder; areas are GeoJSON files, which have a schema of their own. `schema_of` is for one kind of file.
    """
    files = [{"$ref": f"#/$defs/{name}"} for name in ("plan", "territory", "list", "pins")]
    return {"$schema": _DIALECT, "title": "A file of a Metes plan", "anyOf": files, "$defs": _definitions()}


def schema_of(name: str) -> dict[str, Any]:
    """The schema of one kind of file: 'plan', 'territory', 'list' or 'pins'."""
    return {"$schema": _DIALECT, "$ref": f"#/$defs/{name}", "$defs": _definitions()}


def _definitions() -> dict[str, Any]:
    return {name: _of_shape(shape) for name, shape in SHAPES.items()}


def _of_shape(shape: Shape) -> dict[str, Any]:
    return {
        "title": shape.title,
        "type": "object",
        "properties": {p.name: _of_property(p) for p in shape.properties},
        "required": list(shape.required),
        "additionalProperties": False,
    }


def _of_property(wanted: Property) -> dict[str, Any]:
    if wanted.form is Form.ITEMS:
        form: dict[str, Any] = {"type": "array", "items": {"$ref": f"#/$defs/{wanted.shape}"}}
    elif wanted.choices:
        form = {"enum": list(wanted.choices)}
    else:
        form = dict(_FORMS[wanted.form])
    if wanted.low is not None:
        form["minimum"] = wanted.low
    if wanted.high is not None:
        form["maximum"] = wanted.high
    if wanted.form is Form.TEXT and wanted.is_required:
        form["pattern"] = r"\S"
    return {"description": wanted.description, **form}
