"""The Events screen: every topic of the brokers with its ends, and beside it the last messages of the one at hand."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from meshdev.errors import MeshdevError
from meshdev.tui import units
from meshdev.tui.cells import clean
from meshdev.tui.graph.cursor import Cursor
from meshdev.tui.keys import Key, bindings
from meshdev.tui.keys.topics import TOPIC_KEYS
from meshdev.tui.model import Picture
from meshdev.tui.screens.base import Frame, unconnected
from meshdev.tui.screens.graph import GraphScreen
from meshdev.tui.tone import Span, Tone
from meshdev.tui.topics.cells import COLUMNS, lag_of, messages_of, rows_of
from meshdev.tui.topics.facts import topic_facts
from meshdev.tui.widgets.bars import PaneTitle
from meshdev.tui.widgets.live_table import LiveTable
from meshdev.tui.widgets.prompt import Prompt
from meshdev.tui.widgets.span_view import SpanView
from meshdev.wire.topic_views import TopicView


class TopicOrder(StrEnum):
    """What the table is sorted by."""

    TOPOLOGY = "topology"
    RATE = "busiest"
    LAG = "behind"
    NAME = "name"


_ORDERS = tuple(TopicOrder)
_PUBLISH = "publish"


class TopicsScreen(Frame):
    """See the module."""

    MODE = "events"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TOPIC_KEYS)]

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]  # noqa: RUF012 -- Textual declares it as an instance's

    DEFAULT_CSS = """
    TopicsScreen {
        #panes { height: 1fr; layout: vertical; }
        #topics { height: auto; max-height: 50%; min-height: 5; }
        #about { height: 1; }
        #details { height: 1fr; }
        &.-wide #panes { layout: horizontal; }
        &.-wide #topics { width: 1fr; height: 1fr; max-height: 100%; }
        &.-wide #side { width: 64; height: 1fr; border-left: vkey $rule; }
        #side { height: 1fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._wanted = ""
        self._order = TopicOrder.TOPOLOGY
        self._publishing: TopicView | None = None
        self._draft = ""

    def compose_body(self) -> ComposeResult:
        """Table, and what is known about the topic under the cursor."""
        with Container(id="panes"):
            yield LiveTable(COLUMNS, id="topics")
            with Container(id="side"):
                yield PaneTitle((), id="about")
                yield SpanView(id="details", empty="No topic is selected.")
        yield Prompt(id="prompt")

    @property
    def table(self) -> LiveTable:
        """The topics."""
        return self.query_one("#topics", LiveTable)

    @property
    def topic(self) -> TopicView | None:
        """The topic under the cursor."""
        return next((one for one in self.dashboard.picture.topics if one.name == self.table.cursor), None)

    # --- drawing ----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin with the keyboard on the table."""
        self.set_focus(self.table)

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self.call_after_refresh(self._show_topic)

    def show(self, picture: Picture, now: float) -> None:
        """Draw ``picture``."""
        super().show(picture, now)
        rows = rows_of(_sorted(picture.topics, self._order), self._wanted)
        self.table.show_rows(rows, empty=self._empty(picture))
        self._show_topic()

    def _show_topic(self) -> None:
        picture, topic = self.dashboard.picture, self.topic
        details = self.query_one("#details", SpanView)
        self.query_one("#about", PaneTitle).show(_head(picture), "", self._status())
        details.show_lines(topic_facts(topic, details.room) if topic is not None else [])

    def _status(self) -> list[Span]:
        filtered = [Span("filter ", Tone.MUTED), Span(f"{clean(self._wanted)}  ", Tone.ACCENT)]
        sorted_ = [Span(f"by {self._order}", Tone.MUTED)] if self._order is not TopicOrder.TOPOLOGY else []
        return [*(filtered if self._wanted else []), *sorted_]

    def _empty(self, picture: Picture) -> str:
        if words := unconnected(picture):
            return words
        if picture.topics:
            return f"No topic matches {clean(self._wanted)!r}.\nEsc clears the filter."
        return (
            "No events: nobody publishes or subscribes.\n"
            "publishes = [...] and subscribes = [...] in the topology declare them; messages over an edge to\n"
            "a broker (NATS, Kafka, AMQP, MQTT, Redis) are seen without that."
        )

    def keys(self) -> Sequence[Key]:
        """Those that can do something now."""
        topic = self.topic if self.is_attached else None
        useless = {"back"} if not self._wanted else set()
        if topic is None:
            useless |= {"messages", "graph", "trace", "copy", "publish"}
        elif not topic.last:
            useless |= {"trace", "copy"}
        elif not topic.last[-1].trace:
            useless.add("trace")
        return [key for key in TOPIC_KEYS if key.action not in useless]

    # --- messages ---------------------------------------------------------------------------------

    @on(LiveTable.Highlighted)
    def _highlighted(self) -> None:
        self.query_one("#details", SpanView).scroll_home(animate=False)
        self._show_topic()
        self.show_frame(self.dashboard.picture, self.dashboard.now())

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
            self.dashboard.say(error.message, level="error")
        else:
            self.dashboard.say(f"published on {broker}: {topic.name}")

    def action_sort(self) -> None:
        """Sort by the next order."""
        self._order = _ORDERS[(_ORDERS.index(self._order) + 1) % len(_ORDERS)]
        self.show(self.dashboard.picture, self.dashboard.now())
        self.table.action_edge(-1)

    # --- filter -----------------------------------------------------------------------------------

    def action_find(self) -> None:
        """Filter."""
        hint = "filter: words in topic, broker, services; !word excludes"
        self.query_one(Prompt).ask("filter", "/", self._wanted, hint)

    @on(Prompt.Edited)
    def _edited(self, event: Prompt.Edited) -> None:
        if event.purpose == _PUBLISH:
            self._draft = event.text
        else:
            self._filter(event.text)

    @on(Prompt.Closed)
    def _prompt_closed(self, event: Prompt.Closed) -> None:
        if event.purpose == _PUBLISH:
            if event.kept and self._publishing is not None:
                self.dashboard.begin(partial(self._publish, self._publishing, self._draft))
        elif not event.kept:
            self._filter("")
        self.set_focus(self.table)

    def _filter(self, wanted: str) -> None:
        self._wanted = wanted
        self.show(self.dashboard.picture, self.dashboard.now())

    def action_back(self) -> None:
        """Clear the filter, or bring the keyboard back to the table."""
        if self.focused is not self.table:
            self.set_focus(self.table)
        elif self._wanted:
            self._filter("")


def _head(picture: Picture) -> list[Span]:
    topics = picture.topics
    if not topics:
        return []
    rate = sum(one.mps for topic in topics for one in topic.publishers)
    return [Span(units.plural(len(topics), "topic")), Span(f"  {units.rate(rate)} messages/s", Tone.MUTED)]


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
