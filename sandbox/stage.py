"""Which world `make run` plays: the built-in example's, or one that is made from a model's own table."""

from collections.abc import Callable

from driftloop.wording.counts import count_of
from sandbox.own_table import read
from sandbox.play import DEFAULT_MODEL, diabetes_progression
from sandbox.rehearsal import find_change
from sandbox.services import ROOT
from sandbox.timeline import Timeline
from sandbox.watching import entry_of
from sandbox.world import Kind, World
from training import models
from training.models import ModelFolder


def world_of(
    name: str | None, seed: int, story: tuple[Kind, ...], timeline: Timeline, strength: float | None = None
) -> World:
    """Return the world of a model.

    Parameters
    ----------
    name : str, optional
        A folder in `models/`; without a name, the built-in example.
    seed : int
        Of all draws.
    story : tuple of Kind
        The kinds of days, in order.
    timeline : Timeline
        Prints the loop.
    strength : float, optional
        The change's; None: a rehearsal finds it.

    Raises
    ------
    DriftloopError
        Where no folder has that name, its table cannot be read, or its first model is not promoted.
    """
    model = models.find(name or DEFAULT_MODEL)
    entry = entry_of(ROOT, model.name)
    if model.name == DEFAULT_MODEL and model.table() is None:
        return World(seed, play=diabetes_progression(entry), story=story)
    table = read(model)
    rows = count_of(len(table.table), "record")
    timeline.heading(f"A world for {model.name}, drawn from its own {rows} ({table.settings.task})")

    def world(change: float, volume: float) -> World:
        return World(seed, play=table.play(change, entry, volume), story=story)

    made = _rehearsed(world, model, timeline) if strength is None else world(strength, 1.0)
    timeline.event(
        f"{count_of(made.play.rows_a_day, 'record')} a day, {made.play.historic_rows:,} before; the change that comes:"
    )
    for sentence in made.play.tells:
        timeline.detail(sentence)
    return made


def _rehearsed(world: Callable[[float, float], World], model: ModelFolder, timeline: Timeline) -> World:
    """The world whose rehearsal ended with a promotion, or the last that was tried."""
    with timeline.working("rehearsing: which change would be found, and answered?") as stopwatch:
        made, ending = find_change(world, model)
    if ending.promoted:
        timeline.event("rehearsed: the change is found, and a challenger promoted", seconds=stopwatch.seconds)
    else:
        timeline.event(f"rehearsed: no challenger is promoted: {ending.why}", outcome="failure")
    return made
