"""Countries and regions as ISO 3166: codes, names and a few common aliases; a misspelt or ambiguous one is never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pycountry

from metes.base.findings import Severity
from metes.records.distinct import Encoded, Issue, Parsed, as_bool, encode

_NO_WORD = re.compile(r"[\W_]+")
_DIVISIONS: Any = pycountry.subdivisions

# Names in daily use that ISO does not list; an alias stands here only where it means one country.
_COUNTRY_ALIASES = {
    "US": "usa; u.s.; u.s.a.; united states of america; america; us of a",
    "GB": "uk; u.k.; great britain; britain; england; scotland; wales; northern ireland; united kingdom of great britain",
    "KR": "south korea; republic of korea; korea republic; rok",
    "KP": "north korea; dprk",
    "RU": "russia",
    "DE": "deutschland; allemagne; alemania",
    "FR": "frankreich; francia",
    "IT": "italia",
    "ES": "españa; spanien",
    "AT": "österreich; oesterreich",
    "CH": "schweiz; suisse; svizzera",
    "BE": "belgien; belgique; belgië",
    "NL": "holland; the netherlands; niederlande",
    "BR": "brasil",
    "MX": "méxico",
    "CN": "prc; people's republic of china; mainland china",
    "TW": "taiwan",
    "HK": "hong kong sar",
    "MO": "macau; macao sar",
    "VN": "vietnam; viet nam",
    "IR": "iran",
    "SY": "syria",
    "LA": "laos",
    "BN": "brunei",
    "BO": "bolivia",
    "VE": "venezuela",
    "TZ": "tanzania",
    "MD": "moldova",
    "MK": "macedonia; former yugoslav republic of macedonia; macedonia former yugoslav republic of",
    "CD": "congo (drc); dr congo; democratic republic of the congo; drc",
    "CG": "republic of the congo; congo-brazzaville",
    "CI": "ivory coast",
    "CV": "cape verde",
    "CZ": "czech republic",
    "SZ": "swaziland",
    "TR": "turkey",
    "TL": "east timor",
    "MM": "burma",
    "PS": "palestine; palestinian authority",
    "VA": "vatican; vatican city",
    "FM": "micronesia",
    "BS": "bahamas the; the bahamas",
    "GM": "the gambia; gambia the",
    "FK": "falkland islands",
    "SH": "saint helena",
    "PN": "pitcairn islands",
    "FJ": "fiji islands",
    "VI": "us virgin islands; u.s. virgin islands",
    "VG": "british virgin islands",
    "AE": "uae; u.a.e.",
    "SA": "ksa",
    "NZ": "aotearoa",
}
# Names that mean more than one country, with those they may mean.
_AMBIGUOUS = {"korea": ("KR", "KP"), "congo": ("CG", "CD"), "virgin islands": ("VG", "VI")}
# Regions written as they were before ISO changed them, or under a former code.
_REGION_ALIASES = {
    "FR-75": "FR-75C",
    "FR-20": "FR-20R",
    "CA-PQ": "CA-QC",
    "CA-NF": "CA-NL",
    "CA-LB": "CA-NL",
    "CA-NEWFOUNDLAND": "CA-NL",
    "CA-LABRADOR": "CA-NL",
    "FR-PARIS": "FR-75C",
    "US-WASHINGTON DC": "US-DC",
    "US-WASHINGTON D C": "US-DC",
    "US-D C": "US-DC",
}


def plain_name(text: str) -> str:
    """A name for comparison: no accents, no case, dots and commas as blanks."""
    folded = text.casefold().replace("&", " and ")
    bare = folded if folded.isascii() else unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode() or folded
    return _NO_WORD.sub(" ", bare).strip()


@cache
def country_names() -> Mapping[str, str]:
    """Alpha-2 codes by plain name, alpha-2, alpha-3 and alias."""
    names: dict[str, str] = {}
    for country in pycountry.countries:
        names |= {
            plain_name(getattr(country, key)): country.alpha_2
            for key in ("name", "official_name", "common_name")
            if hasattr(country, key)
        }
        names |= {country.alpha_2.casefold(): country.alpha_2, country.alpha_3.casefold(): country.alpha_2}
    for code, aliases in _COUNTRY_ALIASES.items():
        names |= {plain_name(alias): code for alias in aliases.split(";")}
    for name in _AMBIGUOUS:
        names.pop(plain_name(name), None)
    return MappingProxyType(names)


@cache
def country_name(code: str) -> str:
    """The common English name of a country code."""
    country = pycountry.countries.get(alpha_2=code)
    return str(getattr(country, "common_name", country.name)) if country else code


def countries(texts: pa.StringArray) -> Parsed:
    """Alpha-2 codes; unknown and ambiguous names are warnings that say which countries may be meant."""
    names = country_names()
    found = [names.get(plain_name(text)) if text else None for text in texts.to_pylist()]
    known = np.array([code is not None for code in found], dtype=bool)
    present = as_bool(pc.is_valid(texts))
    plain = [plain_name(text) if text else "" for text in texts.to_pylist()]
    ambiguous = np.array([name in _AMBIGUOUS and not hit for name, hit in zip(plain, known, strict=True)], dtype=bool)
    unknown = present & ~known & ~ambiguous
    issues = (
        Issue(
            "ambiguous-country",
            Severity.WARNING,
            ambiguous,
            "the name may mean more than one country",
            tuple(_choice(_AMBIGUOUS[name]) if bad else "" for name, bad in zip(plain, ambiguous, strict=True)),
        ),
        Issue(
            "unknown-country",
            Severity.WARNING,
            unknown,
            "no country has this code or name",
            tuple(_near_country(name) if bad else "" for name, bad in zip(plain, unknown, strict=True)),
        ),
    )
    return Parsed(pa.array(found, pa.string()), tuple(i for i in issues if i.hits.any()))


@cache
def regions_of(country: str) -> Mapping[str, str]:
    """ISO 3166-2 codes of a country's regions by plain code, plain code without country, and plain name where it is one region's."""
    names: dict[str, str] = {}
    shared: set[str] = set()
    divisions = _DIVISIONS.get(country_code=country) or []
    # A province and a lower division may share a name: the upper one, listed without parent, has it.
    for division in sorted(divisions, key=lambda d: (d.parent_code is not None, d.code)):
        for name in (division.name, *division.name.split("/"), *division.name.split("[")[:1]):
            plain = plain_name(name)
            if plain in names and names[plain] != division.code and division.parent_code is None:
                shared.add(plain)
            names.setdefault(plain, division.code)
    names = {name: code for name, code in names.items() if name not in shared}
    for division in divisions:
        names |= {plain_name(division.code): division.code, plain_name(division.code.split("-", 1)[1]): division.code}
    for alias, code in _REGION_ALIASES.items():
        if alias.startswith(f"{country}-"):
            names.setdefault(plain_name(alias), code)
            names.setdefault(plain_name(alias[3:]), code)
    return MappingProxyType(names)


def regions(region: Encoded, country: pa.Array) -> tuple[pa.Array, tuple[tuple[np.ndarray, Issue], ...]]:
    """ISO 3166-2 codes per row, each looked up within the row's country, and the issues with the rows they hold for.

    A full code such as 'US-CO' stands without a country. A region that repeats its country ('FR' in France) names no part of it
    and is left empty without a word.
    """
    lands = encode(country)
    width = len(lands.texts) + 1
    pairs, pair_of_row = np.unique(region.codes.astype(np.int64) * width + (lands.codes + 1), return_inverse=True)
    verdicts = [_region(region, lands, int(pair), width) for pair in pairs]
    row_codes = pa.array([code for code, _, _ in verdicts], pa.string()).take(pa.array(pair_of_row))
    issues = []
    for problem, message in _REGION_PROBLEMS.items():
        hits = np.array([kind == problem for _, kind, _ in verdicts], dtype=bool)
        if hits.any():
            remedies = tuple(remedy for _, _, remedy in verdicts)
            issues.append((pair_of_row, Issue(problem, Severity.WARNING, hits, message, remedies)))
    return row_codes, tuple(issues)


_REGION_PROBLEMS = {
    "unknown-region": "the country has no region of this code or name",
    "region-without-country": "the region cannot be found, for the country is missing",
}


def _region(region: Encoded, lands: Encoded, pair: int, width: int) -> tuple[str | None, str, str]:
    """Code, problem and remedy of one pair of region text and country."""
    text_at, land_at = pair // width, pair % width - 1
    if text_at < 0:
        return None, "", ""
    text = str(region.texts[text_at].as_py())
    if land_at < 0:
        whole = _DIVISIONS.get(code=text.strip().upper())
        return (
            (whole.code, "", "")
            if whole
            else (None, "region-without-country", "add a country column, or say default_country in the mapping file")
        )
    land = str(lands.texts[land_at].as_py())
    plain = plain_name(text)
    known = regions_of(land)
    if plain in known:
        return known[plain], "", ""
    if plain in known_numbers(land):
        return known_numbers(land)[plain], "", ""
    if country_names().get(plain) == land:
        return None, "", ""
    near = get_close_matches(plain, known, 3, 0.75)
    codes = list(dict.fromkeys(known[name] for name in near))
    return (
        None,
        "unknown-region",
        f"did you mean {' or '.join(codes)}?" if codes else f"use an ISO 3166-2 code of {country_name(land)}",
    )


@cache
def known_numbers(country: str) -> Mapping[str, str]:
    """Regions by their number without leading zeros, where codes are numbers: spreadsheets turn '01' into 1."""
    codes = [d.code for d in _DIVISIONS.get(country_code=country) or []]
    tails = {code.split("-", 1)[1]: code for code in codes}
    return MappingProxyType({tail.lstrip("0"): code for tail, code in tails.items() if tail.isdigit() and tail.startswith("0")})


def _choice(codes: tuple[str, ...]) -> str:
    return "say " + " or ".join(f"{code} ({country_name(code)})" for code in codes)


def _near_country(name: str) -> str:
    near = get_close_matches(name, country_names(), 3, 0.75)
    codes = list(dict.fromkeys(country_names()[n] for n in near))
    if not codes:
        return "use an ISO 3166-1 code such as US, or the country's English name"
    return "did you mean " + " or ".join(f"{country_name(code)} ({code})" for code in codes) + "?"
