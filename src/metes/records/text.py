"""Text as it is stored: composed (NFC), trimmed, without control characters; codes in upper case with their zeros."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from metes.base.findings import Severity
from metes.records.distinct import Issue, Parsed, as_bool

# Format characters that carry no text of their own: control codes but tab and line ends, the byte-order mark, bidi overrides.
_CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F\x{80}-\x{9F}\x{FEFF}\x{202A}-\x{202E}\x{2066}-\x{2069}]"
# What plain text does not have: control codes, blanks at an end or two in a row, nothing at all.
_UNUSUAL = r"[\x00-\x1F\x7F]|^ | $|  |^$"
_BLANKS = r"[\s\x{00A0}\x{2000}-\x{200B}\x{202F}\x{3000}]+"
# What databases and spreadsheets write for "no value"; 'NA' is not among them, for it is Namibia.
_NOTHING = pa.array(["NULL", "null", "\\N", "#N/A", "#NULL!", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NUM!"])


def clean(texts: pa.StringArray) -> Parsed:
    """Texts composed, trimmed, inner blanks single, control characters removed with a warning; empty ones become missing."""
    needs_work = as_bool(pc.or_(pc.match_substring_regex(texts, _UNUSUAL), pc.invert(pc.string_is_ascii(texts))))
    if not needs_work.any():
        return Parsed(pc.if_else(pc.is_in(texts, _NOTHING), pa.scalar(None, pa.string()), texts))
    has_control = as_bool(pc.match_substring_regex(texts, _CONTROL))
    plain = texts
    issues: tuple[Issue, ...] = ()
    if has_control.any():
        plain = pc.replace_substring_regex(plain, _CONTROL, "")
        issues = (
            Issue(
                "control-character",
                Severity.WARNING,
                has_control,
                "the text holds control characters or null bytes; they were removed",
                "check how the file was exported",
            ),
        )
    plain = pc.utf8_normalize(plain, form="NFC")
    plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, _BLANKS, " "))
    nothing = pc.or_(pc.equal(pc.utf8_length(plain), 0), pc.is_in(plain, _NOTHING))
    return Parsed(pc.if_else(nothing, pa.scalar(None, pa.string()), plain), issues)


def codes(texts: pa.StringArray) -> Parsed:
    """Clean texts as codes: upper case, zeros and inner blanks kept."""
    return Parsed(pc.utf8_upper(texts))


def visible(texts: pa.StringArray) -> pa.StringArray:
    """Texts with each control character shown as '�', fit to be printed and stored."""
    return pc.replace_substring_regex(texts, _CONTROL, "\N{REPLACEMENT CHARACTER}")
