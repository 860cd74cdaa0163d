"""GPTQ follows the paper's equations, and its codes lose less of a layer's output than round-to-nearest's."""

import numpy as np
import pytest
from numpy.typing import NDArray

from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.gptq import gptq, invert, output_error
from xnai_pipelines.models.quantization.grids import GroupGrid
from xnai_pipelines.models.quantization.rate import RowSteps
from xnai_pipelines.models.quantization.rounding import Levels

STEP = 0.25


def layer(rows: int, columns: int, tokens: int = 600) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """A weight, and the Hessian of inputs that go together as a network's do."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(tokens, columns)) @ generator.normal(size=(columns, columns)) / columns**0.5
    inputs *= generator.uniform(0.2, 3, columns)
    return generator.normal(size=(rows, columns)).astype(np.float32), 2 / tokens * inputs.T @ inputs


def uniform(weight: NDArray[np.float32]) -> RowSteps:
    return RowSteps(np.full(len(weight), STEP, dtype=np.float32))


def by_the_paper(
    weight: NDArray[np.float32], hessian: NDArray[np.float64], order: NDArray[np.int32], damping: float
) -> NDArray[np.float64]:
    """Equations 2 and 3, a column at a time, the inverse updated by Gaussian elimination: slow and plain."""
    left = weight.astype(np.float64)
    damped = hessian + damping * np.diagonal(hessian).mean() * np.eye(len(hessian))
    inverse = np.linalg.inv(damped)
    for q in order:
        rounded = np.rint(left[:, q] / STEP) * STEP
        error = (left[:, q] - rounded) / inverse[q, q]
        left -= np.outer(error, inverse[q])
        left[:, q] = rounded
        inverse -= np.outer(inverse[:, q], inverse[q]) / inverse[q, q]
        inverse[q], inverse[:, q] = 0, 0
        inverse[q, q] = 1  # done: no later error reaches it
    return left


@pytest.mark.parametrize("columns", [24, 300])
def test_codes_are_those_of_the_papers_equations(columns: int) -> None:
    weight, hessian = layer(16, columns)
    inverse = invert(hessian, damping=0.1)
    codes, restored = gptq(weight, inverse, uniform(weight))
    np.testing.assert_array_equal(restored, codes * np.float32(STEP))
    expected = by_the_paper(weight, hessian, inverse.order, damping=0.1)
    # In float32 a weight may fall to the other side of a boundary, and what follows it too.
    assert np.mean(np.isclose(restored, expected)) > 0.98


def test_the_order_is_that_of_the_largest_inputs() -> None:
    hessian = np.diag([1.0, 9.0, 4.0])
    np.testing.assert_array_equal(invert(hessian).order, [1, 2, 0])


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("symmetric", [True, False])
def test_the_output_loses_less_than_by_rounding(bits: int, symmetric: bool) -> None:
    weight, hessian = layer(32, 200)
    levels = Levels(bits, symmetric=symmetric, clip=True)
    errors = []
    # A Hessian of the identity leaves no error to make up for: round-to-nearest, in the same groups.
    for known in (hessian, np.eye(200)):
        _, restored = gptq(weight, invert(known), GroupGrid(levels, 64))
        errors.append(output_error(weight, restored, hessian))
    assert errors[0] < 0.8 * errors[1]


def test_without_correlation_gptq_is_rounding() -> None:
    weight, _ = layer(8, 150)
    codes, _ = gptq(weight, invert(np.eye(150)), uniform(weight))
    np.testing.assert_array_equal(codes, np.rint(weight / STEP))


def test_inputs_that_are_always_zero_and_too_few_tokens_are_borne() -> None:
    weight, hessian = layer(8, 60, tokens=10)
    hessian[:, 5] = hessian[5] = 0
    _, restored = gptq(weight, invert(hessian), uniform(weight))
    assert np.isfinite(restored).all()
    assert np.abs(restored - weight).max() < 60


def test_damping_rises_until_the_hessian_can_be_factored() -> None:
    _, hessian = layer(1, 40)
    hessian -= 0.05 * np.diagonal(hessian).mean() * np.eye(40)  # as rounding errors leave it, only more so
    assert np.linalg.eigvalsh(hessian).min() < -0.01 * np.diagonal(hessian).mean()
    assert np.isfinite(invert(hessian, damping=0.001).upper).all()


def test_a_hessian_that_no_damping_mends_is_refused() -> None:
    with pytest.raises(QuantizationError, match="not positive definite"):
        invert(np.array([[1.0, 1e9], [1e9, 1.0]]))


def test_activations_that_overflowed_are_refused() -> None:
    with pytest.raises(QuantizationError, match="infinities or NaN"):
        invert(np.array([[np.inf, 0.0], [0.0, 1.0]]))
