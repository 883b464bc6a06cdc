"""Whose fault an error is: a file's, for what it holds, or storage's and the machine's; and what is said of a file.

Whatever is wrong with a file's content costs that file, never the others. What storage or memory refuses is no file's
fault, and is raised.
"""

import re

from driftloop.errors import InputError
from function_app.incoming.blob_file import VanishedError
from function_app.incoming.sources import File

_NESTED = re.compile(r"<.*>", re.DOTALL)  # a nested type is written with the names of its fields, which are the file's


class BrokenFileError(Exception):
    """A file that was already being handed on turned out to be broken, or to have been written again (`vanished`)."""

    def __init__(self, file: File, reason: str, *, vanished: bool = False) -> None:
        super().__init__(reason)
        self.file, self.reason, self.vanished = file, reason, vanished


def is_of_content(error: BaseException) -> bool:
    """Whether an error comes from what a file holds, and not from storage, the machine, or a process that is ending."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if not _may_come_from_content(cause):
            return False
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return True


def _may_come_from_content(error: BaseException) -> bool:
    from azure.core.exceptions import AzureError

    if isinstance(error, AzureError | MemoryError | ImportError):
        return False
    if isinstance(error, OSError):
        return error.errno is None  # readers raise it of damaged files, too; the system names an error by number
    if isinstance(error, RuntimeError):
        return isinstance(error, RecursionError | NotImplementedError)  # the rest: no thread, an executor shut down
    return isinstance(error, Exception)


def is_vanished(error: BaseException) -> bool:
    """Whether a file was written again, or deleted, while it was read."""
    # A reader that takes every OSError for a damaged file still has it as the context of its own error.
    return isinstance(error, VanishedError) or isinstance(error.__context__, VanishedError)


def reason_of(file: File, error: Exception) -> str:
    """For a person: our own sentences as they are; of others the kind only, because their text may quote the file."""
    if not isinstance(error, InputError):
        return f"{file.path}: cannot be read ({type(error).__name__})"
    text = _NESTED.sub("<…>", str(error))
    return text if file.path in text else f"{file.path}: {text}"
