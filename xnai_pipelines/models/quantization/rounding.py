"""Round-to-nearest: scales for groups of weights, chosen for the least squared error, and their codes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.encoders.stored.scheme import Granularity, Scheme

Matrix = NDArray[np.float32]
Codes = NDArray[np.int32]
Scales = NDArray[np.float16] | NDArray[np.float32]

_CHUNK = 1 << 16  # weights searched at a time: they and the buffers stay in the second-level cache
_SAMPLE = 1 << 20  # weights that suffice to search the scale of a larger group
_NARROW = 128  # weights; wider groups have larger outliers, whose scales must shrink further
_SHRINK = {2: 0.3, 3: 0.45, 4: 0.6, 8: 0.85}  # smallest scale tried, relative to the covering one
_STEPS = {2: 15, 3: 13, 4: 11, 8: 6}  # number of scales tried, in equal ratios
_REFITS = 2  # least-squares scales for the codes found
_LARGEST = 60000.0  # max of float16 scales; a tensor beyond it gets float32 ones
_SMALLEST = 2.0**-14  # a tensor whose largest scale is smaller would lose digits in float16
_TINY = 2.0**-24  # the smallest positive float16


@dataclass(frozen=True, slots=True)
class Levels:
    """How a group of weights is rounded.

    Attributes:
        bits: Width of a code, 2 to 8.
        symmetric: Whether codes are around zero, without zero points.
        clip: Whether each scale minimizes the squared error; otherwise it covers the largest weight.
        wide: Whether scales are float32, because the tensor's exceed float16's range.
    """

    bits: int
    symmetric: bool
    clip: bool
    wide: bool = False

    @property
    def lowest(self) -> int:
        """The smallest code."""
        return -(1 << (self.bits - 1)) if self.symmetric else 0

    @property
    def highest(self) -> int:
        """The largest code."""
        return self.lowest + (1 << self.bits) - 1

    def stored(self, scales: Matrix) -> Matrix:
        """Return scales as they will be read back: float32 values that the stored type can represent."""
        if self.wide:
            return np.maximum(scales, np.finfo(np.float32).tiny)
        # through float64: a float32 just above the range must not become infinite
        return np.clip(scales, _TINY, 65504.0).astype(np.float16).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Rounded:
    """Codes and scales of a matrix of r rows and c columns, as `QuantizedTensor` has them.

    Attributes:
        codes: int32 [r, c].
        scales: float16, or float32 if float16 cannot represent them, [r, g]; [1, 1] for the whole tensor.
        zero_points: uint8 like scales; None when symmetric.
    """

    codes: Codes
    scales: Scales
    zero_points: NDArray[np.uint8] | None


def levels_of(scheme: Scheme, weight: Matrix) -> Levels:
    """Return how the scheme rounds this tensor's weights; scales are float16 unless they would overflow."""
    if scheme.bits is None:
        raise ValueError(f"{scheme.method} has no codes of a fixed width.")
    largest = float(np.abs(weight).max(initial=0)) / (2 ** (scheme.bits - 1))
    wide = largest > _LARGEST or 0 < largest < _SMALLEST
    return Levels(scheme.bits, scheme.symmetric, scheme.clip, wide)


def round_to_nearest(weight: Matrix, levels: Levels, granularity: Granularity, group_size: int | None) -> Rounded:
    """Return the codes nearest to a matrix's weights, on scales that cover them or have the least loss.

    Args:
        weight: float32 [r, c], finite.
        levels: Width and kind of the codes.
        granularity: Which weights share a scale; the last group of a row may be shorter.
        group_size: Columns per group, for granularity "group" only.
    """
    rows, columns = weight.shape
    if granularity is Granularity.TENSOR:
        flat = weight.reshape(1, -1)
        scales, zeros = fit_scales(flat, levels)
        codes = nearest(flat, scales[:, None], zeros[:, None], levels)
        return as_rounded(codes.reshape(rows, columns), scales[:, None], zeros[:, None], levels)
    size = columns if granularity is Granularity.CHANNEL or group_size is None else group_size
    whole = columns - columns % size
    parts = []
    for start, stop, width in ((0, whole, size), (whole, columns, columns - whole)):
        if start == stop:
            continue
        groups = np.ascontiguousarray(weight[:, start:stop]).reshape(-1, width)
        scales, zeros = fit_scales(groups, levels)
        codes = nearest(groups, scales[:, None], zeros[:, None], levels)
        parts.append([part.reshape(rows, -1) for part in (codes, scales, zeros)])
    codes, scales, zeros = (np.concatenate(column, axis=1) for column in zip(*parts, strict=True))
    return as_rounded(codes, scales, zeros, levels)


def as_rounded(codes: Codes, scales: Matrix, zeros: Matrix, levels: Levels) -> Rounded:
    """Return codes with their scales [r, g] and zero points [r, g], given as float32, in the stored types."""
    kept: Scales = scales if levels.wide else scales.astype(np.float16)
    return Rounded(codes, kept, None if levels.symmetric else zeros.astype(np.uint8))


def nearest(weights: Matrix, scales: Matrix, zeros: Matrix, levels: Levels) -> Codes:
    """Return int32 codes of the levels nearest to weights, whose scales and zero points broadcast to them."""
    codes: Matrix = np.rint(weights / scales)
    codes += zeros
    np.clip(codes, levels.lowest, levels.highest, out=codes)
    return codes.astype(np.int32)


def fit_scales(groups: Matrix, levels: Levels) -> tuple[Matrix, Matrix]:
    """Return a scale and a zero point per group, both float32 [n]; float16 can represent the scales unless wide.

    The squared error is searched over scales that shrink from the covering one in equal ratios. Then the scale is twice
    replaced by the least-squares one for the codes found, if that is better. Compared with covering scales this reduces
    the squared error of MiniLM's linear layers by 41 % at 2 bits in groups of 64, by 19 % at 3 bits and by 7 % at 4
    bits in groups of 32. Trying both neighbouring zero points, at 2 and 3 bits only, contributes 1 % at 2 bits.

    Args:
        groups: float32 [n, weights per group], finite.
        levels: Width and kind of the codes.
    """
    count, width = groups.shape
    scales, zeros = np.empty(count, np.float32), np.empty(count, np.float32)
    step = max(1, _CHUNK // width)
    for start in range(0, count, step):
        part = slice(start, start + step)
        # weights as rows: operations with a group's scale then run along contiguous memory
        weights = np.array(groups[part].T, order="C")  # a copy, divided below
        # squares of weights that float16 scales cannot represent exceed float32's range too
        unit = np.float32(2.0 ** (np.frexp(np.abs(weights).max(initial=0))[1] - 1) if levels.wide else 1)
        weights /= unit
        scales[part], zeros[part] = _search(weights, levels) if levels.clip else next(_covering(weights, levels))
        scales[part] = np.maximum(scales[part] * unit, np.finfo(np.float32).tiny)
    return scales, zeros


def _covering(weights: Matrix, levels: Levels) -> Iterator[tuple[Matrix, Matrix]]:
    """Yield scales [n] that reach the largest weights [width, n], with each zero point worth trying, best guess first.

    A group of one value gets it as its scale, so its precision is that of the scale.
    """
    top, bottom = weights.max(axis=0), weights.min(axis=0)
    constant = np.where(top == bottom, np.abs(top), 0)
    top, bottom = np.maximum(top, 0), np.minimum(bottom, 0)
    if levels.symmetric:
        scales = np.maximum(top / np.float32(levels.highest), bottom / np.float32(levels.lowest))
        yield levels.stored(np.where(constant, constant, scales)), np.zeros_like(scales)
        return
    scales = levels.stored(np.where(constant, constant, top / levels.highest - bottom / levels.highest))
    exact = np.clip(-bottom / scales, 0, levels.highest)
    yield scales, np.rint(exact)
    if levels.clip and levels.bits <= 3:
        yield scales, np.where(np.rint(exact) == np.floor(exact), np.ceil(exact), np.floor(exact))


def _search(weights: Matrix, levels: Levels) -> tuple[Matrix, Matrix]:
    """Return the scale and the zero point, both [n], of least squared error for weights [width, n]."""
    width, count = weights.shape
    sample = weights[:: max(1, width * count // _SAMPLE)]
    shrink = _SHRINK[levels.bits] ** (1 if width <= _NARROW else 2)
    ratios = np.geomspace(1, shrink, _STEPS[levels.bits], dtype=np.float32)
    least = np.full(count, np.inf, np.float32)
    scales, zeros = np.ones(count, np.float32), np.zeros(count, np.float32)

    def keep_better(tried: Matrix, zero: Matrix) -> None:
        error = _squared_error(sample, tried, zero, levels)
        better = error < least
        for kept, new in ((least, error), (scales, tried), (zeros, zero)):
            np.copyto(kept, new, where=better)

    for covering, zero in _covering(weights, levels):
        for ratio in ratios:
            keep_better(levels.stored(covering * ratio), zero)
    for _ in range(_REFITS):
        codes = _centred(sample, scales, zeros, levels)
        squares = np.einsum("ij,ij->j", codes, codes)
        products = np.einsum("ij,ij->j", codes, sample)
        fitted = np.divide(products, squares, out=scales.copy(), where=squares > 0)
        keep_better(levels.stored(fitted), zeros.copy())
    return scales, zeros


def _centred(weights: Matrix, scales: Matrix, zeros: Matrix, levels: Levels) -> Matrix:
    """Return the codes minus the zero point, as float32: the factor of the scale."""
    codes: Matrix = weights / scales
    np.rint(codes, out=codes)
    np.maximum(codes, levels.lowest - zeros, out=codes)
    return np.minimum(codes, levels.highest - zeros, out=codes)


def _squared_error(weights: Matrix, scales: Matrix, zeros: Matrix, levels: Levels) -> Matrix:
    difference = _centred(weights, scales, zeros, levels)
    difference *= scales
    difference -= weights
    error: Matrix = np.einsum("ij,ij->j", difference, difference)
    return error
