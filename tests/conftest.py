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


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--without azurite`: for an interpreter or a machine that has not all that the whole suite needs."""
    parser.addoption("--without", action="append", default=[], metavar="FIXTURE", help="leave out tests that need it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects the tests that need a fixture that is named in `--without`."""
    missing = set(config.getoption("--without"))
    left_out = [item for item in items if missing.intersection(getattr(item, "fixturenames", ()))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
