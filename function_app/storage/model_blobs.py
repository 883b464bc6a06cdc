"""What the other parts leave for the function app in the storage account, and what it leaves for them: pointer,
baseline, outcomes, reports.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.errors import BaselineError, InputError
from driftloop.events import InService, Outcome, PutBack, read_in_service, read_outcome, read_put_back
from driftloop.validation import UNREADABLE
from function_app.storage.error_codes import code_of

if TYPE_CHECKING:
    from driftloop import Baseline
    from driftloop.sequential.label_shift import LabelSummary
    from driftloop.sequential.model_error import ErrorMoments
    from function_app.storage.accounts import Storage


class _Metrics(msgspec.Struct, frozen=True):
    holdout_errors: dict[str, Any] | None = None
    holdout_labels: dict[str, Any] | None = None


@dataclass(frozen=True)
class Holdout:
    """The errors of the version in service on its own holdout, and the outcomes there; None where it was registered
    without them.
    """

    errors: "ErrorMoments | None" = None
    labels: "LabelSummary | None" = None


@dataclass(frozen=True)
class ModelBlobs:
    """The blobs of one model, by the paths of docs/architecture.md."""

    storage: "Storage"
    model: str

    def in_service(self) -> InService | None:
        """The pointer to the version that takes all traffic; None before the first deployment.

        Raises InputError when it is damaged.
        """
        path = f"{self.model}/in-service.json"
        content = _read(self.storage, "baselines", path)
        return None if content is None else read_in_service(content, f"baselines/{path}")

    def baseline(self, pointer: InService) -> "Baseline":
        """The baseline of the version in service.

        Parameters
        ----------
        pointer : InService
            Of the version in service: it names the hash.

        Raises
        ------
        BaselineError
            It is missing, damaged, or not what the pointer names.
        """
        path = f"{self.model}/{pointer.version}.parquet"
        return _baseline(self.storage, path, pointer.baseline_sha256)

    def holdout(self, pointer: InService) -> Holdout:
        """What the version in service was registered with, of its own holdout.

        Parameters
        ----------
        pointer : InService
            Of the version in service.

        Returns
        -------
        Holdout
            Without errors and labels where the version was registered without them.

        Raises
        ------
        InputError
            The file is damaged.
        """
        path = f"{self.model}/{pointer.version}.metrics.json"
        content = _read(self.storage, "baselines", path)
        if content is None:
            return Holdout()
        from driftloop.sequential.label_shift import LabelSummary
        from driftloop.sequential.model_error import ErrorMoments

        try:
            found = msgspec.json.decode(content, type=_Metrics)
            errors = None if found.holdout_errors is None else msgspec.convert(found.holdout_errors, ErrorMoments)
            labels = None if found.holdout_labels is None else msgspec.convert(found.holdout_labels, LabelSummary)
        except UNREADABLE as error:
            raise InputError(f"baselines/{path}: {error}: deploy the model again") from None
        return Holdout(errors, labels)

    def holdout_records(self, pointer: InService) -> "Baseline | None":
        """Records of the holdout with the error of the version in service on each, as it was registered.

        Parameters
        ----------
        pointer : InService
            Of the version in service.

        Returns
        -------
        Baseline | None
            None where the version was registered without them.

        Raises
        ------
        BaselineError
            The file is damaged.
        """
        content = _read(self.storage, "baselines", f"{self.model}/{pointer.version}.holdout.parquet")
        if content is None:
            return None
        from driftloop import Baseline

        return Baseline.from_bytes(content)

    def put_back(self) -> PutBack | None:
        """The last deployment that failed and was undone; None where none has.

        Raises InputError when the note is damaged.
        """
        path = f"{self.model}/put-back.json"
        content = _read(self.storage, "baselines", path)
        return None if content is None else read_put_back(content, f"baselines/{path}")

    def outcome(self, drift_id: str) -> Outcome | None:
        """How the run of this drift ended; None while it has not.

        Parameters
        ----------
        drift_id : str
            As the run was given it.

        Raises
        ------
        InputError
            The file is damaged: that is no outcome, and no failure either.
        """
        content = _read(self.storage, "outcomes", f"{drift_id}.json")
        return None if content is None else read_outcome(content, f"outcomes/{drift_id}.json")

    def report_page(self, check_id: str) -> bytes | None:
        """The page of a check that was stored; None where there is none.

        Parameters
        ----------
        check_id : str
            Of a check of this model.
        """
        return _read(self.storage, "reports", f"{self.model}/{check_id}.html")

    def report(self, check_id: str, summary: dict[str, Any], page: str | None) -> str:
        """Stores what a check found, for people.

        Parameters
        ----------
        check_id : str
            It names the files.
        summary : dict[str, Any]
            Plain values, stored as JSON.
        page : str | None
            HTML; None where there is none.

        Returns
        -------
        str
            The page's path; the JSON's where there is no page.
        """
        stem = f"{self.model}/{check_id}"
        _write(self.storage, "reports", f"{stem}.json", msgspec.json.encode(summary), "application/json")
        if page is not None:
            _write(self.storage, "reports", f"{stem}.html", page.encode(), "text/html; charset=utf-8")
        return f"reports/{stem}.{'json' if page is None else 'html'}"


@lru_cache(maxsize=16)  # by hash, so a replaced baseline is never taken for the old one
def _baseline(storage: "Storage", path: str, expected: str) -> "Baseline":
    from driftloop import Baseline

    content = _read(storage, "baselines", path)
    if content is None:
        raise BaselineError(f"baselines/{path} does not exist, though in-service.json names it: deploy the model again")
    found = sha256(content).hexdigest()
    if found != expected:
        raise BaselineError(
            f"baselines/{path} is not what in-service.json names ({found[:12]}, not {expected[:12]}): deploy the "
            "model again"
        )
    return Baseline.from_bytes(content)


def _read(storage: "Storage", container: str, path: str) -> bytes | None:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        content: bytes = storage.container(container).download_blob(path).readall()
    except ResourceNotFoundError as error:
        if code_of(error) != "BlobNotFound":
            raise  # a missing container is a broken installation, not a missing blob
        return None
    return content


def _write(storage: "Storage", container: str, path: str, content: bytes, content_type: str) -> None:
    from azure.storage.blob import ContentSettings

    storage.container(container).upload_blob(
        path, content, overwrite=True, content_settings=ContentSettings(content_type=content_type)
    )
