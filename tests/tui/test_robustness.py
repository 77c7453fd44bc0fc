"""No picture, however odd, reaches the screen as a traceback."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshdev.tui.cells import width_of
from meshdev.tui.environment import environment_of
from meshdev.tui.facts import facts_of
from meshdev.tui.golden import Recent, golden_of
from meshdev.tui.model import COLUMNS, Happening, Link, Order, Picture, Signals, rows_of
from meshdev.tui.tabs import vitals_of
from meshdev.wire.control import (
    EdgeSignalsView,
    EdgeView,
    EnvView,
    ExitView,
    InstanceView,
    ProbeView,
    ReloadView,
    ServiceView,
)
from meshdev.wire.topic_views import TopicPartyView, TopicView
from support_dashboard import NOW, Visiting, obeyed, service, signals, system

ODD = (
    "a" * 60,
    "決済サービス" * 5,
    "e\u0301\u200b\u200d\ufeff",
    "\x1b[31mred\x1b[0m",
    "a\tb\nc",
    "[bold]x[/]",
    "🇩🇪👩‍👩‍👧",
    "\u202eabc",
    "",
)
NAMES = st.one_of(st.sampled_from(ODD), st.text(max_size=12))
TIMES = st.one_of(st.just(0.0), st.floats(min_value=0, max_value=4e9))
AMOUNTS = st.floats(min_value=0, max_value=1e9)
COUNTS = st.integers(min_value=0, max_value=10**12)
SERIES = st.lists(st.integers(min_value=0, max_value=10**6), max_size=61)
MAYBE = st.one_of(st.none(), AMOUNTS)
PHASES = st.sampled_from(
    ["running", "stopped", "waiting", "starting", "exited", "backoff", "gave-up", "odd", ""]
)
HEALTH = st.sampled_from(["healthy", "unhealthy", "unknown", "odd"])

INSTANCES = st.builds(
    InstanceView,
    id=NAMES,
    generation=st.integers(0, 9),
    pid=st.one_of(st.none(), COUNTS),
    port=st.one_of(st.none(), st.integers(1, 65535)),
    phase=PHASES,
    health=HEALTH,
    since=TIMES,
    cpu_percent=MAYBE,
    rss_bytes=st.one_of(st.none(), COUNTS),
    role=st.sampled_from(["serving", "candidate", "leaving"]),
    why=NAMES,
    exit=st.one_of(st.none(), st.builds(ExitView, at=TIMES, code=st.one_of(st.none(), st.integers(-9, 255)))),
    last_probe=st.one_of(st.none(), st.builds(ProbeView, at=TIMES, ok=st.booleans(), detail=NAMES)),
)
SERVICES = st.builds(
    ServiceView,
    name=NAMES,
    phase=PHASES,
    health=HEALTH,
    desired=st.sampled_from(["up", "down"]),
    why=NAMES,
    restarts=st.integers(0, 10**6),
    instances=st.lists(INSTANCES, max_size=3),
    team=NAMES,
    description=NAMES,
    replicas=st.integers(0, 99),
    since=TIMES,
    url=NAMES,
    ports=st.lists(NAMES, max_size=2),
    last_reload=st.one_of(
        st.none(),
        st.builds(
            ReloadView,
            at=TIMES,
            files=st.lists(NAMES, max_size=4),
            outcome=st.sampled_from(["done", "running", "rolled back", "odd"]),
            detail=NAMES,
        ),
    ),
)
SIGNALS = st.builds(
    EdgeSignalsView,
    caller=NAMES,
    callee=NAMES,
    protocol=st.sampled_from(["http", "tcp", "nats"]),
    declared=st.booleans(),
    observed=st.booleans(),
    requests=COUNTS,
    errors=COUNTS,
    in_flight=COUNTS,
    rps=AMOUNTS,
    eps=AMOUNTS,
    p50_ms=MAYBE,
    p90_ms=MAYBE,
    p99_ms=MAYBE,
    bytes_in=COUNTS,
    bytes_out=COUNTS,
    faults=st.lists(NAMES, max_size=2),
    held=st.integers(0, 3),
    series=SERIES,
    error_series=SERIES,
    denied=NAMES,
    circuit=st.sampled_from(["", "open", "half-open"]),
    latency_buckets=SERIES,
)
EDGES = st.builds(
    EdgeView,
    caller=NAMES,
    callee=NAMES,
    kind=st.sampled_from(["calls", "uses", "depends_on", "publishes", "subscribes", "odd"]),
)
PARTIES = st.lists(
    st.builds(
        TopicPartyView, service=NAMES, messages=st.integers(0, 10**9), lag=st.none() | st.integers(0, 10**9)
    ),
    max_size=3,
)
TOPICS = st.builds(TopicView, name=NAMES, broker=NAMES, publishers=PARTIES, subscribers=PARTIES)
PICTURES = st.builds(
    Picture,
    system=st.one_of(st.none(), st.builds(lambda name: system(name=name), NAMES)),
    services=st.lists(SERVICES, max_size=5, unique_by=lambda view: view.name).map(tuple),
    edges=st.lists(EDGES, max_size=5).map(tuple),
    signals=st.lists(SIGNALS, max_size=5).map(tuple),
    topics=st.lists(TOPICS, max_size=3).map(tuple),
    happenings=st.lists(st.builds(Happening, st.just(NOW), NAMES, NAMES), max_size=3).map(tuple),
    link=st.sampled_from(list(Link)),
    link_since=TIMES,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(PICTURES, st.sampled_from(list(Order)), st.integers(16, 120))
def test_whatever_is_in_a_picture_can_be_told(picture: Picture, order: Order, width: int) -> None:
    """Rows, details and header of any picture: no exception, and nothing that a terminal would obey."""
    golden = golden_of(picture.signals)
    shown = Signals(golden, Recent().gained(golden, NOW))
    rows = rows_of(picture.services, NOW, shown, order=order)
    assert len(rows) == len(picture.services)
    texts = [cell.text for row in rows for cell in row.cells]
    for view in picture.services:
        env = EnvView(service=view.name, working_dir=view.why, environment={view.name: view.why})
        lines = facts_of(picture, view, NOW, width, shown.of(view.name))
        lines += environment_of(env, {}, width, shown=False)
        texts += [span.text for line in lines for span in line]
    assert not [character for text in texts for character in obeyed(text)]
    assert all(len(row.cells) == len(COLUMNS) for row in rows)
    assert vitals_of(picture.signals).rps >= 0


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pictures=st.lists(PICTURES, min_size=1, max_size=3),
    keys=st.lists(
        st.sampled_from(["d", "v", "l", "S", "z", "down", "escape", "1", "2", "5", "u"]), max_size=5
    ),
    size=st.sampled_from([(80, 24), (40, 10), (240, 70)]),
)
async def test_any_pictures_and_keys_leave_the_screen_whole(
    pictures: list[Picture], keys: Sequence[str], size: tuple[int, int], visit: Visiting
) -> None:
    """Every line has its width, whatever the names are made of."""
    async with visit(pictures[0], size=size) as seen:
        for picture in pictures:
            await seen.show(replace(picture))
        await seen.press(*keys)
        assert seen.app.defect == ""
        for line in seen.text().splitlines():
            assert width_of(line) <= size[0]


@pytest.mark.parametrize(("count", "size"), [(0, (80, 24)), (1, (240, 70)), (12, (80, 24)), (200, (120, 40))])
async def test_any_number_of_services_can_be_walked(
    count: int, size: tuple[int, int], visit: Visiting
) -> None:
    """From the first to the last, each screen in front once."""
    services = tuple(
        service(f"{name or 'x'}-{number}") for number in range(count) for name in [ODD[number % 9]]
    )
    edges = tuple(
        signals(services[number].name, services[(number * 7 + 1) % count].name, rps=1.5, p99_ms=3.0)
        for number in range(count)
    )
    async with visit(Picture(system(), services, signals=edges, link=Link.CONNECTED), size=size) as seen:
        await seen.press("G", "g", "pagedown", "d", "2", "3", "4", "5", "1")
        assert seen.app.defect == ""
        assert f"{count}/{count} healthy" in seen.text() or count == 0


async def test_a_click_on_a_tab_goes_there(visit: Visiting) -> None:
    """Every screen can be reached by mouse alone."""
    async with visit() as seen:
        for offset, mode in ((16, "graph"), (26, "traffic"), (38, "traces"), (48, "logs"), (3, "services")):
            assert await seen.pilot.click("#tabs", offset=(offset, 0))
            await seen.until(lambda mode=mode: seen.app.current_mode == mode)  # type: ignore[misc]
            await seen.settle()
