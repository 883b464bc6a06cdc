"""Rows of table storage: their keys, and what is made of an answer that is none."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ServiceRequestError

from driftloop.errors import LedgerError
from function_app.storage.row_writes import ledger_errors, newest_first

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_an_answer_without_what_it_must_hold_is_an_error_of_the_ledger() -> None:
    with pytest.raises(LedgerError, match=r"no readable answer for m \(KeyError\)"), ledger_errors("m"):
        raise KeyError("etag")
    with (
        pytest.raises(LedgerError, match=r"refused or did not answer \(ServiceRequestError\) for m:"),
        ledger_errors("m"),
    ):
        raise ServiceRequestError("no connection")


def test_later_rows_sort_first_and_names_tell_those_of_one_microsecond_apart() -> None:
    keys = [newest_first(NOW + timedelta(microseconds=later), name) for later, name in ((1, "b"), (0, "a"), (0, "b"))]
    assert keys == sorted(keys)
    assert keys[1] == f"{10**17 - int(NOW.timestamp()) * 10**6:017}-a"
