"""The passwords that are tried first and the words of a language, from the lists that the package zxcvbn carries."""

from __future__ import annotations

from functools import cache

# Shorter ones begin too many good passwords.
SHORTEST_START = 6
_WORD_LISTS = ("english_wikipedia", "female_names", "male_names", "surnames", "us_tv_and_film")


def is_common(text: str) -> bool:
    """Whether a text in lower case is one of the passwords that most people choose."""
    return text in _common()


def is_word(text: str) -> bool:
    """Whether a text in lower case is a single word or name."""
    return text in _spoken()


def longest_common_start(text: str) -> str:
    """The longest common password with which a text in lower case begins; empty without one."""
    common = _common()
    return next((text[:n] for n in range(len(text), SHORTEST_START - 1, -1) if text[:n] in common), "")


@cache
def _common() -> frozenset[str]:
    return frozenset(_lists()["passwords"])


@cache
def _spoken() -> frozenset[str]:
    lists = _lists()
    return frozenset(word for name in _WORD_LISTS for word in lists[name])


def _lists() -> dict[str, list[str]]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # a hundred thousand words, loaded late

    return dict(FREQUENCY_LISTS)
