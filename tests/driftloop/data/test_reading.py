"""What is declared about how files are written."""

import pytest

from driftloop.data.reading import Reading


def test_reading_refuses_what_makes_no_sense():
    for wrong in ({"decimal": ",", "thousands": ","}, {"separator": "ab"}, {"encoding": "klingon"}, {"thousands": "x"}):
        with pytest.raises(ValueError, match=r"must|not known"):
            Reading(**wrong)
