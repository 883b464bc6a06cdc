"""Whose fault an error is."""

import pyarrow as pa
import pytest
from azure.core.exceptions import ServiceResponseError

from driftloop.errors import InputError
from function_app.incoming.file_faults import is_of_content


@pytest.mark.parametrize(
    ("error", "content"),
    [
        (InputError("torn"), True),
        (ValueError("x"), True),
        (RecursionError(), True),
        (NotImplementedError(), True),
        (KeyError("x"), True),
        (pa.ArrowInvalid("x"), True),
        (OSError("not a gzipped file"), True),
        (OSError(24, "too many open files"), False),
        (RuntimeError("cannot schedule new futures after interpreter shutdown"), False),
        (ImportError("x"), False),
        (MemoryError(), False),
        (ServiceResponseError("x"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_whose_fault_an_error_is(error: BaseException, content: bool) -> None:
    assert is_of_content(error) is content
    wrapped = InputError("cannot be read")
    wrapped.__context__ = error
    assert is_of_content(wrapped) is content
