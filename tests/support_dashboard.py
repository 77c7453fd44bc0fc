"""A scripted system for the dashboard's tests and pictures: the seam `tui.backend.Backend` played from memory."""

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from textual.pilot import Pilot

from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.describe import kind_view
from meshdev.tui.app import Dashboard
from meshdev.tui.backend import Deliver
from meshdev.tui.chaos.trial import Tell, Trial, Verdict
from meshdev.tui.flows import DeliverCalls
from meshdev.tui.model import Happening, Link, Picture
from meshdev.tui.outcome import Outcome
from meshdev.tui.screens.services import ServicesScreen
from meshdev.tui.scrollback import Line
from meshdev.tui.widgets.graph_view import GraphView
from meshdev.tui.widgets.log_view import LogView
from meshdev.wire.control import (
    EdgeSignalsView,
    EdgeView,
    EnvView,
    ExitView,
    InstanceView,
    ProbeView,
    ReloadView,
    ServiceView,
    SystemView,
)
from meshdev.wire.fault_views import FaultKindView, FaultRequest, FaultView
from support_scripted import ScriptedRecordings

if TYPE_CHECKING:
    from meshdev.errors import MeshdevError

NOW = 1_763_800_000.0


def obeyed(text: str) -> list[str]:
    """The characters of ``text`` that a terminal would obey, or that could not be written to it."""
    turning = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    categories = {"Cc", "Cs", "Zl", "Zp"}
    return [
        character
        for character in text
        if unicodedata.category(character) in categories or character in turning
    ]


class ScriptedTail:
    """A log that a test writes by hand."""

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver
        self.closed = False

    def close(self) -> None:
        """Nobody listens any more."""
        self.closed = True


class ScriptedTraffic:
    """The calls over the edges, as a test tells them."""

    def __init__(self, deliver: DeliverCalls) -> None:
        self.deliver = deliver
        self.closed = False

    def close(self) -> None:
        """Nobody listens any more."""
        self.closed = True


class ScriptedBackend(ScriptedRecordings):
    """Shows what `show` was given last, remembers what was asked for, refuses with ``refusal``."""

    def __init__(self, picture: Picture | None = None, logs: dict[str, Sequence[Line]] | None = None) -> None:
        super().__init__()
        self.calls: list[tuple[object, ...]] = []
        self.refusal: MeshdevError | None = None
        self.working_dir = "/home/ada/shop/services"
        self.tails: dict[str, ScriptedTail] = {}
        self.traffic: ScriptedTraffic | None = None
        self.verdicts: asyncio.Queue[Verdict] = asyncio.Queue()
        self._logs = logs or {}
        self._pictures: asyncio.Queue[Picture | None] = asyncio.Queue()
        if picture is not None:
            self.show(picture)

    def show(self, picture: Picture) -> None:
        """The next picture that the dashboard gets."""
        self._pictures.put_nowait(picture)

    def end(self) -> None:
        """The system has gone down in order."""
        self._pictures.put_nowait(None)

    async def follow(self) -> AsyncIterator[Picture]:
        """What was shown, until the end."""
        while (picture := await self._pictures.get()) is not None:
            yield picture

    def tail(self, log_dir: str, service: str, deliver: Deliver) -> ScriptedTail:
        """The lines that the script has for the service."""
        assert log_dir
        tail = self.tails[service] = ScriptedTail(deliver)
        lines = self._logs.get(service, ())
        if lines:
            deliver(lines, 0)
        return tail

    def exchanges(self, deliver: DeliverCalls) -> ScriptedTraffic:
        """Whatever `traffic` is made to deliver."""
        self.traffic = ScriptedTraffic(deliver)
        return self.traffic

    async def start(self, names: Sequence[str]) -> None:
        """Remember it."""
        self._called("start", *names)

    async def stop(self, names: Sequence[str]) -> None:
        """Remember it."""
        self._called("stop", *names)

    async def restart(self, names: Sequence[str]) -> None:
        """Remember it."""
        self._called("restart", *names)

    async def scale(self, name: str, replicas: int) -> None:
        """Remember it."""
        self._called("scale", name, replicas)

    async def env(self, name: str) -> EnvView:
        """A few variables, one of them secret."""
        if self.refusal is not None:
            raise self.refusal
        variables = {
            "PAYMENTS_URL": "http://127.0.0.1:41234",
            "DATABASE_URL": "postgres://shop:hunter2@127.0.0.1:5432/shop",
            "PAYMENTS_SECRET": "s3cr3t-value",
            "PORT": "33651",
        }
        return EnvView(service=name, working_dir=self.working_dir, environment=variables)

    async def apply(self) -> str:
        """Remember it."""
        self._called("apply")
        return "nothing differs from the topology file"

    async def publish(self, topic: str, broker: str, payload: str) -> str:
        """Remember it."""
        self._called("publish", topic, broker, payload)
        return broker

    async def fault_kinds(self) -> Sequence[FaultKindView]:
        """The catalogue."""
        return [kind_view(kind) for kind in CATALOGUE.values()]

    async def add_fault(self, request: FaultRequest) -> FaultView:
        """Remember it; it is there as soon as the script shows it."""
        self._called("add_fault", request)
        return FaultView(
            name=request.name or "latency-1", on=True, origin="ad hoc", target="payments", parts=[]
        )

    async def switch_fault(self, name: str, *, on: bool) -> None:
        """Remember it."""
        self._called("switch_fault", name, on)

    async def remove_fault(self, name: str) -> None:
        """Remember it."""
        self._called("remove_fault", name)

    async def clear_faults(self) -> None:
        """Remember it."""
        self._called("clear_faults")

    async def experiments(self) -> Sequence[Trial]:
        """One."""
        return [
            Trial(
                name="payments-outage",
                hypothesis="Orders are taken while nobody can be charged",
                steady_state=["outside -> storefront POST /checkout: errors ≤ 1 %"],
                timeline=["at 1s payments-down for 6s"],
                seconds=20.0,
                load="6/s to storefront: POST /checkout",
            )
        ]

    async def run_experiment(self, name: str, tell: Tell) -> Verdict:
        """Goes on until there is one of `verdicts`."""
        self._called("run_experiment", name)
        tell("the steady state holds")
        tell("payments-down for 6s")
        return await self.verdicts.get()

    async def shutdown(self, urgency: int) -> None:
        """Remember it."""
        self._called("shutdown", urgency)

    def _called(self, *call: object) -> None:
        self.calls.append(call)
        if self.refusal is not None:
            raise self.refusal


def dashboard(backend: ScriptedBackend, *, owner: bool = True) -> Dashboard:
    """The application over a script, at a time that stands still."""
    app = Dashboard(backend, owner=owner, clock=lambda: NOW)
    app.animation_level = "none"
    return app


_HASH = re.compile(r"terminal-\d+")


class Visit:
    """A dashboard that is being used: the application, its pilot, and the scripted system behind it."""

    def __init__(self, app: Dashboard, pilot: Pilot[Outcome], backend: ScriptedBackend) -> None:
        self.app = app
        self.pilot = pilot
        self.backend = backend

    async def press(self, *keys: str) -> None:
        """Press keys (``@orders`` selects that service), and let everything that follows from them happen."""
        for key in keys:
            if key.startswith("@"):
                screen = self.app.screen
                assert isinstance(screen, ServicesScreen)
                screen.select(key[1:])
                await self.settle()  # its log opens only when the cursor rests
            else:
                await self.pilot.press(key)
        await self.settle()

    async def hurry(self, *keys: str) -> None:
        """Press keys faster than anything is drawn, then let everything that follows from them happen."""
        for key in keys:
            self.app.simulate_key(key)
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is under way: messages, workers, waiting pictures, waiting lines."""
        for _ in range(2):
            await self.pilot.pause()
            self.app._draw()
            below = self.app.screen_stack[0]
            if isinstance(below, ServicesScreen) and below.is_mounted:
                below.open_log()
            for view in below.query(LogView):
                view._take_in()
                view.drop_outdated()
            for graph in self.app.screen.query(GraphView):
                await graph.drawn()
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what a worker brings about; fails after ten seconds."""
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.005)  # what is waited for may be the work of a thread
                await self.settle()

    async def show(self, picture: Picture) -> None:
        """The system has changed."""
        self.backend.show(picture)
        while self.app.picture is not picture:
            await self.pilot.pause()
            self.app._draw()
        await self.settle()

    def text(self) -> str:
        """The characters on the screen."""
        width, height = self.app.size
        compositor = self.app.screen._compositor
        update = compositor.render_update(full=True, screen_stack=self.app._background_screens)
        assert update is not None
        console = self.app.console
        lines = console.render_lines(update, console.options.update(width=width, height=height))
        texts = ("".join(segment.text for segment in line if not segment.control).rstrip() for line in lines)
        return "\n".join(texts) + "\n"

    def svg(self) -> str:
        """The screen as a picture, the same for the same screen."""
        return _HASH.sub("terminal", self.app.export_screenshot(simplify=True))


Visiting = Callable[..., AbstractAsyncContextManager[Visit]]


# --- pictures ---------------------------------------------------------------------------------------


def system(**changes: object) -> SystemView:
    """The shop."""
    view = SystemView(
        name="shop",
        root="/home/ada/shop",
        file="/home/ada/shop/meshdev.toml",
        profiles=[],
        run_id="20261122-094100-1a2b",
        log_dir="/home/ada/shop/.meshdev/runs/20261122-094100-1a2b/logs",
        started=NOW - 754,
    )
    return msgspec.structs.replace(view, **changes)


def instance(name: str, slot: int = 0, /, **changes: object) -> InstanceView:
    """A healthy instance."""
    view = InstanceView(
        id=f"{name}-{slot}",
        generation=1,
        pid=40_000 + sum(map(ord, name)) + slot,
        port=33_000 + sum(map(ord, name)) + slot,
        phase="running",
        health="healthy",
        since=NOW - 750,
        cpu_percent=0.4 + len(name) % 5,
        rss_bytes=(38 + len(name)) * 1024 * 1024,
        last_probe=ProbeView(at=NOW - 0.6, ok=True, detail="GET /healthz: 200 in 2 ms"),
    )
    return msgspec.structs.replace(view, **changes)


def service(name: str, /, **changes: object) -> ServiceView:
    """A healthy service."""
    view = ServiceView(
        name=name,
        phase="running",
        health="healthy",
        desired="up",
        why="",
        restarts=0,
        instances=[instance(name)],
        since=NOW - 750,
    )
    return msgspec.structs.replace(view, **changes)


def signals(caller: str, callee: str, /, **changes: object) -> EdgeSignalsView:
    """A quiet HTTP edge that was used once."""
    view = EdgeSignalsView(
        caller=caller,
        callee=callee,
        protocol="http",
        declared=True,
        observed=True,
        requests=100,
        errors=0,
        in_flight=0,
        rps=0.0,
        p50_ms=None,
        p90_ms=None,
        p99_ms=None,
        bytes_in=20_000,
        bytes_out=180_000,
    )
    return msgspec.structs.replace(view, **changes)


_TEAMS = {"storefront": "web", "catalog": "web", "orders": "sales", "payments": "sales", "carts": "sales"}
_ABOUT = {
    "brokers.events": "NATS JetStream",
    "storefront": "web pages of the shop",
    "catalog": "products and prices",
    "carts": "what people want to buy",
    "orders": "event-sourced orders, checkout saga",
    "payments": "charges cards, may decline",
    "inventory": "stock and reservations",
    "shipping": "parcels",
    "notifications": "mails about orders",
    "order-history": "read model of all orders",
    "shoppers": "seeded traffic",
}

EDGES = tuple(
    EdgeView(caller=caller, callee=callee, kind=kind)
    for caller, callee, kind in (
        ("storefront", "catalog", "calls"),
        ("storefront", "carts", "calls"),
        ("storefront", "orders", "calls"),
        ("storefront", "order-history", "calls"),
        ("orders", "payments", "calls"),
        ("orders", "inventory", "calls"),
        ("orders", "shipping", "calls"),
        ("orders", "brokers.events", "uses"),
        ("notifications", "brokers.events", "uses"),
        ("order-history", "brokers.events", "uses"),
        ("shoppers", "storefront", "calls"),
    )
)


def shop() -> dict[str, ServiceView]:
    """All services of the shop, healthy."""
    services = {name: service(name, description=about) for name, about in _ABOUT.items()}
    for name, team in _TEAMS.items():
        services[name] = msgspec.structs.replace(services[name], team=team)
    services["brokers.events"] = msgspec.structs.replace(services["brokers.events"], kind="broker")
    services["storefront"] = msgspec.structs.replace(
        services["storefront"], url="http://127.0.0.1:8080", ports=["127.0.0.1:8080"]
    )
    services["orders"] = msgspec.structs.replace(
        services["orders"], replicas=2, instances=[instance("orders"), instance("orders", 1)]
    )
    return services


def picture(services: Iterable[ServiceView], **changes: Any) -> Picture:
    """A picture of these services."""
    made = Picture(
        system=system(),
        services=tuple(services),
        edges=EDGES,
        happenings=(
            Happening(NOW - 752, "brokers.events", "started, pid 41201"),
            Happening(NOW - 748, "orders", "is healthy after 1.2 s"),
            Happening(NOW - 740, "", "all services are healthy"),
        ),
        link=Link.CONNECTED,
        link_since=NOW - 754,
        seq=120,
    )
    return replace(made, **changes)


def starting() -> Picture:
    """The first seconds: a few are up, the others wait."""
    services = shop()
    changed: dict[str, dict[str, object]] = {
        "brokers.events": {"since": NOW - 3},
        "catalog": {"since": NOW - 1},
        "payments": {
            "phase": "starting",
            "health": "unknown",
            "why": "probe GET /healthz: connection refused, 3 tries",
            "since": NOW - 2,
        },
        "inventory": {
            "phase": "starting",
            "health": "unknown",
            "why": "probe GET /healthz: no answer within 1 s",
            "since": NOW - 2,
        },
        "carts": {"phase": "building", "health": "unknown", "why": "uv sync", "since": NOW - 4},
    }
    for name in services:
        waits = "waiting for " + {"storefront": "catalog, carts, orders"}.get(name, "orders to be healthy")
        if name == "orders":
            waits = "waiting for payments to be healthy (probe GET /healthz: connection refused, 3 tries)"
        fallback: dict[str, object] = {
            "phase": "waiting",
            "health": "unknown",
            "why": waits,
            "since": NOW - 4,
            "instances": [],
        }
        services[name] = msgspec.structs.replace(services[name], **changed.get(name, fallback))
    return picture(
        services.values(), happenings=(Happening(NOW - 3, "brokers.events", "is healthy after 0.1 s"),)
    )


def healthy() -> Picture:
    """All is well; one was just reloaded."""
    services = shop()
    reload = ReloadView(at=NOW - 12, files=["orders/saga.py"], outcome="done")
    services["orders"] = msgspec.structs.replace(services["orders"], last_reload=reload)
    return picture(services.values())


def broken() -> Picture:
    """One gave up, one is unhealthy, one in backoff, one rolled back, one stopped."""
    services = shop()
    end = ExitView(at=NOW - 8, code=1)
    dead = instance(
        "payments",
        pid=None,
        port=None,
        phase="gave-up",
        health="unknown",
        generation=6,
        since=NOW - 8,
        exit=end,
    )
    dead = msgspec.structs.replace(dead, cpu_percent=None, rss_bytes=None, last_probe=None)
    failing = ProbeView(at=NOW - 0.4, ok=False, detail="GET /healthz: 503 database is locked", tries=4)
    changed: dict[str, dict[str, object]] = {
        "payments": {
            "phase": "gave-up",
            "health": "unknown",
            "why": "exited with code 1 five times in 10 s; last: KeyError: 'PAYMENTS_SECRET'",
            "restarts": 5,
            "since": NOW - 8,
            "instances": [dead],
        },
        "inventory": {
            "health": "unhealthy",
            "why": "probe GET /healthz: 503 database is locked, 4 tries",
            "since": NOW - 31,
            "instances": [instance("inventory", health="unhealthy", last_probe=failing)],
        },
        "shipping": {
            "phase": "backoff",
            "health": "unknown",
            "why": "restarts in 3.2 s after exit code 137 (attempt 4)",
            "restarts": 3,
            "since": NOW - 1,
            "instances": [],
        },
        "orders": {
            "last_reload": ReloadView(
                at=NOW - 45,
                files=["orders/saga.py"],
                outcome="rolled back",
                detail="SyntaxError: invalid syntax (saga.py, line 48); the old version goes on serving",
            )
        },
        "shoppers": {
            "phase": "stopped",
            "health": "unknown",
            "desired": "down",
            "why": "stopped by you",
            "instances": [],
            "since": NOW - 90,
        },
    }
    for name, fields in changed.items():
        services[name] = msgspec.structs.replace(services[name], **fields)
    happenings = (
        Happening(NOW - 45, "orders", "saga.py changed, rolled back", "warning"),
        Happening(NOW - 8, "payments", "gave up: exited with code 1 five times in 10 s", "error"),
    )
    return picture(services.values(), happenings=happenings)


LOG_LINES = (
    "\x1b[32mINFO\x1b[0m:     Started server process [41237]",
    '{"ts":"2026-11-22T09:41:02Z","level":"info","msg":"listening","port":33651}',
    '{"ts":"2026-11-22T09:41:07Z","level":"info","msg":"order placed","order":"o-1041","items":3,"total":"59.70"}',
    '{"ts":"2026-11-22T09:41:07Z","level":"debug","msg":"reserve stock","order":"o-1041","sku":["mug","tea"]}',
    '{"ts":"2026-11-22T09:41:08Z","level":"warning","msg":"payment declined","order":"o-1041","reason":"card expired"}',
    '{"ts":"2026-11-22T09:41:08Z","level":"error","msg":"saga compensated","order":"o-1041","steps":["release stock"]}',
    "GET /orders/o-1041 200 in 3 ms",
    "日本語のログも正しく表示されます: 注文 o-1042 を受け付けました",
    "progress  10%\rprogress  60%\rprogress 100%",
    "Traceback (most recent call last):",
    '  File "/home/ada/shop/orders/saga.py", line 48, in charge',
    "    raise Declined(answer.json()['reason'])",
    "orders.saga.Declined: card expired",
)


def logs(count: int = 40) -> dict[str, Sequence[Line]]:
    """Some lines for every service."""
    names = [*_ABOUT]
    lines = [Line(LOG_LINES[number % len(LOG_LINES)], at=NOW - 100 + number) for number in range(count)]
    found: dict[str, Sequence[Line]] = dict.fromkeys(names, lines)
    found["orders"] = [line._replace(source=f"orders-{number % 2}") for number, line in enumerate(lines)]
    return found


def many(count: int) -> Picture:
    """A big system with long names."""
    services = []
    for number in range(count):
        name = f"service-{number:03}"
        if number % 17 == 3:
            name = f"a-service-whose-name-is-as-long-as-anybody-would-ever-write-{number:03}"
        if number % 23 == 5:
            name = f"決済サービス-{number:03}"
        services.append(service(name, since=NOW - number * 61, restarts=number % 4))
    return picture(services)
