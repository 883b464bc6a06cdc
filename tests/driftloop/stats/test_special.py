"""scipy.special without numpy's Fortran wrapper and test tools."""

import subprocess
import sys

CODE = """
import sys
import driftloop.stats.distributions
import numpy
print(sorted({"numpy.f2py", "numpy.testing", "unittest", "scipy.special"} & set(sys.modules)))
print("testing" in dir(numpy), "f2py" in dir(numpy), numpy.testing.assert_equal(1, 1))
from scipy._lib._array_api import array_namespace, xp_assert_close
from scipy import stats
print(array_namespace(numpy.ones(1)).__name__, round(float(stats.norm.sf(1.96)), 4))
xp_assert_close(numpy.ones(2), numpy.ones(2))
"""


def test_what_scipy_does_not_use_is_not_loaded_and_is_there_when_it_is_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "['scipy.special']",
        "True True None",
        "scipy._lib.array_api_compat.numpy 0.025",
    ]
