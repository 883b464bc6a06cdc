"""What the dashboard shows, read from the storage account: for the function app, and for `driftloop dashboard`."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from driftloop.config.document import read_document
from driftloop.config.models import Config, Model, parse
from driftloop.dashboard.source import SetAside, SetAsideFiles
from driftloop.errors import LedgerError
from driftloop.events import InService
from driftloop.ledger.ledger import Ledger
from driftloop.validation import UNREADABLE
from function_app.incoming.quarantine import CONTAINER, SUFFIX
from function_app.incoming.sources import expression, prefixes
from function_app.runtime import Runtime
from function_app.scoring.locating import PLACE
from function_app.storage.accounts import Storage
from function_app.storage.error_codes import code_of
from function_app.storage.model_blobs import ModelBlobs

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

_READERS = 8  # notes that are read at once
_LISTED = 5_000  # names of one listing that are looked at: one answer of the service


class _Note(msgspec.Struct, frozen=True):
    file: str | None = None
    reason: str | None = None
    at: str | None = None
    check_id: str | None = None


@dataclass(frozen=True)
class AccountSource:
    """A `driftloop.dashboard.source.Source` in one storage account. Storage's errors are raised as LedgerError."""

    config: Config
    schedule: str | None
    storage: Storage
    ledger: Ledger
    studio: str | None = None

    @classmethod
    def of(cls, runtime: Runtime) -> "AccountSource":
        """What the function app watches. Raises ConfigError."""
        return cls(runtime.config, runtime.schedule, runtime.storage, runtime.ledger, studio_of(runtime.environ))

    @property
    def account(self) -> str | None:
        """`<name>.blob.core.windows.net`; on the laptop the path names it."""
        url = urlsplit(self.storage.blobs.url)
        host = url.hostname or ""
        return url.path.strip("/") or None if host == "127.0.0.1" else host.partition(".")[0] or None

    def in_service(self, model: str) -> InService | None:
        with _storage_errors("baselines"):
            return ModelBlobs(self.storage, model).in_service()

    def report(self, model: str, check_id: str) -> bytes | None:
        with _storage_errors("reports"):
            return ModelBlobs(self.storage, model).report_page(check_id)

    def set_aside(self, models: Sequence[Model], most: int) -> SetAsideFiles:
        """The notes of these models' files; of many models those whose names come first."""
        with _storage_errors(CONTAINER):
            container = self.storage.container(CONTAINER)
            wanted = _prefixes(models[0]) if len(models) == 1 else [""]
            names = [name for prefix in wanted for name in _names(container, prefix)]
            if len(models) == 1:
                names = [name for name in names if _owner(name.removesuffix(SUFFIX), models) is not None]
            shown = sorted(set(names))[:most]
            with ThreadPoolExecutor(_READERS) as pool:
                bodies = list(pool.map(lambda name: _read_note(container, name), shown))
        files = [_set_aside(name, body, models) for name, body in zip(shown, bodies, strict=True) if body is not None]
        return SetAsideFiles(tuple(files), len(names) > most)


def open_source(file: Path, environ: Mapping[str, str]) -> AccountSource:
    """What `driftloop dashboard` shows: the account that the environment names, as the application settings do.

    Parameters
    ----------
    file : Path
        The driftloop.toml; variables of dispatch targets may be missing, nothing is sent.
    environ : Mapping[str, str]
        `DRIFTLOOP_STORAGE__...`, and what `DefaultAzureCredential` signs in with.

    Raises
    ------
    ConfigError
        The file or a setting is not as it should be.
    """
    from function_app.storage.ledger_table import TableLedger

    config = parse(read_document(file), str(file), environ, sends=False)
    storage = Storage.from_environment(environ)
    schedule = environ.get("DRIFT_CHECK_SCHEDULE") or None
    return AccountSource(config, schedule, storage, TableLedger(storage.tables), studio_of(environ))


def studio_of(environ: Mapping[str, str]) -> str | None:
    """The workspace as Azure Machine Learning's studio names it in its addresses; None where a setting is missing.

    Examples
    --------
    >>> studio_of(dict(zip(PLACE, ("1", "g", "w"), strict=True)))
    '/subscriptions/1/resourceGroups/g/workspaces/w'
    """
    subscription, group, workspace = (environ.get(name) for name in PLACE)
    if not (subscription and group and workspace):
        return None
    return f"/subscriptions/{subscription}/resourceGroups/{group}/workspaces/{workspace}"


@contextmanager
def _storage_errors(what: str) -> Iterator[None]:
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        code = code_of(error) or type(error).__name__
        raise LedgerError(
            f"blob storage refused or did not answer ({code}) for {what}: check the account, its firewall and the role "
            "Storage Blob Data Reader"
        ) from error


def _names(container: "ContainerClient", prefix: str) -> list[str]:
    listed = container.list_blob_names(name_starts_with=prefix or None)
    return [name for name in islice(listed, _LISTED) if name.endswith(SUFFIX)]


def _read_note(container: "ContainerClient", name: str) -> _Note | None:
    """The note; an empty one where it cannot be read, None where it was deleted meanwhile."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return msgspec.json.decode(container.download_blob(name).readall(), type=_Note)
    except ResourceNotFoundError:
        return None
    except UNREADABLE:
        return _Note()


def _set_aside(name: str, note: _Note, models: Sequence[Model]) -> SetAside:
    path = name.removesuffix(SUFFIX)
    owner = _owner(path, models)
    return SetAside(note.file or path, name, note.reason, note.at, note.check_id, owner)


@lru_cache(maxsize=8_192)  # of a fleet: each model has two patterns or three
def _read_pattern(pattern: str) -> tuple[str, str]:
    """A pattern without its container, and the text before its first wildcard."""
    path = pattern.partition("/")[2]
    return path, prefixes(path)[0]


def _patterns(model: Model) -> list[tuple[str, str]]:
    return [_read_pattern(pattern) for pattern in (model.records, model.labels, model.predictions) if pattern]


def _prefixes(model: Model) -> list[str]:
    return sorted({prefix for _, prefix in _patterns(model)})


def _owner(path: str, models: Sequence[Model]) -> str | None:
    """The first model of whose patterns one fits a file's path without its container."""
    for model in models:
        for pattern, prefix in _patterns(model):
            if path.startswith(prefix) and expression(pattern).fullmatch(path):
                return model.name
    return None
