"""What is remembered of HTTP exchanges between two telemetry frames: counts and latencies by route, and summaries.

Both are bounded: routes beyond `MOST_ROUTES` are counted as one, summaries beyond `MOST_RECENT` are counted as dropped.
Recording is on the hot path: one tuple, two dictionary updates.
"""

from time import perf_counter
from typing import Final, NamedTuple

from meshdev.telemetry.histogram import EXACT, SHIFTED, SUB_BITS, bucket
from meshdev.traffic.http1_head import RequestHead
from meshdev.traffic.trace_context import PARENT_BYTES, TRACE_BYTES
from meshdev.wire.mesh import Exchange, RouteCounters

MOST_ROUTES: Final = 200
MOST_RECENT: Final = 500
OTHER: Final = "{other}"
_SERVER_ERROR: Final = 500
_CLASSES: Final = 6  # by the first digit of the status; 0 when there was no answer

Summary = tuple[float, int, RequestHead, int, int, int, str, bytes, str, "Marks"]


class Marks(NamedTuple):
    """What the mesh did to a call, so that nobody takes it for the callee's doing, and what it read in it.

    See `wire.mesh.Exchange`.
    """

    by: str = ""
    retries: int = 0
    hedged: bool = False
    messages_in: int | None = None
    messages_out: int | None = None
    events: int | None = None
    faults: tuple[str, ...] = ()


UNMARKED: Final = Marks()


class _Route:
    """One route's counts since they were last taken."""

    __slots__ = ("broken", "latency", "statuses")

    def __init__(self) -> None:
        self.statuses = [0] * _CLASSES
        self.broken = 0
        self.latency: dict[int, int] = {}


class Exchanges:
    """The exchanges of one edge since they were last taken."""

    __slots__ = ("_dropped", "_known", "_recent", "_routes")

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._routes: dict[str, _Route] = {}
        self._recent: list[Summary] = []
        self._dropped = 0

    def record(  # noqa: PLR0913, PLR0917 - on the hot path: an object for some of them would cost more than all
        self,
        head: RequestHead,
        status: int,
        started: float,
        bytes_in: int,
        bytes_out: int,
        instance: str,
        ids: bytes,
        error: str = "",
        marks: Marks = UNMARKED,
    ) -> None:
        """Remember one exchange that is over now; ``started`` is `perf_counter` at its head, status 0 is no answer.

        ``ids`` are the trace's and the span's, with a character between.
        """
        microseconds = int((perf_counter() - started) * 1e6)
        route = self._routes.get(head.route or head.guess_route())
        if route is None:
            route = self._new_route(head.route)
        route.statuses[status // 100] += 1
        if microseconds < EXACT:  # the histogram's `bucket`, without a call
            index = microseconds
        else:
            shift = microseconds.bit_length() - SHIFTED
            index = (shift << SUB_BITS) + (microseconds >> shift)
        latency = route.latency
        latency[index] = latency.get(index, 0) + 1
        if error and 0 < status < _SERVER_ERROR:
            route.broken += 1
        recent = self._recent
        if len(recent) < MOST_RECENT:
            recent.append(
                (started, microseconds, head, status, bytes_in, bytes_out, instance, ids, error, marks)
            )
        else:
            self._dropped += 1

    def count(self, head: RequestHead, status: int, seconds: float) -> None:
        """Count an exchange that was answered after so long, and lasts."""
        route = self._route(head)
        route.statuses[status // 100] += 1
        index = bucket(int(seconds * 1e6))
        route.latency[index] = route.latency.get(index, 0) + 1

    def count_broken(self, head: RequestHead, status: int) -> None:
        """Count that one which was counted has failed since, if its status does not say so."""
        if 0 < status < _SERVER_ERROR:
            self._route(head).broken += 1

    def tell(
        self,
        head: RequestHead,
        status: int,
        started: float,
        sizes: tuple[int, int],
        instance: str,
        ids: bytes,
        error: str,
        marks: Marks,
    ) -> None:
        """Remember one exchange that is over now and counted already."""
        microseconds = int((perf_counter() - started) * 1e6)
        if len(self._recent) < MOST_RECENT:
            self._recent.append((started, microseconds, head, status, *sizes, instance, ids, error, marks))
        else:
            self._dropped += 1

    def _route(self, head: RequestHead) -> _Route:
        return self._routes.get(head.route or head.guess_route()) or self._new_route(head.route)

    def _new_route(self, name: str) -> _Route:
        if name not in self._known:
            if len(self._known) >= MOST_ROUTES:
                name = OTHER
            self._known.add(name)
        route = self._routes.get(name)
        if route is None:
            route = self._routes[name] = _Route()
        return route

    def take(self, edge: int) -> tuple[tuple[RouteCounters, ...], tuple[Exchange, ...], int]:
        """Counts by route, summaries, and how many summaries were dropped; then begin anew."""
        routes = tuple(
            RouteCounters(name, tuple(route.statuses), route.latency, route.broken)
            for name, route in self._routes.items()
        )
        recent = tuple(
            Exchange(
                edge=edge,
                started=started,
                microseconds=microseconds,
                method=head.method,
                target=head.target.decode("utf-8", "replace"),
                status=status,
                bytes_in=bytes_in,
                bytes_out=bytes_out,
                instance=instance,
                trace=ids[:TRACE_BYTES].decode(),
                error=error,
                span=ids[TRACE_BYTES + 1 :].decode(),
                retries=marks.retries,
                hedged=marks.hedged,
                by=marks.by,
                parent=_parent(head),
                messages_in=marks.messages_in,
                messages_out=marks.messages_out,
                events=marks.events,
                faults=marks.faults,
            )
            for started, microseconds, head, status, bytes_in, bytes_out, instance, ids, error, marks in self._recent
        )
        dropped = self._dropped
        self._routes = {}
        self._recent = []
        self._dropped = 0
        return routes, recent, dropped


def _parent(head: RequestHead) -> str:
    """The span that the caller named as the parent of this call."""
    at = head.parent_at
    return head.raw[at : at + PARENT_BYTES].decode() if at else ""
