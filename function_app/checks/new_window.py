"""The new files of one model against the baseline in service: compared, set aside where they are broken, reported."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.events import InService
from driftloop.ledger.ledger import Ledger
from driftloop.ledger.model_state import ModelState
from function_app.checks import check_results
from function_app.checks.check_results import CheckResult
from function_app.checks.comparing import Compared, Comparing
from function_app.checks.holding import hold_of, with_impact
from function_app.checks.report_context import report_context
from function_app.checks.window_row import record_of
from function_app.incoming.quarantine import Quarantine
from function_app.incoming.watermark import Selection
from function_app.labels.labelled_window import read_with_labels
from function_app.retraining.epochs import evidence_for
from function_app.storage.model_blobs import ModelBlobs

if TYPE_CHECKING:
    from driftloop.ledger.ledger import CheckRecord
    from function_app.storage.accounts import Storage


def settle_of(model: Model) -> timedelta:
    """How long a file of the model may still be written."""
    return timedelta(seconds=model.settle_seconds)


@dataclass(frozen=True)
class NewWindow:
    """Looks at the new files of one model, and writes the report of what it sees."""

    model: Model
    storage: "Storage"
    ledger: Ledger
    blobs: ModelBlobs
    quarantine: Quarantine
    clock: Callable[[], datetime]

    def check(self, state: ModelState, pointer: InService, selection: Selection, now: datetime) -> CheckResult:
        """The new files against the baseline: compared, set aside where they are broken, reported."""
        baseline = self.blobs.baseline(pointer)
        notes = self.quarantine.notes(self.model.records)
        evidence = evidence_for(state, pointer)
        comparing = Comparing(self.storage, self.model, baseline, now)
        compared = comparing.compare(selection.files, state.watermark, evidence)
        if compared.verdict == "drift" and compared.result is not None:
            files = list(compared.reading.read)
            result = with_impact(
                compared.result,
                self.model,
                self.blobs,
                pointer,
                lambda: read_with_labels(self.storage, self.model, baseline.schema, files, self.clock),
            )
            compared = replace(compared, result=result)
            state = msgspec.structs.replace(state, hold=hold_of(self.model, result.estimated, state.performance))
        check = record_of(compared, self.model, pointer, selection, now=now, schema=baseline.schema)
        check = msgspec.structs.replace(check, report=self._report(check, compared, state, pointer))
        state = msgspec.structs.replace(state, notes=check_results.notes_of(compared, notes))
        return check_results.of_window(
            compared,
            state,
            pointer,
            check,
            evidence=evidence,
            settle=settle_of(self.model),
            selection=selection,
        )

    def _report(self, check: "CheckRecord", compared: Compared, state: ModelState, pointer: InService) -> str | None:
        if compared.result is None:
            return None
        from driftloop.report.html import render
        from driftloop.report.words.language import choose_language

        summary = {
            "check_id": check.check_id,
            "model": self.model.name,
            "baseline_version": pointer.version,
            **compared.result.to_dict(),
        }
        files = [file.path for file in compared.reading.read]
        context = report_context(
            check, files, self.model, ledger=self.ledger, blobs=self.blobs, state=state, pointer=pointer
        )
        page = render(compared.result, self.blobs.baseline(pointer), compared.window, context, choose_language())
        return self.blobs.report(check.check_id, summary, page)
