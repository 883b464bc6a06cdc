"""`driftloop.check`: compares any two tables that a Python user holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from driftloop.check_sides import check_sides
from driftloop.errors import InputError
from driftloop.sides.settings import ColumnSettings, refuse_foreign, roles_of
from driftloop.sides.sides import read_sides
from driftloop.verdict import Check

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.data.schema import Schema
    from driftloop.sequential.evidence import Evidence


def check(
    reference: Any,
    current: Any,
    policy: Policy | None = None,
    evidence: Evidence | None = None,
    *,
    schema: Schema | None = None,
    target: str | None = None,
    id: str | None = None,
    time: str | None = None,
    cluster: str | None = None,
    season: str | None = None,
    segments: Iterable[str] = (),
    ignore: Iterable[str] = (),
    now: float | None = None,
) -> Check:
    """Has the data moved? Compares what came in with what the model was trained on.

    Parameters
    ----------
    reference
        What the model was trained on: a pandas, polars or pyarrow table, a path or a list of paths, or a (saved)
        Baseline.
    current
        What has come in: the same kinds, or a Window.
    policy
        False-alarm rates and minimum effect sizes; `Policy()` when left out.
    evidence
        What earlier checks have seen (`Evidence()` for a fresh start): the verdict then rests on all windows together.
    schema
        How columns are read. When left out it is inferred, and a column that only the reference has is taken for the
        target.
    target, id, time, cluster, ignore
        Columns with these roles, which are not compared. `cluster` names the dependent group of a record (patient,
        ward, device). Groups are then relabelled as a whole, and the error rate holds where their records are alike.
    season
        `weekday`, `month` or `hour`: the window is compared with the reference's records of the same seasons.
    segments
        Columns (ward, region) of which each value is judged by itself, too: `Check.segments`.
    now
        When the check is made, in seconds since 1970: records from later than a day after that are an incident.

    Returns
    -------
    Check
        The verdict, its reasons and a row for each column. The same arguments give the same answer on every machine.

    Raises
    ------
    InputError
        For anything that is no table, a file that cannot be read, a reference without rows.
    SchemaError
        For an unknown column, or two sides that were read with different schemas.

    Examples
    --------
    >>> import pyarrow as pa
    >>> reference = pa.table({"size": [float(n % 17) for n in range(200)]})
    >>> current = pa.table({"size": [float(n % 17) + 20 for n in range(100)]})
    >>> result = check(reference, current)
    >>> result.verdict.value, round(result["size"].effect)
    ('drift', 20)
    """
    refuse_foreign(policy=policy, schema=schema, evidence=evidence, now=now)
    if reference is current and hasattr(current, "__next__"):
        raise InputError("one stream was given for both sides, and it can be read once: pass a table, or two streams")
    roles = roles_of(target=target, id=id, time=time, cluster=cluster, season=season, segments=segments, ignore=ignore)
    sides = read_sides(reference, current, ColumnSettings(schema, roles))
    result = check_sides(sides.baseline, sides.window, policy, evidence, now=now)
    return sides.told(result, policy)
