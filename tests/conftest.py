"""What holds for every test: a random generator of its own, and no property that fails for its time alone."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# Neither a deadline for an example nor a limit for making one: both depend on what else the machine does.
settings.register_profile("driftloop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("driftloop")


@pytest.fixture
def rng() -> np.random.Generator:
    """A new generator for each test: what it draws does not depend on which tests ran before."""
    return np.random.default_rng(1)
