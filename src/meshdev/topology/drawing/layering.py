"""Which arrows go back, and in which layer each node stands. Nodes and arrows are numbers here.

Back arrows are those that a depth-first walk, begun at the nodes that nobody calls, finds leading to a node on its own
path. Layers are longest paths; a node that nobody calls stands right before what it calls first.
"""

from collections import deque
from collections.abc import Sequence

Arrow = tuple[int, int]


def back_arrows(count: int, arrows: Sequence[Arrow]) -> frozenset[int]:
    """The arrows (by their number) without which no cycle is left; each arrow from a node to itself is one."""
    out: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    called = [False] * count
    for number, (caller, callee) in enumerate(arrows):
        out[caller].append((callee, number))
        called[callee] = called[callee] or caller != callee
    back: set[int] = set()
    done = [False] * count
    on_path = [False] * count
    for root in sorted(range(count), key=called.__getitem__):
        if done[root]:
            continue
        on_path[root] = True
        path = [(root, iter(out[root]))]
        while path:
            node, following = path[-1]
            for callee, number in following:
                if on_path[callee]:
                    back.add(number)
                elif not done[callee]:
                    on_path[callee] = True
                    path.append((callee, iter(out[callee])))
                    break
            else:
                on_path[node] = False
                done[node] = True
                path.pop()
    return frozenset(back)


def layers_of(count: int, arrows: Sequence[Arrow], back: frozenset[int]) -> list[int]:
    """The layer of each node: every arrow that doesn't go back leads at least one layer to the right."""
    forward = [arrow for number, arrow in enumerate(arrows) if number not in back]
    out: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for caller, callee in forward:
        out[caller].append(callee)
        waiting[callee] += 1
    sources = [node for node in range(count) if not waiting[node]]
    layer = [0] * count
    ready = deque(sources)
    while ready:
        node = ready.popleft()
        for callee in out[node]:
            layer[callee] = max(layer[callee], layer[node] + 1)
            waiting[callee] -= 1
            if not waiting[callee]:
                ready.append(callee)
    for node in sources:
        if out[node]:
            layer[node] = min(layer[callee] for callee in out[node]) - 1
    touched = {node for arrow in arrows for node in arrow}
    _spread([node for node in range(count) if node not in touched], layer, count)
    return layer


def _spread(alone: Sequence[int], layer: list[int], count: int) -> None:
    """Put nodes without arrows where the layers are short, so that they don't make a tower of the first one."""
    lonely = set(alone)
    heights = [0] * (max(layer, default=0) + 1)
    for node in range(count):
        if node not in lonely:
            heights[layer[node]] += 1
    most = max(*heights, 8)
    while len(alone) > sum(most - height for height in heights):
        heights.append(0)
    for node in alone:
        place = heights.index(min(heights))
        layer[node] = place
        heights[place] += 1
