"""Assets show figures that a person can read."""

from dataclasses import dataclass

import pytest

from xnai_pipelines.defs.metadata import result


@dataclass(frozen=True, slots=True)
class Report:
    share: float
    seconds: float
    count: int
    whole: bool


@pytest.mark.parametrize(
    ("value", "shown"),
    [(2 / 3, 0.6667), (1234.56789, 1234.5679), (1.23456789e-6, 1.235e-6), (-0.000123456, -0.0001235), (0.0, 0.0)],
    ids=str,
)
def test_floats_are_rounded_and_small_ones_keep_their_digits(value, shown):
    entries = result(Report(value, 1.23456, 7, True), "r", **{"figures/one": value}).metadata
    assert entries == {"share": shown, "seconds": 1.23, "count": 7, "whole": True, "figures/one": shown}
