"""One mark for each model in the table `states`: a check was asked for, and waits in the queue."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from driftloop.ledger.ledger import LedgerConflictError
from driftloop.times import format_time, parse_time
from function_app.storage.error_codes import code_of

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient

ROW = "waiting"


@dataclass(frozen=True)
class Mark:
    """A check of `model` was asked for at `asked_at`; its message is seen from `seen_at` on, if it was sent."""

    model: str
    asked_at: datetime
    seen_at: datetime
    confirmed: bool = False
    etag: str = ""


class Marks:
    """The marks of all models. Its methods raise Azure's errors."""

    def __init__(self, service: "TableServiceClient") -> None:
        self._table = service.get_table_client("states")

    def read(self, model: str) -> Mark | None:
        """The mark, or None."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            found = self._table.get_entity(model, ROW)
        except ResourceNotFoundError as error:
            if code_of(error) == "TableNotFound":
                raise
            return None
        asked_at, seen_at = (parse_time(str(found[name])) for name in ("asked_at", "seen_at"))
        return Mark(model, asked_at, seen_at, bool(found["confirmed"]), str(found.metadata["etag"]))

    def write(self, mark: Mark, before: Mark | None) -> Mark:
        """Puts `mark` where `before` was.

        Parameters
        ----------
        mark : Mark
            Its ETag does not matter.
        before : Mark | None
            What was read; None where there was none.

        Returns
        -------
        Mark
            The mark, with the ETag that it has now.

        Raises
        ------
        LedgerConflictError
            Another process was faster.
        """
        from azure.core import MatchConditions
        from azure.core.exceptions import HttpResponseError
        from azure.data.tables import UpdateMode

        try:
            if before is None:
                answer = self._table.create_entity(_entity(mark))
            else:
                answer = self._table.update_entity(
                    _entity(mark),
                    mode=UpdateMode.REPLACE,
                    etag=before.etag,
                    match_condition=MatchConditions.IfNotModified,
                )
        except HttpResponseError as error:
            if error.status_code in (404, 409, 412):
                raise LedgerConflictError(f"{mark.model}: another caller was faster") from error
            raise
        return replace(mark, etag=str(answer["etag"]))

    def confirm(self, mark: Mark) -> None:
        """Its message was sent. A mark that another one has replaced, or that the check has removed, is left alone."""
        try:
            self.write(replace(mark, confirmed=True), mark)
        except LedgerConflictError:
            return  # as the docstring says: whoever was faster knows of the check

    def remove(self, model: str) -> None:
        """There is no mark after this."""
        self._table.delete_entity(model, ROW)


def _entity(mark: Mark) -> dict[str, Any]:
    return {
        "PartitionKey": mark.model,
        "RowKey": ROW,
        "asked_at": format_time(mark.asked_at),
        "seen_at": format_time(mark.seen_at),
        "confirmed": mark.confirmed,
    }
