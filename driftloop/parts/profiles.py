"""The profile of a source of any size: its parts on all cores, each read once and kept, then merged as a tree."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from driftloop.data.readers.progress import observed
from driftloop.data.readers.sources import Part
from driftloop.data.reading import ReadNotes
from driftloop.files.written import UNFINISHED
from driftloop.parts.cache import PartCache
from driftloop.parts.head import decide_once
from driftloop.parts.identity import identity_of, refuse_changed, size_and_time
from driftloop.parts.means import WORTH_PROCESSES, Means, size_of, usable_cores
from driftloop.parts.messages import PartRef, Start, Task
from driftloop.parts.partial import Partial
from driftloop.parts.reading import read_partial
from driftloop.parts.recipe import Recipe
from driftloop.parts.tree import Node, joined, leaf
from driftloop.parts.units import units_of


def profile_parts(
    parts: Sequence[Part], recipe: Recipe, means: Means, notes: ReadNotes, *, decided: bool = False
) -> Partial:
    """What is kept of all parts together: the same to the last bit, however they are divided and whoever reads them.

    Parameters
    ----------
    parts
        At least one, in the order of the source: its first rows say how columns are written.
    recipe
        How they are read; unless `decided`, its decisions are taken here.
    means
        With what the work is done.
    notes
        Collects what was recognised or left out.

    Raises
    ------
    InputError, SchemaError
        For a part that cannot be read, naming it; the parts that were read by then stay in the cache.
    """
    with _cache(means.cache) as cache:
        if not decided:
            decisions = decide_once(parts, recipe, notes, cache)
            recipe = msgspec.structs.replace(recipe, decisions=decisions)
        if means.spark:
            from driftloop.parts.spark import profile_parts_on_spark, spark_session

            merged = profile_parts_on_spark(spark_session(), parts, recipe)
        else:
            merged = _on_this_machine(parts, recipe, means, cache)
        for note in merged.notes:
            notes.add(note)
        return merged


def _on_this_machine(parts: Sequence[Part], recipe: Recipe, means: Means, cache: PartCache) -> Partial:
    recipe_key = recipe.key
    root = joined([leaf(identity_of(part), recipe_key, part) for part in parts])
    work = _Work(cache, recipe, recipe_key)
    work.look(root)
    means.observer.planned(len(work.missing), work.found, work.rows)
    work.do(means)
    merged = work.merged(root)
    if means.cache is not None:
        cache.prune()
    return merged


class _Work:
    """What a tree lacks, and the ways to get it."""

    def __init__(self, cache: PartCache, recipe: Recipe, recipe_key: str) -> None:
        self._cache, self._recipe, self._recipe_key = cache, recipe, recipe_key
        self._columns = sum(column.role not in ("ignore", "time") for column in recipe.schema.columns)
        self._units: dict[str, tuple[Node, ...]] = {}
        self.missing: list[Node] = []
        self.found = 0
        """Nodes that are there already."""
        self.rows: int | None = 0
        """Of what is missing, where footers tell."""
        self._bytes = 0

    def look(self, node: Node) -> None:
        """Note what is missing below a node, the node itself included."""
        if self._cache.has(node.key):
            self.found += 1
            return
        if node.part is None:
            for child in node.children:
                self.look(child)
            return
        units = units_of(node.part, self._columns)
        told = [unit.rows for unit in units]
        if self.rows is not None:
            self.rows = None if None in told else self.rows + sum(rows or 0 for rows in told)
        self._bytes += size_of(node.part)
        if len(units) == 1:
            self.missing.append(node)
            return
        # Named by the file's node, which names the file's content and the recipe.
        self._units[node.key] = tuple(leaf(node.key, self._recipe_key, unit.part) for unit in units)
        for each in self._units[node.key]:
            if self._cache.has(each.key):
                self.found += 1
            else:
                self.missing.append(each)

    def do(self, means: Means) -> None:
        """Read what is missing into the cache."""
        processes = means.processes
        if processes is None:
            processes = usable_cores() if self._bytes >= WORTH_PROCESSES else 1
        if processes > 1 and len(self.missing) > 1:
            from driftloop.parts.workers import run_tasks

            start = Start(str(self._cache.folder), self._recipe)
            tasks = [Task(node.key, PartRef.of(node.part)) for node in self.missing if node.part is not None]
            run_tasks(start, tasks, processes, means.observer.read, means.observer.finished)
            return
        with observed(lambda name, rows, _share: means.observer.read(name, rows)):
            for node in self.missing:
                self._read(node)
                means.observer.finished("" if node.part is None else node.part.name, 1)

    def merged(self, node: Node) -> Partial:
        """The profile of a node, merged from those below it where it is not there, and kept."""
        found = self._cache.get(node.key)
        if found is not None:
            return found
        children = node.children or self._units.get(node.key, ())
        if not children:
            return self._read(node)
        merged = self.merged(children[0])
        for child in children[1:]:
            merged = merged.merge(self.merged(child))
        self._cache.put(node.key, merged)
        if node.part is not None:
            for child in children:  # row groups are kept until their file is whole
                self._cache.remove(child.key)
        return merged

    def _read(self, node: Node) -> Partial:
        assert node.part is not None
        before = size_and_time(node.part)
        partial = read_partial(node.part, self._recipe)
        refuse_changed(node.part, before)
        self._cache.put(node.key, partial)
        return partial


@contextmanager
def _cache(folder: Path | None) -> Iterator[PartCache]:
    if folder is not None:
        yield PartCache(folder)
        return
    temporary = Path(tempfile.mkdtemp(prefix="driftloop-"))
    UNFINISHED.add(temporary)  # a signal that ends the process removes it
    try:
        yield PartCache(temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        UNFINISHED.discard(temporary)
