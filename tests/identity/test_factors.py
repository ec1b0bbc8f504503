"""Codes of a telephone and codes on paper."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from metes.identity import factors
from tests.conftest import NOW

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = int(NOW.timestamp()) // factors.STEP_SECONDS


def code(steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).generate_otp(STEP + steps)


def test_the_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B: the last six of the eight digits at 59 s
    ours = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert factors.step_of(ours, "287082", NOW.fromtimestamp(59, NOW.tzinfo), 0) == 1


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_the_code_before_and_the_code_after_count(steps: int) -> None:
    assert factors.step_of(SECRET, code(steps), NOW, 0) == STEP + steps


@pytest.mark.parametrize("steps", [-2, 2, 100])
def test_codes_of_other_times_do_not_count(steps: int) -> None:
    assert factors.step_of(SECRET, code(steps), NOW, 0) is None


def test_a_code_counts_once_and_none_before_it_after_it() -> None:
    assert factors.step_of(SECRET, code(), NOW, STEP) is None
    assert factors.step_of(SECRET, code(-1), NOW, STEP) is None
    assert factors.step_of(SECRET, code(1), NOW, STEP) == STEP + 1
    later = NOW + timedelta(seconds=factors.STEP_SECONDS)
    assert factors.step_of(SECRET, code(), later, STEP) is None


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "000000\x00"])
def test_what_is_no_code_does_not_count(typed: str) -> None:
    assert factors.step_of(SECRET, typed, NOW, 0) is None


def test_blanks_in_a_code_do_not_matter() -> None:
    assert factors.step_of(SECRET, f" {code()[:3]} {code()[3:]} ", NOW, 0) == STEP


def test_a_secret_is_long_and_never_the_same() -> None:
    made = {factors.new_factor_secret() for _ in range(20)}
    assert len(made) == 20
    assert {len(secret) for secret in made} == {32}  # 160 bits


def test_the_picture_is_an_image_and_the_address_names_user_and_company() -> None:
    address = factors.factor_address(SECRET, "v.marsh", "Metes Acme & Sons")
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Metes Acme & Sons:v.marsh"
    assert parse_qs(parts.query)["secret"] == [SECRET]
    assert factors.picture_of(address).startswith("data:image/svg+xml")


def test_recovery_codes_are_many_long_and_known_however_typed() -> None:
    codes = factors.new_recovery_codes()
    assert len(set(codes)) == factors.RECOVERY_CODES
    assert all(re.fullmatch(r"(?:[2-9a-z]{6}-){3}[2-9a-z]{6}", one) for one in codes)
    assert len(factors._ALPHABET) >= 31
    assert factors.recovery_digest(f" {codes[0].upper().replace('-', ' ')} ") == factors.recovery_digest(codes[0])
    assert not any(factors.is_short(one) for one in codes)
