"""A matrix of which one half is written is like any other, and takes half of its memory."""

from pathlib import Path

import pytest

from driftloop.profile.memory import LARGE_BYTES, half_written

WIDTH = 4_000
"""128 MB: large enough that the half stands out beside what else a process holds."""


def resident() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@pytest.mark.parametrize("width", [3, WIDTH])
def test_what_is_written_is_read(width):
    matrix = half_written(width)
    assert matrix.shape == (width, width)
    matrix[1, 1:] = 2.5
    matrix[0, 0] = 1.0
    assert (matrix[0, 0], matrix[1, -1]) == (1.0, 2.5)
    assert matrix.flags.c_contiguous
    assert matrix.flags.writeable


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell what is resident")
def test_the_half_that_is_not_written_takes_no_memory():
    assert 8 * WIDTH * WIDTH > LARGE_BYTES
    before = resident()
    matrix = half_written(WIDTH)
    for row in range(WIDTH):
        matrix[row, row:] = 1.0
    grown = resident() - before
    assert 0.4 * matrix.nbytes < grown < 0.65 * matrix.nbytes
