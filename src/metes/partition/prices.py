"""Prices that keep loads within their limits: damped Newton on the dual of the transport problem, its band smooth.

The dual of "least reduced cost, loads within [lowest, highest]" is g(p) = Σ_i min_j (t d² + Σ a p - saving) - Σ_jm h(p_jm), concave, with
h(p) = highest p where p > 0 and lowest p where p < 0; any p gives a bound. Both corners are rounded off, the choice by a softness and the band
as h'(p) = middle + half tanh(p / sharpness), and made sharper step by step (after Kitagawa, Mérigot, Thibert 2019; the smooth band is ours).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from metes.partition.cells import Cells, Sweep
from metes.partition.problem import Floats

_DAMPING, _LOOSEST, _STIFFEST = 1e-3, 1e-6, 1e3
# Up to so many prices a dense matrix is faster.
_DENSE = 200
# A slope this small, in half widths of a band, is none.
_EVEN = 1e-3


@dataclass(frozen=True, eq=False)
class Band:
    """The limits of loads as their middle and half width, both (k, m)."""

    middle: Floats
    half: Floats

    def drawn(self, prices: Floats, sharpness: float) -> Floats:
        """What each territory wants at these prices."""
        return np.asarray(self.middle + self.half * np.tanh(prices / sharpness))

    def paid(self, prices: Floats, sharpness: float) -> float:
        """Σ h: what is paid for the limits."""
        steep = np.abs(prices) / sharpness
        smooth = sharpness * (steep + np.log1p(np.exp(-2 * steep)) - np.log(2.0))
        return float((self.middle * prices + self.half * smooth).sum())

    def paid_exactly(self, prices: Floats) -> float:
        """Σ h with its corner, as the bound needs it."""
        return float((self.middle * prices + self.half * np.abs(prices)).sum())

    def bent(self, prices: Floats, sharpness: float) -> Floats:
        """h'', how what is wanted changes with the price."""
        return np.asarray(self.half / sharpness / np.cosh(np.minimum(np.abs(prices) / sharpness, 300.0)) ** 2)


def band_of(lowest: Floats, highest: Floats, inner: Floats | float = 0.0) -> Band:
    """The band between limits, drawn in on both sides by `inner`, as far as it is wide enough."""
    half = (highest - lowest) / 2
    return Band((highest + lowest) / 2, np.maximum(half - inner, 0.2 * half))


@dataclass(frozen=True, eq=False)
class Priced:
    """Prices with the sweep they were found by and the value of the smooth dual."""

    prices: Floats
    sweep: Sweep
    value: float


def newton(cells: Cells, centres: Floats, prices: Floats, band: Band, softness: float, sharpness: float, steps: int) -> Priced:
    """Climb the smooth dual by at most so many Newton steps, damped as much as the last of them asked for (Levenberg, Marquardt)."""
    at = _priced(cells, centres, prices, band, softness, sharpness)
    # A measure that nobody has moves no price, and must not leave the matrix without a diagonal.
    stiffness = np.maximum(band.middle, 1e-3 * band.middle.max()) / sharpness
    damping = _DAMPING
    for _ in range(steps):
        slope = at.sweep.soft_loads - band.drawn(at.prices, sharpness)
        if np.abs(slope).max() <= _EVEN * float(band.half.mean()):
            break
        matrix = laplacian(at.sweep.pairs, at.sweep.curvature, len(slope))
        bent = band.bent(at.prices, sharpness)
        while damping <= _STIFFEST:
            direction = _solved(matrix, (bent + damping * stiffness).ravel(), slope.ravel()).reshape(slope.shape)
            there = _priced(cells, centres, at.prices + direction, band, softness, sharpness)
            if there.value >= at.value + 1e-4 * float((slope * direction).sum()):
                at, damping = there, max(damping / 8, _LOOSEST)
                break
            damping *= 4
        else:
            break
    return at


def _priced(cells: Cells, centres: Floats, prices: Floats, band: Band, softness: float, sharpness: float) -> Priced:
    found = cells.sweep(centres, prices, softness)
    return Priced(prices, found, found.soft_value - band.paid(prices, sharpness))


def laplacian(pairs: np.ndarray, blocks: Floats, k: int) -> Any:
    """The Laplacian (k m, k m) of pairs of territories with blocks (p, m, m) of weights."""
    m = blocks.shape[1]
    inner = np.arange(m)
    first = (pairs[:, 0, None, None] * m + inner[None, :, None]) + 0 * inner[None, None, :]
    second = (pairs[:, 1, None, None] * m + inner[None, None, :]) + 0 * inner[None, :, None]
    first_too = (pairs[:, 0, None, None] * m + inner[None, None, :]) + 0 * inner[None, :, None]
    second_too = (pairs[:, 1, None, None] * m + inner[None, :, None]) + 0 * inner[None, None, :]
    values = blocks.ravel()
    data = np.concatenate([-values, -values, values, values])
    at = np.concatenate([first.ravel(), second.ravel(), first.ravel(), second_too.ravel()])
    to = np.concatenate([second.ravel(), first.ravel(), first_too.ravel(), second.ravel()])
    if k * m <= _DENSE:
        out = np.zeros((k * m, k * m))
        np.add.at(out, (at, to), data)
        return out
    return sparse.csr_matrix((data, (at, to)), shape=(k * m, k * m))


def _solved(matrix: Any, diagonal: Floats, right: Floats) -> Floats:
    """The solution of a symmetric matrix with a diagonal added, dense or sparse."""
    if isinstance(matrix, np.ndarray):
        return np.linalg.solve(matrix + np.diag(diagonal), right)
    return np.asarray(spsolve((matrix + sparse.diags(diagonal)).tocsc(), right))


def carried_over(found: Sweep, prices: Floats, centres: Floats, moved: Floats) -> Floats:
    """Prices for moved centres under which borders stay where they are, by least squares over the pairs that border."""
    k, m = prices.shape
    if not len(found.pairs):
        return prices
    a, b = found.pairs.T
    weight = found.border[:, 0]
    place = found.border[:, 1:] / weight[:, None]

    def lead(of: Floats) -> Floats:
        return np.asarray(((place - of[a]) ** 2).sum(axis=1) - ((place - of[b]) ** 2).sum(axis=1))

    wanted = (lead(centres) - lead(moved)) * weight
    right = np.asarray(np.bincount(a, wanted, k) - np.bincount(b, wanted, k), float)
    matrix = laplacian(found.pairs, weight[:, None, None], k)
    ridge = max(float(matrix.diagonal().mean()), 1e-12) * 1e-3
    change = _solved(matrix, np.full(k, ridge), right)
    return np.asarray(prices + change[:, None] / m)


def bound_at(found: Sweep, prices: Floats, lowest: Floats, highest: Floats) -> float:
    """What no design with these centres costs less than, as reduced costs say at these prices; contiguity left out, units divisible."""
    return found.value - band_of(lowest, highest).paid_exactly(prices)
