"""A world is played once in memory before it is shown: would its change be found, and its challenger promoted?

The pipeline's own steps and the engine's own check answer, on the very files that the feed will deliver. Changes of
growing strength are tried, then more records a day. The first that ends with a promotion is taken: a change is no
larger than the model and its gate ask for.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from driftloop import Baseline, Evidence, Verdict, Window, check
from driftloop.data.readers import read_batches
from driftloop.errors import DriftloopError, InputError
from driftloop.times import parse_time
from sandbox.world import LABEL_DELAY, Day, Kind, World
from training import evaluate, model_file, prepare, train
from training.data.collect import Source
from training.models import ModelFolder

# (strength, times the usual records a day). The first is the diabetes example's; then half as large again, more records
# where noise hides it, and both at last, when most records of a class turn.
ATTEMPTS = ((1.0, 1.0), (1.5, 1.0), (1.0, 4.0), (1.5, 4.0), (2.25, 8.0))


@dataclass(frozen=True)
class Ending:
    """How a world ended: with a promoted challenger, or why not."""

    promoted: bool
    why: str = ""


def find_change(worlds: Callable[[float, float], World], model: ModelFolder) -> tuple[World, Ending]:
    """The world of the first attempt that ends with a promotion, or else of the last; and how it ended.

    `worlds` makes a world afresh from a strength and how many times the usual records a day come. Raises DriftloopError
    where the first model cannot be trained: no change would help that.
    """
    ending = Ending(False)
    for strength, volume in ATTEMPTS:
        ending = rehearse(worlds(strength, volume), model)
        if ending.promoted:
            break
    return worlds(strength, volume), ending


def rehearse(world: World, model: ModelFolder) -> Ending:
    """Play the world with the pipeline's steps, up to the challenger's gate."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as name:
        stage = _Stage(Path(name), model, world)
        first = stage.train(Source(stage.folder / "historic.parquet"), "first", None)
        if not first.promoted:
            raise InputError(f"the first model of {model.name} is not promoted: {first.why}")
        try:
            return stage.days()
        except DriftloopError as error:
            return Ending(False, str(error))


class _Stage:
    """The folders of one rehearsal."""

    def __init__(self, folder: Path, model: ModelFolder, world: World) -> None:
        self.folder, self._model, self._world = folder, model, world
        world.historic().to_parquet(folder / "historic.parquet", index=False)

    def train(self, source: Source, name: str, champion: Path | None) -> Ending:
        """Prepare, train and evaluate, as a pipeline job does."""
        data, out = self.folder / name / "data", self.folder / name / "model"
        prepare.write(prepare.prepare(self._model.schema(), source, self._model.settings(), champion), data)
        train.train(self._model, data, out)
        decision = evaluate.evaluate(self._model, data, out, champion)
        return Ending(decision.promoted, "; ".join(decision.reasons))

    def days(self) -> Ending:
        """Day after day until a drift has its labels; then the challenger.

        As in the ledger, labels are counted from where the drift was first seen to begin, whatever later windows say.
        """
        first = self.folder / "first" / "model"
        baseline = Baseline.from_bytes(model_file.find(first, model_file.BASELINE).read_bytes())
        play = self._world.play
        evidence, since = Evidence(), None
        for day in self._world.days():
            records = [path for path in self._land(day) if "records" in path.parts]
            window = Window.build(_batches(records, baseline), baseline.schema)
            found = check(baseline, window, play.policy, evidence)
            evidence = found.evidence or evidence
            wrong = _unexpected(day, found.verdict)
            if wrong:
                return Ending(False, wrong)
            if found.verdict is Verdict.INCIDENT:
                self._quarantine(records)
            if found.verdict is Verdict.DRIFT:
                since = since or evidence.since
            if since and self._labels(day, since) >= play.labels_required:
                source = Source(
                    self.folder / "historic.parquet",
                    self.folder / "incoming",
                    self.folder / "quarantine",
                    since=parse_time(since),
                )
                return self.train(source, "challenger", first)
        return Ending(False, "the change was not found, or its labels did not come in time")

    def _land(self, day: Day) -> list[Path]:
        paths = []
        for file in day.files:
            path = self.folder / "incoming" / file.path.split("/", 1)[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            paths.append(path)
        return paths

    def _labels(self, day: Day, since: str) -> int:
        """How many records from `since` on have their label by the end of a day."""
        days = (day.date - LABEL_DELAY - parse_time(since).date()).days + 1
        return max(days, 0) * self._world.play.rows_a_day

    def _quarantine(self, records: list[Path]) -> None:
        for path in records:
            note = self.folder / "quarantine" / f"{path.relative_to(self.folder / 'incoming')}.json"
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text("{}", encoding="utf-8")


def _batches(paths: list[Path], baseline: Baseline) -> Iterator[object]:
    for path in paths:
        yield from read_batches(path, baseline.schema)


def _unexpected(day: Day, verdict: Verdict) -> str:
    """What a day's verdict should not have been."""
    if day.kind is Kind.ORDINARY and verdict not in (Verdict.STABLE, Verdict.INSUFFICIENT):
        return f"an ordinary day is taken for {verdict.value}"
    if day.kind is Kind.BROKEN and verdict is not Verdict.INCIDENT:
        return f"the broken feed is taken for {verdict.value}"
    return ""
