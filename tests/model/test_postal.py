"""The order of postal codes of many countries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.model.postal import ALL_BELOW, postal_order, postal_text

# Codes of one country in the order in which its post sorts them.
SORTED = {
    "AR": ["B1636FDA", "C1043AAZ", "C1425CLA", "X5000HUA"],
    "BR": ["01310-100", "04538-133", "20040-020", "70040-010"],
    "CA": ["H2Y 1C6", "K1A 0B1", "M5H 2N2", "M5V 2T6", "V6B 1A1"],
    "CH": ["1201", "3000", "8001"],
    "DE": ["01067", "10115", "60311", "80331"],
    "GB": [
        "AB10 1AG", "B1 1AA", "B2 4QA", "B10 0AA", "BA1 1UA", "E1 6AN", "EC1A 1BB", "EC1V 9LA", "EC2R 8AH", "M1 1AE", "SW1A 1AA", "SW1Y 5AU",
        "SW2 1AA", "SW11 1AA", "SW19 5AE", "W1A 1AA", "W2 1AA", "WC2N 5DU",
    ],
    "IE": ["A65 F4E2", "D02 AF30", "D04 V2N9", "D15 XY00", "E91 PF83", "T12 W8AN"],
    "IN": ["110001", "400001", "560001"],
    "JP": ["100-0001", "150-0002", "530-0001"],
    "LV": ["LV-1010", "LV-1050", "LV-5401"],
    "MT": ["MSK 1001", "VLT 1117"],
    "NL": ["1012 JS", "1071 CX", "3511 LX"],
    "PL": ["00-950", "30-001", "80-001"],
    "SE": ["111 22", "411 03", "981 31"],
    "US": ["02134", "80202", "80202-1234", "81601", "99950"],
}  # fmt: skip
CODES = sorted(code for codes in SORTED.values() for code in codes)
codes = st.sampled_from(CODES)


def key(code: str) -> str:
    found = postal_order(code)
    assert found is not None
    return found


def lies(code: str, low: str, high: str) -> bool:
    return key(low) <= key(code) < key(high) + ALL_BELOW


@pytest.mark.parametrize("country", sorted(SORTED))
def test_codes_of_a_country_are_ordered_as_its_post_orders_them(country: str) -> None:
    keys = [key(code) for code in SORTED[country]]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(
    ("code", "low", "high", "inside"),
    [
        ("80202", "801", "816", True),
        ("81699", "801", "816", True),
        ("81600-0001", "801", "816", True),
        ("81700", "801", "816", False),
        ("80099", "801", "816", False),
        ("SW1A 1AA", "SW1", "SW19", True),
        ("SW2 1AA", "SW1", "SW19", True),
        ("SW19 5AE", "SW1", "SW19", True),
        ("SW20 0AA", "SW1", "SW19", False),
        ("SW1A 1AA", "SW2", "SW19", False),
        ("sw1a1aa", "SW1A", "SW1A", True),
        ("SW1Y 5AU", "SW1A", "SW1A", False),
        ("SW11 1AA", "SW1", "SW1", False),
        ("SW1 1AA", "SW1 1", "SW1 1", True),
        ("SW11 1AA", "SW1 1", "SW1 1", False),
        ("SW11 1AA", "SW11 1", "SW11 1AB", True),
        ("B2 4QA", "B", "B", True),
        ("BA1 1UA", "B", "B", False),
        ("B10 0AA", "B2", "B9", False),
        ("AB10 1AG", "AB10", "AB12", True),
        ("M5V 2T6", "M5", "M6", True),
        ("M5V2T6", "m5v", "m5v", True),
        ("K1A 0B1", "K1", "K1A", True),
        ("D02 AF30", "D01", "D04", True),
        ("D15 XY00", "D01", "D04", False),
        ("LV-1050", "LV-10", "LV-10", True),
        ("LV-1050", "10", "10", True),
        ("〒150-0002", "100", "150", True),
        ("\uff11\uff15\uff10\uff0d0002", "150", "150", True),
        ("١٢٣٤٥", "123", "123", True),
        ("1012 JS", "1000", "1099", True),
        ("30-001", "30", "31", True),
    ],
)
def test_a_range_takes_both_ends_with_all_codes_below_them(code: str, low: str, high: str, inside: bool) -> None:
    assert lies(code, low, high) is inside


@given(codes)
def test_a_code_is_ordered_alike_however_it_is_typed(code: str) -> None:
    bare = code.replace(" ", "").lower()
    assert postal_order(code) == postal_order(bare) == postal_order(f"  {bare} ")


@given(codes)
def test_a_code_lies_in_the_range_of_its_own_beginnings(code: str) -> None:
    district = code.split()[0].split("-")[0] if code[:2] != "LV" else code[:5]
    assert lies(code, district, district)
    assert lies(code, code, code)


@given(codes, st.integers(1, 8))
def test_a_beginning_of_digits_begins_the_key(code: str, length: int) -> None:
    if code[0].isdecimal():
        assert key(code).startswith(key(code[:length]))


@given(st.one_of(codes, codes.flatmap(lambda c: st.integers(1, len(c)).map(lambda n: c[:n])), st.from_regex(r"[A-Z0-9 -]{1,9}")))
def test_a_key_is_written_as_a_code_that_has_it(code: str) -> None:
    found = postal_order(code)
    if found is not None:
        text = postal_text(found)
        assert text is not None
        assert postal_order(text) == found


@pytest.mark.parametrize(
    ("code", "text"), [("sw1a1aa", "SW1A 1AA"), ("SW01", "SW1"), ("b", "B"), ("80202-1234", "802021234"), ("M5V 2T6", "M5V2T6")]
)
def test_a_key_reads_as_one_writes_codes(code: str, text: str) -> None:
    assert postal_text(key(code)) == text


@pytest.mark.parametrize("code", ["", " - ", "日本", "..."])
def test_a_code_without_letters_and_digits_has_no_key(code: str) -> None:
    assert postal_order(code) is None


@pytest.mark.parametrize("wrong", ["", "~", "B 01094", "b", "80-1", "ZZ 01", "80 "])
def test_a_key_that_no_code_has_is_not_written(wrong: str) -> None:
    assert postal_text(wrong) is None
