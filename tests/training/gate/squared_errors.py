"""Predictions by hand, and the gate's paired tests of their squared errors."""

from collections.abc import Sequence

import numpy as np

from training.gate import paired_tests
from training.gate.paired_tests import Improvement
from training.tasks.task import Vector


def vector(values: Sequence[float]) -> Vector:
    """Values as the gate takes them."""
    return np.array(values, dtype=np.float64)


def improvement(target: Vector, challenger: Vector, reference: Vector, level: float) -> Improvement:
    """What the paired tests say of squared errors."""
    return paired_tests.improvement((target - challenger) ** 2, (target - reference) ** 2, level)
