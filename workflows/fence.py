"""Of two workflow runs for the same try of a drift, one trains.

A dispatch that was sent twice, because its sender was paused between its last lease check and the request,
starts two runs.
The first to write `outcomes/runs/<drift id>-<try>.json` trains. A run that is run again finds its own claim. A person
who starts a run manually names no try, and is not held back.
"""

import msgspec

from driftloop.errors import DriftloopError
from driftloop.validation import UNREADABLE
from training.cloud.blobs import Blobs, ChangedError
from workflows.settings import Train


class Claim(msgspec.Struct, frozen=True):
    """The run that trains, and where a person looks at it."""

    run: str
    run_url: str | None = None


def other_run(blobs: Blobs, asked: Train, run_url: str | None) -> Claim | None:
    """The run that answers this try in place of this one.

    Parameters
    ----------
    asked : Train
        The drift, the try and this run.
    run_url : str | None
        Where a person looks at this run.

    Returns
    -------
    Claim | None
        None where this run is the one that trains.

    Raises
    ------
    DriftloopError, AzureError
        Without an answer nothing may be trained.
    """
    if asked.drift_id is None or asked.attempt is None or asked.run is None:
        return None
    path = f"runs/{asked.drift_id}-{asked.attempt}.json"
    try:
        blobs.replace("outcomes", path, msgspec.json.encode(Claim(asked.run, run_url)), None)
    except ChangedError:
        found = blobs.read("outcomes", path)
        if found is None:
            raise DriftloopError(f"outcomes/{path} was there and is gone") from None
        try:
            claim = msgspec.json.decode(found.content, type=Claim)
        except UNREADABLE:
            raise DriftloopError(f"outcomes/{path} is damaged: delete it") from None
        return None if claim.run == asked.run else claim
    return None
