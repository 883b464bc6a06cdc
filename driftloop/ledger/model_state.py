"""What the next check of a model must know, its watermarks included."""

from datetime import datetime

import msgspec

from driftloop.ledger.drifts import Announcement


class FileNote(msgspec.Struct, frozen=True):
    """One version of a file that a check has judged: `reason` says why training must leave it out; None lets it in."""

    file: str
    etag: str
    reason: str | None = None


class Forgotten(msgspec.Struct, frozen=True):
    """Files of one day that were read and are remembered together: how many, and the sum of their keys (16
    hexadecimal digits, modulo 2^64).
    """

    files: int = 0
    keys: str = "0"


class Watermark(msgspec.Struct, frozen=True):
    """Which of a model's files have been read.

    `high`: the newest last-modified time. `seen`: the files that are remembered one by one (a hash of name and ETag
    each, with the last-modified time). `floor`: files as old as that, or older, count as read without being remembered.
    It is None in rows of older versions, which remembered a fixed time before `high`. `contents`: hashes of what was
    read last, each with when, so that a file that is delivered again is not read twice. `forgotten`: those below the
    floor, by the day of their last-modified time; None in rows of older versions, which did not count them.
    """

    high: datetime | None = None
    seen: dict[str, datetime] = {}
    floor: datetime | None = None
    contents: dict[str, datetime] = {}
    forgotten: dict[str, Forgotten] | None = None


class ModelState(msgspec.Struct, frozen=True, kw_only=True):
    """What the next check of a model must know.

    `evidence` and `performance` are the engine's, as JSON; `drift_id` is the drift that this epoch raised.
    `labels_since` moves on when a challenger is rejected: the next retrain needs outcomes that the rejected one did
    not have. `hold`: why the open drift is not sent yet, where its effect on the model decides. `announced`: the
    model versions whose deployment was requested, and by which event. `outbox`: what is not announced yet; `notes`:
    what is not noted yet of files. `starts`: for each of the last windows, by the time of its first record, when its
    records really began, stragglers left out. `deployed`: the version that was in service at the last look, and since
    when. `put_back`: when the last deployment failed that people were told of.
    """

    model: str
    watched_since: datetime
    epoch: int = 0
    baseline_version: str | None = None
    baseline_sha256: str | None = None
    evidence: str | None = None
    watermark: Watermark = Watermark()
    performance: str | None = None
    labels_watermark: Watermark = Watermark()
    labels_since: str | None = None
    newest_record: str | None = None
    cooldown_until: datetime | None = None
    drift_id: str | None = None
    hold: str | None = None
    last_check_id: str | None = None
    last_verdict: str | None = None
    last_checked_at: datetime | None = None
    last_error: str | None = None
    follow_up_at: datetime | None = None
    announced: dict[str, str] = {}
    outbox: tuple[Announcement, ...] = ()
    notes: tuple[FileNote, ...] = ()
    starts: dict[str, str] = {}
    deployed: str | None = None
    put_back: str | None = None
    etag: str = ""


def close_epoch(state: ModelState) -> ModelState:
    """The state once its drift is closed: a new epoch without evidence, so that the next drift has another id."""
    return msgspec.structs.replace(state, epoch=state.epoch + 1, evidence=None, drift_id=None, hold=None)
