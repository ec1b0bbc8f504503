"""The order of postal codes, by which a rule asks for a range of postal areas of any country.

A code's key depends on the code alone, never on a country, so that the ends of a range, which name none, meet the codes. A code
and all codes that begin like it have keys that begin alike.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from metes.model.condition import Range

# Stands above every letter and digit: a key and this mark lie behind all that begins with the key.
ALL_BELOW: Final = "~"

# Areas of the United Kingdom, the Crown Dependencies and Gibraltar, whose districts count 1, 2, … 10 instead of 01.
_AREA_NAMES = """
    AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G
    GL GU GX GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL
    OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR
    WS WV YO ZE
"""
_AREAS = frozenset(_AREA_NAMES.split())
# The letters of a country before a hyphen, as in LV-1050 and D-80331.
_COUNTRY = re.compile(r"\s*[A-Z]{1,3}\s*[-‐–]\s*(?=\d)")
_WHOLE = re.compile(r"([A-Z]{1,2})(\d{1,2})([A-Z]?)(\d[A-Z]{2})")
_SECTOR = re.compile(r"\s*([A-Z]{1,2})(\d{1,2})([A-Z]?)\s+(\d[A-Z]?)\s*")
_BEGUN = re.compile(r"([A-Z]{1,2})(\d{0,2})()(.*)")
_KEY = re.compile(r"([A-Z]{1,2}) (?:(\d\d)([A-Z]?)(\d[A-Z]{0,2})?(.*))?")


def postal_order(code: str) -> str | None:
    """The key by which a postal code, or its beginning, is ordered; None where it has neither letter nor digit.

    Signs and blanks do not count, nor upper and lower case, nor a country's letters before a hyphen (`LV-1050`). Keys compare as text:
    `80202` < `81601`. Behind the letters of a British area stands a blank and a district of two digits, so that B2 < B10 < BA1.
    """
    text = unicodedata.normalize("NFKC", code).upper()
    text = _COUNTRY.sub("", "".join(_digit(c) if c.isdecimal() else c for c in text), count=1)
    squeezed = re.sub(r"[^A-Z0-9]+", "", text)
    parts = _SECTOR.fullmatch(text) or _WHOLE.fullmatch(squeezed) or _BEGUN.fullmatch(squeezed)
    if parts is None or parts[1] not in _AREAS:
        return squeezed or None
    area, district, letter, rest = parts.groups()
    return f"{area} {district.zfill(2) if district else ''}{letter}{rest}"


def _digit(character: str) -> str:
    """A digit of any script in ours."""
    return str(unicodedata.decimal(character))


def postal_text(key: str) -> str | None:
    """The shortest code with this key, as one writes it; None where no code has the key."""
    parts = _KEY.fullmatch(key)
    text = key
    if parts is not None:
        area, district, letter, inward, rest = (part or "" for part in parts.groups())
        outward = area + (str(int(district)) if district else "") + letter
        text = f"{outward} {inward}{rest}" if inward and not rest else f"{outward}{inward}{rest}"
    return text if text and postal_order(text) == key else None


def postal_ends(literal: Range) -> tuple[str, str] | None:
    """The two codes, as one writes them, of a range of keys with all below both ends; None for a range of another form."""
    low, high = literal.low, literal.high
    if not isinstance(low, str) or not isinstance(high, str) or not high.endswith(ALL_BELOW):
        return None
    first, last = postal_text(low), postal_text(high.removesuffix(ALL_BELOW))
    if first is None or last is None or not literal.includes_low or literal.includes_high:
        return None
    return first, last
