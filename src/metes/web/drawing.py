"""Where the marks of a drawing stand, in percent of its width and height: pages draw them as SVG with attributes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Span:
    """Something true from `start` up to `end` (None: open): an owner, a seat. `colour` is a territory's, 0–11, or None."""

    label: str
    start: date | None
    end: date | None = None
    colour: int | None = None
    href: str = ""
    recorded: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A span in its place."""

    span: Span
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Two lanes over one axis: what held, and what was recorded late or corrected; ticks are (year or month, x)."""

    held: tuple[Mark, ...]
    recorded: tuple[Mark, ...]
    ticks: tuple[tuple[str, float], ...]
    today: float | None


def timeline(held: Sequence[Span], recorded: Sequence[Span], start: date, end: date, today: date | None = None) -> Timeline:
    """Spans cut to [start, end) and placed on it, with a tick at each New Year's day, and at `start` when it is none."""
    if start >= end:
        raise ValueError(f"a timeline needs start < end, got {start} and {end}")

    def x(day: date) -> float:
        return round(100 * (day - start).days / (end - start).days, 3)

    def place(spans: Sequence[Span]) -> tuple[Mark, ...]:
        cut = [(span, max(span.start or start, start), min(span.end or end, end)) for span in spans]
        return tuple(Mark(span, x(a), round(x(b) - x(a), 3)) for span, a, b in cut if a < b)

    years = range(start.year + (start > date(start.year, 1, 1)), end.year + 1)
    ticks = tuple((str(year), x(date(year, 1, 1))) for year in years if date(year, 1, 1) < end)
    inside = today is not None and start <= today < end
    return Timeline(place(held), place(recorded), ticks, x(today) if inside and today else None)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `y` from the top; `is_forecast` is drawn hatched."""

    label: str
    value: int | float
    x: float
    y: float
    width: float
    height: float
    is_forecast: bool = False


def bars(values: Sequence[tuple[str, int | float]], forecast: Sequence[tuple[str, int | float]] = ()) -> tuple[Bar, ...]:
    """Bars from zero up, scaled to the largest, a quarter of each step left free; negative values stand as zero."""
    series = [(label, value, False) for label, value in values] + [(label, value, True) for label, value in forecast]
    if not series:
        return ()
    top = max(max(value for _, value, _ in series), 0) or 1
    step = 100 / len(series)

    def bar(i: int, label: str, value: int | float, is_forecast: bool) -> Bar:
        height = round(100 * max(value, 0) / top, 3)
        return Bar(label, value, round(i * step + step / 8, 3), round(100 - height, 3), round(step * 0.75, 3), height, is_forecast)

    return tuple(bar(i, *item) for i, item in enumerate(series))


@dataclass(frozen=True, slots=True)
class Band:
    """A load against its tolerance: the dot's place, the tolerance's ends and the target, in percent of the width."""

    dot: float
    low: float
    high: float
    target: float
    is_outside: bool


def band(deviation_share: float, tolerance_share: float) -> Band:
    """A deviation from target on a scale of twice the tolerance to either side, where the dot stops."""
    if tolerance_share <= 0:
        raise ValueError(f"a band needs a tolerance > 0, got {tolerance_share}")

    def x(share: float) -> float:
        return round(50 + 50 * max(-1.0, min(1.0, share / (tolerance_share * 2))) * 0.9, 3)

    return Band(x(deviation_share), x(-tolerance_share), x(tolerance_share), 50.0, abs(deviation_share) > tolerance_share)
