"""The parts of a source as a tree of keys, in which a new file changes only the nodes above it.

A key itself marks where neighbouring keys are joined into a node (content-defined chunking, as in rsync and in prolly
trees). So the same files make the same nodes, whatever came before or behind them. A window that loses its first day
and gains a last one shares all other nodes with the window before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from driftloop.data.readers.sources import Part

FAN = 16
"""Children of a node on average: reading 16 profiles and merging them takes 70 ms, and 400 days are two levels deep."""
MOST_CHILDREN = 4 * FAN
"""Of one node at the most: by chance about one in sixty would have more."""


@dataclass(frozen=True)
class Node:
    """A part, or several nodes that are merged."""

    key: str
    children: tuple[Node, ...] = ()
    part: Part | None = None


def leaf(identity: str, recipe_key: str, part: Part) -> Node:
    """The node of a file, or of some of its row groups."""
    groups = "" if part.row_groups is None else f"{part.row_groups[0]}-{part.row_groups[1]}"
    return Node(_hash("leaf", recipe_key, identity, groups), (), part)


def joined(nodes: Sequence[Node]) -> Node:
    """One node above all of them, in their order."""
    level = tuple(nodes)
    while len(level) > 1:
        level = tuple(_above(chunk) for chunk in _chunks(level))
    return level[0]


def _above(children: tuple[Node, ...]) -> Node:
    return children[0] if len(children) == 1 else Node(_hash("node", *(child.key for child in children)), children)


def _chunks(nodes: tuple[Node, ...]) -> list[tuple[Node, ...]]:
    """At most `MOST_CHILDREN` neighbours each, and fewer chunks than nodes."""
    if len(nodes) <= FAN:
        return [nodes]
    chunks: list[tuple[Node, ...]] = []
    start = 0
    for index, node in enumerate(nodes, 1):
        # Of two neighbours at least, so that each level has at most half as many nodes.
        held = index - start
        if index == len(nodes) or held >= MOST_CHILDREN or (held > 1 and int(node.key[:8], 16) % FAN == 0):
            chunks.append(nodes[start:index])
            start = index
    return chunks


def _hash(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()
