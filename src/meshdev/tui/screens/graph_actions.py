"""What keys on the Graph screen do to the node or edge under the cursor, or with it. A part of `screens.graph`."""

from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.graph.scene import Edge, Node, Pair
from meshdev.tui.screens.base import Frame


class GraphActions(Frame):
    """See the module; who has a cursor fills in what it stands on."""

    @property
    def cursor(self) -> Cursor:
        """What the cursor stands on."""
        raise NotImplementedError

    @property
    def node(self) -> Node | None:
        """The node under the cursor."""
        raise NotImplementedError

    @property
    def edge(self) -> Edge | None:
        """The edge under the cursor."""
        raise NotImplementedError

    # --- what moves the system --------------------------------------------------------------------

    def _names(self) -> list[str]:
        return [service.name for service in self.node.services] if self.node is not None else []

    def action_start(self) -> None:
        """Start the service under the cursor."""
        if names := self._names():
            self.dashboard.act.start(*names)

    def action_stop(self) -> None:
        """Stop the service under the cursor."""
        if names := self._names():
            self.dashboard.act.stop(*names)

    def action_restart(self) -> None:
        """Restart the service under the cursor."""
        if names := self._names():
            self.dashboard.act.restart(*names)

    def fault_target(self) -> str:
        """The edge under the cursor; of a node its service, or the whole team."""
        edge, node = self.edge, self.node
        if edge is not None and edge.signals:
            return f"{edge.signals[0].caller} -> {edge.signals[0].callee}" if len(edge.signals) == 1 else ""
        if node is None or not node.services:
            return ""
        return node.services[0].name if len(node.services) == 1 else node.name

    def action_copy(self) -> None:
        """Copy the name of the node, or of the edge as the command line takes it."""
        if self.cursor.edge is not None:
            self.dashboard.copy(" ".join(self.cursor.edge), "")
        elif self.node is not None:
            self.dashboard.copy(self.node.label, "")

    # --- to other screens -------------------------------------------------------------------------

    def action_lines(self) -> None:
        """Show the log lines of the service under the cursor; of an edge, those of both its ends."""
        known = {service.name for service in self.dashboard.picture.services}
        names = self._names() or [name for pair in self._pairs() for name in pair]
        if services := [name for name in dict.fromkeys(names) if name in known]:
            self.dashboard.open_logs(*services)
        else:
            self.dashboard.say("nothing is selected that writes a log", level="warning")

    def action_calls(self) -> None:
        """Show the calls over the edge under the cursor; of a service, the calls to it."""
        if pairs := self._pairs():
            callers, callees = (",".join(dict.fromkeys(names)) for names in zip(*pairs, strict=True))
            self.dashboard.open_traffic(f"caller={callers} callee={callees}")
        elif names := self._names():
            self.dashboard.open_traffic(f"callee={','.join(names)}")
        else:
            self.dashboard.say("nothing is selected that could be called", level="warning")

    def _pairs(self) -> list[Pair]:
        """Who calls whom on the edge under the cursor; it may stand for several, between teams."""
        edge = self.edge
        if edge is None:
            return []
        return list(dict.fromkeys((one.caller, one.callee) for one in edge.signals)) or [edge.pair]
