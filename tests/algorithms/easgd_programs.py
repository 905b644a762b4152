"""The pseudo-code of the thesis, line by line, on plain numbers: one path, one worker's loop at a time.

Nothing here is shared with the library but the events (who acts) and the data (what is drawn): workers and master are objects
with the variables of the pseudo-code, and a gradient is a function of a point and of the number of the step.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Server:
    """The master's variables."""

    centre: float
    v: float = 0


@dataclass
class Worker:
    """A worker's variables."""

    x: float
    v: float = 0
    t: int = 0


Gradient = Callable[[float, int], float]
"""(x, k) -> the gradient at x with the data of step k."""


@dataclass
class Easgd:
    """Algorithm 1, and with delta Algorithm 2."""

    eta: float
    alpha: float
    period: int
    delta: float | None = None

    def loop(self, worker: Worker, master: Server, g: Gradient, k: int):
        """One pass of the loop."""
        x = worker.x
        if worker.t % self.period == 0:
            difference = x - master.centre
            worker.x = worker.x - self.alpha * difference
            master.centre = master.centre + self.alpha * difference
        if self.delta is None:
            worker.x = worker.x - self.eta * g(x, k)
        else:
            worker.v = self.delta * worker.v - self.eta * g(x + self.delta * worker.v, k)
            worker.x = worker.x + worker.v
        worker.t += 1


@dataclass
class Downpour:
    """Algorithm 3; `literal` evaluates the gradient again where the first of its two lines has moved x."""

    eta: float
    period: int
    literal: bool = False

    def loop(self, worker: Worker, master: Server, g: Gradient, k: int):
        """One pass of the loop."""
        if worker.t % self.period == 0:
            master.centre = master.centre + worker.v
            worker.x = master.centre
            worker.v = 0
        before = worker.x
        worker.x = worker.x - self.eta * g(before, k)
        worker.v = worker.v - self.eta * g(worker.x if self.literal else before, k)
        worker.t += 1


@dataclass
class MomentumDownpour:
    """Algorithms 4 and 5, from the point at which every worker has received x = centre."""

    eta: float
    delta: float

    def loop(self, worker: Worker, master: Server, g: Gradient, k: int):
        """The worker's gradient arrives, the master moves and answers."""
        slope = g(worker.x, k)
        master.v = self.delta * master.v - self.eta * slope
        master.centre = master.centre + master.v
        worker.x = master.centre + self.delta * master.v


def run(program, start: float, n_workers: int, acting, g: Gradient) -> list[tuple[float, list[float]]]:
    """(centre, local variables) before the first step and after each; `acting` lists the worker of every step."""
    master, workers = Server(start), [Worker(start) for _ in range(n_workers)]
    seen = [(master.centre, [w.x for w in workers])]
    for k, i in enumerate(acting):
        program.loop(workers[i], master, g, k)
        seen.append((master.centre, [w.x for w in workers]))
    return seen


@dataclass(eq=False)
class Node:
    """A node of the tree: Algorithm 6 with a mailbox."""

    x: float
    up: int | None
    down: int | None
    parent: "Node | None" = None
    children: list = field(default_factory=list)
    arrivals: list = field(default_factory=list)
    """(tick of arrival, value) from the parent; and, by child, from the children."""
    from_children: list = field(default_factory=list)

    def send(self, t: int, delay: int):
        """The two `if ... divides t` blocks."""
        if self.up is not None and t % self.up == 0:
            self.parent.from_children[self.parent.children.index(self)].append((t + delay, self.x))
        if self.down is not None and t % self.down == 0:
            for child in self.children:
                child.arrivals.append((t + delay, self.x))

    def receive(self, t: int, alpha: float):
        """The two `if there is new arrival` blocks, the children one after the other."""
        for box in (self.arrivals, *self.from_children):
            while box and box[0][0] <= t:
                self.x = self.x + alpha * (box.pop(0)[1] - self.x)


def grow(start: float, degree: int, depth: int, links, node=Node) -> list[list[Node]]:
    """All nodes, level by level; `links` has the (up, down) periods below every level, `node` makes one."""
    levels = [[node(start, None, links[0][1])]]
    for level in range(1, depth + 1):
        down = links[level][1] if level < depth else None
        nodes = []
        for parent in levels[-1]:
            parent.children = [node(start, links[level - 1][0], down, parent) for _ in range(degree)]
            parent.from_children = [[] for _ in range(degree)]
            nodes += parent.children
        levels.append(nodes)
    return levels


def run_tree(levels, alpha: float, eta: float, delay: int, n_ticks: int, g) -> list[tuple[float, list[float]]]:
    """(root, leaves) before the first tick and after each; g(x, k, leaf) is a leaf's gradient."""
    seen = [(levels[0][0].x, [leaf.x for leaf in levels[-1]])]
    for t in range(n_ticks):
        for node in sum(levels, []):
            node.send(t, delay)
        for node in sum(levels, []):
            node.receive(t, alpha)
        for i, leaf in enumerate(levels[-1]):
            leaf.x = leaf.x - eta * g(leaf.x, t, i)
        seen.append((levels[0][0].x, [leaf.x for leaf in levels[-1]]))
    return seen
