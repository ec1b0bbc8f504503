"""Distinct texts as yes or no, as one of several choices, and numbers within bounds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.findings import Severity
from metes.model.catalogue import Field
from metes.records.distinct import Issue, Parsed, as_bool

_TRUE = pa.array(["true", "t", "yes", "y", "1", "x", "on", "wahr", "ja", "oui", "si"])
_FALSE = pa.array(["false", "f", "no", "n", "0", "off", "falsch", "nein", "non"])


def floats(exact: pa.Array) -> pa.Array:
    """The nearest floats of exact decimals; a direct cast would miss some in the last digit."""
    return exact.cast(pa.string()).cast(pa.float64())


def chosen(field: Field, texts: pa.Array) -> Parsed:
    """Texts that a field allows; others taken out, with a warning."""
    if not field.choices:
        return Parsed(texts)
    good = as_bool(pc.is_in(texts, pa.array(field.choices)))
    bad = as_bool(pc.is_valid(texts)) & ~good
    issue = Issue(
        "unknown-choice", Severity.WARNING, bad, "the value is none of those allowed", f"use one of {', '.join(field.choices)}"
    )
    return Parsed(pc.if_else(pa.array(good), texts, pa.scalar(None, pa.string())), (issue,) if bad.any() else ())


def booleans(texts: pa.StringArray) -> Parsed:
    """Yes and no in their usual spellings."""
    lower = pc.utf8_lower(texts)
    yes, no = as_bool(pc.is_in(lower, _TRUE)), as_bool(pc.is_in(lower, _FALSE))
    bad = as_bool(pc.is_valid(texts)) & ~yes & ~no
    issue = Issue("not-yes-or-no", Severity.WARNING, bad, "the value is neither yes nor no", "write true or false")
    return Parsed(pa.array(yes, mask=~yes & ~no), (issue,) if bad.any() else ())


def bounded(field: Field, parsed: Parsed) -> Parsed:
    """Values outside the field's bounds taken out, with a warning."""
    if (field.low is None and field.high is None) or parsed.question:
        return parsed
    number = np.asarray(parsed.values.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False))
    with np.errstate(invalid="ignore"):
        bad = (number < (field.low if field.low is not None else -np.inf)) | (
            number > (field.high if field.high is not None else np.inf)
        )
    if not bad.any():
        return parsed
    low = f"at least {field.low:g}" if field.low is not None else ""
    high = f"at most {field.high:g}" if field.high is not None else ""
    wanted = " and ".join(filter(None, (low, high)))
    issue = Issue("out-of-bounds", Severity.WARNING, bad, f"the number must be {wanted}", "correct the value")
    values = pc.if_else(pa.array(~bad), parsed.values, pa.scalar(None, parsed.values.type))
    return Parsed(values, (*parsed.issues, issue))
