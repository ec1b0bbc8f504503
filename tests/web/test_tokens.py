"""The design tokens: contrast as WCAG 2.2 AA asks, computed from the style sheet itself."""

from __future__ import annotations

import re

import pytest

from metes.web.assets import STATIC
from metes.web.rendering import TERRITORY_COLOURS

TEXT = (STATIC / "tokens.css").read_text(encoding="utf-8")
PAIRS = dict(re.findall(r"--([\w-]+): (light-dark\(#\w{6}, #\w{6}\)|#\w{6});", TEXT))

# Text on what it stands on, 4.5 : 1.
READ = [
    *(
        (ink, ground)
        for ink in ("ink", "ink-2", "ink-3", "accent", "good", "warn", "bad")
        for ground in ("surface", "bg", "sunken")
    ),
    *((ink, "accent-soft") for ink in ("ink", "ink-2", "accent", "accent-strong")),
    ("warn-ink", "warn-soft"),
    ("warn", "warn-soft"),
    ("good", "good-soft"),
    ("bad", "bad-soft"),
    ("ink", "good-soft"),
    ("ink", "bad-soft"),
    ("on-accent", "accent"),
    ("surface", "bad"),
    ("bg", "ink"),
    *(("on-territory", f"t{i}") for i in range(TERRITORY_COLOURS)),
]
# Borders of controls and marks of charts, 3 : 1.
SEEN = [("line-strong", "surface"), ("accent", "surface"), ("accent", "accent-soft"), ("bad", "accent-soft")]


def colour(token: str, theme: str) -> tuple[float, float, float]:
    found = re.findall(r"#(\w{6})", PAIRS[token])
    text = found[-1] if theme == "dark" else found[0]
    return tuple(int(text[i : i + 2], 16) / 255 for i in (0, 2, 4))  # type: ignore[return-value]


def luminance(rgb: tuple[float, float, float]) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str, theme: str) -> float:
    light, dark = sorted((luminance(colour(token, theme)) for token in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), READ)
def test_text_stands_out_from_its_ground(ink: str, ground: str, theme: str) -> None:
    assert contrast(ink, ground, theme) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), SEEN)
def test_controls_and_marks_stand_out_from_their_ground(mark: str, ground: str, theme: str) -> None:
    assert contrast(mark, ground, theme) >= 3


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert (luminance((1, 1, 1)) + 0.05) / (luminance((0, 0, 0)) + 0.05) == pytest.approx(21)
