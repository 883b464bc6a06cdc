"""Which records judge a model: decided by a hash of the record's id, so that no model of any generation is fitted on
them.

A split by time or by chance would hand a later challenger records that today's champion is judged on, or the other way
round. With a hash, champion and challenger have both never seen the holdout, whenever each was trained.
"""

from collections.abc import Iterable
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

SALT = "driftloop-holdout-1"  # another salt is another split: then nobody has judged a model on unseen records


def in_holdout(record_ids: Iterable[object], share: float) -> NDArray[np.bool_]:
    """For each id, whether it belongs to the `share` of records that are held out. An id always answers the same, and
    one that is held out at a share is held out at every larger one.
    """
    limit = int(share * 2**32)
    return np.fromiter(
        (
            int.from_bytes(sha256(f"{SALT}:{record_id}".encode()).digest()[:4], "big") < limit
            for record_id in record_ids
        ),
        dtype=np.bool_,
    )
