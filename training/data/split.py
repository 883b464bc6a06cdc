"""Which records judge a model: decided by a hash of the record's id, so that no model of any generation is fitted on
them.

A split by time or by chance would hand a later challenger records that today's champion is judged on, or the other way
round. With a hash, champion and challenger have both never seen the holdout, whenever each was trained.

Where the schema names a cluster (a patient, a ward), its name is hashed in place of the id's. Records of one cluster
are alike, so a model that was fitted on some of them looks better on the others than it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

SALT = "driftloop-holdout-1"  # another salt is another split: then nobody has judged a model on unseen records
BYTES = 16  # of the hash: 4 for the holdout, 8 that are independent of them for the sample, 4 between


@dataclass(frozen=True)
class Hashes:
    """Two independent numbers of each id: `holdout` (n,) below 2^32, `sample` (n,) below 2^64."""

    holdout: NDArray[np.uint32]
    sample: NDArray[np.uint64]


def hashes(record_ids: Iterable[object]) -> Hashes:
    """The numbers by which records are held out and sampled: an id always has the same."""
    digests = b"".join(sha256(f"{SALT}:{record_id}".encode()).digest()[:BYTES] for record_id in record_ids)
    found = np.frombuffer(digests, dtype=np.dtype([("holdout", ">u4"), ("between", ">u4"), ("sample", ">u8")]))
    return Hashes(found["holdout"].astype(np.uint32), found["sample"].astype(np.uint64))


def held_out(hashed: NDArray[np.uint32], share: float) -> NDArray[np.bool_]:
    """For each id, by its `Hashes.holdout`, whether it belongs to the `share` of records that are held out.

    An id always answers the same, and one that is held out at a share is held out at every larger one.
    """
    return hashed < int(share * 2**32)
