"""The boxes in Azure Table Storage: row `alerts` of a model's partition in the table `states`."""

from typing import TYPE_CHECKING

import msgspec

from driftloop.ledger.ledger import LedgerConflictError
from function_app.alerts.box import Box
from function_app.storage.error_codes import code_of
from function_app.storage.packed_rows import packed, unpacked

if TYPE_CHECKING:
    from azure.data.tables import TableEntity, TableServiceClient

ROW = "alerts"


class BoxRows:
    """Reads and writes boxes. Its methods raise Azure's errors, and LedgerError for a row that cannot be read."""

    def __init__(self, service: "TableServiceClient") -> None:
        self._table = service.get_table_client("states")

    def read(self, model: str) -> Box:
        """A model's box; an empty one where there is none."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return _box(self._table.get_entity(model, ROW))
        except ResourceNotFoundError as error:
            if code_of(error) == "TableNotFound":
                raise
            return Box(model)

    def all(self) -> dict[str, Box]:
        """Every model's box, by the model's name."""
        found = [_box(row) for row in self._table.query_entities("RowKey eq @row", parameters={"row": ROW})]
        return {box.model: box for box in found}

    def write(self, box: Box) -> Box:
        """The box with its new ETag.

        Parameters
        ----------
        box : Box
            With the ETag that it was read with; none where there was no row.

        Raises
        ------
        LedgerConflictError
            Another process was faster.
        """
        from azure.core import MatchConditions
        from azure.core.exceptions import HttpResponseError
        from azure.data.tables import UpdateMode

        row = {"PartitionKey": box.model, "RowKey": ROW, "waiting": len(box.waiting), **packed(box)}
        try:
            if box.etag:
                answer = self._table.update_entity(
                    row, mode=UpdateMode.REPLACE, etag=box.etag, match_condition=MatchConditions.IfNotModified
                )
            else:
                answer = self._table.create_entity(row)
        except HttpResponseError as error:
            if error.status_code in (404, 409, 412):
                raise LedgerConflictError(f"alerts of {box.model}: another process was faster") from error
            raise
        return msgspec.structs.replace(box, etag=str(answer["etag"]))


def _box(row: "TableEntity") -> Box:
    return msgspec.structs.replace(unpacked(row, Box), etag=str(row.metadata["etag"]))
