"""What a report says beside the check itself, as plain data: whose check it was, what came before, what came of it."""

from __future__ import annotations

from typing import Literal

import msgspec

VerdictName = Literal["stable", "drift", "incident", "insufficient"]


class PastCheck(msgspec.Struct, frozen=True):
    """One check in the picture of the evidence, the oldest first.

    name : of its window, or a date; what a reader knows it by.
    verdict : as it was given.
    p : the chance of its evidence without drift; None where there was none (an incident, too few records).
    """

    name: str
    verdict: VerdictName
    p: float | None = None


class Started(msgspec.Struct, frozen=True):
    """One step of what the check started: what it is, what is known of it, and where it is seen.

    kind : drift, run, job, model, deployment, or any other word, which is then shown as it stands.
    text : e.g. an identifier and how it ended.
    url : shown as a link where it is https:// or http://, otherwise left out.
    """

    kind: str
    text: str
    url: str | None = None


class ModelError(msgspec.Struct, frozen=True):
    """What labels said of the model's error.

    before : mean error on the model's own holdout.
    growth : of the mean error since then, relative: 0.2 is a fifth more.
    labels : labelled records that this rests on.
    p, alarm : the chance of such growth without any, and at or below which the model counts as degraded.
    classes : whether an error is a share of wrong answers.
    """

    before: float
    growth: float
    labels: int
    p: float
    alarm: float
    unit: str = ""
    classes: bool = False

    @property
    def after(self) -> float:
        """The mean error over the labelled records."""
        return self.before * (1 + self.growth)


class ReportContext(msgspec.Struct, frozen=True):
    """What a caller may hand over to `to_html`, `to_markdown` and `to_document`; all of it is optional.

    title : instead of the model's name.
    model, model_version : whose data this is.
    check_id : names the check.
    baseline_name, window_name : files or folders, as the reader knows them.
    made_at : when the check was made, ISO 8601.
    history : earlier checks and this one, oldest first.
    started : what was started and what came of it.
    error : what labels said of the model's error.

    Examples
    --------
    >>> ReportContext(model="price", started=(Started("run", "train 17: success", "https://example.org/17"),)).model
    'price'
    """

    title: str | None = None
    model: str | None = None
    model_version: str | None = None
    check_id: str | None = None
    baseline_name: str | None = None
    window_name: str | None = None
    made_at: str | None = None
    history: tuple[PastCheck, ...] = ()
    started: tuple[Started, ...] = ()
    error: ModelError | None = None
