"""Schedules, as the Functions host's own library answered for them."""

import pytest

from tests.contracts.ncrontab_contract import PUBLISHED, SAMPLE, disagreement, lines


def test_a_sample_of_schedules_is_read_as_the_functions_host_reads_it() -> None:
    sample = lines(SAMPLE)
    assert len(sample) == 200
    assert [found for found in map(disagreement, sample) if found] == []


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the whole list lies beside the repository, not in it")
def test_every_schedule_of_the_contract_is_read_as_the_functions_host_reads_it() -> None:
    whole = lines(PUBLISHED)
    assert len(whole) > 1000
    assert [found for found in map(disagreement, whole) if found] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"expression": "0 0 6 * * 1", "after": "2026-11-23T06:00:00Z", "refused": "..."},
        {"expression": "0 0 6 * * 7", "after": "2026-11-23T06:00:00Z", "ticks": ["2026-11-29T06:00:00Z"]},
        {"expression": "0 0 6 * * 1", "after": "2026-11-23T06:00:00Z", "ticks": ["2026-11-29T06:00:00Z"]},
        {"expression": "0 0 6 * * *", "after": "2026-11-23T06:00:00Z", "ticks": ["2026-11-25T06:00:00Z"]},
        {"expression": "0 0 6 * * *", "after": "2026-11-23T06:00:00Z", "ticks": []},
    ],
)
def test_a_difference_is_found(wrong: dict[str, object]) -> None:
    assert disagreement(wrong)
