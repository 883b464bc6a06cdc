"""`driftloop.Monitor`: a model's data, watched window after window from Python, by the timer's rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftloop.check_series import Series, check_next
from driftloop.config.policy import DRIFT_SHARE, Policy
from driftloop.monitor.arguments import moment_of, with_budget
from driftloop.monitor.history import History, row_of
from driftloop.monitor.reference import Reference, read_reference
from driftloop.monitor.said_columns import SaidColumns
from driftloop.sequential.evidence import Evidence, accept, reset
from driftloop.sides.settings import ColumnSettings, refuse_foreign, roles_of
from driftloop.times import format_time
from driftloop.validation import file_path
from driftloop.window_size import unusual_size
from driftloop.wording.counts import count_of
from driftloop.wording.number_formats import format_rarity

if TYPE_CHECKING:
    from driftloop.data.schema import Schema
    from driftloop.profile.window import Baseline
    from driftloop.verdict import Check

SHOWN = 10
"""Checks in a notebook's table: what fits beside the picture without scrolling."""


class Monitor(SaidColumns):
    """Watches a model's data over time: evidence accumulates over windows, as it does for the timer.

    Parameters
    ----------
    reference
        What the model was trained on: a pandas, polars or pyarrow table, a path, or a (saved) Baseline.
    budget
        At most one false alarm in so many checks on average; 520 when neither this nor the policy says another.
    policy
        False-alarm rates and minimum effect sizes; `Policy()` when left out.
    schema
        How columns are read. When left out it is inferred, and a single column that the first window lacks is taken
        for the target.
    target, id, time, cluster, ignore
        Columns with these roles, which are not compared; `cluster` names the dependent group of a record.
    season
        `weekday`, `month` or `hour`: windows are compared with the reference's records of the same seasons.
    segments
        Columns (ward, region) of which each value is judged by itself, too.

    Raises
    ------
    InputError
        For a reference that is no table, cannot be read, or has no rows.
    ConfigError
        For a budget that is no whole number of at least 1, or two different ones.

    Notes
    -----
    As in scikit-learn the arguments stand as attributes of the same names. What was learned from data is kept apart
    from them: `baseline`, `evidence`, `history`. A call that raises leaves a monitor as it was.

    Examples
    --------
    >>> import driftloop, pyarrow as pa
    >>> sizes = pa.table({"size": [float(n * 7 % 31) for n in range(300)]})
    >>> monitor = driftloop.Monitor(sizes, budget=520)
    >>> monitor.update(pa.table({"size": [float(n * 11 % 31) for n in range(60)]}), at="2026-11-02").verdict.value
    'stable'
    >>> monitor.update(pa.table({"size": [float(n * 5 % 31) + 40 for n in range(60)]}), at="2026-11-09").verdict.value
    'drift'
    >>> monitor.alarm, monitor.history[-1].moved
    (True, ('size',))
    """

    def __init__(
        self,
        reference: Any,
        budget: int | None = None,
        *,
        policy: Policy | None = None,
        schema: Schema | None = None,
        target: str | None = None,
        id: str | None = None,
        time: str | None = None,
        cluster: str | None = None,
        season: str | None = None,
        segments: Iterable[str] = (),
        ignore: Iterable[str] = (),
    ) -> None:
        refuse_foreign(policy=policy, schema=schema)
        self.policy = with_budget(policy, budget)
        roles = roles_of(
            target=target, id=id, time=time, cluster=cluster, season=season, segments=segments, ignore=ignore
        )
        self._reference = read_reference(reference, ColumnSettings(schema, roles))
        self._series = Series()
        self._history = History()
        self._told: tuple[str, ...] = ()

    @property
    def budget(self) -> int:
        """At most one false alarm in so many checks on average."""
        return self.policy.budget

    @property
    def baseline(self) -> Baseline:
        """What windows are compared with."""
        return self._reference.baseline

    @property
    def evidence(self) -> Evidence:
        """What has been seen since the last reset."""
        return self._series.evidence

    @property
    def alarm(self) -> bool:
        """Whether the population has moved, since the last reset and at the budget's rate."""
        return self.evidence.alarm

    @property
    def waiting(self) -> int:
        """Records of windows that were too small, and are checked together with the next one."""
        return sum(window.rows for window in self._series.waiting)

    @property
    def history(self) -> History:
        """A row for each check, oldest first; `to_frame()` makes a data frame of it."""
        return self._history

    def update(self, current: Any, at: str | datetime | date | None = None) -> Check:
        """Check one more window, and keep what it says.

        A window that is too small waits for the next; an incident is no evidence; a window that comes twice counts
        once. After a drift the verdict stays `drift` until `reset` or `accept`.

        Parameters
        ----------
        current
            What has come in since the last check: a table, a path, or a Window.
        at
            When the check is made, ISO 8601 or a datetime; no time zone means UTC. This machine's clock when left out.
            Records from more than a day later are an incident.

        Returns
        -------
        Check
            The verdict on all windows together, its reasons and a row for each column of this window.

        Raises
        ------
        InputError
            For what is no table, cannot be read, or has none of the reference's columns.
        SchemaError
            For a Window that was read with another schema.
        """
        moment = moment_of(at)
        sides, reference = self._reference.read_beside(current)
        result, series = check_next(self._series, sides.baseline, sides.window, self.policy, now=moment.timestamp())
        result = sides.told(result, self.policy)
        size = unusual_size(sides.window.rows, [row.rows for row in self._history])
        result = replace(result, notes=(*self._told, *size, *result.notes))
        if reference.open_source is not None:
            series = Series(series.evidence)  # an empty window, of which it is not known which columns are compared
        row = row_of(result, series.evidence, self.budget, format_time(moment, "seconds"))
        self._reference, self._series, self._told = reference, series, ()
        self._history = self._history.followed_by(row)
        return result

    def reset(self, reference: Any = None, *, after: str | datetime | date | None = None) -> Monitor:
        """Begin evidence again, after the model was trained again.

        Parameters
        ----------
        reference
            What the new model was trained on, its columns named as those of the first; a target that was found is
            known now. When left out the reference stays.
        after
            Windows that end at or before this moment were learned by the new model: they are no evidence.

        Returns
        -------
        Monitor
            This one.

        Raises
        ------
        InputError
            For a reference that is no table, cannot be read, or has no rows.
        """
        until = None if after is None else format_time(moment_of(after))
        fresh = self._reference if reference is None else self._reference.next(reference)
        waiting = self._series.waiting
        if fresh.baseline.schema.features != self.baseline.schema.features and waiting:
            self._told = (
                f"{self.waiting} waiting records were read with other columns than the new reference's: left out",
            )
            waiting = ()
        self._series = Series(reset(self.evidence, until), waiting)
        self._reference = fresh
        return self

    def accept(self) -> Monitor:
        """Keep the model although the population has moved: the present regime raises no further alarm.

        A change from it does. Evidence begins again; the reference stays.
        """
        self._series = replace(self._series, evidence=accept(self.evidence))
        return self

    def save(self, path: str | Path) -> None:
        """Write everything into one file, beside its place first and then renamed.

        The file holds a sample of the reference: it is as confidential as the data. From then on the columns that are
        compared are settled, as if the first window had been seen.

        Raises
        ------
        InputError
            When the file cannot be written; the old one, if any, is still there.
        """
        from driftloop.monitor.saved import State, save_state

        reference = self._reference.settle()
        settings = reference.settings
        state = State(
            policy=self.policy,
            schema=settings.schema,
            roles=settings.roles,
            baseline=reference.baseline.to_bytes(),
            notes=(*self._told, *reference.notes),
            grounds=reference.grounds,
            evidence=self.evidence,
            waiting=tuple(window.to_bytes() for window in self._series.waiting),
            history=tuple(self._history),
            forgotten=self._history.forgotten,
        )
        save_state(state, file_path(path))
        self._reference = reference

    @classmethod
    def load(cls, path: str | Path) -> Monitor:
        """The monitor in a file that `save` wrote.

        Raises
        ------
        InputError
            For a file that cannot be read, is damaged, is none of ours, or was written by a newer version.
        """
        from driftloop.monitor.saved import load_state

        state, baseline, waiting = load_state(file_path(path))
        loaded = cls.__new__(cls)
        loaded.policy = state.policy
        settings = ColumnSettings(state.schema, state.roles)
        loaded._reference = Reference(baseline, settings, state.notes, state.grounds)
        loaded._series = Series(state.evidence, tuple(waiting))
        loaded._history = History(state.history, state.forgotten)
        loaded._told = ()
        return loaded

    def __repr__(self) -> str:
        checks = len(self._history) + self._history.forgotten
        alarm = format_rarity(DRIFT_SHARE / self.budget)
        lines = [
            f"<Monitor {self._state}: {count_of(checks, 'check')} against {count_of(self.baseline.rows, 'record')}, "
            f"budget {self.budget}",
            f"  seen without drift in {format_rarity(self.evidence.p)}; alarm at {alarm}",
            f"  {self.evidence.sentence}",
        ]
        incidents = [row for row in self._history if row.verdict == "incident"]
        if incidents:
            last = incidents[-1]
            lines.append(f"  {count_of(len(incidents), 'incident')}, the last at {last.at}: {last.incidents[0]}")
        if self.waiting:
            lines.append(f"  {count_of(self.waiting, 'record waits', 'records wait')} for the next window")
        return "\n".join(lines) + ">"

    def _repr_html_(self) -> str:
        """What a notebook shows: evidence against the alarm line, incidents, and what moved."""
        from driftloop.report.html import render_monitor

        return render_monitor(self._state, self.evidence.sentence, self._history, SHOWN, self._history.forgotten)

    @property
    def _state(self) -> str:
        """The newest verdict; `new` where nothing was checked since evidence began again."""
        newest = self._history[-1] if self._history else None
        return "new" if newest is None or newest.epoch != self.evidence.epoch else newest.verdict
