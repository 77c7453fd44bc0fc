"""The Events screen: every topic of the brokers with its ends, and beside it the last messages of the one at hand."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from meshdev.errors import MeshdevError
from meshdev.tui import units
from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.keys import Key, bindings
from meshdev.tui.keys.topics import TOPIC_KEYS
from meshdev.tui.model import Picture
from meshdev.tui.orders import following
from meshdev.tui.screens.base import away, side_by_side, unconnected
from meshdev.tui.screens.graph import GraphScreen
from meshdev.tui.screens.table import TableScreen
from meshdev.tui.tone import Span, Tone
from meshdev.tui.topics.cells import COLUMNS, lag_of, messages_of, rows_of
from meshdev.tui.topics.facts import topic_facts
from meshdev.tui.widgets.bars import PaneTitle
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.tui.widgets.prompt import Prompt
from meshdev.wire.topic_views import TopicView


class TopicOrder(StrEnum):
    """What the table is sorted by."""

    TOPOLOGY = "topology"
    RATE = "busiest"
    LAG = "behind"
    NAME = "name"


_PUBLISH = "publish"


class TopicsScreen(TableScreen):
    """See the module."""

    MODE = "events"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TOPIC_KEYS)]

    COLUMNS = COLUMNS
    THING = "topic"
    MATCHES = "topic, broker, services"

    DEFAULT_CSS = """
    TopicsScreen #table { max-height: 50%; }
    TopicsScreen.-wide #table { max-height: 100%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._order = TopicOrder.TOPOLOGY
        self._publishing: TopicView | None = None
        self._draft = ""

    @property
    def topic(self) -> TopicView | None:
        """The topic under the cursor."""
        return next((one for one in self.dashboard.picture.topics if one.name == self.table.cursor), None)

    # --- drawing ----------------------------------------------------------------------------------

    def draw_rows(self, picture: Picture, now: float) -> None:
        """The topics."""
        del now
        rows = rows_of(_sorted(picture.topics, self._order), self.wanted)
        self.table.show_rows(rows, empty=self._empty(picture))

    def draw_around(self) -> None:
        """The ends and the last messages of the topic under the cursor."""
        topic = self.topic
        about = self.query_one("#about", PaneTitle)
        about.show(
            _head(self.dashboard.picture), "", side_by_side([self.filter_words(), self._sorted_words()])
        )
        self.details.show_lines(topic_facts(topic, self.details.room) if topic is not None else [])

    def _sorted_words(self) -> list[Span]:
        return [] if self._order is TopicOrder.TOPOLOGY else [Span(f"by {self._order}", Tone.MUTED)]

    def _empty(self, picture: Picture) -> str:
        if words := unconnected(picture):
            return words
        if picture.topics:
            return self.no_match()
        return (
            "No events: nobody publishes or subscribes.\n"
            "publishes = [...] and subscribes = [...] in the topology declare them; messages over an edge to\n"
            "a broker (NATS, Kafka, AMQP, MQTT, Redis) are seen without that."
        )

    def keys(self) -> Sequence[Key]:
        """Those that can do something now."""
        topic = self.topic if self.is_attached else None
        useless = {"back"} if not self.wanted else set()
        if topic is None:
            useless |= {"messages", "graph", "trace", "copy", "publish"}
        elif not topic.last:
            useless |= {"trace", "copy"}
        elif not topic.last[-1].trace:
            useless.add("trace")
        return [key for key in TOPIC_KEYS if key.action not in useless]

    def typing_keys(self) -> Sequence[Key]:
        """Enter does more than keep it when a message is typed."""
        keys = super().typing_keys()
        if self.query_one(Prompt).purpose != _PUBLISH:
            return keys
        return [replace(key, short="publish") if key.keys == "enter" else key for key in keys]

    # --- messages ---------------------------------------------------------------------------------

    @on(LiveTable.Chosen)
    def _chosen(self) -> None:
        self.action_messages()

    # --- actions ----------------------------------------------------------------------------------

    def action_messages(self) -> None:
        """Show its messages as calls."""
        if self.topic is not None:
            self.dashboard.open_traffic(f'kind=publish,deliver path="{self.topic.name}"')

    def action_trace(self) -> None:
        """Show what the last message belongs to."""
        topic = self.topic
        if topic is not None and topic.last and topic.last[-1].trace:
            self.dashboard.open_trace(topic.last[-1].trace)

    def action_graph(self) -> None:
        """Show from whom to whom it goes."""
        topic = self.topic
        if topic is None:
            return
        if topic.publishers and topic.subscribers:
            cursor = Cursor(edge=(topic.publishers[0].service, topic.subscribers[0].service))
            self.dashboard.visit(GraphScreen, lambda screen: screen.stand_on(cursor))
        elif parties := (*topic.publishers, *topic.subscribers):
            self.dashboard.open_graph(parties[0].service)

    def action_copy(self) -> None:
        """Copy the last message."""
        topic = self.topic
        if topic is not None and topic.last:
            self.dashboard.copy(topic.last[-1].payload, f"the last message of {topic.name}")

    def action_publish(self) -> None:
        """Type a message, beginning with the last one."""
        topic = self.topic
        if topic is None:
            return
        last = topic.last[-1] if topic.last else None
        self._draft = last.payload if last is not None and last.whole else ""
        self._publishing = topic
        hint = f"a message for {topic.name}; Enter publishes it"
        self.query_one(Prompt).ask(_PUBLISH, "publish", self._draft, hint)

    async def _publish(self, topic: TopicView, payload: str) -> None:
        try:
            broker = await self.dashboard.backend.publish(topic.name, topic.broker, payload)
        except MeshdevError as error:
            self.dashboard.complain(error, f"publish {topic.name}")
        else:
            self.dashboard.say(f"published on {broker}: {topic.name}")

    def action_sort(self) -> None:
        """Sort by the next order."""
        self._order = following(self._order)
        self.show(self.dashboard.picture, self.dashboard.now())
        self.table.action_edge(-1)

    # --- publishing -------------------------------------------------------------------------------

    @on(Prompt.Edited)
    def _drafted(self, event: Prompt.Edited) -> None:
        if event.purpose == _PUBLISH:
            self._draft = event.text

    @on(Prompt.Closed)
    def _written(self, event: Prompt.Closed) -> None:
        if event.purpose == _PUBLISH and event.kept and self._publishing is not None:
            self.dashboard.begin(partial(self._publish, self._publishing, self._draft))


def _head(picture: Picture) -> list[Span]:
    topics = picture.topics
    if not topics:
        return []
    rate = sum(one.mps for topic in topics for one in topic.publishers)
    brokers = dict.fromkeys(topic.broker for topic in topics if topic.broker)
    return [
        Span(units.plural(len(topics), "topic")),
        Span(f"  {units.rate(rate)} messages/s", Tone.MUTED),
        *away(picture, brokers),
    ]


def _sorted(topics: Sequence[TopicView], order: TopicOrder) -> list[TopicView]:
    match order:
        case TopicOrder.RATE:
            return sorted(
                topics, key=lambda it: (-sum(one.mps for one in it.publishers), -messages_of(it.publishers))
            )
        case TopicOrder.LAG:
            return sorted(topics, key=lambda it: -lag_of(it))
        case TopicOrder.NAME:
            return sorted(topics, key=lambda it: it.name)
        case _:
            return list(topics)
