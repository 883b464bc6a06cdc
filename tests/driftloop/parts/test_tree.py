"""Trees of parts: a window that moves on shares nearly all nodes with the one before."""

from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from driftloop.parts.tree import MOST_CHILDREN, Node, joined


def leaves(first: int, count: int) -> list[Node]:
    return [Node(sha256(str(number).encode()).hexdigest()) for number in range(first, first + count)]


def every(node: Node) -> set[str]:
    return {node.key}.union(*(every(child) for child in node.children))


def in_order(node: Node) -> list[str]:
    return [node.key] if not node.children else [key for child in node.children for key in in_order(child)]


@given(st.integers(1, 2_000), st.integers(0, 10_000))
@settings(max_examples=40)
def test_all_leaves_are_there_in_order_and_no_node_is_wide(count, first) -> None:
    nodes = leaves(first, count)
    root = joined(nodes)
    assert in_order(root) == [node.key for node in nodes]
    stack = [root]
    while stack:
        node = stack.pop()
        assert len(node.children) != 1
        assert len(node.children) <= MOST_CHILDREN
        stack += node.children


def test_a_day_more_and_one_less_make_few_new_nodes() -> None:
    fresh = []
    for day in range(200):
        before, after = every(joined(leaves(day, 400))), every(joined(leaves(day + 1, 400)))
        fresh.append(len(after - before))
    # The new leaf, the nodes at both ends, those above them, and the root.
    assert max(fresh) <= 10
    assert sum(fresh) / len(fresh) < 6
